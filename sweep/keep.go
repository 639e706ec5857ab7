package sweep

import (
	"context"
	"errors"
	"strings"
	"time"
)

// End notes that a run is over, and returns it so.
func (l Ledger) End(ctx context.Context, run Run) (Run, error) {
	run.Ended = time.Now().UTC()
	return run, l.SetRun(ctx, run)
}

// What is kept: how many sweeps, for how long one that never ended, and for how long the word of a worker that
// is not heard of.
const (
	keptSweeps     = 3
	abandonedAfter = 14 * 24 * time.Hour
	workerGone     = time.Hour
)

// Tidy forgets sweeps before the last few, but for the findings that a repository, or a sweep that is
// kept, still has from them; all shards of a sweep stay or go together. The sweep of that name stays.
func (l Ledger) Tidy(ctx context.Context, whole string) error {
	findings, err := l.Store.Keys(ctx, Findings, "") // before the runs: what a new run adds is not among them
	if err != nil {
		return err
	}
	runs, err := l.Runs(ctx)
	if err != nil {
		return err
	}
	old := oldRuns(runs, whole)
	kept := make(map[string]bool)
	for _, r := range runs {
		kept[r.ID] = !old[r.Whole()]
	}
	for _, r := range runs {
		if err := l.forget(ctx, r, kept[r.ID]); err != nil {
			return err
		}
	}
	return errors.Join(l.dropFindings(ctx, findings, kept), l.dropWorkers(ctx))
}

// oldRuns returns which sweeps can go. The runs come the latest first.
func oldRuns(runs []Run, whole string) map[string]bool {
	seen, old := make(map[string]bool), make(map[string]bool)
	for _, r := range runs {
		name := r.Whole()
		if !seen[name] {
			seen[name] = true
			old[name] = len(seen) > keptSweeps && name != whole
		}
		if r.Ended.IsZero() && time.Since(r.Started) < abandonedAfter {
			old[name] = false
		}
	}
	return old
}

// forget drops a run, but for its findings, unless it is kept.
func (l Ledger) forget(ctx context.Context, r Run, kept bool) error {
	if kept {
		return nil
	}
	if err := errors.Join(l.Store.Clear(ctx, Results, r.ID), l.Store.Clear(ctx, Asked, r.Whole())); err != nil {
		return err
	}
	return l.Store.Delete(ctx, Runs, r.ID)
}

// dropFindings drops the entries of runs that are not kept, unless somebody still has them.
func (l Ledger) dropFindings(ctx context.Context, keys []string, kept map[string]bool) error {
	for _, key := range keys {
		run, _, _ := strings.Cut(key, ".")
		if kept[run] {
			continue
		}
		if used, err := l.inUse(ctx, key, kept); err != nil {
			return err
		} else if used {
			continue
		}
		if err := l.Store.Delete(ctx, Findings, key); err != nil {
			return err
		}
	}
	return nil
}

// inUse reports whether a repository, or its result in a run that is kept, has the findings of an entry.
func (l Ledger) inUse(ctx context.Context, key string, kept map[string]bool) (bool, error) {
	words := strings.Split(key, ".")
	if len(words) != 4 {
		return false, nil
	}
	has := func(at Lines) bool { return at.Run == words[0] && at.Attempt == words[2] }
	s, err := l.State(ctx, words[1])
	if err != nil || has(s.Result.Findings) {
		return err == nil, err
	}
	for run, stays := range kept {
		if !stays {
			continue
		}
		r, err := l.Result(ctx, run, words[1])
		if err != nil && !errors.Is(err, ErrNotFound) || err == nil && has(r.Findings) {
			return err == nil, err
		}
	}
	return false, nil
}

// dropWorkers drops what dead workers have told of themselves, where a store does not do so itself.
func (l Ledger) dropWorkers(ctx context.Context) error {
	keys, err := l.Store.Keys(ctx, Workers, "")
	if err != nil {
		return err
	}
	for _, key := range keys {
		var s WorkerStatus
		if err := l.get(ctx, Workers, key, &s); err != nil || time.Since(s.At) < workerGone {
			continue
		}
		if err := l.Store.Delete(ctx, Workers, key); err != nil {
			return err
		}
	}
	return nil
}
