package sweep

import (
	"context"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"sync"
	"time"
)

// WorkerStatus is what a worker tells of itself.
type WorkerStatus struct {
	Name    string        `json:"name"`
	PID     int           `json:"pid"`
	Since   time.Time     `json:"since"`
	At      time.Time     `json:"at"`
	Done    int           `json:"done"`
	Retried int           `json:"retried"`
	Fetch   time.Duration `json:"fetch_ns"`
	Scan    time.Duration `json:"scan_ns"`
	Ask     time.Duration `json:"ask_ns"`
	Busy    time.Duration `json:"busy_ns"` // on jobs, all together
	Hands   []Hand        `json:"hands"`
}

// Hand is a job being worked on.
type Hand struct {
	Repository string    `json:"repository"`
	Phase      string    `json:"phase"`
	Since      time.Time `json:"since"`
	Attempt    int       `json:"attempt"`
}

// desk is what a worker has before it.
type desk struct {
	mu     sync.Mutex
	status WorkerStatus
	jobs   map[*Delivery]*onDesk
}

type onDesk struct {
	hand  Hand
	state State // to be remembered, if all goes well
}

func (k *desk) start(name string) {
	k.status = WorkerStatus{Name: name, PID: os.Getpid(), Since: time.Now().UTC()}
	k.jobs = make(map[*Delivery]*onDesk)
}

func (k *desk) begin(d *Delivery) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.jobs[d] = &onDesk{hand: Hand{Repository: d.Repository.Name, Phase: "beginning", Since: time.Now().UTC(), Attempt: d.Attempt}}
}

func (k *desk) end(d *Delivery) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.jobs, d)
}

func (k *desk) phase(d *Delivery, phase string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.jobs[d].hand.Phase = phase
}

func (k *desk) setState(d *Delivery, s State) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.jobs[d].state = s
}

func (k *desk) state(d *Delivery) State {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.jobs[d].state
}

func (k *desk) count(e Event) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if e.Retried {
		k.status.Retried++
	} else {
		k.status.Done++
	}
	k.status.Fetch += e.Result.FetchTime
	k.status.Scan += e.Result.ScanTime
	k.status.Ask += e.Result.AskTime
	k.status.Busy += e.Took
}

// Status returns what the worker does now.
func (w *Worker) Status() WorkerStatus { return w.desk.now() }

func (k *desk) now() WorkerStatus {
	k.mu.Lock()
	defer k.mu.Unlock()
	s := k.status
	s.At, s.Hands = time.Now().UTC(), []Hand{}
	for j := range maps.Values(k.jobs) {
		s.Hands = append(s.Hands, j.hand)
	}
	slices.SortFunc(s.Hands, func(a, b Hand) int { return a.Since.Compare(b.Since) })
	return s
}

// Workers tell of themselves so often, and are taken for gone when they have not for long.
const (
	deskEvery = 5 * time.Second
	deskGone  = 4 * deskEvery
)

// beatDesk tells others what the worker does, until ctx is done.
func (w *Worker) beatDesk(ctx context.Context) error {
	for {
		if data, err := json.Marshal(w.desk.now()); err == nil {
			if err := w.Ledger.Store.Put(ctx, Workers, w.Name, data); err != nil && ctx.Err() == nil {
				w.Log.Debug("telling of myself", "error", err)
			}
		}
		if !sleep(ctx, deskEvery) {
			break
		}
	}
	leaving, cancel := context.WithTimeout(context.WithoutCancel(ctx), deskEvery)
	defer cancel()
	_ = w.Ledger.Store.Delete(leaving, Workers, w.Name) // else it passes away
	return nil
}

// WorkersAt returns the workers that were heard of lately.
func (l Ledger) WorkersAt(ctx context.Context, now time.Time) ([]WorkerStatus, error) {
	keys, err := l.Store.Keys(ctx, Workers, "")
	if err != nil {
		return nil, err
	}
	slices.Sort(keys)
	var workers []WorkerStatus
	for _, key := range keys {
		var s WorkerStatus
		if err := l.get(ctx, Workers, key, &s); err == nil && now.Sub(s.At) < deskGone {
			workers = append(workers, s)
		}
	}
	return workers, nil
}
