package sweep

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"
)

// Status is how far a run has come.
type Status struct {
	Run     Run            `json:"run"`
	At      time.Time      `json:"at"`
	Done    int            `json:"done"` // of Run.Jobs, which grows until Run.Listed
	Queue   *Depth         `json:"queue,omitempty"`
	Workers []WorkerStatus `json:"workers"`
	Waiting []Wait         `json:"waiting,omitempty"` // for a forge's limit
	Trouble []Result       `json:"trouble"`           // what was not scanned
	Counts  map[string]int `json:"counts"`            // of outcomes
}

// Wait is a pause that a forge asks for.
type Wait struct {
	Until time.Time `json:"until"`
	Why   string    `json:"why"`
}

// Left estimates how long the run will take yet; 0 where that cannot be told.
func (s Status) Left() time.Duration {
	if !s.Run.Listed || s.Done == 0 || s.Done >= s.Run.Jobs {
		return 0
	}
	took := s.At.Sub(s.Run.Started)
	return time.Duration(float64(took) * float64(s.Run.Jobs-s.Done) / float64(s.Done))
}

// Status puts together how far the run has come. Of results it reads those that earlier calls on the
// same tally have not read. Several may share one.
func (l Ledger) Status(ctx context.Context, q Queue, runID string, t *Tally) (s Status, err error) {
	if s.Run, err = l.Run(ctx, runID); err != nil {
		return s, err
	}
	if err = t.update(ctx, l, runID); err != nil {
		return s, err
	}
	if s.Workers, err = l.WorkersAt(ctx, time.Now()); err != nil {
		return s, err
	}
	if deep, ok := q.(interface {
		Depth(context.Context) (Depth, error)
	}); ok {
		depth, err := deep.Depth(ctx)
		if err != nil {
			return s, err
		}
		s.Queue = &depth
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	s.At, s.Done, s.Counts, s.Trouble = time.Now().UTC(), len(t.seen), maps.Clone(t.counts), slices.Clone(t.trouble)
	return s, nil
}

// Tally counts the results of a run, each once. The zero Tally has counted none.
type Tally struct {
	mu      sync.Mutex
	seen    map[string]bool
	counts  map[string]int
	trouble []Result
}

func (t *Tally) update(ctx context.Context, l Ledger, run string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.seen == nil {
		t.seen, t.counts, t.trouble = make(map[string]bool), make(map[string]int), []Result{}
	}
	keys, err := l.Done(ctx, run)
	if err != nil {
		return err
	}
	for _, key := range keys {
		if t.seen[key] {
			continue
		}
		r, err := l.Result(ctx, run, key)
		if err != nil {
			return err
		}
		t.seen[key] = true
		t.counts[string(r.Outcome)]++
		if r.Outcome == NotScanned || r.Outcome == Dead {
			t.trouble = append(t.trouble, r)
		}
	}
	slices.SortFunc(t.trouble, func(a, b Result) int { return cmp.Compare(a.Repository.Name, b.Repository.Name) })
	return nil
}

// ErrVanished is returned by [Ledger.Wait] where jobs are neither in the queue nor done.
var ErrVanished = errors.New("jobs have vanished from the queue")

// Wait returns when every job of the run has a result, and calls tell with how many have, now and
// then. done is how many there are once all are listed, and ended whether the listing is over.
func (l Ledger) Wait(ctx context.Context, q Queue, run string, jobs func() (n int, listed bool), tell func(done, all int)) error {
	empty := 0
	for every := 200 * time.Millisecond; ; {
		start := time.Now()
		n, listed := jobs()
		done, err := l.Done(ctx, run)
		if err == nil {
			tell(len(done), n)
			if listed && len(done) >= n {
				return nil
			}
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if empty = emptyFor(ctx, q, empty, listed && err == nil); empty > 20 {
			return ErrVanished
		}
		every = min(max(every, 20*time.Since(start)), 10*time.Second) // asking is to cost little
		if !sleep(ctx, every) {
			return context.Cause(ctx)
		}
	}
}

// emptyFor counts for how many looks the queue was empty.
func emptyFor(ctx context.Context, q Queue, before int, listed bool) int {
	deep, ok := q.(interface {
		Depth(context.Context) (Depth, error)
	})
	if !ok || !listed {
		return 0
	}
	if d, err := deep.Depth(ctx); err != nil || d.Waiting+d.InHand > 0 {
		return 0
	}
	return before + 1
}

// End notes that a run is over, and forgets those before the last few, but for the findings that
// unchanged repositories still have from them.
func (l Ledger) End(ctx context.Context, run Run) error {
	run.Ended = time.Now().UTC()
	if err := l.SetRun(ctx, run); err != nil {
		return err
	}
	runs, err := l.Runs(ctx)
	if err != nil {
		return err
	}
	kept := 0
	for _, r := range runs {
		if kept++; kept > keptRuns && r.ID != run.ID && (!r.Ended.IsZero() || time.Since(r.Started) > abandonedAfter) {
			if err := l.forget(ctx, r); err != nil {
				return err
			}
		}
	}
	return nil
}

// What is kept of runs that are over: how many of them, and for how long one that never ended.
const (
	keptRuns       = 3
	abandonedAfter = 14 * 24 * time.Hour
)

func (l Ledger) forget(ctx context.Context, r Run) error {
	run := r.ID
	keys, err := l.Store.Keys(ctx, Findings, run)
	if err != nil {
		return err
	}
	for _, key := range keys {
		if used, err := l.inUse(ctx, key); err != nil {
			return err
		} else if used {
			continue
		}
		if err := l.Store.Delete(ctx, Findings, key); err != nil {
			return err
		}
	}
	for b, name := range map[Bucket]string{Results: run, Asked: r.Whole()} {
		keys, err := l.Store.Keys(ctx, b, name)
		if err != nil {
			return err
		}
		for _, key := range keys {
			if err := l.Store.Delete(ctx, b, key); err != nil {
				return err
			}
		}
	}
	return l.Store.Delete(ctx, Runs, run)
}
