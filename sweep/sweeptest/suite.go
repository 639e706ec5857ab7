package sweeptest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/revokey-dev/revokey/sweep"
	"github.com/revokey-dev/revokey/sweep/forge"
)

// Pushed is when the repositories of [JobOf] were last pushed to.
var Pushed = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// JobOf returns the job of a repository of that name.
func JobOf(run, name string) sweep.Job {
	return sweep.Job{Run: run, Repository: forge.Repository{Forge: "list", Host: "h", ID: name, Name: "h/" + name, URL: "https://h/" + name, Kind: "repository", Pushed: Pushed}}
}

// Queue shows what every queue has to. The queue hands a silent worker's job out again after about
// wait. Jobs that are retried come back within slack of their delay.
func Queue(t *testing.T, q sweep.Queue, wait, slack time.Duration) {
	ctx := t.Context()
	if _, err := q.Next(ctx); !errors.Is(err, sweep.ErrNone) {
		t.Fatalf("an empty queue: %v", err)
	}
	a, b := JobOf("r1", "a"), JobOf("r1", "b")
	must(t, q.Enqueue(ctx, []sweep.Job{a, b}))
	must(t, q.Enqueue(ctx, []sweep.Job{a}))
	first, second := next(t, q), next(t, q)
	if names := []string{first.Repository.Name, second.Repository.Name}; !slices.Contains(names, "h/a") || !slices.Contains(names, "h/b") || first.Attempt != 1 {
		t.Fatalf("got %v, attempt %d", names, first.Attempt)
	}
	must(t, q.Ack(ctx, first))
	must(t, q.Retry(ctx, second, 0))
	again := next(t, q)
	if again.Key() != second.Key() || again.Attempt != 2 {
		t.Fatalf("retried: %s, attempt %d", again.Repository.Name, again.Attempt)
	}

	t.Log("a job that is in progress is nobody else's; one that is not is handed out again")
	working, stop := context.WithCancel(ctx)
	var beats sync.WaitGroup
	beats.Go(func() {
		for working.Err() == nil {
			if err := q.InProgress(ctx, again); err != nil {
				t.Error(err)
			}
			time.Sleep(q.Beat())
		}
	})
	for until := time.Now().Add(wait + wait/2); time.Now().Before(until); {
		if d, err := q.Next(ctx); !errors.Is(err, sweep.ErrNone) {
			t.Fatalf("in progress, and handed out: %v, %v", d, err)
		}
	}
	stop()
	beats.Wait()
	third := next(t, q) // silent since
	if third.Key() != second.Key() || third.Attempt < 3 {
		t.Fatalf("silent: %s, attempt %d", third.Repository.Name, third.Attempt)
	}
	start := time.Now()
	must(t, q.Retry(ctx, third, 2*time.Second))
	if deep, ok := q.(interface {
		Depth(context.Context) (sweep.Depth, error)
	}); ok {
		if d, err := deep.Depth(ctx); err != nil || d.Waiting+d.InHand != 1 {
			t.Errorf("a queue with a job that is put off says %+v, %v", d, err)
		}
	}
	fourth := next(t, q)
	if took := time.Since(start); took < 1500*time.Millisecond || took > 2*time.Second+slack {
		t.Errorf("retried after %v", took)
	}
	must(t, q.Dead(ctx, fourth, "dies each time\n\x1b[31m"))
	if d, err := q.Next(ctx); !errors.Is(err, sweep.ErrNone) {
		t.Fatalf("the queue holds %v, %v", d, err)
	}
}

func next(t *testing.T, q sweep.Queue) *sweep.Delivery {
	t.Helper()
	for until := time.Now().Add(20 * time.Second); time.Now().Before(until); {
		d, err := q.Next(t.Context())
		if err == nil {
			return d
		}
		if !errors.Is(err, sweep.ErrNone) {
			t.Fatal(err)
		}
	}
	t.Fatal("no job came")
	return nil
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Store shows what every store has to.
func Store(t *testing.T, s sweep.Store) {
	ctx := t.Context()
	if _, err := s.Get(ctx, sweep.Results, "r.a"); !errors.Is(err, sweep.ErrNotFound) {
		t.Fatalf("get of nothing: %v", err)
	}
	must(t, s.Create(ctx, sweep.Results, "r.a", []byte("one")))
	if err := s.Create(ctx, sweep.Results, "r.a", []byte("two")); !errors.Is(err, sweep.ErrExists) {
		t.Fatalf("created twice: %v", err)
	}
	e, err := s.Get(ctx, sweep.Results, "r.a")
	if err != nil || string(e.Value) != "one" || e.Revision == 0 {
		t.Fatalf("got %q, %v", e.Value, err)
	}
	must(t, s.Update(ctx, sweep.Results, "r.a", []byte("three"), e.Revision))
	if err := s.Update(ctx, sweep.Results, "r.a", []byte("four"), e.Revision); !errors.Is(err, sweep.ErrExists) {
		t.Fatalf("updated what had changed: %v", err)
	}
	must(t, s.Put(ctx, sweep.Results, "r.b", []byte("five")))
	must(t, s.Put(ctx, sweep.Results, "rr.c", []byte("six")))
	must(t, s.Put(ctx, sweep.States, "s", make([]byte, sweep.MaxValue)))
	keys, err := s.Keys(ctx, sweep.Results, "r")
	slices.Sort(keys)
	if err != nil || !slices.Equal(keys, []string{"r.a", "r.b"}) {
		t.Errorf("keys %v, %v", keys, err)
	}
	if keys, err := s.Keys(ctx, sweep.Results, ""); err != nil || len(keys) != 3 {
		t.Errorf("all keys %v, %v", keys, err)
	}
	must(t, s.Delete(ctx, sweep.Results, "r.a"))
	if _, err := s.Get(ctx, sweep.Results, "r.a"); !errors.Is(err, sweep.ErrNotFound) {
		t.Errorf("get of what was deleted: %v", err)
	}
	must(t, s.Create(ctx, sweep.Results, "r.a", []byte("again")))
	must(t, s.Clear(ctx, sweep.Results, "r"))
	must(t, s.Clear(ctx, sweep.Results, "none"))
	if keys, err := s.Keys(ctx, sweep.Results, ""); err != nil || !slices.Equal(keys, []string{"rr.c"}) {
		t.Errorf("after the rest was cleared: %v, %v", keys, err)
	}
	oneWins(t, s)
}

// oneWins has many create and update the same entry.
func oneWins(t *testing.T, s sweep.Store) {
	ctx := context.WithoutCancel(t.Context())
	count := func(do func(i int) error) (won int) {
		var mu sync.Mutex
		var group sync.WaitGroup
		for i := range 16 {
			group.Go(func() {
				err := do(i)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					won++
				} else if !errors.Is(err, sweep.ErrExists) {
					t.Error(err)
				}
			})
		}
		group.Wait()
		return won
	}
	if n := count(func(i int) error { return s.Create(ctx, sweep.Asked, "run.key", fmt.Append(nil, i)) }); n != 1 {
		t.Errorf("%d created the same entry", n)
	}
	e, err := s.Get(ctx, sweep.Asked, "run.key")
	must(t, err)
	if n := count(func(i int) error { return s.Update(ctx, sweep.Asked, "run.key", fmt.Append(nil, "u", i), e.Revision) }); n != 1 {
		t.Errorf("%d updated the same entry", n)
	}
}
