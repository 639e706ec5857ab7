package localaws

import (
	"io"
	"path"
	"slices"
	"strings"
	"time"
)

// Key is an access key with its secret, as CreateAccessKey returns it once.
// A session's key has a SessionToken and no User; a root user's has no User
// either. Printed, logged or marshaled as text it shows its ID only.
type Key struct{ ID, Secret, SessionToken, Account, User string }

// String returns the key's ID.
func (k Key) String() string { return k.ID }

// GoString returns the key's ID.
func (k Key) GoString() string { return k.ID }

// MarshalText returns the key's ID.
func (k Key) MarshalText() ([]byte, error) { return []byte(k.ID), nil }

// Status is a key's status in IAM's own words. The zero Status is that of a key
// that does not exist.
type Status string

// The statuses of a user's access key.
const (
	Active   Status = "Active"
	Inactive Status = "Inactive"
	absent   Status = ""
)

// identity is who a key belongs to: a user, the root user, or a session.
type identity struct {
	account  string
	resource string   // the end of its ARN: "user/ci", "root", "assumed-role/ci/i-0123"
	id       string   // AIDA…, the account for root, AROA…:name for a session
	name     string   // a user's name; root and sessions have none
	admin    bool     // everything is allowed
	denied   []string // patterns of actions denied explicitly
	attached []string // names of AWS managed policies
	created  time.Time
	holder           // of a user
	password bool    // it may sign in at the console
	mfa      bool    // with a second factor
	parent   *holder // of a session: its user's or role's
}

func (i *identity) isSession() bool { return i.name == "" && i.resource != "root" }

func (i *identity) denies(action string) bool {
	return slices.ContainsFunc(i.denied, func(pattern string) bool {
		ok, _ := path.Match(strings.ToLower(pattern), strings.ToLower(action))
		return ok
	})
}

// accessKey is a key as the server knows it. It is kept after its deletion,
// for authentication may still accept it; see [Server.SetLag].
type accessKey struct {
	Key
	owner     *identity
	timeline  []change // never empty
	created   time.Time
	expires   time.Time // of a session; else zero
	lastUsed  time.Time // zero: never
	allowed   []string  // all that a session may do; nil is what its owner may
	service   string    // of the last use
	region    string    // of the last use
	wrongSeen time.Time // of the last attempt, if its secret was wrong; see SetQuirk
}

// change is a status and when authentication learns of it.
type change struct {
	status Status
	from   time.Time
}

// status is the key's status as IAM's reads show it: at once.
func (k *accessKey) status() Status { return k.timeline[len(k.timeline)-1].status }

// statusAt is the key's status as authentication sees it at t.
func (k *accessKey) statusAt(t time.Time) Status {
	for _, c := range slices.Backward(k.timeline) {
		if !t.Before(c.from) {
			return c.status
		}
	}
	return absent
}

type role struct {
	account, name, id string
	trusted           []string // accounts whose callers may assume it
	externalID        string   // that the trust policy asks for; "" is none
	holder
}

// state is what the server knows. It has no lock of its own: [Server] holds one
// around every use.
type state struct {
	users    map[string]*identity // by account and name; the root user's name is ""
	keys     map[string]*accessKey
	roles    map[string]*role // by account and name
	aliases  map[string]string
	services []*serviceCredential
	secrets  []*secret
	reports  map[string]string      // credential reports, by account
	events   []Event                // of CloudTrail, as they came
	lookups  map[string][]time.Time // of CloudTrail, by account and region
	regions  []string               // enabled in every account; nil is us-east-1 alone
	order    []string               // key IDs as they came, for lists in a fixed order

	management string            // the management account; "": there is no organization
	names      map[string]string // of its accounts
}

func newState() state {
	return state{
		users: map[string]*identity{}, keys: map[string]*accessKey{},
		reports: map[string]string{}, roles: map[string]*role{}, aliases: map[string]string{},
	}
}

func entity(account, name string) string { return account + "/" + name }

// user returns the user of that name, made if it is new.
func (st *state) user(r io.Reader, now time.Time, account, name string) *identity {
	if name == "root" {
		name = ""
	}
	u := st.users[entity(account, name)]
	if u == nil {
		u = &identity{account: account, name: name, resource: "user/" + name, created: now}
		if name == "" {
			u.resource, u.id, u.admin = "root", account, true
		} else {
			u.id = newEntityID(r, "AIDA")
		}
		st.users[entity(account, name)] = u
	}
	return u
}

func (st *state) put(k *accessKey) {
	if _, known := st.keys[k.ID]; !known {
		st.order = append(st.order, k.ID)
	}
	st.keys[k.ID] = k
}

// keysOf returns the keys of u that IAM shows, oldest first.
func (st *state) keysOf(u *identity) []*accessKey {
	var keys []*accessKey
	for _, id := range st.order {
		if k := st.keys[id]; k.owner == u && k.status() != absent && k.expires.IsZero() {
			keys = append(keys, k)
		}
	}
	return keys
}
