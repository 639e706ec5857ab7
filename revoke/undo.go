package revoke

import (
	"context"
	"fmt"
	"slices"
)

// Undo reactivates the keys, or with none named every key, of which the journal
// says that revokey deactivated it and did not reactivate it since (see
// [Journal.Undoable]), if IAM still shows it Inactive. Results and error are as
// those of [Revoker.Apply].
func (r *Revoker) Undo(ctx context.Context, keyIDs ...string) ([]Result, error) {
	if r.opts.Journal == nil {
		return nil, errNoJournal
	}
	entries := r.opts.Journal.Undoable()
	if len(keyIDs) == 0 {
		for _, e := range entries {
			keyIDs = append(keyIDs, e.KeyID)
		}
	}
	return r.carryOut(ctx, len(keyIDs), func(i int) (*job, error) {
		e := slices.IndexFunc(entries, func(e Entry) bool { return e.KeyID == keyIDs[i] })
		if e < 0 {
			return stopped(KeyState{KeyID: keyIDs[i]}, Activate, Refused, r.unrecorded(keyIDs[i])), nil
		}
		return r.reactivate(ctx, entries[e])
	})
}

// unrecorded says why the journal does not allow to reactivate the key.
func (r *Revoker) unrecorded(keyID string) string {
	for _, e := range r.opts.Journal.Unfinished() {
		if e.KeyID == keyID && e.Action == Deactivate {
			return fmt.Sprintf("the journal knows of a call at %s, but not whether AWS carried it out: look at the key, and activate it by hand", e.Time.Format("2006-01-02 15:04:05 MST"))
		}
	}
	return "the journal has no deactivation of it that is left to undo"
}

func (r *Revoker) reactivate(ctx context.Context, e Entry) (*job, error) {
	key := KeyState{KeyID: e.KeyID, Account: e.Account, Owner: Owner{User: e.User}}
	refusal := r.forbidden(ctx, key)
	if e.Endpoint != r.op.endpoint {
		refusal = fmt.Sprintf("it was deactivated at %s, not here: pass --aws-endpoint accordingly", place(e.Endpoint))
	}
	if refusal != "" {
		return stopped(key, Activate, Refused, refusal), nil
	}
	s, err := r.op.in(ctx, e.Account)
	if err == nil {
		err = s.readStatus(ctx, &key)
	}
	switch {
	case err != nil:
		return stopped(key, Activate, Failed, err.Error()), nil
	case key.Verdict.Status == Live:
		return stopped(key, Activate, Refused, "IAM shows it Active: someone else reactivated it"), nil
	case key.Verdict.Status != Inactive:
		return stopped(key, Activate, Refused, key.Verdict.Reason), nil
	}
	return r.update(ctx, s, key, Activate)
}

func place(endpoint string) string {
	if endpoint == "" {
		return "AWS"
	}
	return endpoint
}
