package revoke

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/iam"
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
}

// job is one change on its way.
type job struct {
	Result
	since time.Time // AWS took the call
	bySTS look      // nil without a pair
	byIAM look
}

// look reports whether a change has taken effect, and what is to be seen.
type look func(context.Context) (done bool, seen string)

// errNoJournal is the refusal to change what could not be taken back.
var errNoJournal = errors.New("nothing is changed without a journal to record it")

// Apply carries out the plan: first every call, then the proof of each. It
// returns a result for each step that it came to, in order; the failure of one
// does not stop the others. Its error says why it stopped: ctx, or the journal,
// without which no further call is made.
func (r *Revoker) Apply(ctx context.Context, plan Plan) ([]Result, error) {
	return r.carryOut(ctx, len(plan.Steps), func(i int) (*job, error) {
		return r.deactivate(ctx, plan.Steps[i])
	})
}

func (r *Revoker) carryOut(ctx context.Context, n int, start func(int) (*job, error)) ([]Result, error) {
	if r.opts.Journal == nil {
		return nil, errNoJournal
	}
	var jobs []*job
	var err error
	for i := 0; i < n && err == nil; i++ {
		if err = ctx.Err(); err == nil {
			var j *job
			j, err = start(i)
			jobs = append(jobs, j)
			r.opts.OnProgress(j.Result)
		}
	}
	var results []Result
	for _, j := range jobs {
		if j.Outcome == Requested {
			r.prove(ctx, j)
			r.opts.OnProgress(j.Result)
		}
		results = append(results, j.Result)
	}
	if err == nil {
		err = ctx.Err()
	}
	return results, err
}

// deactivate makes one step's call. Whoever made the plan, it refuses again what
// must not be touched.
func (r *Revoker) deactivate(ctx context.Context, step Step) (*job, error) {
	refusal := step.Refusal
	if refusal == "" {
		refusal = r.forbidden(ctx, step.KeyState)
	}
	if refusal != "" {
		return stopped(step.KeyState, Deactivate, Refused, refusal), nil
	}
	s, err := r.op.in(ctx, step.Account)
	if err != nil {
		return stopped(step.KeyState, Deactivate, Failed, err.Error()), nil
	}
	j, err := r.update(ctx, s, step.KeyState, Deactivate)
	if step.leaked != nil {
		j.bySTS = r.refusedBySTS(step.leaked())
	}
	return j, err
}

func stopped(key KeyState, action Action, outcome Outcome, reason string) *job {
	return &job{Result: Result{
		KeyID: key.KeyID, Account: key.Account, User: key.User, Action: action, Outcome: outcome, Reason: reason,
	}}
}

// update makes the call between two lines of the journal: an intent that is on
// disk before it, and a result after. Its error is the journal's.
func (r *Revoker) update(ctx context.Context, s *session, key KeyState, action Action) (*job, error) {
	if key.User == "" { // IAM would take the signing key's own user
		return stopped(key, action, Refused, "its user is not known"), nil
	}
	entry, err := r.intend(ctx, s, key, action)
	if err != nil {
		return stopped(key, action, Refused, err.Error()), err
	}
	out, callErr := s.iam.UpdateAccessKey(ctx, &iam.UpdateAccessKeyInput{
		UserName: &key.User, AccessKeyId: &key.KeyID, Status: action.status(),
	})
	j := stopped(key, action, Requested, "")
	j.since, j.byIAM = r.now(), shownByIAM(s, key, action.status())
	entry.Phase, entry.Outcome = PhaseResult, Done
	if callErr != nil {
		j.Outcome, j.Reason, j.RequestID = Failed, failed("iam:UpdateAccessKey", callErr).Error(), requestID(callErr)
		if entry.Outcome, entry.Error = unheard(callErr), j.Reason; entry.Outcome == InDoubt {
			j.Reason += ": it may have been carried out; plan again to see"
		}
	} else {
		j.RequestID, _ = awsmiddleware.GetRequestIDMetadata(out.ResultMetadata)
	}
	entry.Time, entry.RequestID = r.now().UTC(), j.RequestID
	return j, r.opts.Journal.Append(entry)
}

func (r *Revoker) intend(ctx context.Context, s *session, key KeyState, action Action) (Entry, error) {
	id, err := r.op.Identity(ctx)
	if err != nil {
		return Entry{}, err
	}
	entry := Entry{
		ID: newEntryID(), Time: r.now().UTC(), KeyID: key.KeyID, Account: key.Account, User: key.User,
		Action: action, Phase: PhaseIntent, Operator: id.ARN, Endpoint: r.op.endpoint,
	}
	if s.as != id.ARN {
		entry.Role = s.as
	}
	return entry, r.opts.Journal.Append(entry)
}

// unheard tells a refusal by AWS from a call of which nobody knows whether it was
// carried out.
func unheard(err error) EntryOutcome {
	if errorCode(err) != "" && httpStatus(err) < 500 {
		return NotDone
	}
	return InDoubt
}

// refusedBySTS looks whether AWS refuses the leaked pair. A key's partition is
// that of the operator who may change it.
func (r *Revoker) refusedBySTS(cred aws.Credentials) look {
	return func(ctx context.Context) (bool, string) {
		id, err := r.op.Identity(ctx)
		if err != nil {
			return false, err.Error()
		}
		v := r.verifier.askAgain(ctx, cred, id.partition())
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
