package sweep_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/revokey-dev/revokey/sweep"
	"github.com/revokey-dev/revokey/sweep/folder"
	"github.com/revokey-dev/revokey/sweep/forge"
	"github.com/revokey-dev/revokey/sweep/sweeptest"
)

// tidied ends the run, and tidies up after it.
func tidied(t *testing.T, l sweep.Ledger, r sweep.Run) {
	t.Helper()
	r, err := l.End(t.Context(), r)
	if err == nil {
		err = l.Tidy(t.Context(), r.Whole())
	}
	if err != nil {
		t.Fatal(err)
	}
}

func openFolder(t *testing.T) (dir string, l sweep.Ledger) {
	t.Helper()
	dir = t.TempDir()
	s, err := folder.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return dir, sweep.Ledger{Store: s}
}

// TestShardsStayTogether ends more shards of one sweep than sweeps are kept.
func TestShardsStayTogether(t *testing.T) {
	t.Parallel()
	_, l := openFolder(t)
	for i := range 8 {
		s := sweep.Shard{Index: i, Total: 8}
		r, err := l.NewRun(t.Context(), sweep.Run{ID: sweep.ShardID("nightly", s), Group: "nightly", Shard: s})
		if err != nil {
			t.Fatal(err)
		}
		tidied(t, l, r)
	}
	if runs, err := l.Runs(t.Context()); err != nil || len(runs) != 8 {
		t.Errorf("%d of 8 shards are left, %v", len(runs), err)
	}
	for i := range 3 {
		r, err := l.NewRun(t.Context(), sweep.Run{ID: fmt.Sprint("later", i)})
		if err != nil {
			t.Fatal(err)
		}
		tidied(t, l, r)
	}
	if runs, err := l.Runs(t.Context()); err != nil || len(runs) != 3 {
		t.Errorf("%d sweeps are left, %v", len(runs), err)
	}
}

// TestThousandNights sweeps a repository that changes now and then: each kept result can be read, and
// nothing piles up.
func TestThousandNights(t *testing.T) {
	t.Parallel()
	dir, l := openFolder(t)
	j := sweeptest.JobOf("", "a")
	for night := range 40 {
		r, err := l.NewRun(t.Context(), sweep.Run{ID: fmt.Sprintf("night%02d", night)})
		if err != nil {
			t.Fatal(err)
		}
		s, err := l.State(t.Context(), j.Key())
		if err != nil {
			t.Fatal(err)
		}
		result := s.Result
		if night%5 == 0 { // it has changed
			if result.Findings, err = l.AddFindings(t.Context(), r.ID, j.Key(), fmt.Sprint("attempt", night), [][]byte{[]byte(`{}`)}); err != nil {
				t.Fatal(err)
			}
			if err := l.SetState(t.Context(), j.Key(), sweep.State{Tips: "x", Result: result}); err != nil {
				t.Fatal(err)
			}
		}
		result.Run, result.Repository = r.ID, j.Repository
		if _, err := l.Finish(t.Context(), result); err != nil {
			t.Fatal(err)
		}
		tidied(t, l, r)
		runs, err := l.Runs(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, kept := range runs {
			for r, err := range l.Results(t.Context(), kept.ID) {
				if err != nil || len(findings(t, l, r)) != 1 {
					t.Fatalf("night %d: what night %s found is lost: %v", night, kept.ID, err)
				}
			}
		}
	}
	n := 0
	_ = filepath.WalkDir(dir, func(string, os.DirEntry, error) error { n++; return nil })
	if n > 60 {
		t.Errorf("%d files and folders are left", n)
	}
}

// TestGoneOnceListed goes on with a run whose repositories are others than when it began: what was done
// counts for nobody else.
func TestGoneOnceListed(t *testing.T) {
	t.Parallel()
	q, l := start(t, 2*time.Second)
	run := newRun(t, l, "rules")
	for _, old := range []string{"old1", "old2"} {
		if _, err := l.Finish(t.Context(), sweep.Result{Run: run.ID, Repository: sweeptest.JobOf(run.ID, old).Repository, Outcome: sweep.Scanned}); err != nil {
			t.Fatal(err)
		}
	}
	f := &fake{settled: true}
	filler := sweep.Filler{Queue: q, Ledger: l, Listing: &sweep.Listing{}}
	err := filler.Fill(t.Context(), &run, func(yield func(forge.Repository, error) bool) {
		_ = yield(sweeptest.JobOf(run.ID, "new1").Repository, nil) && yield(sweeptest.JobOf(run.ID, "new2").Repository, nil)
	})
	if err != nil || run.Jobs != 4 {
		t.Fatalf("%d jobs, %v", run.Jobs, err)
	}
	for _, stray := range []string{"stray1", "stray2"} { // of the earlier listing, in hand until now
		if _, err := l.Finish(t.Context(), sweep.Result{Run: run.ID, Repository: sweeptest.JobOf(run.ID, stray).Repository, Outcome: sweep.Scanned}); err != nil {
			t.Fatal(err)
		}
	}
	idle, over := context.WithTimeout(t.Context(), 700*time.Millisecond)
	defer over()
	if err := l.Wait(idle, q, run.ID, filler.Listing, func(int, int) {}); err == nil {
		t.Error("it is over before anybody has worked")
	}
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
	defer stop()
	ended := make(chan error, 1)
	working, home := context.WithCancel(ctx)
	w := worker(q, f)
	go func() { ended <- w.Run(working) }()
	if err := l.Wait(ctx, q, run.ID, filler.Listing, func(int, int) {}); err != nil {
		t.Fatal(err)
	}
	home()
	<-ended
	if f.times("h/new1") != 1 || f.times("h/new2") != 1 {
		t.Errorf("scanned %v", f.scanned)
	}
}

// TestSinceLastTime has a push that is older than --since, and newer than the sweep before.
func TestSinceLastTime(t *testing.T) {
	t.Parallel()
	q, l := start(t, 2*time.Second)
	f := &fake{settled: true, tips: map[string]string{}}
	j := sweeptest.JobOf("", "r")
	if err := l.SetState(t.Context(), j.Key(), sweep.State{Tips: "tips of old", Rules: "rules", Pushed: sweeptest.Pushed.Add(-24 * time.Hour)}); err != nil {
		t.Fatal(err)
	}
	run, err := l.NewRun(t.Context(), sweep.Run{Options: "rules", Since: sweeptest.Pushed.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if r := sweepAll(t, q, run, []string{"r"}, worker(q, f)); r["r"].Outcome != sweep.Scanned {
		t.Errorf("a repository that changed is %s", r["r"].Outcome)
	}
}

// TestScanTimeout has a repository whose scan does not end.
func TestScanTimeout(t *testing.T) {
	t.Parallel()
	q, l := start(t, 2*time.Second)
	f := &fake{settled: true, during: func(ctx context.Context, name string) {
		if name == "h/endless" {
			<-ctx.Done()
		}
	}}
	w := worker(q, f)
	w.ScanTimeout = 300 * time.Millisecond
	results := sweepAll(t, q, newRun(t, l, "rules"), []string{"endless", "quick"}, w)
	if r := results["endless"]; r.Outcome != sweep.NotScanned || r.Attempts != 1 || !strings.Contains(r.Reason, "--scan-timeout") {
		t.Errorf("%s after %d attempts: %s", r.Outcome, r.Attempts, r.Reason)
	}
	if results["quick"].Outcome != sweep.Scanned {
		t.Errorf("%+v", results["quick"])
	}
}

// TestLargeResult keeps what fits of a result that is too large, whatever it is made of.
func TestLargeResult(t *testing.T) {
	t.Parallel()
	_, l := start(t, 2*time.Second)
	r := sweep.Result{Run: "r", Repository: sweeptest.JobOf("r", "a").Repository, Outcome: sweep.Scanned}
	for range 500 {
		r.Scan.Skipped = append(r.Scan.Skipped, sweep.Skipped{What: strings.Repeat("\x01", 500), Reason: strings.Repeat("\x02", 500)})
	}
	r.Scan.SkippedCount = 500
	if first, err := l.Finish(t.Context(), r); err != nil || !first {
		t.Fatalf("not kept: %v", err)
	}
	if got, err := l.Result(t.Context(), "r", sweep.KeyOf(r.Repository)); err != nil || got.Scan.SkippedCount != 500 || len(got.Scan.Skipped) == 0 {
		t.Errorf("%d of %d are told, %v", len(got.Scan.Skipped), got.Scan.SkippedCount, err)
	}
}

// TestManyAnswers asks about more credentials with one key ID than an entry can have answers.
func TestManyAnswers(t *testing.T) {
	t.Parallel()
	_, l := start(t, 2*time.Second)
	v := sweep.Verdicts{Ledger: l, Run: "r", Holder: strings.Repeat("0", 32) + " x"}
	long, _ := json.Marshal(strings.Repeat("x", 100<<10))
	for i := range 8 {
		answer, err := v.Once(t.Context(), "KEY", fmt.Sprint("credential", i), func(context.Context) (json.RawMessage, error) { return long, nil })
		if err != nil || len(answer) != len(long) {
			t.Fatalf("credential %d: %v", i, err)
		}
	}
}

type busy struct{ error }

func (busy) RetryAfter() time.Duration { return 2 * time.Second }

// TestRetryAfter has a server that wants to be left alone.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	q, l := start(t, 5*time.Second)
	f := &fake{settled: true, fails: map[string][]error{"h/r": {busy{fmt.Errorf("429")}}}}
	start := time.Now()
	r := sweepAll(t, q, newRun(t, l, "rules"), []string{"r"}, worker(q, f))
	if took := time.Since(start); took < 2*time.Second || r["r"].Outcome != sweep.Scanned {
		t.Errorf("%s after %v", r["r"].Outcome, took)
	}
}

// TestDrain ends a worker only where nothing is left, not even what is put off.
func TestDrain(t *testing.T) {
	t.Parallel()
	q, l := start(t, 5*time.Second)
	f := &fake{settled: true, fails: map[string][]error{"h/r": {fmt.Errorf("not now")}}}
	run := newRun(t, l, "rules")
	if err := q.Enqueue(t.Context(), []sweep.Job{sweeptest.JobOf(run.ID, "r")}); err != nil {
		t.Fatal(err)
	}
	working, stop := context.WithTimeout(t.Context(), 40*time.Second)
	defer stop()
	w := worker(q, f)
	w.Pause, w.Idle = 5*time.Second, stop
	if err := w.Run(working); err != nil || f.times("h/r") != 1 {
		t.Errorf("went home with work left: %v", err)
	}
}
