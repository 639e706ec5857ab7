package revoke

import (
	"context"
	"fmt"
	"time"
)

// Settled is what AWS told about a call of which the journal held an intent only.
type Settled struct {
	Intent  Entry
	Outcome EntryOutcome // InDoubt: AWS could not tell
	Seen    string       // what is to be seen there, or why nothing is
}

// inFlight is how long a call may be under way that a killed process sent: what is
// not to be seen after it was not carried out.
const inFlight = 10 * time.Second

// Settle asks AWS what became of each call of which the journal has an intent
// without a result, as a crash leaves it, and writes the results down. It changes
// nothing. What AWS cannot tell stays open.
func (r *Revoker) Settle(ctx context.Context) ([]Settled, error) {
	if r.opts.Journal == nil {
		return nil, errNoJournal
	}
	var settled []Settled
	began := r.now()
	for _, e := range r.opts.Journal.Unfinished() {
		s, err := r.settle(ctx, e, began)
		if err != nil {
			return settled, err
		}
		settled = append(settled, s)
	}
	return settled, nil
}

// underWay is how long the call may be under way yet. Where our clock was set back only
// what has passed since we began to look counts.
func (r *Revoker) underWay(e Entry, began time.Time) time.Duration {
	now := r.now()
	return inFlight - max(now.Sub(e.Time), now.Sub(began))
}

func (r *Revoker) settle(ctx context.Context, e Entry, began time.Time) (Settled, error) {
	if e.Action == Create {
		return r.settleCreation(ctx, e, began)
	}
	done, seen, err := r.whatBecame(ctx, e)
	if err != nil {
		return Settled{e, InDoubt, err.Error()}, ctx.Err()
	}
	if left := r.underWay(e, began); !done && left > 0 && !e.here() {
		if err := r.sleep(ctx, left); err != nil {
			return Settled{e, InDoubt, "interrupted"}, err
		}
		return r.settle(ctx, e, began)
	}
	outcome := NotDone
	if done {
		outcome = Done
	}
	if done && e.Action == Release {
		seen += "; its tag " + containTag + " may be left"
	}
	result := e
	result.Phase, result.Outcome, result.Time, result.Note = PhaseResult, outcome, r.now().UTC(), "asked afterwards: "+seen
	return Settled{e, outcome, seen}, r.opts.Journal.Append(result)
}

// whatBecame reports whether AWS shows what the intent meant to bring about.
func (r *Revoker) whatBecame(ctx context.Context, e Entry) (done bool, seen string, err error) {
	if e.Endpoint != r.op.endpoint {
		return false, "", fmt.Errorf("it was done at %s, not here: pass --aws-endpoint accordingly", place(e.Endpoint))
	}
	if !r.owns(e.Account) || r.opts.Canaries.inAccount(e.Account) {
		return false, "", fmt.Errorf("%s", foreign(e.Account))
	}
	if e.Action == Store {
		return r.stored(ctx, e)
	}
	s, err := r.workAs(ctx, Step{KeyState: KeyState{Account: e.Account}, Root: e.User == "" && e.Action == Delete})
	if err != nil {
		return false, "", err
	}
	return s.shows(ctx, e)
}

// shows reports whether IAM shows what the entry tells as done.
func (s *session) shows(ctx context.Context, e Entry) (done bool, seen string, err error) {
	key := KeyState{KeyID: e.KeyID, Account: e.Account, Owner: Owner{User: e.User}}
	switch e.Action {
	case Contain, Release:
		if e.Policy == nil {
			return false, "", fmt.Errorf("the journal does not say by which policy")
		}
		p := principal{name: e.User}
		if e.Policy.Role != "" {
			p = principal{true, e.Policy.Role}
		}
		text, _, err := s.policy(ctx, p, e.Policy.Name)
		there := text == e.Policy.Document
		if there {
			return e.Action == Contain, fmt.Sprintf("the policy %s is there", e.Policy.Name), err
		}
		return e.Action == Release && text == "", fmt.Sprintf("the policy %s is not there", e.Policy.Name), err
	case Delete:
		if e.Service != "" {
			v := s.serviceVerdict(ctx, e.KeyID)
			return v.Status == Deleted, v.Reason, nil
		}
		done, seen := s.deleting(key).seen(ctx)
		return done, seen, nil
	}
	if e.Service != "" {
		v := s.serviceVerdict(ctx, e.KeyID)
		return v.Status == shown(e.Action.status()).Status, v.Reason, nil
	}
	if e.User == "" { // IAM would take the operator's own
		return false, "", fmt.Errorf("it is a root key, which IAM shows to nobody but root")
	}
	if err := s.readStatus(ctx, &key); err != nil {
		return false, "", err
	}
	return key.Verdict.Status == shown(e.Action.status()).Status, key.Verdict.Reason, nil
}

// PlanAgain plans for the keys of an interrupted run, as it meant to; what it has
// done already is refused as such. Applying the plan ends that run.
func (r *Revoker) PlanAgain(ctx context.Context, begin Entry) (Plan, error) {
	if begin.Endpoint != r.op.endpoint {
		return Plan{}, fmt.Errorf("the run was begun at %s, not here: pass --aws-endpoint accordingly", place(begin.Endpoint))
	}
	r.opts.Aim = Aim{}
	if begin.Aim != nil {
		r.opts.Aim = *begin.Aim
	}
	var targets []Target
	for _, s := range begin.Steps {
		if !s.Action.takesBack() {
			targets = append(targets, Target{KeyID: s.KeyID, Account: s.Account})
		}
	}
	plan, err := r.Plan(ctx, targets)
	plan.Resumes = []string{begin.ID}
	return plan, err
}

// CloseRun ends an interrupted run without going on with it.
func (r *Revoker) CloseRun(begin Entry) error { return r.end(begin) }
