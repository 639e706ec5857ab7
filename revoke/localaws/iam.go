package localaws

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strconv"
)

// keysPerUser is IAM's quota, which counts inactive keys too and cannot be
// raised.
const keysPerUser = 2

// authorize says whether the caller may do what it asks for. The resource is
// what AWS's message names.
func (s *Server) authorize(c *call, resource string) error {
	if err := s.notDenied(c, resource); err != nil {
		return err
	}
	who := c.caller()
	if !who.admin && !who.says(false, c.key, c.fullAction()) || c.key.allowed != nil && !slices.Contains(c.key.allowed, c.fullAction()) {
		return denied(c, resource, " because no identity-based policy allows the "+c.fullAction()+" action")
	}
	return nil
}

func (s *Server) notDenied(c *call, resource string) error {
	who := c.caller()
	if who.denies(c.fullAction()) || who.deniesTo(c.key, c.fullAction()) ||
		who.parent != nil && who.parent.deniesTo(c.key, c.fullAction()) {
		return denied(c, resource, " with an explicit deny in an identity-based policy")
	}
	return nil
}

func denied(c *call, resource, why string) error {
	return errorf(http.StatusForbidden, "AccessDenied",
		"User: %s is not authorized to perform: %s on resource: %s%s", c.callerARN, c.fullAction(), resource, why)
}

func (c *call) fullAction() string { return c.sig.service + ":" + c.action }

func (c *call) required(name string) (string, error) {
	if v := c.form.Get(name); v != "" {
		return v, nil
	}
	return "", invalid("1 validation error detected: Value at '%s' failed to satisfy constraint: Member must not be null", lowerFirst(name))
}

func invalid(format string, args ...any) error {
	return errorf(http.StatusBadRequest, "ValidationError", format, args...)
}

func lowerFirst(s string) string { return string(s[0]|0x20) + s[1:] }

// target returns the user that the request is about, if the caller may do to it
// what it asks for: the user named or else, for a user's own or the root user's
// key, the one that signed.
func (s *Server) target(c *call) (*identity, error) {
	name, who := c.form.Get("UserName"), c.caller()
	if name == "" && who.isSession() {
		return nil, invalid("Must specify userName when calling with non-User credentials")
	}
	if name == "" {
		return who, s.authorize(c, "user "+cmp.Or(who.name, "root"))
	}
	if err := s.authorize(c, "user "+name); err != nil {
		return nil, err
	}
	u := s.state.users[entity(who.account, name)]
	if u == nil {
		return nil, errorf(http.StatusNotFound, "NoSuchEntity", "The user with name %s cannot be found.", name)
	}
	return u, nil
}

// targetKey returns the key of the target user that the request is about.
func (s *Server) targetKey(c *call) (*accessKey, error) {
	id, err := c.required("AccessKeyId")
	if err != nil {
		return nil, err
	}
	u, err := s.target(c)
	if err != nil {
		return nil, err
	}
	k := s.state.keys[id]
	if k == nil || k.owner != u || k.status() == absent {
		return nil, noSuchKey(id)
	}
	return k, nil
}

func noSuchKey(id string) error {
	return errorf(http.StatusNotFound, "NoSuchEntity", "The Access Key with id %s cannot be found", id)
}

// list is a list as the query protocol writes it, each element in a <member>.
type list[T any] struct {
	Members []T `xml:"member"`
}

type user struct {
	Path       string
	UserName   string `xml:",omitempty"` // root has none
	UserId     string
	Arn        string
	CreateDate string
}

func (s *Server) describe(u *identity) user {
	return user{"/", u.name, u.id, s.arn(u), stamp(u.created)}
}

func (s *Server) getUser(c *call) (any, error) {
	u, err := s.target(c)
	if err != nil {
		return nil, err
	}
	return struct{ User user }{s.describe(u)}, nil
}

// listUsers lists the users of the caller's account by name. Root is none.
func (s *Server) listUsers(c *call) (any, error) {
	if err := s.authorize(c, "arn:"+s.partition+":iam::"+c.caller().account+":user/"); err != nil {
		return nil, err
	}
	var users []user
	for _, id := range slices.Sorted(maps.Keys(s.state.users)) {
		if u := s.state.users[id]; u.account == c.caller().account && u.name != "" {
			users = append(users, s.describe(u))
		}
	}
	page, p, err := paginate(c, users)
	return struct {
		Users list[user]
		paging
	}{list[user]{page}, p}, err
}

type keyMetadata struct {
	UserName    string `xml:",omitempty"`
	AccessKeyId string
	Status      Status
	CreateDate  string
}

func (s *Server) listAccessKeys(c *call) (any, error) {
	u, err := s.target(c)
	if err != nil {
		return nil, err
	}
	var keys []keyMetadata
	for _, k := range s.state.keysOf(u) {
		keys = append(keys, keyMetadata{u.name, k.ID, k.status(), stamp(k.created)})
	}
	page, p, err := paginate(c, keys)
	return struct {
		AccessKeyMetadata list[keyMetadata]
		paging
	}{list[keyMetadata]{page}, p}, err
}

type lastUsed struct {
	LastUsedDate string `xml:",omitempty"` // never used: absent
	ServiceName  string
	Region       string
}

// getAccessKeyLastUsed shows keys of the caller's account only. For one of
// another account AWS's documents leave open which refusal comes; this is the
// AccessDenied that its newer pages, without NoSuchEntity, suggest (unverified).
// A root key has no user to name, and answers NoSuchEntity as versitygw's does
// (unverified).
func (s *Server) getAccessKeyLastUsed(c *call) (any, error) {
	id, err := c.required("AccessKeyId")
	if err != nil {
		return nil, err
	}
	if err := s.authorize(c, "access key "+id); err != nil {
		return nil, err
	}
	k := s.state.keys[id]
	switch {
	case k == nil || k.status() == absent || k.User == "":
		return nil, noSuchKey(id)
	case k.Account != c.caller().account:
		return nil, denied(c, "access key "+id, "")
	}
	used := lastUsed{ServiceName: "N/A", Region: "N/A"}
	if !k.lastUsed.IsZero() {
		used = lastUsed{stamp(k.lastUsed), k.service, k.region}
	}
	return struct {
		UserName          string
		AccessKeyLastUsed lastUsed
	}{k.User, used}, nil
}

type newKey struct {
	UserName        string `xml:",omitempty"`
	AccessKeyId     string
	Status          Status
	SecretAccessKey string
	CreateDate      string
}

func (s *Server) createAccessKey(c *call) (any, error) {
	u, err := s.target(c)
	if err != nil {
		return nil, err
	}
	if len(s.state.keysOf(u)) >= keysPerUser {
		return nil, errorf(http.StatusConflict, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: %d", keysPerUser)
	}
	k := s.addKey(Key{
		ID: NewKeyID(s.rand, PrefixKey, u.account), Secret: NewSecret(s.rand), Account: u.account, User: u.name,
	}, Active, s.clock().Add(s.lag))
	return struct{ AccessKey newKey }{newKey{u.name, k.ID, Active, k.Secret, stamp(k.created)}}, nil
}

func (s *Server) updateAccessKey(c *call) (any, error) {
	status := Status(c.form.Get("Status"))
	if status != Active && status != Inactive {
		return nil, invalid("1 validation error detected: Value '%s' at 'status' failed to satisfy constraint: "+
			"Member must satisfy enum value set: [Active, Inactive]", status)
	}
	return nil, s.change(c, status)
}

func (s *Server) deleteAccessKey(c *call) (any, error) { return nil, s.change(c, absent) }

func (s *Server) change(c *call, status Status) error {
	k, err := s.targetKey(c)
	if err != nil {
		return err
	}
	k.timeline = append(k.timeline, change{status, s.clock().Add(s.lag)})
	return nil
}

type summaryEntry struct {
	Key   string `xml:"key"`
	Value int    `xml:"value"`
}

// getAccountSummary counts what the server knows of: of AWS's many entries, the
// users, and whether the root user has keys.
func (s *Server) getAccountSummary(c *call) (any, error) {
	if err := s.authorize(c, "*"); err != nil {
		return nil, err
	}
	users, rootKeys := 0, 0
	for _, u := range s.state.users {
		switch {
		case u.account != c.caller().account:
		case u.name != "":
			users++
		case len(s.state.keysOf(u)) > 0:
			rootKeys = 1
		}
	}
	type summaryMap struct {
		Entries []summaryEntry `xml:"entry"`
	}
	return struct{ SummaryMap summaryMap }{summaryMap{[]summaryEntry{
		{"AccountAccessKeysPresent", rootKeys}, {"Users", users},
	}}}, nil
}

type attachedPolicy struct{ PolicyName, PolicyArn string }

func (s *Server) listAttachedUserPolicies(c *call) (any, error) {
	if _, err := c.required("UserName"); err != nil {
		return nil, err
	}
	u, err := s.target(c)
	if err != nil {
		return nil, err
	}
	var policies []attachedPolicy
	for _, name := range u.attached {
		policies = append(policies, attachedPolicy{name, "arn:" + s.partition + ":iam::aws:policy/" + name})
	}
	page, p, err := paginate(c, policies)
	return struct {
		AttachedPolicies list[attachedPolicy]
		paging
	}{list[attachedPolicy]{page}, p}, err
}

func (s *Server) listAccountAliases(c *call) (any, error) {
	if err := s.authorize(c, "*"); err != nil {
		return nil, err
	}
	var aliases []string // an account has one at most
	if alias := s.state.aliases[c.caller().account]; alias != "" {
		aliases = append(aliases, alias)
	}
	return struct {
		AccountAliases list[string]
		paging
	}{AccountAliases: list[string]{aliases}}, nil
}

// paging is how IAM's lists say that there is more.
type paging struct {
	IsTruncated bool
	Marker      string `xml:",omitempty"`
}

// paginate returns the page of items that MaxItems and Marker ask for. Our
// markers are offsets; to clients they are opaque.
func paginate[T any](c *call, items []T) ([]T, paging, error) {
	from, err1 := strconv.Atoi(cmp.Or(c.form.Get("Marker"), "0"))
	size, err2 := strconv.Atoi(cmp.Or(c.form.Get("MaxItems"), "100"))
	if cmp.Or(err1, err2) != nil || from < 0 || from > len(items) || size < 1 || size > 1000 {
		return nil, paging{}, invalid("1 validation error detected: Invalid Marker or MaxItems.")
	}
	if items = items[from:]; len(items) <= size {
		return items, paging{}, nil
	}
	return items[:size], paging{true, strconv.Itoa(from + size)}, nil
}
