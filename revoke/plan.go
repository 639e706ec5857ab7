package revoke

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Revoker plans, carries out and takes back. It is not safe for concurrent use, but
// for [Revoker.Inspect].
type Revoker struct {
	op       *Operator
	verifier *Verifier
	opts     RevokerOptions
	now      func() time.Time
	sleep    func(context.Context, time.Duration) error
}

// RevokerOptions are the limits that the user sets. Without Accounts everything
// is refused.
type RevokerOptions struct {
	Accounts  []string      // the accounts that are ours, in 12 digits
	Canaries  Canaries      // of the user's own; their keys are left alone
	Journal   *Journal      // needed by Apply and Undo only; the caller closes it
	PollEvery time.Duration // between two looks at whether AWS refuses a key; 0 is 1 s
	PollFor   time.Duration // until "requested" is all that can be said; 0 is 60 s
	// OnProgress, if set, gets each Result when it is reached and again when its
	// outcome changes, from the goroutine that called Apply or Undo.
	OnProgress func(Result)
}

// NewRevoker returns a Revoker that acts as op and proves by v. A nil v proves by
// IAM alone.
func NewRevoker(op *Operator, v *Verifier, opts RevokerOptions) *Revoker {
	opts.PollEvery = cmp.Or(opts.PollEvery, time.Second)
	opts.PollFor = cmp.Or(opts.PollFor, time.Minute)
	if opts.OnProgress == nil {
		opts.OnProgress = func(Result) {}
	}
	return &Revoker{op: op, verifier: v, opts: opts, now: time.Now, sleep: sleep}
}

// Target is a key to act on.
type Target struct {
	KeyID   string
	Account string // as the key ID carries it; "" asks STS
	// Leaked is the pair, by which the outcome is proven; nil if its secret is not
	// known. It is never journaled, and Format does not show it.
	Leaked *aws.Credentials `json:"-"`
}

// Format writes the key ID and the account, whatever the verb.
func (t Target) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "{%s %s}", t.KeyID, t.Account) }

// Plan is what Apply would do. It may be printed and marshaled whole.
type Plan struct {
	Operator Identity  `json:"operator"`
	Endpoint string    `json:"endpoint,omitempty"` // "" is AWS's own
	MadeAt   time.Time `json:"made_at"`
	Steps    []Step    `json:"steps"` // in the order of the targets
}

// Step is one key's part of a Plan: a call, or the refusal of one.
type Step struct {
	KeyState
	By      string `json:"by,omitempty"`      // the ARN of the user or role that makes the call
	Call    string `json:"call,omitempty"`    // the call that Apply makes
	Refusal string `json:"refusal,omitempty"` // why there is none; if set, Apply leaves the key alone

	// leaked is set if STS knew the key ID, and so can prove the end of it. It is a
	// function because fmt shows nothing of those, whatever the verb.
	leaked func() aws.Credentials
}

// Plan looks at the targets without changing anything. Its error says why the
// operator cannot work at all; what stands against one key is the Refusal of its
// step. Of targets with the same key ID one step is made, with the first pair.
func (r *Revoker) Plan(ctx context.Context, targets []Target) (Plan, error) {
	id, err := r.op.Identity(ctx)
	if err != nil {
		return Plan{}, err
	}
	plan := Plan{Operator: id, Endpoint: r.op.endpoint, MadeAt: r.now().UTC()}
	for _, t := range unique(targets) {
		if err := ctx.Err(); err != nil {
			return Plan{}, err
		}
		plan.Steps = append(plan.Steps, r.step(ctx, t))
	}
	return plan, nil
}

func unique(targets []Target) []Target {
	var kept []Target
	for _, t := range targets {
		i := slices.IndexFunc(kept, func(k Target) bool { return k.KeyID == t.KeyID })
		if i < 0 {
			kept = append(kept, t)
		} else if kept[i].Leaked == nil {
			kept[i].Leaked = t.Leaked
		}
	}
	return kept
}

// step plans for one target. IAM is asked before STS, for a question to STS
// becomes the key's last use.
func (r *Revoker) step(ctx context.Context, t Target) Step {
	step := Step{KeyState: KeyState{KeyID: t.KeyID, Account: t.Account}}
	if err := r.locate(ctx, &step.KeyState); err != nil {
		step.Refusal = err.Error()
		return step
	}
	if r.opts.Canaries.inAccount(step.Account) {
		step.Verdict = Verdict{Status: Canary, Account: step.Account, Reason: canaryReason}
	}
	if step.Refusal = r.forbidden(ctx, step.KeyState); step.Refusal != "" {
		return step
	}
	step.KeyState = r.Inspect(ctx, t.KeyID, step.Account)
	byIAM := step.Verdict
	if byIAM.Status == Canary {
		step.Refusal = byIAM.Reason
		return step
	}
	r.askPair(ctx, &step, t.Leaked)
	if step.Refusal = r.hopeless(ctx, step, byIAM); step.Refusal != "" {
		return step
	}
	if s, err := r.op.in(ctx, step.Account); err != nil {
		step.Refusal = err.Error()
	} else {
		step.By = s.as
		step.Call = fmt.Sprintf("iam:UpdateAccessKey UserName=%s AccessKeyId=%s Status=Inactive", step.User, step.KeyID)
	}
	return step
}

// askPair lets STS decide where IAM does not prove the key unusable.
func (r *Revoker) askPair(ctx context.Context, step *Step, leaked *aws.Credentials) {
	if leaked == nil || r.verifier == nil || step.Verdict.Status != Live && step.Verdict.Status != Unknown {
		return
	}
	told := r.verifier.Check(ctx, *leaked, step.Account)
	switch {
	case told.Status == Live, told.Status == ActiveWrongSecret:
		step.leaked = func() aws.Credentials { return *leaked }
		step.Verdict = told
	case step.Verdict.Status == Unknown:
		step.Verdict = told
	}
}

// owns reports whether the account is on the user's list.
func (r *Revoker) owns(account string) bool { return slices.Contains(r.opts.Accounts, account) }

func foreign(account string) string {
	return fmt.Sprintf("account %s is not on the list of own accounts: nothing was asked; if it is yours, pass --account %s", account, account)
}

// forbidden returns why the key must not be touched, before anything is asked
// about it, or "".
func (r *Revoker) forbidden(ctx context.Context, key KeyState) string {
	switch {
	case r.opts.Canaries.inAccount(key.Account):
		return canaryReason
	case r.opts.Canaries.isUser(key.User):
		return canaryUserReason
	case !r.owns(key.Account):
		return foreign(key.Account)
	}
	switch own, err := r.op.signs(ctx, key.KeyID); {
	case err != nil:
		return err.Error()
	case own:
		return "it signs our own calls: use other credentials to revoke it"
	case isSession(key.KeyID):
		return "a session key cannot be deactivated: deny its user or role everything that was issued before now (aws:TokenIssueTime)"
	}
	return ""
}

// hopeless returns why no call would help, given the verdict and what IAM alone
// shows, or "".
func (r *Revoker) hopeless(ctx context.Context, step Step, byIAM Verdict) string {
	switch {
	case strings.HasSuffix(step.Verdict.ARN, ":root"):
		return "a root key: no IAM user can deactivate it; sign in as root and delete it, or delete it from the organization's management account (sts:AssumeRoot)"
	case byIAM.Status == Inactive:
		return "already inactive: nothing to do"
	case byIAM.Status == Deleted:
		return "already deleted: nothing to do"
	case byIAM.Status != Live:
		return byIAM.Reason
	case r.mintedUs(ctx, step.KeyState):
		return "our own session was made with a key of this user, perhaps this one: use other credentials to revoke it"
	}
	return ""
}

// mintedUs reports whether the operator is a session of the key's user
// (sts:GetSessionToken), whose key cannot be seen.
func (r *Revoker) mintedUs(ctx context.Context, key KeyState) bool {
	id, err := r.op.Identity(ctx)
	return err != nil || isSession(id.KeyID) && id.Account == key.Account &&
		strings.Contains(id.ARN, ":user/") && strings.HasSuffix(id.ARN, "/"+key.User)
}
