package sweep

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/sourcegraph/conc/pool"

	"github.com/revokey-dev/revokey/sweep/forge"
)

// Filler puts a run's jobs into the queue.
type Filler struct {
	Queue  Queue
	Ledger Ledger

	// Wanted says whether a repository is to be scanned; nil: all are.
	Wanted func(forge.Repository) bool
	// Listing takes what is listed. nil: nobody looks on.
	Listing *Listing
}

// NewRun begins the run, which then is in the ledger. Without an ID it gets one, and a shard that
// of its group and itself.
func (l Ledger) NewRun(ctx context.Context, r Run) (Run, error) {
	r.Started = time.Now().UTC()
	if r.ID == "" {
		r.ID = r.Started.Format("20060102T150405Z") + "-" + random()[:6]
	}
	return r, l.SetRun(ctx, r)
}

// ShardID returns the ID of a shard's run.
func ShardID(group string, s Shard) string {
	return fmt.Sprintf("%s_%d-of-%d", group, s.Index, s.Total)
}

// ValidRunID reports whether a run can be called so.
func ValidRunID(id string) bool { return id != "" && len(id) < 100 && keyWord(id) == id }

// batch is how many jobs are handed to the queue at a time.
const batch = 64

// savedEvery is how often a run that is being listed is saved, so that others see how far it is.
const savedEvery = 2 * time.Second

// Fill lists repositories and adds a job for each that has no result in the run yet; what has one counts as listed,
// whether or not it still is. What is refused by name is noted in the run. An error ends the listing; what
// was listed is in the queue then.
func (f *Filler) Fill(ctx context.Context, run *Run, repositories iter.Seq2[forge.Repository, error]) error {
	if f.Listing == nil {
		f.Listing = &Listing{}
	}
	defer f.Listing.end()
	done, err := f.Ledger.Done(ctx, run.ID)
	if err != nil {
		return err
	}
	for _, key := range done {
		f.Listing.add(key)
	}
	jobs := make(chan Job, batch)
	p := pool.New().WithContext(ctx).WithCancelOnError()
	p.Go(func(ctx context.Context) error { return f.enqueue(ctx, jobs) })
	run.Refused, run.Listed = nil, false
	p.Go(func(ctx context.Context) error {
		defer close(jobs)
		return f.list(ctx, run, repositories, jobs)
	})
	err = p.Wait()
	run.Jobs, run.Listed = f.count(), err == nil
	saving, cancel := context.WithTimeout(context.WithoutCancel(ctx), toTell)
	defer cancel()
	return errors.Join(err, f.Ledger.SetRun(saving, *run))
}

// list hands on what is wanted. An error of the listing itself comes last, so that what came before
// it gets into the queue.
func (f *Filler) list(ctx context.Context, run *Run, repositories iter.Seq2[forge.Repository, error], jobs chan<- Job) error {
	saved := time.Now()
	for r, err := range repositories {
		var refused *forge.Refused
		switch {
		case errors.As(err, &refused):
			run.Refused = append(run.Refused, Skipped{What: refused.Name, Reason: refused.Reason})
			continue
		case err != nil:
			return fmt.Errorf("listing repositories: %w", err)
		case f.Wanted != nil && !f.Wanted(r):
			continue
		}
		j := Job{Run: run.ID, Repository: r}
		if !f.Listing.add(j.Key()) {
			continue
		}
		select {
		case jobs <- j:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if time.Since(saved) > savedEvery {
			saved, run.Jobs = time.Now(), f.count()
			if err := f.Ledger.SetRun(ctx, *run); err != nil {
				return fmt.Errorf("saving the run: %w", err)
			}
		}
	}
	return nil
}

func (f *Filler) count() int {
	n, _ := f.Listing.Count()
	return n
}

// enqueue takes as many jobs at a time as there are, so that none waits for others.
func (f *Filler) enqueue(ctx context.Context, jobs <-chan Job) error {
	for j := range jobs {
		some := []Job{j}
	more:
		for len(some) < batch {
			select {
			case j, ok := <-jobs:
				if !ok {
					break more
				}
				some = append(some, j)
			default:
				break more
			}
		}
		if err := f.enqueueSome(context.WithoutCancel(ctx), some); err != nil {
			return err
		}
	}
	return nil
}

// enqueueSome outlasts a queue that is away for a while.
func (f *Filler) enqueueSome(ctx context.Context, jobs []Job) (err error) {
	for try := range 8 {
		if err = f.Queue.Enqueue(ctx, jobs); err == nil {
			return nil
		}
		sleep(ctx, time.Second<<min(try, 4))
	}
	return fmt.Errorf("filling the queue: %w", err)
}
