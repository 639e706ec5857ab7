package sweep_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/revokey-dev/revokey/sweep"
	"github.com/revokey-dev/revokey/sweep/folder"
	"github.com/revokey-dev/revokey/sweep/forge"
	"github.com/revokey-dev/revokey/sweep/natsq"
	"github.com/revokey-dev/revokey/sweep/sweeptest"
)

// fake fetches and scans nothing, and notes what it is asked for.
type fake struct {
	mu      sync.Mutex
	tips    map[string]string
	fails   map[string][]error // one for each attempt
	scanned []string
	during  func(ctx context.Context, name string)
	settled bool
	looked  int
}

type hopeless struct{ error }

func (hopeless) Permanent() bool { return true }

func (f *fake) Look(ctx context.Context, r forge.Repository) (sweep.Sight, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.looked++
	if errs := f.fails[r.Name]; len(errs) > 0 {
		f.fails[r.Name] = errs[1:]
		return sweep.Sight{}, errs[0]
	}
	return sweep.Sight{Tips: "tips" + f.tips[r.Name], URL: r.URL}, nil
}

func (f *fake) Fetch(ctx context.Context, r forge.Repository, s sweep.Sight) (sweep.Clone, error) {
	return sweep.Clone{Dir: "/", Close: func() error { return nil }}, nil
}

func (f *fake) Rules(r sweep.Run) (string, error) { return r.Options, nil }

func (f *fake) Scan(ctx context.Context, r sweep.Run, repo forge.Repository, c sweep.Clone) (sweep.Found, error) {
	f.mu.Lock()
	f.scanned = append(f.scanned, repo.Name)
	f.mu.Unlock()
	if f.during != nil {
		f.during(ctx, repo.Name)
	}
	return sweep.Found{Account: sweep.Account{Blobs: 1}, Documents: func(ctx context.Context, _ sweep.Verdicts) ([][]byte, error) {
		return [][]byte{[]byte(`"` + repo.Name + `"`)}, ctx.Err()
	}}, ctx.Err()
}

func (f *fake) Settled(context.Context, sweep.Verdicts, func(func([]byte) bool)) (bool, error) {
	return f.settled, nil
}

func (f *fake) times(name string) (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range f.scanned {
		if s == name {
			n++
		}
	}
	return n
}

func start(t *testing.T, wait time.Duration) (*natsq.Embedded, sweep.Ledger) {
	t.Helper()
	q, err := natsq.Start(t.Context(), t.TempDir(), natsq.Options{Wait: wait})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { q.Close() })
	return q, sweep.Ledger{Store: q}
}

func worker(q *natsq.Embedded, f *fake) *sweep.Worker {
	return &sweep.Worker{
		Queue: q, Ledger: sweep.Ledger{Store: q}, Fetcher: f, Scanner: f, Name: sweep.NewName(), Parallel: 3, Scans: 2, Attempts: 3,
		Pause: 10 * time.Millisecond, Log: slog.New(slog.DiscardHandler),
	}
}

// sweepAll runs the workers on jobs of these names until all have a result.
func sweepAll(t *testing.T, q *natsq.Embedded, run sweep.Run, names []string, workers ...*sweep.Worker) map[string]sweep.Result {
	t.Helper()
	l := sweep.Ledger{Store: q}
	f := sweep.Filler{Queue: q, Ledger: l, Listing: &sweep.Listing{}}
	err := f.Fill(t.Context(), &run, func(yield func(forge.Repository, error) bool) {
		for _, n := range names {
			if !yield(sweeptest.JobOf(run.ID, n).Repository, nil) {
				return
			}
		}
		yield(forge.Repository{}, &forge.Refused{Name: "evil", Reason: "why"})
	})
	if err != nil || !run.Listed || len(run.Refused) != 1 {
		t.Fatalf("filling: %v, %+v", err, run)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	working, stop := context.WithCancel(ctx)
	var group sync.WaitGroup
	for _, w := range workers {
		group.Go(func() {
			if err := w.Run(working); err != nil {
				t.Error(err)
			}
		})
	}
	err = l.Wait(ctx, q, run.ID, f.Listing, func(int, int) {})
	stop()
	group.Wait()
	if err != nil {
		t.Fatal(err)
	}
	results := make(map[string]sweep.Result)
	for r, err := range l.Results(t.Context(), run.ID) {
		if err != nil {
			t.Fatal(err)
		}
		results[r.Repository.ID] = r
	}
	if len(results) != len(names) {
		t.Fatalf("%d results of %d", len(results), len(names))
	}
	if _, err := l.End(t.Context(), run); err != nil {
		t.Fatal(err)
	}
	if err := l.Tidy(t.Context(), run.Whole()); err != nil {
		t.Fatal(err)
	}
	return results
}

func newRun(t *testing.T, l sweep.Ledger, options string) sweep.Run {
	t.Helper()
	run, err := l.NewRun(t.Context(), sweep.Run{Options: options})
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// findings returns the documents of a result.
func findings(t *testing.T, l sweep.Ledger, r sweep.Result) []string {
	t.Helper()
	in, err := l.ReadFindings(t.Context(), sweep.KeyOf(r.Repository), r.Findings)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	data, err := io.ReadAll(in)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(data))
}

func TestSweep(t *testing.T) {
	t.Parallel()
	q, l := start(t, 2*time.Second)
	f := &fake{settled: true, tips: make(map[string]string), fails: map[string][]error{
		"h/r1": {errors.New("not now")}, "h/r2": {hopeless{errors.New("gone")}},
		"h/r3": {errors.New("no"), errors.New("no"), errors.New("never")},
	}}
	var names []string
	for i := range 20 {
		names = append(names, fmt.Sprint("r", i))
	}
	results := sweepAll(t, q, newRun(t, l, "rules"), names, worker(q, f), worker(q, f))
	for name, want := range map[string]struct {
		outcome  sweep.Outcome
		attempts int
		reason   string
	}{"r0": {sweep.Scanned, 1, ""}, "r1": {sweep.Scanned, 2, ""}, "r2": {sweep.NotScanned, 1, "gone"}, "r3": {sweep.NotScanned, 3, "never"}} {
		r := results[name]
		if r.Outcome != want.outcome || r.Attempts != want.attempts || r.Reason != want.reason {
			t.Errorf("%s: %s after %d: %s", name, r.Outcome, r.Attempts, r.Reason)
		}
	}
	if got := findings(t, l, results["r5"]); !slices.Equal(got, []string{`"h/r5"`}) {
		t.Errorf("findings %v", got)
	}

	t.Log("what has not changed is not scanned again, and keeps its findings; other rules scan all")
	f.tips["h/r7"] = " changed"
	results = sweepAll(t, q, newRun(t, l, "rules"), names, worker(q, f))
	if results["r5"].Outcome != sweep.Unchanged || f.times("h/r5") != 1 || results["r7"].Outcome != sweep.Scanned || f.times("h/r7") != 2 || results["r2"].Outcome != sweep.Scanned {
		t.Errorf("second: %s, %s", results["r5"].Outcome, results["r7"].Outcome)
	}
	for range 4 { // the first runs are forgotten, but for findings that are still somebody's
		results = sweepAll(t, q, newRun(t, l, "rules"), names, worker(q, f))
	}
	if runs, err := l.Runs(t.Context()); err != nil || len(runs) > 4 {
		t.Errorf("%d runs are kept, %v", len(runs), err)
	}
	if got := findings(t, l, results["r5"]); !slices.Equal(got, []string{`"h/r5"`}) {
		t.Errorf("findings of an unchanged repository: %v", got)
	}
	f.settled = false
	if results = sweepAll(t, q, newRun(t, l, "rules"), names, worker(q, f)); results["r5"].Outcome != sweep.Scanned {
		t.Errorf("with open questions: %s", results["r5"].Outcome)
	}
	f.settled = true
	if results = sweepAll(t, q, newRun(t, l, "other rules"), names, worker(q, f)); results["r5"].Outcome != sweep.Scanned {
		t.Errorf("by other rules: %s", results["r5"].Outcome)
	}
	nightly, err := l.NewRun(t.Context(), sweep.Run{Options: "other rules", Since: sweeptest.Pushed.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	before := f.looked
	if results = sweepAll(t, q, nightly, append(names, "new"), worker(q, f)); f.looked != before+1 || results["new"].Outcome != sweep.Scanned || results["r5"].Outcome != sweep.Unchanged {
		t.Errorf("since the last push: looked at %d, %s", f.looked-before, results["r5"].Outcome)
	}
}

// TestTakenForDead has a worker that is cut off while it works, and another that does its job: one result,
// one set of findings counts, whoever ends last.
func TestTakenForDead(t *testing.T) {
	t.Parallel()
	q, l := start(t, 2*time.Second)
	run := newRun(t, l, "")
	first := make(chan struct{})
	var once sync.Once
	slow := &fake{during: func(ctx context.Context, _ string) {
		once.Do(func() { close(first) })
		time.Sleep(5 * time.Second)
	}}
	lost := worker(q, slow)
	lost.Queue, lost.Parallel = deaf{q}, 1
	quick := &fake{during: func(context.Context, string) {}}
	late := worker(q, quick)
	late.Parallel = 1
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
	defer cancel()
	var group sync.WaitGroup
	group.Go(func() { lost.Run(ctx) })
	group.Go(func() { <-first; late.Run(ctx) })
	if err := q.Enqueue(ctx, []sweep.Job{sweeptest.JobOf(run.ID, "a")}); err != nil {
		t.Fatal(err)
	}
	group.Wait()
	if slow.times("h/a") == 0 || quick.times("h/a") != 1 {
		t.Fatalf("scanned %d and %d times", slow.times("h/a"), quick.times("h/a"))
	}
	r, err := l.Result(t.Context(), run.ID, sweeptest.JobOf(run.ID, "a").Key())
	if err != nil || len(findings(t, l, r)) != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	if d, err := q.Depth(t.Context()); err != nil || d != (sweep.Depth{}) {
		t.Errorf("left in the queue: %+v, %v", d, err)
	}
}

// deaf is a queue that hears nothing of progress.
type deaf struct{ *natsq.Embedded }

func (deaf) InProgress(context.Context, *sweep.Delivery) error { return nil }

// TestPoison has a job whose workers die: it is given up, and stops nothing.
func TestPoison(t *testing.T) {
	t.Parallel()
	q, l := start(t, time.Second)
	run := newRun(t, l, "")
	if err := q.Enqueue(t.Context(), []sweep.Job{sweeptest.JobOf(run.ID, "poison")}); err != nil {
		t.Fatal(err)
	}
	for died := 0; died < 3; { // as a worker that is killed does: not a word
		if _, err := q.Next(t.Context()); err == nil {
			died++
		} else if !errors.Is(err, sweep.ErrNone) {
			t.Fatal(err)
		}
	}
	f := &fake{}
	results := sweepAll(t, q, run, []string{"poison", "good"}, worker(q, f))
	if r := results["poison"]; r.Outcome != sweep.Dead || f.times("h/poison") != 0 || !strings.Contains(r.Reason, "died") {
		t.Errorf("%s, %s", r.Outcome, r.Reason)
	}
	if results["good"].Outcome != sweep.Scanned {
		t.Errorf("the other: %s", results["good"].Outcome)
	}
}

// TestGoingHome has a worker that is told to stop: its job is another's at once.
func TestGoingHome(t *testing.T) {
	t.Parallel()
	q, l := start(t, 30*time.Second)
	run := newRun(t, l, "")
	ctx, cancel := context.WithCancel(t.Context())
	f := &fake{during: func(ctx context.Context, _ string) { cancel(); <-ctx.Done() }}
	if err := q.Enqueue(ctx, []sweep.Job{sweeptest.JobOf(run.ID, "a")}); err != nil {
		t.Fatal(err)
	}
	if err := worker(q, f).Run(ctx); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if r := sweepAll(t, q, run, []string{"a"}, worker(q, &fake{})); r["a"].Outcome != sweep.Scanned || time.Since(start) > 10*time.Second {
		t.Errorf("%s after %v", r["a"].Outcome, time.Since(start))
	}
}

// TestVerdictOnce has 40 that want to know of one credential: one asks. One that dies while it asks is
// followed by another.
func TestVerdictOnce(t *testing.T) {
	t.Parallel()
	store, err := folder.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	l := sweep.Ledger{Store: store}
	var mu sync.Mutex
	asked := 0
	v := func(i int) sweep.Verdicts {
		return sweep.Verdicts{Ledger: l, Run: "run", Holder: fmt.Sprintf("%032d x", i), Patience: 2 * time.Second}
	}
	dying, die := context.WithCancel(t.Context())
	go v(99).Once(dying, "KEY", "c", func(ctx context.Context) (json.RawMessage, error) {
		die()
		select {} // and never says a word again
	})
	<-dying.Done()
	var group sync.WaitGroup
	for i := range 40 {
		group.Go(func() {
			answer, err := v(i).Once(t.Context(), "KEY", "c", func(context.Context) (json.RawMessage, error) {
				mu.Lock()
				defer mu.Unlock()
				asked++
				return json.RawMessage(`"live"`), nil
			})
			if err != nil || !bytes.Equal(answer, []byte(`"live"`)) {
				t.Errorf("%s, %v", answer, err)
			}
		})
	}
	group.Wait()
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
	if _, err := v(1).Once(t.Context(), "KEY", "other", func(context.Context) (json.RawMessage, error) { return nil, errors.New("no") }); err == nil {
		t.Error("an error was kept")
	}
	if _, ok, err := v(2).Answer(t.Context(), "KEY", "c"); !ok || err != nil {
		t.Errorf("the first answer is gone: %v", err)
	}
}

// TestManyFindings has more than fit into an entry.
func TestManyFindings(t *testing.T) {
	t.Parallel()
	store, err := folder.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	l := sweep.Ledger{Store: store}
	var documents [][]byte
	seed := uint64(1)
	for range 2000 {
		line := make([]byte, 0, 2048)
		for range 100 {
			seed = seed*6364136223846793005 + 1442695040888963407
			line = fmt.Appendf(line, "%x", seed)
		}
		documents = append(documents, line)
	}
	at, err := l.AddFindings(t.Context(), "r", "k", "a", documents)
	if err != nil || at.Entries < 3 || at.Count != 2000 {
		t.Fatalf("%+v, %v", at, err)
	}
	in, err := l.ReadFindings(t.Context(), "k", at)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	data, err := io.ReadAll(in)
	if err != nil || !bytes.Equal(data, append(bytes.Join(documents, []byte("\n")), '\n')) {
		t.Errorf("read %d bytes, %v", len(data), err)
	}
	if err := store.Delete(t.Context(), sweep.Findings, "r.k.a.000002"); err != nil {
		t.Fatal(err)
	}
	in, _ = l.ReadFindings(t.Context(), "k", at)
	if _, err := io.ReadAll(in); !errors.Is(err, sweep.ErrNotFound) {
		t.Errorf("with a part gone: %v", err)
	}
}

func TestShards(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		word  string
		total int
		env   map[string]string
		want  sweep.Shard
		ok    bool
	}{
		{"1/4", 0, nil, sweep.Shard{Index: 1, Total: 4}, true},
		{"4/4", 0, nil, sweep.Shard{}, false},
		{"-1/4", 0, nil, sweep.Shard{}, false},
		{"x", 0, nil, sweep.Shard{}, false},
		{"auto", 0, nil, sweep.Shard{}, false},
		{"auto", 0, map[string]string{"AWS_BATCH_JOB_ARRAY_INDEX": "3", "AWS_BATCH_JOB_ARRAY_SIZE": "5"}, sweep.Shard{Index: 3, Total: 5}, true},
		{"auto", 0, map[string]string{"CI_NODE_INDEX": "5", "CI_NODE_TOTAL": "5"}, sweep.Shard{Index: 4, Total: 5}, true},
		{"auto", 0, map[string]string{"JOB_COMPLETION_INDEX": "0"}, sweep.Shard{}, false},
		{"auto", 8, map[string]string{"JOB_COMPLETION_INDEX": "7"}, sweep.Shard{Index: 7, Total: 8}, true},
	} {
		got, err := sweep.ParseShard(c.word, c.total, func(name string) string { return c.env[name] })
		if got != c.want || (err == nil) != c.ok {
			t.Errorf("%s %v: %v, %v", c.word, c.env, got, err)
		}
	}
	for i := range 1000 {
		in := 0
		for n := range 7 {
			if (sweep.Shard{Index: n, Total: 7}).Has(forge.Repository{Name: fmt.Sprint("github.com/org/", i)}) {
				in++
			}
		}
		if in != 1 {
			t.Fatalf("repository %d is in %d shards", i, in)
		}
	}
}
