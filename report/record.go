package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/revokey-dev/revokey/detectors"
	"github.com/revokey-dev/revokey/revoke"
	"github.com/revokey-dev/revokey/scanner"
	"github.com/revokey-dev/revokey/scanner/odb"
)

// FindingSchema names the schema of a [Record]. Fields may be added to it;
// what is there keeps its name and meaning.
const FindingSchema = "revokey.finding/v1"

// Record is one credential with its places and its verdict. Null is what is
// not known or does not apply.
type Record struct {
	Schema             string         `json:"schema"`
	Kind               detectors.Kind `json:"kind"`
	KeyID              *string        `json:"key_id"`
	SecretSHA256       *string        `json:"secret_sha256"`
	SessionTokenSHA256 *string        `json:"session_token_sha256"`
	SMTPPasswordSHA256 *string        `json:"smtp_password_sha256"`
	Account            *string        `json:"account"`
	Claims             *Claims        `json:"claims"`
	Repository         *string        `json:"repository"`
	Verdict            revoke.Verdict `json:"verdict"`
	Occurrences        []Occurrence   `json:"occurrences"`
	Candidates         []Candidate    `json:"candidates"`
	FirstSeen          *time.Time     `json:"first_seen"`
	LastSeen           *time.Time     `json:"last_seen"`
	AtHead             bool           `json:"at_head"`
	Fingerprint        string         `json:"fingerprint"` // the first of [Record.Fingerprints]
	Owner              *revoke.Owner  `json:"owner"`       // as the owner's IAM tells

	// Repositories are the names of all that hold it, of a sweep; then Repository is the first.
	Repositories []string `json:"repositories,omitempty"`

	// Explanation is what was asked of AWS for the verdict; nil: nobody wants to know.
	Explanation []revoke.Exchange `json:"explanation,omitempty"`
}

// Occurrence is one place of a credential.
type Occurrence struct {
	Path      *string       `json:"path"`
	Member    *string       `json:"member"`
	Line      int           `json:"line"`
	Column    int           `json:"column"`
	Object    *string       `json:"object"`
	Offset    int           `json:"offset"`
	Commit    *string       `json:"commit"`
	Tag       *string       `json:"tag"`
	Author    *string       `json:"author"`
	Time      *time.Time    `json:"time"`
	Where     scanner.Where `json:"where"`
	Reachable bool          `json:"reachable"`
	Refs      []string      `json:"refs"`
	MoreRefs  int           `json:"more_refs"`
	Reflogs   []string      `json:"reflogs"`
	Encoding  []string      `json:"encoding"`
	AtHead    bool          `json:"at_head"`
	Allow     *Allow        `json:"allow"`

	// In a sweep, which is about many repositories: which one it is, and where this machine
	// keeps a mirror of it, from which the occurrence can be read again.
	Repository *string `json:"repository,omitempty"`
	Mirror     *string `json:"mirror,omitempty"`
}

// Allow is a comment beside a credential that asks for silence; see [scanner.Allow].
type Allow struct {
	By     string `json:"by"`
	Reason string `json:"reason"`
}

func newAllow(a scanner.Allow) *Allow {
	if a.By == "" {
		return nil
	}
	return &Allow{By: a.By, Reason: a.Reason}
}

// Candidate is a secret that may be the key ID's, and where it stands.
type Candidate struct {
	SecretSHA256 string           `json:"secret_sha256"`
	Distance     scanner.Distance `json:"distance"`
	Proven       bool             `json:"proven"` // STS accepted it with the key ID
	Occurrence   Occurrence       `json:"occurrence"`
}

// Claims is what a credential, or a request that it signed, tells of itself; see
// [detectors.Claims].
type Claims struct {
	ID       *string    `json:"id"`
	User     *string    `json:"user"`
	SignedBy *string    `json:"signed_by"`
	Service  *string    `json:"service"`
	Region   *string    `json:"region"`
	Signed   *time.Time `json:"signed"`
	Expires  *time.Time `json:"expires"`
}

// String tells what is claimed, in the words of whoever wrote it.
func (c Claims) String() string {
	var told []string
	for _, claim := range []struct {
		what  string
		value *string
	}{{"ID", c.ID}, {"user", c.User}, {"signed by", c.SignedBy}, {"service", c.Service}, {"region", c.Region}} {
		if claim.value != nil {
			told = append(told, claim.what+" "+*claim.value)
		}
	}
	if c.Signed != nil {
		told = append(told, "signed "+c.Signed.UTC().Format(time.DateOnly))
	}
	if c.Expires != nil {
		told = append(told, "ends "+c.Expires.UTC().Format(time.RFC3339))
	}
	return strings.Join(told, ", ")
}

// newClaims returns nil where nothing is claimed.
func newClaims(c detectors.Claims) *Claims {
	if c == (detectors.Claims{}) {
		return nil
	}
	return &Claims{
		ID: nullable(c.ID), User: nullable(c.User), SignedBy: nullable(c.SignedBy), Service: nullable(c.Service),
		Region: nullable(c.Region), Signed: nullableTime(c.Signed), Expires: nullableTime(c.Expires),
	}
}

// NewRecord returns the record of a finding. The verdict is what the finding
// itself tells: an example, a canary's, or nothing yet.
func NewRecord(f scanner.Finding) Record {
	r := Record{
		Schema:             FindingSchema,
		Kind:               f.Kind,
		KeyID:              nullable(f.KeyID),
		SecretSHA256:       nullable(f.Secret.SHA256()),
		SessionTokenSHA256: nullable(f.SessionToken.SHA256()),
		SMTPPasswordSHA256: nullable(f.SMTPPassword.SHA256()),
		Account:            nullable(f.Account),
		Claims:             newClaims(f.Claims),
		Repository:         nullable(f.Repository),
		Verdict:            offline(f.Class, f.Account),
		Occurrences:        []Occurrence{},
		Candidates:         []Candidate{},
		FirstSeen:          nullableTime(f.FirstSeen),
		LastSeen:           nullableTime(f.LastSeen),
		AtHead:             f.AtHead,
	}
	for _, o := range f.Occurrences {
		r.Occurrences = append(r.Occurrences, newOccurrence(o))
	}
	for _, c := range f.Candidates {
		r.Candidates = append(r.Candidates, Candidate{
			SecretSHA256: c.Secret.SHA256(), Distance: c.Distance, Occurrence: newOccurrence(c.At),
		})
	}
	r.Fingerprint = r.fingerprint()
	return r
}

// offline is the verdict that needs no question.
func offline(class detectors.Class, account string) revoke.Verdict {
	switch {
	case class == detectors.Example:
		return revoke.Verdict{Status: revoke.Example, Reason: "an example, as in AWS's documentation"}
	case class == detectors.Placeholder:
		return revoke.Verdict{Status: revoke.Example, Reason: "made up to fill a place"}
	case revoke.IsCanaryAccount(account):
		return revoke.Verdict{Status: revoke.Canary, Reason: "its account is known for canary keys: any use raises an alarm"}
	}
	return revoke.Verdict{}
}

// Reset sets the account and the verdict to what the key ID itself tells, so that
// whoever wrote the record cannot lead anyone to a canary, or past a live key.
func (r *Record) Reset() {
	r.Owner, r.Explanation = nil, nil
	if r.KeyID != nil {
		class, account := detectors.ClassifyKeyID(*r.KeyID), ""
		if class == detectors.Real {
			account, _ = detectors.AccountID(*r.KeyID)
		}
		r.Account, r.Verdict = nullable(account), offline(class, account)
	} else if r.Verdict.Status != revoke.Example {
		r.Verdict = revoke.Verdict{}
	}
	r.Candidates = r.Candidates[:min(len(r.Candidates), scanner.MaxCandidates)]
	for i := range r.Candidates {
		r.Candidates[i].Proven = false
	}
	r.Fingerprint = r.fingerprint()
}

// Resume is [Record.Reset], but for a verdict that was reached: that is kept, and
// reported as true. It is for records whose writer the user vouches for.
func (r *Record) Resume() (kept bool) {
	before := *r
	before.Candidates = slices.Clone(r.Candidates)
	r.Reset()
	switch before.Verdict.Status {
	case revoke.NotChecked, revoke.Unknown, revoke.Example:
		return false
	}
	if r.Verdict.Status != revoke.NotChecked {
		return false // the key ID itself tells
	}
	*r = before
	r.Fingerprint = r.fingerprint()
	return true
}

func newOccurrence(o scanner.Occurrence) Occurrence {
	return Occurrence{
		Path:      nullable(o.Path),
		Member:    nullable(o.Member),
		Line:      o.Line,
		Column:    o.Column,
		Object:    nullable(o.Object.String()),
		Offset:    o.Offset,
		Commit:    nullable(o.Commit.String()),
		Tag:       nullable(o.Tag),
		Author:    nullable(o.Author),
		Time:      nullableTime(o.Time),
		Where:     o.Where,
		Reachable: o.Reachable,
		Refs:      append([]string{}, o.Refs...),
		MoreRefs:  o.MoreRefs,
		Reflogs:   append([]string{}, o.Reflogs...),
		Encoding:  append([]string{}, o.Encoding...),
		AtHead:    o.AtHead,
		Allow:     newAllow(o.Allow),
	}
}

// Place returns what [scanner.Recaller] needs to read the occurrence again.
func (o Occurrence) Place() (scanner.Occurrence, error) {
	place := scanner.Occurrence{Where: o.Where, Member: Value(o.Member), Offset: o.Offset, Place: scanner.Place{Path: Value(o.Path)}}
	if o.Object == nil {
		return place, nil
	}
	id, err := odb.ParseID(*o.Object)
	place.Object = id
	return place, err
}

// check tells a record from any other JSON.
func (r *Record) check() error {
	switch {
	case r.Schema != FindingSchema:
		return fmt.Errorf("its schema is %q, not %q", r.Schema, FindingSchema)
	case r.KeyID == nil && r.SecretSHA256 == nil:
		return errors.New("it has neither key_id nor secret_sha256")
	case r.KeyID != nil && !detectors.ValidKeyID(*r.KeyID):
		return fmt.Errorf("key_id %q is not a key ID", *r.KeyID)
	}
	if !isRule(ruleOf(*r)) {
		return fmt.Errorf("its kind %q is unknown", r.Kind)
	}
	return nil
}

func (r *Record) decode(data []byte) error {
	if err := json.Unmarshal(data, r); err != nil {
		return err
	}
	return r.check()
}

// Value returns what a nullable field holds, or the zero value for null.
func Value[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

func nullable(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func nullableTime(t time.Time) *time.Time {
	if t.IsZero() || t.Year() > 9999 || t.Year() < 0 { // which RFC 3339 does not write
		return nil
	}
	return &t
}
