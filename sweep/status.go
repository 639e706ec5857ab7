package sweep

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"
)

// Status is how far a run has come.
type Status struct {
	Run     Run            `json:"run"`
	Shards  int            `json:"shards,omitempty"` // that it is of, where they are several
	At      time.Time      `json:"at"`
	Done    int            `json:"done"` // of Run.Jobs, which grows until Run.Listed
	Rate    float64        `json:"rate"` // repositories a minute, lately
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

// With returns the status of two shards, or of those and one more, of a sweep: it has begun with the first,
// and ended with the last.
func (s Status) With(t Status) Status {
	s.Shards = max(1, s.Shards) + 1
	s.Done += t.Done
	s.Rate += t.Rate
	s.Run.Jobs += t.Run.Jobs
	s.Run.Listed = s.Run.Listed && t.Run.Listed
	if t.Run.Started.Before(s.Run.Started) {
		s.Run.Started = t.Run.Started
	}
	if s.Run.Ended.IsZero() || t.Run.Ended.IsZero() {
		s.Run.Ended = time.Time{}
	} else if t.Run.Ended.After(s.Run.Ended) {
		s.Run.Ended = t.Run.Ended
	}
	for outcome, n := range t.Counts {
		s.Counts[outcome] += n
	}
	s.Trouble = append(s.Trouble, t.Trouble...)
	s.Run.Refused = append(s.Run.Refused, t.Run.Refused...)
	return s
}

// lately is over how long the rate is taken: a sweep may have rested before.
const lately = 10 * time.Minute

// rateOf returns how many of the ends were a minute, lately.
func rateOf(started, now time.Time, ends []time.Time) float64 {
	from := now.Add(-lately)
	if started.After(from) {
		from = started
	}
	n := 0
	for _, end := range ends {
		if end.After(from) {
			n++
		}
	}
	return float64(n) / max(now.Sub(from).Minutes(), 1.0/60)
}

// Left estimates how long the run will take yet; 0 where that cannot be told, as where nobody works.
func (s Status) Left() time.Duration {
	if !s.Run.Listed || s.Rate == 0 || len(s.Workers) == 0 || s.Done >= s.Run.Jobs {
		return 0
	}
	return time.Duration(float64(s.Run.Jobs-s.Done) / s.Rate * float64(time.Minute))
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
	s.Rate = rateOf(s.Run.Started, s.At, t.ends)
	return s, nil
}

// Tally counts the results of a run, each once. The zero Tally has counted none.
type Tally struct {
	mu      sync.Mutex
	seen    map[string]bool
	counts  map[string]int
	trouble []Result
	ends    []time.Time
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
		t.ends = append(t.ends, r.At)
		if r.Outcome == NotScanned || r.Outcome == Dead {
			t.trouble = append(t.trouble, r)
		}
	}
	slices.SortFunc(t.trouble, func(a, b Result) int { return cmp.Compare(a.Repository.Name, b.Repository.Name) })
	return nil
}
