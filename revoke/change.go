package revoke

import (
	"context"
	"slices"
	"strings"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/smithy-go/middleware"
)

// change is one call to be made about a key, and how it can be seen to have taken
// effect.
type change struct {
	key        KeyState
	action     Action
	permission string // that the call needs
	policy     *Policy
	service    string // of a service-specific credential
	call       func(context.Context) (middleware.Metadata, error)
	after      func(context.Context) string // what goes with it, done at best; returns what went wrong
	seen       look
}

// look reports whether a change has taken effect, and what is to be seen.
type look func(context.Context) (done bool, seen string)

// job is one change on its way.
type job struct {
	Result
	entry Entry     // the journal's last line about it
	since time.Time // AWS took the call
	bySTS look      // nil without a pair
	byIAM look
}

func stopped(key KeyState, action Action, outcome Outcome, reason string) *job {
	return &job{Result: Result{
		KeyID: key.KeyID, Account: key.Account, User: key.User, Action: action, Outcome: outcome, Reason: reason,
	}}
}

// setStatus is the change of a user's key that takes it out of use, or back.
func (s *session) setStatus(key KeyState, action Action) change {
	return change{
		key: key, action: action, permission: "iam:UpdateAccessKey",
		call: func(ctx context.Context) (middleware.Metadata, error) {
			out, err := s.iam.UpdateAccessKey(ctx, &iam.UpdateAccessKeyInput{
				UserName: &key.User, AccessKeyId: &key.KeyID, Status: action.status(),
			})
			if err != nil {
				return middleware.Metadata{}, err
			}
			return out.ResultMetadata, nil
		},
		seen: shownByIAM(s, key, action.status()),
	}
}

// make makes the call between two lines of the journal: an intent that is on disk
// before it, and a result after. Its error is the journal's.
func (r *Revoker) make(ctx context.Context, run string, s *session, c change) (*job, error) {
	entry, err := r.intend(ctx, run, s, c)
	if err != nil {
		return stopped(c.key, c.action, Refused, err.Error()), err
	}
	call, heard := listening(ctx)
	md, callErr := c.call(call)
	j := stopped(c.key, c.action, Requested, "")
	j.since, j.byIAM = r.now(), c.seen
	if c.policy != nil {
		j.Policy, j.Role = c.policy.Name, c.policy.Role
	}
	entry.Phase, entry.Outcome = PhaseResult, Done
	if callErr != nil {
		j.Outcome, j.Reason, j.RequestID = Failed, failed(c.permission, callErr).Error(), requestID(callErr)
		entry.Outcome, entry.Error = heard.outcome(callErr), j.Reason
	} else {
		j.RequestID = requestIDOf(md)
		entry.AWSTime, _ = awsmiddleware.GetServerTime(md)
	}
	if entry.Outcome == InDoubt {
		c.lookAfter(ctx, j, &entry)
	}
	if entry.Outcome == Done && c.after != nil {
		j.Note = strings.Join(slices.DeleteFunc([]string{j.Note, c.after(ctx)}, func(s string) bool { return s == "" }), "; ")
	}
	entry.Time, entry.RequestID, entry.Note = r.now().UTC(), j.RequestID, j.Note
	j.entry = entry
	return j, r.opts.Journal.Append(entry)
}

// lookAfter looks whether a call that is in doubt was carried out. Where that is not
// to be seen it may be under way yet.
func (c change) lookAfter(ctx context.Context, j *job, entry *Entry) {
	if done, seen := c.seen(ctx); done {
		j.Outcome, j.Reason, j.RequestID, j.Note = Requested, "", "", "AWS was not heard; asked afterwards: "+seen
		entry.Outcome, entry.Error = Done, ""
		return
	}
	j.Reason += ": it may have been carried out; plan again, or --resume, to see"
}

func (r *Revoker) intend(ctx context.Context, run string, s *session, c change) (Entry, error) {
	entry, err := r.entry(ctx, PhaseIntent)
	if err != nil {
		return Entry{}, err
	}
	entry.Run, entry.KeyID, entry.Account, entry.User = run, c.key.KeyID, c.key.Account, c.key.User
	entry.Action, entry.Policy, entry.Service = c.action, c.policy, c.service
	if r.op.without() {
		entry.Operator = s.as
	}
	if s.as != entry.Operator {
		entry.Role = s.as
	}
	return entry, r.opts.Journal.Append(entry)
}

// entry begins a line of the journal: now, by the operator.
func (r *Revoker) entry(ctx context.Context, phase Phase) (Entry, error) {
	id, err := r.op.Identity(ctx)
	return Entry{ID: newEntryID(), Time: r.now().UTC(), Phase: phase, Operator: id.ARN, Endpoint: r.op.endpoint}, err
}

// record writes down whether the change was seen to take effect.
func (r *Revoker) record(j *job) error {
	e := j.entry
	e.Phase, e.Time, e.Outcome, e.RequestID, e.Policy, e.AWSTime = PhaseProof, r.now().UTC(), "", "", nil, time.Time{}
	e.Proof, e.Seconds, e.Note = j.Proof, j.Seconds, j.Reason
	return r.opts.Journal.Append(e)
}

// begin writes down what a run means to do, unless that is nothing.
func (r *Revoker) begin(ctx context.Context, steps []Planned, aim *Aim, resumes []string) (Entry, error) {
	steps = slices.DeleteFunc(slices.Clone(steps), func(p Planned) bool { return p.refused })
	if len(steps) == 0 && len(resumes) == 0 {
		return Entry{}, nil
	}
	e, err := r.entry(ctx, PhaseBegin)
	if err != nil {
		return e, err
	}
	e.Steps, e.Aim, e.Resumes = steps, aim, resumes
	return e, r.opts.Journal.Append(e)
}

func (r *Revoker) end(run Entry) error {
	if run.ID == "" {
		return nil
	}
	run.Rotation = nil
	run.Phase, run.Time, run.Steps, run.Aim, run.Resumes = PhaseEnd, r.now().UTC(), nil, nil, nil
	return r.opts.Journal.Append(run)
}

// unheard tells a refusal by AWS from a call of which nobody knows whether it was
// carried out.
func unheard(err error) EntryOutcome {
	if errorCode(err) != "" && httpStatus(err) < 500 {
		return NotDone
	}
	return InDoubt
}
