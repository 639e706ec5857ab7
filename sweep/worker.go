package sweep

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/sourcegraph/conc/pool"

	"github.com/revokey-dev/revokey/sweep/forge"
)

// Sight is what a repository looks like from afar, before it is fetched.
type Sight struct {
	Tips string // its refs, hashed; "" where that is not known
	URL  string // to fetch from, redirects followed
	Head string // the ref that HEAD names; "" where that is not known
}

// Clone is a repository on this machine.
type Clone struct {
	Dir    string
	State  string // a file for what the scan wants to remember beside it; "": none is kept
	Mirror string // Dir, if it stays
	Close  func() error
}

// Fetcher gets repositories. An error with a method Permanent() bool that returns true is one that
// another attempt would not mend; one with RetryAfter() time.Duration says when that may.
type Fetcher interface {
	Look(ctx context.Context, r forge.Repository) (Sight, error)
	Fetch(ctx context.Context, r forge.Repository, s Sight) (Clone, error)
}

// Found is what a scan has found.
type Found struct {
	Account Account

	// Documents asks for verdicts, if anybody is asked, and returns a document for each finding.
	Documents func(ctx context.Context, v Verdicts) ([][]byte, error)

	// Remember keeps what the scan wants to remember beside the clone; nil: nothing.
	Remember func() error

	Close func() error // lets go of the clone; nil: nothing is held
}

// Scanner scans clones.
type Scanner interface {
	// Rules is by what the run is scanned: with others everything is scanned anew.
	Rules(r Run) (string, error)

	// Scan scans a clone.
	Scan(ctx context.Context, r Run, repo forge.Repository, c Clone) (Found, error)

	// Settled reports whether all findings of an unchanged repository can stay as they
	// are: false, and it is scanned again, where somebody is to be asked about them.
	Settled(ctx context.Context, v Verdicts, findings func(yield func([]byte) bool)) (bool, error)
}

// Worker works jobs off. Its fields are set before Run, and not changed then.
type Worker struct {
	Queue    Queue
	Ledger   Ledger
	Fetcher  Fetcher
	Scanner  Scanner
	Name     string // in logs and in status
	Parallel int    // repositories at a time
	Scans    int    // of them scanned at a time, while the others fetch
	Attempts int    // after how many a repository is given up

	ScanTimeout time.Duration // of one scan; 0: no limit

	Pause time.Duration // before the second attempt; longer before each further one. 0: 5 s
	Log   *slog.Logger
	Tell  func(Event) // what became of a job; called by several goroutines. May be nil
	Idle  func()      // called where the queue holds no job, and nobody has one in hand. May be nil

	slots chan struct{}
	runs  runCache
	desk  desk
}

// Event is the end of work on a job.
type Event struct {
	Result  Result
	First   bool          // nobody else had ended it before
	Retried bool          // it is not ended: it will be tried again
	Took    time.Duration // of the job, from when it was handed out
}

// NewName returns a name for a worker on this machine.
func NewName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s-%d-%s", keyWord(host), os.Getpid(), random()[:6])
}

// keyWord returns s as it can be a word of a key.
func keyWord(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return '-'
	}, s)
}

// random returns 16 characters that nobody has had before.
func random() string {
	b := make([]byte, 8)
	rand.Read(b)
	return hex.EncodeToString(b)
}

// Run works until ctx is done, and returns when all jobs in hand are given back: nil then.
func (w *Worker) Run(ctx context.Context) error {
	w.slots = make(chan struct{}, max(1, w.Scans))
	w.desk.start(w.Name)
	p := pool.New().WithErrors()
	for range max(1, w.Parallel) {
		p.Go(func() error { return w.loop(ctx) })
	}
	p.Go(func() error { return w.beatDesk(ctx) })
	return p.Wait()
}

// How long a worker waits where the queue does not answer, and gives it to be told of an end.
const (
	afterTrouble = 2 * time.Second
	toTell       = 30 * time.Second

	// A worker that goes home gives its jobs back after its own loops have stopped asking for
	// jobs: a queue may hand one to a request of which nobody waits for the answer any more.
	homeward = time.Second
)

func (w *Worker) loop(ctx context.Context) error {
	for ctx.Err() == nil {
		d, err := w.Queue.Next(ctx)
		switch {
		case errors.Is(err, ErrNone) && w.Idle != nil && isEmpty(ctx, w.Queue):
			w.Idle()
		case errors.Is(err, ErrNone) || ctx.Err() != nil:
		case err != nil:
			w.Log.Warn("the queue does not answer", "error", err)
			sleep(ctx, afterTrouble)
		default:
			w.take(ctx, d)
		}
	}
	return nil
}

// take works one job off, and never lets go of it without a word to the queue.
func (w *Worker) take(ctx context.Context, d *Delivery) {
	start := time.Now()
	w.desk.begin(d)
	defer w.desk.end(d)
	working, stop := context.WithCancel(ctx)
	defer stop()
	beats := pool.New()
	beats.Go(func() { w.beat(working, d) })
	defer beats.Wait()
	defer stop()
	result, err := w.do(working, d)
	result.Run, result.Repository, result.Attempts, result.Worker = d.Run, d.Repository, d.Attempt, w.Name
	telling, cancel := context.WithTimeout(context.WithoutCancel(ctx), toTell)
	defer cancel()
	w.settle(telling, ctx, d, result, err, start)
}

// beat tells the queue that somebody works.
func (w *Worker) beat(ctx context.Context, d *Delivery) {
	for sleep(ctx, w.Queue.Beat()) {
		if err := w.Queue.InProgress(ctx, d); err != nil && ctx.Err() == nil {
			w.Log.Warn("telling the queue that a job is in progress", "repository", d.Repository.Name, "error", err)
		}
	}
}

// settle tells the ledger and the queue what became of the job.
func (w *Worker) settle(ctx, working context.Context, d *Delivery, r Result, err error, start time.Time) {
	e := Event{Result: r, Took: time.Since(start)}
	switch {
	case errors.Is(err, errDone):
		err = w.Queue.Ack(ctx, d)
	case err == nil:
		e.First, err = w.commit(ctx, d, r)
		e.Result.At = time.Now()
	case working.Err() != nil: // the worker goes home
		e.Retried = true
		err = w.Queue.Retry(ctx, d, homeward)
	case !permanent(err) && d.Attempt < w.Attempts:
		e.Retried, e.Result.Reason = true, err.Error()
		w.Log.Info("will be tried again", "repository", d.Repository.Name, "attempt", d.Attempt, "error", err)
		err = w.Queue.Retry(ctx, d, max(w.pause(d.Attempt), askedFor(err)))
	default:
		e.Result.Reason = err.Error()
		e.First, err = w.giveUp(ctx, d, &e.Result, err)
	}
	if err != nil { // the queue hands the job out again
		w.Log.Warn("an end could not be told", "repository", d.Repository.Name, "error", err)
		return
	}
	w.desk.count(e)
	if w.Tell != nil {
		w.Tell(e)
	}
}

// pause doubles from attempt to attempt.
func (w *Worker) pause(attempt int) time.Duration {
	first := w.Pause
	if first == 0 {
		first = 5 * time.Second
	}
	return min(first<<min(attempt-1, 10), 5*time.Minute)
}

// commit ends a job whose repository was scanned: its findings are there already.
func (w *Worker) commit(ctx context.Context, d *Delivery, r Result) (first bool, err error) {
	r.At = time.Now().UTC()
	if first, err = w.Ledger.Finish(ctx, r); err != nil {
		return false, err
	}
	if first && r.Outcome == Scanned && w.desk.state(d).Tips != "" {
		s := w.desk.state(d)
		s.Result = r.bounded()
		if err := w.Ledger.SetState(ctx, d.Key(), s); err != nil {
			return first, err
		}
	}
	return first, w.Queue.Ack(ctx, d)
}

// giveUp ends a job whose repository is not scanned.
func (w *Worker) giveUp(ctx context.Context, d *Delivery, r *Result, why error) (first bool, err error) {
	r.Outcome, r.At = NotScanned, time.Now().UTC()
	var poison *poisoned
	if errors.As(why, &poison) {
		r.Outcome = Dead
	}
	if first, err = w.Ledger.Finish(ctx, *r); err != nil {
		return false, err
	}
	w.Log.Info("not scanned", "repository", d.Repository.Name, "attempts", d.Attempt, "error", why)
	if permanent(why) && poison == nil {
		return first, w.Queue.Ack(ctx, d)
	}
	return first, w.Queue.Dead(ctx, d, why.Error())
}

// permanent reports whether trying again is in vain.
func permanent(err error) bool {
	var p interface{ Permanent() bool }
	return errors.As(err, &p) && p.Permanent()
}

// maxAskedFor is the longest pause of a server's that is kept.
const maxAskedFor = time.Hour

// askedFor returns for how long the server that refused asks to be left alone.
func askedFor(err error) time.Duration {
	var p interface{ RetryAfter() time.Duration }
	if !errors.As(err, &p) {
		return 0
	}
	return min(p.RetryAfter(), maxAskedFor)
}

// sleep waits, and reports whether ctx let it.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
