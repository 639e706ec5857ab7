package revoke

import (
	"context"
	"fmt"
	"slices"
)

// Undo takes back what the journal says that revokey did to the keys, or with none
// named to all, and did not take back since (see [Journal.Undoable]): it activates
// a key that IAM still shows Inactive, and takes a policy away that is still as
// revokey put it. Results and error are as those of [Revoker.Apply].
func (r *Revoker) Undo(ctx context.Context, keyIDs ...string) ([]Result, error) {
	if r.opts.Journal == nil {
		return nil, errNoJournal
	}
	entries, refused := r.toUndo(keyIDs)
	return r.undo(ctx, entries, refused)
}

// UndoEntries takes back what these of the journal's undoable entries tell.
func (r *Revoker) UndoEntries(ctx context.Context, entries []Entry) ([]Result, error) {
	if r.opts.Journal == nil {
		return nil, errNoJournal
	}
	return r.undo(ctx, entries, nil)
}

// undo takes back what the entries tell, and refuses the keys.
func (r *Revoker) undo(ctx context.Context, entries []Entry, refused []string) ([]Result, error) {
	var steps []Planned
	for _, e := range entries {
		steps = append(steps, Planned{KeyID: e.KeyID, Account: e.Account, Action: e.Action.undoes()})
	}
	for _, id := range refused {
		steps = append(steps, Planned{KeyID: id, Action: Activate, refused: true})
	}
	return r.carryOut(ctx, steps, nil, nil, func(run string, i int) (*job, error) {
		if i >= len(entries) {
			id := refused[i-len(entries)]
			return stopped(KeyState{KeyID: id}, Activate, Refused, r.unrecorded(id)), nil
		}
		return r.takeBack(ctx, run, entries[i])
	})
}

// toUndo returns what is to be taken back, in the order of the keys and of each
// the newest first, and the keys of which the journal has nothing to take back.
func (r *Revoker) toUndo(keyIDs []string) (entries []Entry, refused []string) {
	undoable := r.opts.Journal.Undoable()
	if len(keyIDs) == 0 {
		return undoable, nil
	}
	for _, id := range keyIDs {
		found := false
		for _, e := range slices.Backward(undoable) {
			if e.KeyID == id {
				entries, found = append(entries, e), true
			}
		}
		if !found {
			refused = append(refused, id)
		}
	}
	return entries, refused
}

// unrecorded says why the journal does not allow to reactivate the key.
func (r *Revoker) unrecorded(keyID string) string {
	for _, e := range r.opts.Journal.Unfinished() {
		if e.KeyID == keyID && e.Action.undoes() != "" {
			return fmt.Sprintf("the journal knows of a call at %s, but not whether AWS carried it out: `revokey revoke --resume` asks AWS", e.Time.Format("2006-01-02 15:04:05 MST"))
		}
	}
	return "the journal has no deactivation or containment of it that is left to undo"
}

func (r *Revoker) takeBack(ctx context.Context, run string, e Entry) (*job, error) {
	key, action := KeyState{KeyID: e.KeyID, Account: e.Account, Owner: Owner{User: e.User}}, e.Action.undoes()
	refusal := r.forbidden(ctx, key, action)
	if e.Endpoint != r.op.endpoint {
		refusal = fmt.Sprintf("it was done at %s, not here: pass --aws-endpoint accordingly", place(e.Endpoint))
	}
	if refusal != "" {
		return stopped(key, action, Refused, refusal), nil
	}
	if e.User == "" && action == Activate {
		return stopped(key, action, Refused, "its user is not known: only root itself can activate a root key"), nil
	}
	s, err := r.op.in(ctx, e.Account)
	if err != nil {
		return stopped(key, action, Failed, err.Error()), nil
	}
	if action == Release {
		return r.release(ctx, run, s, key, e)
	}
	if e.Service != "" {
		if v := s.serviceVerdict(ctx, key.KeyID); v.Status != Inactive {
			return stopped(key, Activate, Refused, v.Reason), nil
		}
		return r.make(ctx, run, s, s.setServiceStatus(key, e.Service, Activate))
	}
	return r.reactivate(ctx, run, s, key)
}

func (r *Revoker) reactivate(ctx context.Context, run string, s *session, key KeyState) (*job, error) {
	switch err := s.readStatus(ctx, &key); {
	case err != nil:
		return stopped(key, Activate, Failed, err.Error()), nil
	case key.Verdict.Status == Live:
		return stopped(key, Activate, Refused, "IAM shows it Active: someone else reactivated it"), nil
	case key.Verdict.Status != Inactive:
		return stopped(key, Activate, Refused, key.Verdict.Reason), nil
	}
	return r.make(ctx, run, s, s.setStatus(key, Activate))
}

func place(endpoint string) string {
	if endpoint == "" {
		return "AWS"
	}
	return endpoint
}
