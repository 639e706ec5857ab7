package sweep

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// errDone says that a job was ended before: by an attempt that could not tell the queue.
var errDone = errors.New("it has a result already")

// poisoned is a job that its workers do not survive, or never end.
type poisoned struct{ attempts int }

func (p *poisoned) Error() string {
	return fmt.Sprintf("its worker died, or was not heard of any more, %d times: it is not tried again", p.attempts)
}

func (p *poisoned) Permanent() bool { return true }

// do is one attempt at a job. A job that was handed out too often is given up before
// anything is done with it: the queue counts those too that nobody lived to tell of.
func (w *Worker) do(ctx context.Context, d *Delivery) (Result, error) {
	if _, err := w.Ledger.Result(ctx, d.Run, d.Key()); !errors.Is(err, ErrNotFound) {
		if err == nil {
			err = errDone
		}
		return Result{}, err
	}
	if d.Attempt > w.Attempts {
		return Result{}, &poisoned{d.Attempt - 1}
	}
	run, err := w.runs.get(ctx, w.Ledger, d.Run)
	if err != nil {
		return Result{}, fmt.Errorf("reading the run %s: %w", d.Run, err)
	}
	rules, err := w.Scanner.Rules(run)
	if err != nil {
		return Result{}, err
	}
	start := time.Now()
	w.desk.phase(d, "looking")
	before, err := w.Ledger.State(ctx, d.Key())
	if err != nil {
		return Result{}, err
	}
	sight, err := w.look(ctx, d, run, before)
	if err != nil {
		return Result{FetchTime: time.Since(start)}, err
	}
	v := Verdicts{Ledger: w.Ledger, Run: run.Whole(), Holder: d.Key() + " " + random()}
	same, err := w.unchanged(ctx, d, before, sight, rules, v)
	if err != nil || same {
		r := before.Result
		r.Outcome, r.FetchTime, r.ScanTime, r.AskTime = Unchanged, time.Since(start), 0, 0
		return r, err
	}
	if sight.URL == "" { // nobody has looked yet
		if sight, err = w.Fetcher.Look(ctx, d.Repository); err != nil {
			return Result{FetchTime: time.Since(start)}, err
		}
	}
	w.desk.setState(d, State{Tips: sight.Tips, Rules: rules, Pushed: d.Repository.Pushed})
	return w.fetchAndScan(ctx, d, run, sight, v)
}

// look asks what the repository looks like, unless its forge tells of no push since that time, nor of
// any that the sweep which scanned it was not told of: then it looks as it did, from nowhere.
func (w *Worker) look(ctx context.Context, d *Delivery, run Run, before State) (Sight, error) {
	pushed := d.Repository.Pushed
	known := !pushed.IsZero() && pushed.Equal(before.Pushed)
	if known && pushed.Before(run.Since) && before.Tips != "" {
		return Sight{Tips: before.Tips}, nil
	}
	return w.Fetcher.Look(ctx, d.Repository)
}

// unchanged reports whether an earlier result is this one's too.
func (w *Worker) unchanged(ctx context.Context, d *Delivery, before State, sight Sight, rules string, v Verdicts) (bool, error) {
	if before.Tips == "" || before.Tips != sight.Tips || before.Rules != rules {
		return false, nil
	}
	if before.Result.Findings.Entries == 0 {
		return true, nil
	}
	lines, err := w.Ledger.ReadFindings(ctx, d.Key(), before.Result.Findings)
	if err != nil {
		return false, err
	}
	defer lines.Close()
	in := bufio.NewScanner(lines)
	in.Buffer(nil, 1<<30)
	settled, err := w.Scanner.Settled(ctx, v, func(yield func([]byte) bool) {
		for in.Scan() && yield(in.Bytes()) {
		}
	})
	if errors.Is(in.Err(), ErrNotFound) {
		return false, nil // they are found again
	}
	return settled, errors.Join(err, in.Err())
}

func (w *Worker) fetchAndScan(ctx context.Context, d *Delivery, run Run, sight Sight, v Verdicts) (r Result, err error) {
	start := time.Now()
	w.desk.phase(d, "fetching")
	clone, err := w.Fetcher.Fetch(ctx, d.Repository, sight)
	r.FetchTime = time.Since(start)
	if err != nil {
		return r, err
	}
	defer func() {
		if closing := clone.Close(); closing != nil {
			w.Log.Warn("removing a clone", "repository", d.Repository.Name, "error", closing)
		}
	}()
	found, err := w.scan(ctx, d, run, clone, &r)
	if err != nil {
		return r, err
	}
	if found.Close != nil {
		defer found.Close()
	}
	start = time.Now()
	w.desk.phase(d, "verifying")
	documents, err := found.Documents(ctx, v)
	r.AskTime = time.Since(start)
	if err != nil {
		return r, err
	}
	w.desk.phase(d, "committing")
	r.Outcome, r.Scan = Scanned, found.Account
	r.Scan.Mirror = clone.Mirror
	if r.Findings, err = w.Ledger.AddFindings(ctx, d.Run, d.Key(), random(), documents); err != nil {
		return r, fmt.Errorf("keeping the findings: %w", err)
	}
	if found.Remember != nil {
		if err := found.Remember(); err != nil { // the next scan is a slow one
			w.Log.Warn("remembering what was scanned", "repository", d.Repository.Name, "error", err)
		}
	}
	return r, nil
}

// scan scans when it is its turn.
func (w *Worker) scan(ctx context.Context, d *Delivery, run Run, c Clone, r *Result) (Found, error) {
	w.desk.phase(d, "waiting for a processor")
	select {
	case w.slots <- struct{}{}:
		defer func() { <-w.slots }()
	case <-ctx.Done():
		return Found{}, context.Cause(ctx)
	}
	start := time.Now()
	w.desk.phase(d, "scanning")
	if w.ScanTimeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, w.ScanTimeout, tooLong{})
		defer cancel()
	}
	found, err := w.Scanner.Scan(ctx, run, d.Repository, c)
	r.ScanTime = time.Since(start)
	if err != nil && errors.Is(context.Cause(ctx), tooLong{}) {
		err = tooLong{}
	}
	return found, err
}

// tooLong is why a scan was ended. Another would take as long.
type tooLong struct{}

func (tooLong) Error() string   { return "scanning it took longer than it may (--scan-timeout)" }
func (tooLong) Permanent() bool { return true }

// runCache holds the runs that jobs belong to.
type runCache struct {
	mu   sync.Mutex
	runs map[string]Run
}

func (c *runCache) get(ctx context.Context, l Ledger, id string) (Run, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r, ok := c.runs[id]; ok {
		return r, nil
	}
	r, err := l.Run(ctx, id)
	if err == nil {
		c.runs = map[string]Run{id: r} // one at a time is worked off, mostly
	}
	return r, err
}
