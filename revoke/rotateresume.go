package revoke

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// RotateOn plans for what is left of an interrupted rotation, of which begin is the
// journal's line. A new key that is stored is gone on with; one whose secret is lost
// is deleted, and another created. [Revoker.Settle] comes first.
func (r *Revoker) RotateOn(ctx context.Context, begin Entry, show func(aws.Credentials) error) (Rotation, error) {
	switch {
	case r.opts.Journal == nil:
		return Rotation{}, errNoJournal
	case begin.Rotation == nil:
		return Rotation{}, errors.New("the run was no rotation")
	case begin.Endpoint != r.op.endpoint:
		return Rotation{}, fmt.Errorf("the run was begun at %s, not here: pass --aws-endpoint accordingly", place(begin.Endpoint))
	}
	id, err := r.op.Identity(ctx)
	if err != nil {
		return Rotation{}, err
	}
	p := Rotation{
		Schema: RotationSchema, Operator: id, Endpoint: r.op.endpoint, MadeAt: r.now().UTC(), Aim: *begin.Rotation,
		Resumes: begin.ID, Show: show,
	}
	return r.lookForRotation(ctx, p), ctx.Err()
}

// begunRotation is how far a rotation has come, by the journal.
type begunRotation struct {
	created Entry // the result of the creation; without a KeyID there is no new key
	stored  bool
	retired bool // the old key was deactivated
	doubt   bool // a call of which the journal does not know what became
}

func (r *Revoker) begun(run string) begunRotation {
	var b begunRotation
	for _, e := range r.opts.Journal.Entries() {
		if e.Run != run || e.Phase != PhaseResult || e.Outcome != Done {
			continue
		}
		switch {
		case e.Action == Create:
			b.created, b.stored = e, false
		case e.Action == Store && e.KeyID == b.created.KeyID:
			b.stored = true
		case e.Action == Delete && e.KeyID == b.created.KeyID:
			b.created, b.stored = Entry{}, false
		case e.Action == Deactivate:
			b.retired = true
		}
	}
	b.doubt = slices.ContainsFunc(r.opts.Journal.Unfinished(), func(e Entry) bool { return e.Run == run })
	return b
}

// whatIsMade fills in what the interrupted run left.
func (r *Revoker) whatIsMade(p Rotation) Rotation {
	b := r.begun(p.Resumes)
	made := b.created.KeyID
	switch {
	case b.doubt:
		return p.refused("what became of one of its calls AWS could not tell: resume it again")
	case made == "":
		return p
	case p.Holds == made:
		p.Made = made
		return p
	case b.stored && !p.Aim.To.shown():
		p.Over = true
		return p.refused("the new key %s was stored, and %s does not hold it any more: somebody has changed it since; look at it, and deactivate what is not needed", made, p.Aim.To)
	case b.stored: // it was shown, and its owner has it
		p.Over = true
		return p.refused("the new key %s was shown: there is nothing to go on with", made)
	}
	return p.orphaned(made)
}

// orphaned fills in the key of which the journal knows that it was made, and not that it
// was stored. One that was used is lost to nobody, and not ours to delete.
func (p Rotation) orphaned(made string) Rotation {
	i := slices.IndexFunc(p.Keys, func(k UserKey) bool { return k.KeyID == made })
	switch {
	case i < 0:
	case p.Keys[i].LastUsed != nil:
		p.Over = true
		return p.refused("the new key %s was used, though revokey knows nothing of where its secret is: somebody has it; look at it, and deactivate what is not needed", made)
	case p.Keys[i].Note != "":
		return p.refused("whether the new key %s was used is not known: %s", made, p.Keys[i].Note)
	default:
		p.Orphan = made
	}
	return p
}

// here reports whether the entry is about what nobody but this machine does: nothing
// of it can be under way when its process is gone.
func (e Entry) here() bool { return e.Action == Store && e.Store != nil && e.Store.Secret == "" }

// stored reports whether the destination holds the key that the entry means to store.
func (r *Revoker) stored(ctx context.Context, e Entry) (done bool, seen string, err error) {
	switch {
	case e.Store == nil:
		return false, "", errors.New("the journal does not say where")
	case e.Store.shown():
		return false, "it was to be shown, and nothing tells whether it was", nil
	}
	st, err := r.storeOf(ctx, *e.Store, nil)
	if err != nil {
		return false, "", err
	}
	if p, ok := st.(*profileStore); ok {
		if err := p.sweep(); err != nil {
			return false, "", err
		}
	}
	there, err := st.holds(ctx)
	switch {
	case err != nil:
		return false, "", err
	case there.AccessKeyID == e.KeyID && there.SecretAccessKey != "":
		return true, fmt.Sprintf("%s holds it", e.Store), nil
	}
	return false, fmt.Sprintf("%s does not hold it", e.Store), nil
}

// sweep removes the file in the making that a crash left, for it holds a secret.
func (s *profileStore) sweep() error {
	if err := s.follow(); err != nil {
		return err
	}
	if _, err := os.Lstat(leftover(s.target)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	err := s.ready(context.Background()) // under the lock, it removes what is there
	return errors.Join(err, s.close())
}

// settleCreation finds out whether the user has a key that the intent made, writes its
// ID down, and changes nothing.
func (r *Revoker) settleCreation(ctx context.Context, e Entry, began time.Time) (Settled, error) {
	k, seen, err := r.madeBy(ctx, e)
	if err != nil {
		return Settled{e, InDoubt, err.Error()}, ctx.Err()
	}
	if left := r.underWay(e, began); k == nil && left > 0 {
		if err := r.sleep(ctx, left); err != nil {
			return Settled{e, InDoubt, "interrupted"}, err
		}
		return r.settleCreation(ctx, e, began)
	}
	result, outcome := e, NotDone
	if k != nil {
		result.KeyID, outcome = aws.ToString(k.AccessKeyId), Done
	}
	result.Phase, result.Outcome, result.Time, result.Before, result.Note = PhaseResult, outcome, r.now().UTC(), nil, "asked afterwards: "+seen
	e.KeyID = result.KeyID
	return Settled{e, outcome, seen}, r.opts.Journal.Append(result)
}

// clocksDiffer is how far our clock and IAM's may be apart.
const clocksDiffer = 5 * time.Minute

// madeBy returns the key that the intent made, nil if it made none: a key that the
// user did not have before, of that time, which nobody has ever used. A key that
// somebody else made is not ours to delete, so that more is asked for than a guess.
func (r *Revoker) madeBy(ctx context.Context, e Entry) (*types.AccessKeyMetadata, string, error) {
	if e.Endpoint != r.op.endpoint {
		return nil, "", fmt.Errorf("it was done at %s, not here: pass --aws-endpoint accordingly", place(e.Endpoint))
	}
	if !r.owns(e.Account) || r.opts.Canaries.inAccount(e.Account) {
		return nil, "", errors.New(foreign(e.Account))
	}
	s, err := r.op.in(ctx, e.Account)
	if err != nil {
		return nil, "", err
	}
	keys, err := s.keys(ctx, e.User)
	if err != nil {
		return nil, "", err
	}
	keys = slices.DeleteFunc(keys, func(k types.AccessKeyMetadata) bool { return slices.Contains(e.Before, aws.ToString(k.AccessKeyId)) })
	switch {
	case len(keys) == 0:
		return nil, "the user has no key that it did not have before", nil
	case len(keys) > 1:
		return nil, "", errors.New("the user has more than one key that it did not have before: which of them revokey made is not to be seen")
	}
	k, id := keys[0], aws.ToString(keys[0].AccessKeyId)
	listed, err := s.userKeys(ctx, e.Account, e.User)
	i := slices.IndexFunc(listed, func(u UserKey) bool { return u.KeyID == id })
	off := aws.ToTime(k.CreateDate).Sub(e.Time)
	switch {
	case err != nil:
		return nil, "", err
	case i < 0 || listed[i].Note != "":
		return nil, "", fmt.Errorf("whether the new key %s was used is not known", id)
	case listed[i].LastUsed != nil:
		return nil, "", fmt.Errorf("the key %s is new and was used: somebody has its secret, so that it is not what revokey lost", id)
	case off < -clocksDiffer || off > inFlight+clocksDiffer:
		return nil, "", fmt.Errorf("the key %s is new, but not of the time of the call: somebody else made it", id)
	}
	return &k, "the new key " + id + " is its", nil
}
