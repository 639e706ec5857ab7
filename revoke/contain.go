package revoke

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go/middleware"
)

// Containment is how far a user or a role is denied what it could do.
type Containment string

// The containments.
const (
	DenySessions   Containment = "sessions"   // sessions that were issued before the call
	DenyEverything Containment = "everything" // all that it does, with any key
)

// Policy is an inline policy that contains a user or a role.
type Policy struct {
	Name     string `json:"name"`
	Document string `json:"document,omitempty"` // as it was put; a plan does not know it yet
	Role     string `json:"role,omitempty"`     // the role's name; "" is the user
}

// containPrefix begins the names of our policies; the key ID follows.
const containPrefix = "revokey-contain-"

// containTag is the tag on a contained user or role. Inline policies have none.
const containTag = "revokey:contained"

// mintMargin is how far after the call sessions of a user still count as issued
// before it: a key that was deactivated a moment ago mints sessions until AWS
// refuses it everywhere. Requests that a long-term key signs carry no issue time,
// and are not denied.
const mintMargin = time.Minute

type statement struct {
	Sid       string
	Effect    string
	Action    string
	Resource  string
	Condition map[string]map[string]string `json:",omitempty"`
}

// document is the policy that denies what the containment says, as IAM's console
// does for a role under "revoke active sessions".
func (c Containment) document(before time.Time) string {
	s := statement{Sid: "RevokeyContains", Effect: "Deny", Action: "*", Resource: "*"}
	if c == DenySessions {
		s.Condition = map[string]map[string]string{
			"DateLessThan": {"aws:TokenIssueTime": before.UTC().Format("2006-01-02T15:04:05Z")},
		}
	}
	text, err := json.Marshal(struct {
		Version   string
		Statement []statement
	}{"2012-10-17", []statement{s}})
	if err != nil {
		panic("revoke: internal error: " + err.Error())
	}
	return string(text)
}

// deniesUntil returns until when the sessions were issued that the policy denies, if it is
// one of ours that denies sessions.
func deniesUntil(text string) (t time.Time, ours bool) {
	var doc struct{ Statement []statement }
	if json.Unmarshal([]byte(text), &doc) != nil || len(doc.Statement) != 1 {
		return t, false
	}
	t, err := time.Parse(time.RFC3339, doc.Statement[0].Condition["DateLessThan"]["aws:TokenIssueTime"])
	return t, err == nil && text == DenySessions.document(t)
}

// standing looks at the text of the policy that has our name already, "" if there is
// none: whether it denies what is asked for, and why none must be put, or "". One of ours
// that denies less is put anew: it denies no more than sessions, or not those that a key
// made which was in use after it.
func (c Containment) standing(step Step, p principal, text string) (contained bool, refusal string) {
	name := containPrefix + step.KeyID
	everything := text == DenyEverything.document(time.Time{})
	until, sessions := deniesUntil(text)
	since := step.Verdict.Status == Live || step.Verdict.Status == ActiveWrongSecret || step.LastUsed != nil && step.LastUsed.Time.After(until)
	switch {
	case text == "":
		return false, ""
	case everything, sessions && c == DenySessions && (p.role || isSession(step.KeyID) || !since):
		return true, "already contained: the policy " + name + " is there"
	case !sessions:
		return false, fmt.Sprintf("a policy %s is at %s already, not as revokey puts it: look at it, and take it away by hand", name, p)
	}
	return false, ""
}

func (c Containment) String() string {
	if c == DenySessions {
		return "deny all sessions issued before the call"
	}
	return "deny everything"
}

// containUser plans to contain the user of a key.
func (r *Revoker) containUser(ctx context.Context, step Step, byIAM Verdict) Step {
	step.Action, step.leaked, step.Notes = Contain, nil, nil
	switch {
	case strings.HasSuffix(step.Verdict.ARN, ":root"):
		return step.refused("sessions of the root user obey no policy of the account: only a service control policy of its organization denies them")
	case step.User == "":
		return step.refused("its user is not known, and so not whom to contain: " + byIAM.Reason)
	}
	return r.containPrincipal(ctx, step, principal{name: step.User})
}

// containSession plans to contain the user or role of a session, which STS tells.
func (r *Revoker) containSession(ctx context.Context, step Step, leaked *aws.Credentials) Step {
	if leaked == nil || r.verifier == nil {
		return step.refused("whose session it is only STS tells, if its secret and token can be read; else CloudTrail: revokey trace " + step.KeyID)
	}
	step.Verdict = r.verifier.Check(ctx, *leaked, step.Account)
	p, refusal := sessionPrincipal(step.Verdict)
	switch {
	case refusal != "":
		return step.refused(refusal)
	case !r.owns(step.Verdict.Account):
		return step.refused(foreign(step.Verdict.Account))
	case !p.role && r.opts.Canaries.isUser(p.name):
		return step.refused(canaryUserReason)
	case p.role:
		step.Role = p.name
	default:
		step.User = p.name
	}
	step.Account = step.Verdict.Account
	return r.containPrincipal(ctx, step, p)
}

// sessionPrincipal tells from a session's ARN whom a policy has to deny, or why
// none can.
func sessionPrincipal(v Verdict) (principal, string) {
	if v.Status != Live {
		return principal{}, v.Reason
	}
	kind, name, _ := strings.Cut(v.ARN[strings.LastIndexByte(v.ARN, ':')+1:], "/")
	switch {
	case kind == "user":
		return principal{name: name[strings.LastIndexByte(name, '/')+1:]}, ""
	case kind == "root":
		return principal{}, "sessions of the root user obey no policy of the account: only a service control policy of its organization denies them"
	case kind == "federated-user":
		return principal{}, "a federated session has the rights of the user that made it, whom its name does not tell: CloudTrail does (GetFederationToken); --contain --deny-all with that user's key denies it"
	case kind != "assumed-role":
		return principal{}, fmt.Sprintf("%s is neither a user nor a role", printable(v.ARN))
	}
	name, _, _ = strings.Cut(name, "/")
	switch {
	case strings.HasPrefix(name, "AWSReservedSSO_"):
		return principal{}, "a session of Identity Center, whose roles cannot be edited in the account: disable the user there, and end its sessions"
	case strings.HasPrefix(name, "AWSServiceRoleFor"):
		return principal{}, "a session of a service-linked role, which only its service can change"
	}
	return principal{role: true, name: name}, ""
}

// containPrincipal fills in the call, or why there is none.
func (r *Revoker) containPrincipal(ctx context.Context, step Step, p principal) Step {
	s, err := r.op.in(ctx, step.Account)
	if err != nil {
		return step.refused(err.Error())
	}
	if r.isUs(ctx, s, step.Account, p) {
		return step.refused(fmt.Sprintf("%s makes our own calls: use other credentials to contain it", p))
	}
	step.Policy = &Policy{Name: containPrefix + step.KeyID}
	if p.role {
		step.Policy.Role = p.name
	}
	had, _, err := s.policy(ctx, p, step.Policy.Name)
	if err != nil {
		return step.refused(err.Error())
	}
	var refusal string
	if step.contained, refusal = r.opts.Aim.Contain.standing(step, p, had); refusal != "" {
		return step.refused(refusal)
	}
	step.By = s.as
	step.Call = fmt.Sprintf("%s PolicyName=%s: %s", p.call("Put"), step.Policy.Name, r.opts.Aim.Contain)
	if r.opts.Aim.Contain == DenySessions && !p.role {
		step.Notes = append(step.Notes, "sessions made by GetFederationToken may escape it: --deny-all reaches them")
	}
	return step
}

// isUs reports whether the principal is the operator, or the role that it works as, or
// who assumed that.
func (r *Revoker) isUs(ctx context.Context, s *session, account string, p principal) bool {
	ours, err := r.op.selves(ctx)
	if err != nil {
		return true
	}
	for _, arn := range append(ours, s.as) {
		fields := strings.SplitN(arn, ":", 6)
		if len(fields) != 6 || fields[4] != account {
			continue
		}
		kind, rest, _ := strings.Cut(fields[5], "/")
		own := rest[strings.LastIndexByte(rest, '/')+1:]
		if kind == "assumed-role" {
			own, _, _ = strings.Cut(rest, "/")
		}
		if p.role == (kind != "user") && strings.EqualFold(own, p.name) {
			return true
		}
	}
	return false
}

// containment returns the change that the step asks for, or why it cannot be made.
func (r *Revoker) containment(ctx context.Context, s *session, step Step) (change, string) {
	p := principal{name: step.User}
	if step.Role != "" {
		p = principal{true, step.Role}
	}
	name := containPrefix + step.KeyID
	had, now, err := s.policy(ctx, p, name)
	switch {
	case p.name == "":
		return change{}, "whom to contain is not known"
	case r.isUs(ctx, s, step.Account, p):
		return change{}, fmt.Sprintf("%s makes our own calls: use other credentials to contain it", p)
	case err != nil:
		return change{}, err.Error()
	}
	if _, refusal := r.opts.Aim.Contain.standing(step, p, had); refusal != "" {
		return change{}, refusal
	}
	before := now.Add(time.Second) // issue times are cut to seconds
	if !p.role {
		before = now.Add(mintMargin)
	}
	policy := Policy{Name: name, Document: r.opts.Aim.Contain.document(before), Role: step.Role}
	return s.putting(step.KeyState, p, policy, now), ""
}

// putting is the change that attaches the policy, and then the tag.
func (s *session) putting(key KeyState, p principal, policy Policy, now time.Time) change {
	return change{
		key: key, action: Contain, permission: p.permission("Put"), policy: &policy,
		call: func(ctx context.Context) (middleware.Metadata, error) { return s.putPolicy(ctx, p, policy) },
		after: func(ctx context.Context) string {
			if err := s.tag(ctx, p, key.KeyID+" "+now.UTC().Format(time.RFC3339)); err != nil {
				return fmt.Sprintf("not tagged: %v", failed(p.tagPermission("Tag"), err))
			}
			return ""
		},
		seen: func(ctx context.Context) (bool, string) {
			text, _, err := s.policy(ctx, p, policy.Name)
			switch {
			case err != nil:
				return false, err.Error()
			case text != policy.Document:
				return false, "IAM does not show the policy"
			}
			return true, fmt.Sprintf("IAM shows the policy %s at %s", policy.Name, p)
		},
	}
}

// release takes a policy away that is as the journal says that it was put.
func (r *Revoker) release(ctx context.Context, run string, s *session, key KeyState, e Entry) (*job, error) {
	if e.Policy == nil {
		return stopped(key, Release, Refused, "the journal does not say by which policy"), nil
	}
	p := principal{name: e.User}
	if e.Policy.Role != "" {
		p = principal{true, e.Policy.Role}
	}
	switch text, _, err := s.policy(ctx, p, e.Policy.Name); {
	case err != nil:
		return stopped(key, Release, Failed, err.Error()), nil
	case text == "":
		return stopped(key, Release, Refused, fmt.Sprintf("the policy %s is gone: someone else took it away", e.Policy.Name)), nil
	case text != e.Policy.Document:
		return stopped(key, Release, Refused, fmt.Sprintf("the policy %s was changed since: look at it, and take it away by hand", e.Policy.Name)), nil
	}
	return r.make(ctx, run, s, s.takingAway(key, p, *e.Policy, r.otherContainments(e)))
}

// otherContainments returns the names of the policies by which the user or role is
// contained for other keys, as far as the journal knows.
func (r *Revoker) otherContainments(e Entry) []string {
	var names []string
	for _, o := range r.opts.Journal.Undoable() {
		if o.Action == Contain && o.Policy != nil && o.Account == e.Account && o.Endpoint == e.Endpoint &&
			o.Policy.Role == e.Policy.Role && (o.Policy.Role != "" || o.User == e.User) && o.Policy.Name != e.Policy.Name {
			names = append(names, o.Policy.Name)
		}
	}
	return names
}

// stillContained reports whether one of the policies is there.
func (s *session) stillContained(ctx context.Context, p principal, policies []string) bool {
	return slices.ContainsFunc(policies, func(name string) bool {
		text, _, err := s.policy(ctx, p, name)
		return err == nil && text != ""
	})
}

// takingAway is the change that deletes the policy, and then the tag, unless one of the
// others is there.
func (s *session) takingAway(key KeyState, p principal, policy Policy, others []string) change {
	return change{
		key: key, action: Release, permission: p.permission("Delete"), policy: &policy,
		call: func(ctx context.Context) (middleware.Metadata, error) { return s.deletePolicy(ctx, p, policy.Name) },
		after: func(ctx context.Context) string {
			if s.stillContained(ctx, p, others) {
				return ""
			}
			if err := s.untag(ctx, p); err != nil {
				return fmt.Sprintf("still tagged: %v", failed(p.tagPermission("Untag"), err))
			}
			return ""
		},
		seen: func(ctx context.Context) (bool, string) {
			text, _, err := s.policy(ctx, p, policy.Name)
			if err != nil {
				return false, err.Error()
			}
			return text == "", fmt.Sprintf("IAM shows the policy %s no more", policy.Name)
		},
	}
}

// serverTime is the time by AWS's clock, of an answer or a refusal; else ours.
func serverTime(md middleware.Metadata, err error) time.Time {
	if t, ok := awsmiddleware.GetServerTime(md); ok && !t.IsZero() {
		return t
	}
	var resp *awshttp.ResponseError
	if errors.As(err, &resp) && resp.Response != nil {
		if t, err := http.ParseTime(resp.Response.Header.Get("Date")); err == nil {
			return t
		}
	}
	return time.Now()
}
