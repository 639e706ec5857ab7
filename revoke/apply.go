package revoke

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// Outcome is how far a key got. The words are a contract.
type Outcome string

// The outcomes.
const (
	Refused   Outcome = "refused"   // nothing was asked of AWS
	Failed    Outcome = "failed"    // AWS did not do it, or did not say that it did
	Requested Outcome = "requested" // AWS took the call; that it took effect is not proven
	Verified  Outcome = "verified"  // and it took effect
)

// Result is what became of one key. It holds no secret.
type Result struct {
	KeyID     string  `json:"key_id"`
	Account   string  `json:"account,omitempty"`
	User      string  `json:"user,omitempty"`
	Action    Action  `json:"action"`
	Outcome   Outcome `json:"outcome"`
	Proof     Proof   `json:"proof,omitempty"`   // of Verified
	Reason    string  `json:"reason,omitempty"`  // one sentence for people
	Seconds   float64 `json:"seconds,omitempty"` // from AWS taking the call to the proof, or to giving up on it
	RequestID string  `json:"request_id,omitempty"`
	Role      string  `json:"role,omitempty"`   // name of the role that was contained, where it is no user
	Policy    string  `json:"policy,omitempty"` // name of the policy that was put or taken away
	Note      string  `json:"note,omitempty"`   // what went wrong beside it
}

// errNoJournal is the refusal to change what could not be taken back.
var errNoJournal = errors.New("nothing is changed without a journal to record it")

// Apply carries out the plan: first every call, then the proof of each. What
// contains a user or a role comes last, when its key mints no more sessions. It
// returns a result for each step that it came to, in order; the failure of one
// does not stop the others. Its error says why it stopped: ctx, or the journal,
// without which no further call is made.
func (r *Revoker) Apply(ctx context.Context, plan Plan) ([]Result, error) {
	r.opts.Aim = plan.Aim
	return r.carryOut(ctx, planned(plan.Steps), &plan.Aim, plan.Resumes, func(run string, i int) (*job, error) {
		return r.take(ctx, run, plan.Steps[i])
	})
}

// planned is what the journal keeps of the steps.
func planned(steps []Step) []Planned {
	var kept []Planned
	for _, s := range steps {
		kept = append(kept, Planned{s.KeyID, s.Account, s.does(), s.Refusal != ""})
	}
	return kept
}

// carryOut does the steps between the begin and the end of a run.
func (r *Revoker) carryOut(ctx context.Context, steps []Planned, aim *Aim, resumes []string, start func(run string, i int) (*job, error)) ([]Result, error) {
	if r.opts.Journal == nil {
		return nil, errNoJournal
	}
	run, err := r.begin(ctx, steps, aim, resumes)
	if err != nil {
		return nil, err
	}
	jobs := make([]*job, len(steps))
	for _, last := range []bool{false, true} {
		var now []int
		for i, s := range steps {
			if (s.Action == Contain) == last {
				now = append(now, i)
			}
		}
		if err == nil {
			err = r.stage(ctx, jobs, now, func(i int) (*job, error) { return start(run.ID, i) })
		}
	}
	if err == nil {
		err = r.end(run)
	}
	return resultsOf(jobs), err
}

// stage makes the calls of some steps, then looks whether they took effect.
func (r *Revoker) stage(ctx context.Context, jobs []*job, steps []int, start func(int) (*job, error)) error {
	err := each(ctx, r.opts.Workers, len(steps), func(n int) (*job, error) {
		return start(steps[n])
	}, func(n int, j *job) {
		jobs[steps[n]] = j
		r.opts.OnProgress(j.Result)
	})
	var made []*job
	for _, i := range steps {
		if jobs[i] != nil && jobs[i].Outcome == Requested {
			made = append(made, jobs[i])
		}
	}
	// Also when we are told to stop one look is taken at each, for what was called.
	proving := each(context.WithoutCancel(ctx), r.opts.Workers, len(made), func(n int) (*job, error) {
		r.prove(ctx, made[n])
		return made[n], r.record(made[n])
	}, func(_ int, j *job) { r.opts.OnProgress(j.Result) })
	return cmp.Or(err, ctx.Err(), proving)
}

func resultsOf(jobs []*job) []Result {
	var results []Result
	for _, j := range jobs {
		if j != nil {
			results = append(results, j.Result)
		}
	}
	return results
}

// take takes one step. Whoever made the plan, it refuses again what must not be
// touched.
func (r *Revoker) take(ctx context.Context, run string, step Step) (*job, error) {
	action := step.does()
	refusal := step.Refusal
	if refusal == "" {
		refusal = r.forbidden(ctx, step.KeyState, action)
	}
	if refusal != "" {
		return stopped(step.KeyState, action, Refused, refusal), nil
	}
	if step.bySelf {
		s, c := r.switchSelfOff(step)
		j, err := r.make(ctx, run, s, c)
		j.bySTS = r.refusedBySTS(step.leaked(), s.as)
		return j, err
	}
	s, err := r.workAs(ctx, step)
	if err != nil {
		return stopped(step.KeyState, action, Failed, err.Error()), nil
	}
	c, refusal := r.changeOf(ctx, s, step)
	if refusal != "" {
		return stopped(step.KeyState, action, Refused, refusal), nil
	}
	j, err := r.make(ctx, run, s, c)
	if step.leaked != nil && action == Deactivate {
		j.bySTS = r.refusedBySTS(step.leaked(), s.as)
	}
	return j, err
}

// workAs returns the session that takes the step.
func (r *Revoker) workAs(ctx context.Context, step Step) (*session, error) {
	if step.Root {
		return r.op.asRoot(ctx, step.Account)
	}
	return r.op.in(ctx, step.Account)
}

// changeOf returns the change that the step asks for, or why it cannot be made.
func (r *Revoker) changeOf(ctx context.Context, s *session, step Step) (change, string) {
	switch {
	case step.does() == Contain:
		return r.containment(ctx, s, step)
	case step.Root && step.does() == Delete && step.User == "":
		if there, err := s.hasRootKey(ctx, step.KeyID); err != nil || !there {
			return change{}, "it is no key of root"
		}
		return s.deleting(step.KeyState), ""
	case step.User == "": // IAM would take the signing key's own user
		return change{}, "its user is not known"
	case step.Service != "" && step.does() == Deactivate:
		return s.setServiceStatus(step.KeyState, step.Service, Deactivate), ""
	case step.does() == Deactivate:
		return s.setStatus(step.KeyState, Deactivate), ""
	case step.does() == Delete:
		return r.deletion(ctx, s, step)
	}
	return change{}, fmt.Sprintf("there is no way to %s it", step.does())
}

// refusedBySTS looks whether AWS refuses the leaked pair. A key's partition is
// that of whoever changed it.
func (r *Revoker) refusedBySTS(cred aws.Credentials, by string) look {
	return func(ctx context.Context) (bool, string) {
		v := r.verifier.askAgain(ctx, cred, Identity{ARN: by}.partition())
		return v.Status == NotAccepted, v.Reason
	}
}

// shownByIAM looks whether IAM shows the key with the status. Authentication
// follows some seconds later.
func shownByIAM(s *session, key KeyState, want types.StatusType) look {
	return func(ctx context.Context) (bool, string) {
		now := KeyState{KeyID: key.KeyID, Owner: Owner{User: key.User}}
		if err := s.readStatus(ctx, &now); err != nil {
			return false, err.Error()
		}
		return now.Verdict.Status == shown(want).Status, now.Verdict.Reason
	}
}

// prove looks until the change has taken effect, or PollFor is over.
func (r *Revoker) prove(ctx context.Context, j *job) {
	proof, look := ByIAM, j.byIAM
	if j.bySTS != nil {
		proof, look = BySTS, j.bySTS
	}
	for {
		done, seen := look(ctx)
		took := r.now().Sub(j.since)
		j.Seconds, j.Reason = took.Seconds(), seen
		if done {
			j.Outcome, j.Proof = Verified, proof
			return
		}
		if took >= r.opts.PollFor || r.sleep(ctx, r.opts.PollEvery) != nil {
			if proof == BySTS {
				_, shown := j.byIAM(ctx) // someone else may have set it back
				seen += "; " + shown
			}
			j.Reason = fmt.Sprintf("not proven after %.0f s: %s", j.Seconds, seen)
			return
		}
	}
}
