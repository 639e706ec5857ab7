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
	Workers   int           // keys looked at, or changed, at a time; 0 is 8
	Aim       Aim           // what a plan is to bring about
	// OnProgress, if set, gets each Result when it is reached and again when its
	// outcome changes, one at a time and in the order of the plan.
	OnProgress func(Result)
	// OnPlan, if set, gets how many targets were looked at, of how many.
	OnPlan func(n, all int)
}

// Aim is what a plan is to bring about. The zero value is that keys are
// deactivated.
type Aim struct {
	// Delete keys instead, for good, if they have been inactive for InactiveFor.
	Delete      bool          `json:"delete,omitempty"`
	InactiveFor time.Duration `json:"inactive_for,omitempty"` // in nanoseconds
	// Contain, beside that, what the keys' users can do. "" is not at all.
	Contain Containment `json:"contain,omitempty"`
	// DeleteRoot deletes root keys, for good, where all else would leave them alone.
	DeleteRoot bool `json:"delete_root,omitempty"`
	// BySelf has keys switch themselves off: the last resort, for which the
	// operator may be a [NewSelfOperator].
	BySelf bool `json:"by_self,omitempty"`
}

// NewRevoker returns a Revoker that acts as op and proves by v. A nil v proves by
// IAM alone.
func NewRevoker(op *Operator, v *Verifier, opts RevokerOptions) *Revoker {
	opts.PollEvery = cmp.Or(opts.PollEvery, time.Second)
	opts.PollFor = cmp.Or(opts.PollFor, time.Minute)
	opts.Workers = cmp.Or(opts.Workers, 8)
	if opts.OnPlan == nil {
		opts.OnPlan = func(int, int) {}
	}
	if opts.OnProgress == nil {
		opts.OnProgress = func(Result) {}
	}
	return &Revoker{op: op, verifier: v, opts: opts, now: time.Now, sleep: sleep}
}

// Target is a key to act on.
type Target struct {
	KeyID   string
	Name    string // of a service-specific credential whose ID is not known: its alias or user name
	Account string // as the key ID carries it; "" asks STS
	Seen    *Seen  // where it leaked; nil if not known
	// LastUsed is its last use before we asked about it, if that was read earlier;
	// nil is what IAM shows when the plan is made.
	LastUsed *LastUse
	// Leaked is the pair, by which the outcome is proven; nil if its secret is not
	// known. It is never journaled, and Format does not show it.
	Leaked *aws.Credentials `json:"-"`
}

// Seen is where a key leaked, in words, and since when.
type Seen struct {
	Where string    `json:"where"`
	Since time.Time `json:"since,omitzero"`
}

// Format writes the key ID and the account, whatever the verb.
func (t Target) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "{%s %s}", t.KeyID, t.Account) }

// PlanSchema names the schema of a [Plan]. Fields may be added to it; what is there
// keeps its name and meaning.
const PlanSchema = "revokey.plan/v1"

// Plan is what Apply would do. It may be printed and marshaled whole.
type Plan struct {
	Schema   string    `json:"schema"`
	Operator Identity  `json:"operator"`
	Endpoint string    `json:"endpoint,omitempty"` // "" is AWS's own
	MadeAt   time.Time `json:"made_at"`
	Aim      Aim       `json:"aim"`
	Steps    []Step    `json:"steps"`             // in the order of the targets
	Resumes  []string  `json:"resumes,omitempty"` // the interrupted runs that it takes over
}

// Step is one part of a Plan: a call about one key, or the refusal of one.
type Step struct {
	KeyState
	Action  Action  `json:"action"`            // "" is Deactivate
	Role    string  `json:"role,omitempty"`    // name of the role that is contained; "" is the user
	Policy  *Policy `json:"policy,omitempty"`  // that contains it
	Root    bool    `json:"root,omitempty"`    // a root key
	Service string  `json:"service,omitempty"` // of a service-specific credential
	Name    string  `json:"name,omitempty"`    // by which it was looked for
	By      string  `json:"by,omitempty"`      // the ARN of the user or role that makes the call
	Call    string  `json:"call,omitempty"`    // the call that Apply makes
	Refusal string  `json:"refusal,omitempty"` // why there is none; if set, Apply leaves the key alone
	Seen    *Seen   `json:"seen,omitempty"`    // where it leaked

	// leaked is set if STS knew the key ID, and so can prove the end of it. It is a
	// function because fmt shows nothing of those, whatever the verb.
	leaked func() aws.Credentials
	// contained is that the policy is there already.
	contained bool
	// bySelf is that the key signs the call.
	bySelf bool
}

func (s Step) does() Action { return cmp.Or(s.Action, Deactivate) }

// refused returns the step as one that leaves the key alone.
func (s Step) refused(why string) Step {
	s.Refusal, s.Call, s.By = why, "", ""
	return s
}

// Plan looks at the targets without changing anything. Its error says why the
// operator cannot work at all; what stands against one key is the Refusal of its
// step. Of targets with the same key ID one is taken, with the first pair.
func (r *Revoker) Plan(ctx context.Context, targets []Target) (Plan, error) {
	id, err := r.op.Identity(ctx)
	if err != nil {
		return Plan{}, err
	}
	plan := Plan{Schema: PlanSchema, Operator: id, Endpoint: r.op.endpoint, MadeAt: r.now().UTC(), Aim: r.opts.Aim}
	targets = unique(targets)
	err = each(ctx, r.opts.Workers, len(targets), func(i int) ([]Step, error) {
		return r.steps(ctx, targets[i]), ctx.Err()
	}, func(i int, steps []Step) {
		plan.Steps = append(plan.Steps, steps...)
		r.opts.OnPlan(i+1, len(targets))
	})
	if err != nil {
		return Plan{}, err
	}
	return plan, nil
}

func unique(targets []Target) []Target {
	var kept []Target
	place := make(map[string]int)
	for _, t := range targets {
		name := cmp.Or(t.KeyID, t.Name)
		i, known := place[name]
		if !known {
			place[name] = len(kept)
			kept = append(kept, t)
		} else if kept[i].Leaked == nil {
			kept[i].Leaked = t.Leaked
		}
	}
	return kept
}

// steps plans for one target. IAM is asked before STS, for a question to STS
// becomes the key's last use.
func (r *Revoker) steps(ctx context.Context, t Target) []Step {
	step := Step{KeyState: KeyState{KeyID: cmp.Or(t.KeyID, t.Name), Account: t.Account}, Action: r.opts.Aim.action(t.KeyID), Name: t.Name, Seen: t.Seen}
	if err := r.locate(ctx, &step.KeyState); err != nil {
		return []Step{step.refused(err.Error())}
	}
	if r.opts.Canaries.inAccount(step.Account) {
		step.Verdict = Verdict{Status: Canary, Account: step.Account, Reason: canaryReason}
	}
	if refusal := r.forbidden(ctx, step.KeyState, step.Action); refusal != "" {
		return []Step{step.refused(refusal)}
	}
	if isServiceID(t.KeyID) || t.Name != "" {
		return []Step{r.serviceStep(ctx, step, t.Name)}
	}
	if r.opts.Aim.BySelf {
		return []Step{r.bySelf(ctx, step, t.Leaked)}
	}
	if isSession(t.KeyID) {
		return []Step{r.containSession(ctx, step, t.Leaked)}
	}
	step.KeyState = r.Inspect(ctx, t.KeyID, step.Account)
	byIAM := step.Verdict
	if t.LastUsed != nil {
		step.LastUsed = t.LastUsed
	}
	switch {
	case byIAM.Status == Canary:
		return []Step{step.refused(byIAM.Reason)}
	case r.perhapsCanary(step.KeyState):
		return []Step{step.refused("it may be one of the canaries, so that STS was not asked; the owner's IAM: " + byIAM.Reason)}
	}
	r.askPair(ctx, &step, t.Leaked)
	if r.opts.Aim.DeleteRoot && perhapsRootKey(step, byIAM) {
		return []Step{r.decideRoot(ctx, step)}
	}
	steps := []Step{r.decide(ctx, step, byIAM)}
	if r.opts.Aim.Contain != "" {
		steps = append(steps, r.containUser(ctx, step, byIAM))
	}
	return steps
}

// action is what the aim asks for, for the key.
func (a Aim) action(keyID string) Action {
	switch {
	case isSession(keyID) && a.Contain != "":
		return Contain
	case a.Delete:
		return Delete
	}
	return Deactivate
}

// decide fills in the call that ends the key, or why there is none.
func (r *Revoker) decide(ctx context.Context, step Step, byIAM Verdict) Step {
	refusal := r.hopeless(ctx, step, byIAM)
	if step.Action == Delete {
		refusal = r.undeletable(ctx, step, byIAM)
	}
	if refusal != "" {
		return step.refused(refusal)
	}
	s, err := r.op.in(ctx, step.Account)
	if err != nil {
		return step.refused(err.Error())
	}
	step.By = s.as
	if step.Action == Delete {
		step.Call = fmt.Sprintf("iam:DeleteAccessKey UserName=%s AccessKeyId=%s", step.User, step.KeyID)
	} else {
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

// Accounts returns the accounts that are ours.
func (r *Revoker) Accounts() []string { return slices.Clone(r.opts.Accounts) }

// owns reports whether the account is on the user's list.
func (r *Revoker) owns(account string) bool { return slices.Contains(r.opts.Accounts, account) }

func foreign(account string) string {
	return fmt.Sprintf("account %s is not on the list of own accounts: nothing was asked; if it is yours, pass --account %s", account, account)
}

// forbidden returns why the action must not be done to the key, before anything is
// asked about it, or "".
func (r *Revoker) forbidden(ctx context.Context, key KeyState, action Action) string {
	switch {
	case r.opts.Canaries.inAccount(key.Account):
		return canaryReason
	case r.opts.Canaries.isUser(key.User):
		return canaryUserReason
	case !r.owns(key.Account):
		return foreign(key.Account)
	}
	if r.opts.Aim.BySelf && action == Deactivate {
		return ""
	}
	switch own, err := r.op.signs(ctx, key.KeyID); {
	case err != nil:
		return err.Error()
	case own:
		return "it signs our own calls: use other credentials to revoke it"
	case isSession(key.KeyID) && action != Contain && action != Release:
		return "a session key cannot be deactivated: --contain denies its user or role everything that was issued before now (aws:TokenIssueTime)"
	}
	return ""
}

// perhapsCanary reports whether the user has canaries in the own accounts, and nobody
// tells whose the key is: its pair must not be used then.
func (r *Revoker) perhapsCanary(key KeyState) bool {
	return len(r.opts.Canaries.Users) > 0 && key.User == "" && !key.userless
}

// hopeless returns why no call would help, given the verdict and what IAM alone
// shows, or "".
func (r *Revoker) hopeless(ctx context.Context, step Step, byIAM Verdict) string {
	switch {
	case strings.HasSuffix(step.Verdict.ARN, ":root"):
		return rootRefusal
	case byIAM.Status == Inactive:
		return "already inactive: nothing to do"
	case byIAM.Status == Deleted:
		return "already deleted: nothing to do"
	case byIAM.Status != Live:
		return byIAM.Reason
	case step.Verdict.Account != "" && step.Verdict.Account != step.Account:
		return fmt.Sprintf("STS says that it is of account %s, and IAM of account %s knows it: which is right is not to be seen", step.Verdict.Account, step.Account)
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

const rootRefusal = "a root key: no IAM user can deactivate it; sign in as root and delete it, or delete it from the organization's management account (sts:AssumeRoot)"
