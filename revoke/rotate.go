package revoke

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// Rotate carries the plan out, in the order that loses nothing: the new key is
// created, stored, read back and accepted by STS before the old one is deactivated,
// and each call stands in the journal before it is made. A key whose secret could not
// be stored is deleted. What is interrupted can be gone on with by [Revoker.RotateOn].
//
// It returns a result for each change that it came to. The rotation is complete if all
// are Verified; the error says why it stopped otherwise than by a result: ctx, or the
// journal.
func (r *Revoker) Rotate(ctx context.Context, p Rotation) ([]Result, error) {
	switch {
	case r.opts.Journal == nil:
		return nil, errNoJournal
	case r.verifier == nil:
		return nil, errNoVerifier
	case p.Refusal != "":
		return []Result{{KeyID: p.Aim.KeyID, Account: p.Aim.Account, User: p.Aim.User, Action: Create, Outcome: Refused, Reason: p.Refusal}}, nil
	}
	m := &rotating{Revoker: r, plan: p}
	err := m.all(ctx)
	return m.results, err
}

// rotating is a rotation on its way.
type rotating struct {
	*Revoker
	plan    Rotation
	run     Entry // its begin
	s       *session
	store   store
	results []Result
	created Entry                  // the journal's last line about the new key's creation
	since   time.Time              // AWS created it
	pair    func() aws.Credentials // the new one; a function for the reason that Step has
}

// errStop ends a rotation of which the last result says why.
var errStop = errors.New("the rotation stopped")

func (m *rotating) all(ctx context.Context) (err error) {
	if err := m.open(ctx); err != nil {
		return unlessStopped(err)
	}
	defer func() { err = errors.Join(err, m.store.close()) }()
	steps := []func(context.Context) error{m.discardOrphan, m.makeRoom, m.create, m.keep, m.proveNew, m.retire}
	for _, step := range steps {
		if err = cmp.Or(err, ctx.Err()); err == nil {
			err = step(ctx)
		}
	}
	if b := m.begun(m.run.ID); err == nil || !b.doubt && (b.created.KeyID == "" || b.stored && m.plan.Aim.To.shown()) {
		err = cmp.Or(err, m.end(m.run)) // else there is something to go on with
	}
	return unlessStopped(err)
}

func unlessStopped(err error) error {
	if errors.Is(err, errStop) {
		return nil
	}
	return err
}

// open looks again at what must not be touched, makes sure that the destination can
// be written, and begins the run.
func (m *rotating) open(ctx context.Context) (err error) {
	aim := m.plan.Aim
	refusal, own := m.unrotatable(ctx, KeyState{KeyID: aim.KeyID, Account: aim.Account})
	if refusal == "" && own != m.plan.Own {
		refusal = "the key that signs our calls is another one since the plan was made"
	}
	if refusal != "" {
		return m.stop(Result{Action: Create, Outcome: Refused, Reason: refusal})
	}
	if m.s, err = m.op.in(ctx, aim.Account); err == nil {
		m.store, err = m.storeOf(ctx, aim.To, m.plan.Show)
	}
	if err != nil {
		return m.stop(Result{Action: Create, Outcome: Failed, Reason: err.Error()})
	}
	if err := m.store.ready(ctx); err != nil {
		return errors.Join(m.stop(Result{Action: Store, Outcome: Failed, Reason: err.Error()}), m.store.close())
	}
	if why := m.changedPlace(ctx); why != "" {
		return errors.Join(m.stop(Result{Action: Store, Outcome: Refused, Reason: why}), m.store.close())
	}
	if err := m.beginRun(ctx); err != nil {
		return errors.Join(err, m.store.close())
	}
	return nil
}

// changedPlace returns why the place is not as the plan has it, or "": whoever agreed to
// the plan did not agree to replace what was put there since.
func (m *rotating) changedPlace(ctx context.Context) string {
	there, err := m.store.holds(ctx)
	if err != nil {
		return err.Error()
	}
	if holds := printable(there.AccessKeyID); holds != m.plan.Holds {
		return fmt.Sprintf("%s held %q when the plan was made, and holds %q: plan again", m.plan.Aim.To, m.plan.Holds, holds)
	}
	return ""
}

// beginRun begins the run, or takes up the one that was interrupted.
func (m *rotating) beginRun(ctx context.Context) (err error) {
	if m.run, err = m.entry(ctx, PhaseBegin); err != nil {
		return err
	}
	if m.plan.Resumes != "" {
		m.run.ID = m.plan.Resumes
		return nil
	}
	begin := m.run
	begin.Rotation = &m.plan.Aim
	return m.opts.Journal.Append(begin)
}

// stop tells why the rotation goes no further.
func (m *rotating) stop(r Result) error {
	m.tell(r)
	return errStop
}

func (m *rotating) tell(r Result) {
	r.Account, r.User = m.plan.Aim.Account, m.plan.Aim.User
	m.results = append(m.results, r)
	m.opts.OnProgress(r)
}

func (m *rotating) key(id string) KeyState {
	return KeyState{KeyID: id, Account: m.plan.Aim.Account, Owner: Owner{User: m.plan.Aim.User}}
}

// discardOrphan deletes the key whose secret an interrupted run lost.
func (m *rotating) discardOrphan(ctx context.Context) error {
	return m.discard(ctx, m.plan.Orphan, "its secret was never stored")
}

// makeRoom deletes the user's inactive key, unless somebody has activated it.
func (m *rotating) makeRoom(ctx context.Context) error {
	if m.plan.MakeRoom == "" {
		return nil
	}
	key := m.key(m.plan.MakeRoom)
	if refusal := m.forbidden(ctx, key, Delete); refusal != "" {
		return m.stop(Result{KeyID: key.KeyID, Action: Delete, Outcome: Refused, Reason: refusal})
	}
	if err := m.s.readStatus(ctx, &key); err != nil {
		return m.stop(Result{KeyID: key.KeyID, Action: Delete, Outcome: Failed, Reason: err.Error()})
	}
	if key.Verdict.Status != Inactive {
		return m.stop(Result{KeyID: key.KeyID, Action: Delete, Outcome: Refused, Reason: "it is not inactive any more: " + key.Verdict.Reason})
	}
	return m.discard(ctx, key.KeyID, "")
}

// discard deletes a key of the user.
func (m *rotating) discard(ctx context.Context, keyID, note string) error {
	if keyID == "" {
		return nil
	}
	c := m.s.deleting(m.key(keyID))
	if note != "" {
		c.after = func(context.Context) string { return note }
	}
	return m.change(ctx, c, nil)
}

// change makes a call, looks whether it took effect, and stops if it did not.
func (m *rotating) change(ctx context.Context, c change, bySTS look) error {
	j, err := m.make(ctx, m.run.ID, m.s, c)
	j.bySTS = bySTS
	if err == nil && j.Outcome == Requested {
		m.opts.OnProgress(j.Result)
		ctx := context.WithoutCancel(ctx) // one look is taken, also when we are told to stop
		m.prove(ctx, j)
		err = m.record(j)
	}
	m.tell(j.Result)
	if err == nil && j.Outcome != Verified {
		err = errStop
	}
	return err
}

// create makes the new key. From here to its place nothing interrupts us: who has
// asked for a key must not lose it.
func (m *rotating) create(ctx context.Context) error {
	switch {
	case m.plan.Made != "":
		return nil
	case m.plan.Resumes != "" && m.plan.Aim.To.shown():
		return m.stop(Result{Action: Create, Outcome: Refused, Reason: "whoever it was to be shown to is gone: create it anew"})
	}
	ctx = context.WithoutCancel(ctx)
	user := m.plan.Aim.User
	keys, err := m.s.keys(ctx, user)
	if err != nil {
		return m.stop(Result{Action: Create, Outcome: Failed, Reason: err.Error()})
	}
	e := Entry{Action: Create, Store: &m.plan.Aim.To, Before: []string{}}
	for _, k := range keys {
		e.Before = append(e.Before, aws.ToString(k.AccessKeyId))
	}
	if e, err = m.intending(ctx, e); err != nil {
		return err
	}
	out, err := m.s.iam.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: &user}, onceOnly)
	if err == nil && (out.AccessKey == nil || aws.ToString(out.AccessKey.AccessKeyId) == "" || aws.ToString(out.AccessKey.SecretAccessKey) == "") {
		err = errors.New("the answer holds no key")
	}
	if err != nil {
		return m.notCreated(e, err)
	}
	pair := aws.Credentials{AccessKeyID: *out.AccessKey.AccessKeyId, SecretAccessKey: *out.AccessKey.SecretAccessKey}
	m.pair, m.since, e.KeyID, e.Before = func() aws.Credentials { return pair }, m.now(), pair.AccessKeyID, nil
	e.RequestID = requestIDOf(out.ResultMetadata)
	m.created, err = m.resulted(e, Done, "")
	m.opts.OnProgress(Result{
		KeyID: e.KeyID, Account: m.plan.Aim.Account, User: user, Action: Create, Outcome: Requested, RequestID: e.RequestID,
	})
	return err
}

func (m *rotating) notCreated(e Entry, err error) error {
	outcome, reason := unheard(err), failed("iam:CreateAccessKey", err).Error()
	e.RequestID = requestID(err)
	if _, err := m.resulted(e, outcome, reason); err != nil {
		return err
	}
	if outcome == InDoubt {
		reason += ": it may have been carried out; --resume asks IAM, and deletes a key whose secret nobody got"
	}
	return m.stop(Result{Action: Create, Outcome: Failed, Reason: reason, RequestID: e.RequestID})
}

// onceOnly keeps the SDK from making the call again where it did not hear the answer:
// the user would get a second key, and the first one's secret be lost. What AWS has
// throttled it has not done.
func onceOnly(o *iam.Options) {
	o.Retryer = retry.NewStandard(func(so *retry.StandardOptions) {
		so.MaxAttempts, so.MaxBackoff = 6, 4*time.Second
		so.Retryables = []retry.IsErrorRetryable{retry.RetryableErrorCode{Codes: retry.DefaultThrottleErrorCodes}}
	})
}

// intending writes down what is about to be done.
func (m *rotating) intending(ctx context.Context, e Entry) (Entry, error) {
	base, err := m.entry(ctx, PhaseIntent)
	if err != nil {
		return e, err
	}
	e.ID, e.Run, e.Time, e.Phase, e.Operator, e.Endpoint = base.ID, m.run.ID, base.Time, base.Phase, base.Operator, base.Endpoint
	e.Account, e.User = m.plan.Aim.Account, m.plan.Aim.User
	if m.s.as != e.Operator {
		e.Role = m.s.as
	}
	return e, m.opts.Journal.Append(e)
}

// resulted writes down what came of it.
func (m *rotating) resulted(e Entry, outcome EntryOutcome, reason string) (Entry, error) {
	e.Phase, e.Time, e.Outcome, e.Error = PhaseResult, m.now().UTC(), outcome, reason
	return e, m.opts.Journal.Append(e)
}

// proven writes down whether it was seen to take effect.
func (m *rotating) proven(e Entry, proof Proof, seconds float64, note string) error {
	e.Phase, e.Time, e.Outcome, e.Error, e.RequestID, e.Before = PhaseProof, m.now().UTC(), "", "", "", nil
	e.Proof, e.Seconds, e.Note = proof, seconds, note
	return m.opts.Journal.Append(e)
}

// keep stores the new pair and reads it back. If it could not be stored, the key is
// deleted: nobody will ever have its secret.
func (m *rotating) keep(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	if m.plan.Made != "" {
		return m.takeUp(ctx)
	}
	pair := m.pair()
	e, err := m.intending(ctx, Entry{Action: Store, KeyID: pair.AccessKeyID, Store: &m.plan.Aim.To})
	if err != nil {
		return err
	}
	began := m.now()
	id, outcome, err := m.store.put(ctx, pair)
	res := Result{KeyID: pair.AccessKeyID, Action: Store, RequestID: id, Note: m.plan.Aim.To.String()}
	if e.RequestID = id; err != nil {
		if there, again := m.store.holds(ctx); outcome == InDoubt && again == nil && same(there, pair) {
			outcome, err = Done, nil
		}
	}
	if err != nil {
		res.Outcome, res.Reason = Failed, err.Error()
		if outcome == InDoubt {
			res.Reason += ": it may have been carried out; --resume looks, and goes on or begins anew"
		}
		m.tell(res)
		if _, journal := m.resulted(e, outcome, res.Reason); journal != nil {
			return journal
		}
		if outcome == NotDone {
			return cmp.Or(m.discard(ctx, pair.AccessKeyID, "its secret could not be stored"), errStop)
		}
		return errStop
	}
	if e, err = m.resulted(e, Done, ""); err != nil {
		return err
	}
	if !m.plan.Aim.To.shown() {
		if err := m.readBack(ctx, pair, &res, began); err != nil {
			return cmp.Or(m.proven(e, "", res.Seconds, res.Reason), m.stop(res))
		}
		res.Proof = ByReading
		err = m.proven(e, res.Proof, res.Seconds, res.Reason)
	}
	res.Outcome = Verified
	m.tell(res)
	return err
}

func same(a, b aws.Credentials) bool {
	return a.AccessKeyID == b.AccessKeyID && a.SecretAccessKey == b.SecretAccessKey
}

// readBack looks until the destination holds the pair.
func (m *rotating) readBack(ctx context.Context, pair aws.Credentials, res *Result, began time.Time) error {
	for {
		there, err := m.store.holds(ctx)
		res.Seconds = m.now().Sub(began).Seconds()
		if err == nil && same(there, pair) {
			res.Reason = "read back as it was stored"
			return nil
		}
		if res.Reason = "it is not what is there now"; err != nil {
			res.Reason = err.Error()
		}
		if res.Seconds >= m.opts.PollFor.Seconds() || m.sleep(ctx, m.opts.PollEvery) != nil {
			res.Outcome, res.Reason = Requested, fmt.Sprintf("not read back after %.0f s: %s", res.Seconds, res.Reason)
			return errStop
		}
	}
}

// takeUp takes the pair that an interrupted run has stored.
func (m *rotating) takeUp(ctx context.Context) error {
	there, err := m.store.holds(ctx)
	if err != nil || there.AccessKeyID != m.plan.Made || there.SecretAccessKey == "" {
		return m.stop(Result{KeyID: m.plan.Made, Action: Store, Outcome: Failed, Reason: "it is not there any more: " + m.plan.Aim.To.String()})
	}
	m.pair, m.since, m.created = func() aws.Credentials { return there }, m.now(), m.begun(m.run.ID).created
	return nil
}

// proveNew asks STS until it accepts the new pair as the user's.
func (m *rotating) proveNew(ctx context.Context) error {
	pair := m.pair()
	res := Result{KeyID: pair.AccessKeyID, Action: Create}
	for {
		v := m.verifier.askAgain(ctx, pair, m.plan.Operator.partition())
		res.Seconds, res.Reason = m.now().Sub(m.since).Seconds(), v.Reason
		if v.Status == Live && v.Account == m.plan.Aim.Account && strings.HasSuffix(v.ARN, "/"+m.plan.Aim.User) {
			res.Outcome, res.Proof = Verified, BySTS
			break
		}
		if res.Seconds >= m.opts.PollFor.Seconds() || m.sleep(ctx, m.opts.PollEvery) != nil {
			res.Outcome = Requested
			res.Reason = fmt.Sprintf("not proven after %.0f s: %s; the old key was left as it is", res.Seconds, v.Reason)
			break
		}
	}
	err := m.proven(m.created, res.Proof, res.Seconds, res.Reason)
	m.tell(res)
	if res.Outcome == Verified {
		return err
	}
	return cmp.Or(err, ctx.Err(), errStop)
}

// retire deactivates the old key, as the new one if it was the old one that signed
// our calls, and proves that it is off.
func (m *rotating) retire(ctx context.Context) error {
	if m.plan.Aim.KeyID == "" {
		return nil
	}
	key := m.key(m.plan.Aim.KeyID)
	if m.plan.Own {
		if err := m.signAnew(ctx, key.KeyID); err != nil {
			return m.stop(Result{KeyID: key.KeyID, Action: Deactivate, Outcome: Failed, Reason: err.Error()})
		}
	}
	if refusal := m.forbidden(ctx, key, Deactivate); refusal != "" {
		return m.stop(Result{KeyID: key.KeyID, Action: Deactivate, Outcome: Refused, Reason: refusal})
	}
	err := m.s.readStatus(ctx, &key)
	switch {
	case err != nil:
		return m.stop(Result{KeyID: key.KeyID, Action: Deactivate, Outcome: Failed, Reason: err.Error()})
	case key.Created.IsZero(): // IAM lists it no more: it was deleted to make room, or by somebody else
		return nil
	case key.Verdict.Status == Inactive:
		if m.begun(m.run.ID).retired {
			m.tell(Result{KeyID: key.KeyID, Action: Deactivate, Outcome: Verified, Proof: ByIAM, Reason: key.Verdict.Reason})
		}
		return nil
	}
	var bySTS look
	if m.plan.replaced != nil {
		bySTS = m.refusedBySTS(m.plan.replaced(), m.s.as)
	}
	return m.change(ctx, m.s.setStatus(key, Deactivate), bySTS)
}

// signAnew loads the operator's credentials again, which are the new key's now, and
// waits until IAM accepts them: it learns of a key as late as STS does.
func (m *rotating) signAnew(ctx context.Context, old string) error {
	began := m.now()
	for {
		op, err := NewOperator(ctx, m.op.opts)
		var s *session
		if err == nil {
			if s, err = op.in(ctx, m.plan.Aim.Account); err == nil {
				_, err = s.keys(ctx, m.plan.Aim.User)
			}
		}
		if err == nil {
			if still, serr := op.signs(ctx, old); still || serr != nil {
				return errors.New("the operator's credentials are still the old key: it was left as it is")
			}
			m.op, m.s = op, s
			return nil
		}
		if m.now().Sub(began) >= m.opts.PollFor || m.sleep(ctx, m.opts.PollEvery) != nil {
			return fmt.Errorf("the new key cannot sign our calls yet: %w", err)
		}
	}
}
