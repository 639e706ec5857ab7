package revoke

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
)

// AssumeOptions say how roles are assumed.
type AssumeOptions struct {
	// ExternalID is what the roles' trust policies may ask for. "" is none.
	ExternalID string
	// SessionName stands in the CloudTrail of the account. "" is "revokey-" and the
	// operator's name.
	SessionName string
	// SourceIdentity stays with the session, and with those that it makes. "" is
	// none: to set one, the roles have to allow sts:SetSourceIdentity.
	SourceIdentity string
}

// session is the operator at work in one account.
type session struct {
	iam   iamAPI
	as    string // the ARN of who signs
	creds aws.CredentialsProvider
}

// workplace is an account and the operator's session in it, once there is one.
type workplace struct {
	mu sync.Mutex
	*session
}

// in returns the operator's session in the account: as itself in its own, else as
// the first of its roles that it may assume. The credentials of a role are kept,
// and renewed before they end.
func (o *Operator) in(ctx context.Context, account string) (*session, error) {
	id, err := o.Identity(ctx)
	if err != nil {
		return nil, err
	}
	w := o.workplace(account)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.session == nil {
		w.session, err = o.open(ctx, id, account)
	}
	return w.session, err
}

func (o *Operator) workplace(account string) *workplace {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.sessions[account] == nil {
		o.sessions[account] = &workplace{}
	}
	return o.sessions[account]
}

func (o *Operator) open(ctx context.Context, id Identity, account string) (*session, error) {
	if o.without() {
		return nil, errors.New(noOperator)
	}
	if account == id.Account {
		return &session{o.newIAM(o.signer), id.ARN, o.signer}, nil
	}
	if len(o.roles) == 0 {
		return nil, fmt.Errorf("account %s is not the operator's own (%s): pass --role-name, or a --profile of that account", account, id.Account)
	}
	var refused []error
	for _, name := range o.roles {
		role := fmt.Sprintf("arn:%s:iam::%s:role/%s", id.partition(), account, name)
		as, err := o.become(ctx, id, role)
		if err == nil {
			return &session{o.newIAM(as), role, as}, nil
		}
		refused = append(refused, err)
		if errorCode(err) == "" || ctx.Err() != nil { // STS does not answer: nor will it for the next
			break
		}
	}
	return nil, noRole(refused)
}

// noRole joins in one line why no role could be assumed.
func noRole(refused []error) error {
	var why []string
	for _, err := range refused {
		if errors.Is(err, context.Canceled) {
			return err
		}
		why = append(why, err.Error())
	}
	return errors.New(strings.Join(why, "; "))
}

// renewEarly is how long before their end credentials are renewed: a request is signed
// after it has waited for its turn, and AWS's clock may be ahead of ours.
const renewEarly = time.Minute

func inTime(co *aws.CredentialsCacheOptions) { co.ExpiryWindow = max(co.ExpiryWindow, renewEarly) }

// become assumes the role.
func (o *Operator) become(ctx context.Context, id Identity, role string) (aws.CredentialsProvider, error) {
	as := aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(o.sts, role, func(ro *stscreds.AssumeRoleOptions) {
		ro.RoleSessionName = cmp.Or(o.assume.SessionName, sessionName(id))
		ro.ExternalID = optional(o.assume.ExternalID)
		ro.SourceIdentity = optional(o.assume.SourceIdentity)
	}), inTime)
	_, err := as.Retrieve(ctx)
	if err != nil {
		return nil, &assumeError{role, err}
	}
	return as, nil
}

// assumeError is why a role could not be assumed, in our words, with AWS's error
// below.
type assumeError struct {
	role string
	err  error
}

func (e *assumeError) Error() string {
	return fmt.Sprintf("assuming %s: %v", e.role, failed("sts:AssumeRole", e.err))
}

func (e *assumeError) Unwrap() error { return e.err }

// sessionName names the operator in what a role session may be called: 2 to 64
// letters, digits and =,.@-_.
func sessionName(id Identity) string {
	name := strings.Map(func(r rune) rune {
		if r < 128 && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("=,.@-_", r)) {
			return r
		}
		return -1
	}, id.ARN[strings.LastIndexAny(id.ARN, "/:")+1:])
	name = "revokey-" + name
	return name[:min(len(name), 64)]
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
