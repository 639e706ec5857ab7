package sweep

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"time"
)

// Verdicts lets one worker ask about a credential, for all that find it in a run. Answers
// are kept by key ID; they, and what credentials are called here, hold no secret.
type Verdicts struct {
	Ledger Ledger
	Run    string
	Holder string // who asks: one attempt at one job

	// Patience is for how long another who asks may be silent before it is taken for dead.
	// 0: [DefaultPatience].
	Patience time.Duration
}

// DefaultPatience is longer than it takes to be heard of: see [Verdicts.Once].
const DefaultPatience = 20 * time.Second

// asked is what is known of one key ID.
type asked struct {
	Holder  string                     `json:"holder,omitempty"` // who asks now
	Beat    int                        `json:"beat,omitempty"`   // how often it was heard of
	Answers map[string]json.RawMessage `json:"answers"`          // by credential
}

// Answer returns what is known about the credential; false where nothing is.
func (v Verdicts) Answer(ctx context.Context, keyID, credential string) (json.RawMessage, bool, error) {
	a, _, err := v.read(ctx, keyID)
	answer, ok := a.Answers[credential]
	return answer, ok, err
}

func (v Verdicts) key(keyID string) string { return v.Run + "." + keyWord(keyID) }

func (v Verdicts) read(ctx context.Context, keyID string) (a asked, revision uint64, err error) {
	e, err := v.Ledger.Store.Get(ctx, Asked, v.key(keyID))
	if errors.Is(err, ErrNotFound) {
		return asked{}, 0, nil
	}
	if err == nil {
		err = json.Unmarshal(e.Value, &a)
	}
	return a, e.Revision, err
}

// Once returns the answer about a credential: the one that is known, or the one that ask
// gives. Of all that want it one asks; the others wait for it, and take its place where it is not heard
// of any more. One key ID is asked about once at a time, whatever the secrets that were found with it.
// What ask returns is kept, unless it is an error.
func (v Verdicts) Once(ctx context.Context, keyID, credential string, ask func(context.Context) (json.RawMessage, error)) (json.RawMessage, error) {
	patience := v.Patience
	if patience == 0 {
		patience = DefaultPatience
	}
	var heard uint64
	since := time.Now()
	for {
		a, revision, err := v.read(ctx, keyID)
		if err != nil {
			return nil, err
		}
		if answer, ok := a.Answers[credential]; ok {
			return answer, nil
		}
		if revision != heard {
			heard, since = revision, time.Now()
		}
		if a.Holder == "" || v.mine(a.Holder) || time.Since(since) > patience {
			if revision, err = v.write(ctx, keyID, asked{Holder: v.Holder, Answers: a.Answers}, revision); err == nil {
				return v.askAndKeep(ctx, keyID, credential, revision, patience, ask)
			} else if !errors.Is(err, ErrExists) {
				return nil, err
			}
		}
		if !sleep(ctx, 100*time.Millisecond) {
			return nil, context.Cause(ctx)
		}
	}
}

// mine reports whether the one who asks is an earlier attempt at the same job, which is over.
func (v Verdicts) mine(holder string) bool {
	return len(holder) > 32 && len(v.Holder) > 32 && holder[:32] == v.Holder[:32]
}

// write sets what is known, if nobody else has since, and returns its revision.
func (v Verdicts) write(ctx context.Context, keyID string, a asked, revision uint64) (uint64, error) {
	data, err := json.Marshal(a)
	if err != nil {
		return 0, err
	}
	if revision == 0 {
		err = v.Ledger.Store.Create(ctx, Asked, v.key(keyID), data)
	} else {
		err = v.Ledger.Store.Update(ctx, Asked, v.key(keyID), data, revision)
	}
	if err != nil {
		return 0, err
	}
	now, next, err := v.read(ctx, keyID)
	if err == nil && now.Holder != a.Holder {
		err = ErrExists
	}
	return next, err
}

// askAndKeep asks, and is heard of meanwhile.
func (v Verdicts) askAndKeep(ctx context.Context, keyID, credential string, revision uint64, patience time.Duration, ask func(context.Context) (json.RawMessage, error)) (json.RawMessage, error) {
	known, _, err := v.read(ctx, keyID)
	if err != nil {
		return nil, err
	}
	asking, stop := context.WithCancel(ctx)
	last := make(chan uint64, 1)
	go func() { last <- v.beHeard(asking, keyID, known, revision, patience/4) }()
	answer, askErr := ask(ctx)
	stop()
	revision = <-last
	a := asked{Answers: map[string]json.RawMessage{}}
	for c, old := range known.Answers {
		a.Answers[c] = old
	}
	if askErr == nil {
		a.Answers[credential] = answer
	}
	keeping, cancel := context.WithTimeout(context.WithoutCancel(ctx), toTell)
	defer cancel()
	return answer, errors.Join(askErr, v.keep(keeping, keyID, a, revision, credential))
}

// keep keeps the answers. Where somebody took us for dead, and has an answer, or asks, that stays: it is as good.
// Where they are too many for an entry only the last one is kept, and the others may be asked for again.
func (v Verdicts) keep(ctx context.Context, keyID string, a asked, revision uint64, credential string) error {
	if data, err := json.Marshal(a); err == nil && len(data) > MaxValue {
		maps.DeleteFunc(a.Answers, func(c string, _ json.RawMessage) bool { return c != credential })
	}
	for range 3 {
		_, err := v.write(ctx, keyID, a, revision)
		if !errors.Is(err, ErrExists) {
			return err
		}
		now, next, err := v.read(ctx, keyID)
		if err != nil || now.Holder != v.Holder {
			return err
		}
		revision = next // it is ours: a word of ours arrived of which we were not told
	}
	return nil
}

// beHeard lets the entry change until ctx is done, and returns its revision.
func (v Verdicts) beHeard(ctx context.Context, keyID string, a asked, revision uint64, every time.Duration) uint64 {
	for sleep(ctx, every) {
		a.Beat++
		next, err := v.write(ctx, keyID, a, revision)
		if err == nil {
			revision = next
		}
	}
	return revision
}
