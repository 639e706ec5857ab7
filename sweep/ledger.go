package sweep

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/revokey-dev/revokey/sweep/forge"
)

// Outcome is how the work on a repository ended. The words are a contract.
type Outcome string

// The outcomes.
const (
	Scanned    Outcome = "scanned"
	Unchanged  Outcome = "unchanged" // since an earlier run, whose findings it has
	NotScanned Outcome = "not-scanned"
	Dead       Outcome = "dead" // its worker died of it, or could not end, too often
)

// Result is what one repository came to in one run. It holds no secret.
type Result struct {
	Run        string           `json:"run"`
	Repository forge.Repository `json:"repository"`
	Outcome    Outcome          `json:"outcome"`
	Reason     string           `json:"reason,omitempty"` // why it was not scanned
	Findings   Lines            `json:"findings"`
	Scan       Account          `json:"scan"`
	Attempts   int              `json:"attempts"`
	Worker     string           `json:"worker"`
	At         time.Time        `json:"at"`
	FetchTime  time.Duration    `json:"fetch_ns"`
	ScanTime   time.Duration    `json:"scan_ns"`
	AskTime    time.Duration    `json:"ask_ns,omitempty"` // for verdicts
}

// Account is what a scan tells besides its findings.
type Account struct {
	Blobs        int64     `json:"blobs"`
	Bytes        int64     `json:"bytes"`
	SkippedCount int64     `json:"skipped_count,omitempty"`
	Skipped      []Skipped `json:"skipped,omitempty"` // the first of them
	Notes        []string  `json:"notes,omitempty"`
	Endpoint     string    `json:"aws_endpoint,omitempty"` // where AWS calls went, if not to AWS
	Mirror       string    `json:"mirror,omitempty"`       // where its objects can be read again, on the worker's machine
}

// Skipped is something within a repository that was not scanned, and why.
type Skipped struct {
	What   string `json:"what"`
	Reason string `json:"reason"`
}

// State is what is remembered of a repository from run to run.
type State struct {
	Tips   string    `json:"tips"`            // what its refs were, hashed, before it was fetched
	Rules  string    `json:"rules"`           // by which it was scanned
	Pushed time.Time `json:"pushed,omitzero"` // as the forge told before it was scanned
	Result Result    `json:"result"`          // of the run that scanned it
}

// Run is one sweep.
type Run struct {
	ID      string    `json:"id"`
	Sources []string  `json:"sources"`
	Options string    `json:"options"`         // that decide on what is found, for the [Scanner]
	Since   time.Time `json:"since,omitzero"`  // what the forge says was not pushed to since, and was swept before, is taken for unchanged
	Group   string    `json:"group,omitempty"` // of the shards of one sweep; "": it is not of several
	Shard   Shard     `json:"shard,omitzero"`
	Started time.Time `json:"started"`
	Filter  string    `json:"filter,omitempty"` // which repositories are wanted, for who lists
	Listed  bool      `json:"listed"`           // all repositories are in the queue
	Jobs    int       `json:"jobs"`             // how many they are
	Refused []Skipped `json:"refused,omitempty"`
	Ended   time.Time `json:"ended,omitzero"`
}

// Whole returns the name of the sweep that the run is, or is a shard of.
func (r Run) Whole() string {
	if r.Group != "" {
		return r.Group
	}
	return r.ID
}

// Ledger is what a sweep knows, in a store.
type Ledger struct{ Store Store }

// get reads an entry of JSON; ErrNotFound where there is none.
func (l Ledger) get(ctx context.Context, b Bucket, key string, v any) error {
	e, err := l.Store.Get(ctx, b, key)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(e.Value, v); err != nil {
		return fmt.Errorf("reading %s %s: %w", b, key, err)
	}
	return nil
}

func (l Ledger) put(ctx context.Context, b Bucket, key string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return l.Store.Put(ctx, b, key, data)
}

// SetRun saves a run.
func (l Ledger) SetRun(ctx context.Context, r Run) error { return l.put(ctx, Runs, r.ID, r) }

// Run returns the run of that ID; ErrNotFound where there is none.
func (l Ledger) Run(ctx context.Context, id string) (r Run, err error) {
	return r, l.get(ctx, Runs, id, &r)
}

// Runs returns all runs, the latest first.
func (l Ledger) Runs(ctx context.Context) ([]Run, error) {
	keys, err := l.Store.Keys(ctx, Runs, "")
	if err != nil {
		return nil, err
	}
	var runs []Run
	for _, key := range keys {
		r, err := l.Run(ctx, key)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		runs = append(runs, r)
	}
	slices.SortFunc(runs, func(a, b Run) int { return b.Started.Compare(a.Started) })
	return runs, nil
}

// State returns what is remembered of a repository, the zero State for nothing.
func (l Ledger) State(ctx context.Context, key string) (s State, err error) {
	if err = l.get(ctx, States, key, &s); errors.Is(err, ErrNotFound) {
		return State{}, nil
	}
	return s, err
}

// SetState remembers it.
func (l Ledger) SetState(ctx context.Context, key string, s State) error {
	return l.put(ctx, States, key, s)
}

// Finish makes the result the repository's in its run, unless it has one: then that
// stays, and first is false.
func (l Ledger) Finish(ctx context.Context, r Result) (first bool, err error) {
	data, err := json.Marshal(r.bounded())
	if err != nil {
		return false, err
	}
	err = l.Store.Create(ctx, Results, r.Run+"."+KeyOf(r.Repository), data)
	if errors.Is(err, ErrExists) {
		return false, nil
	}
	return err == nil, err
}

// The most that a result tells of one repository.
const (
	maxTold     = 200 // notes, and skipped things
	maxToldText = 500 // bytes of each
	maxResult   = MaxValue / 2
)

// bounded returns the result without what is too much of it to keep in an entry, as a part of another one
// too. Counts stay.
func (r Result) bounded() Result {
	r.Reason = cut(r.Reason)
	for told := maxTold; ; told /= 2 {
		r.Scan.Notes, r.Scan.Skipped = first(r.Scan.Notes, told, cut), first(r.Scan.Skipped, told, Skipped.cut)
		if data, err := json.Marshal(r); told == 0 || err == nil && len(data) <= maxResult { // a byte may take six in JSON
			return r
		}
	}
}

// first returns the first n of all, made short.
func first[T any](all []T, n int, short func(T) T) []T {
	var some []T
	for _, x := range all[:min(len(all), n)] {
		some = append(some, short(x))
	}
	return some
}

func (s Skipped) cut() Skipped { return Skipped{cut(s.What), cut(s.Reason)} }

func cut(s string) string {
	if len(s) <= maxToldText {
		return s
	}
	return strings.ToValidUTF8(s[:maxToldText], "") + "…"
}

// Result returns what the repository came to in the run; ErrNotFound where it has not yet.
func (l Ledger) Result(ctx context.Context, run, key string) (r Result, err error) {
	return r, l.get(ctx, Results, run+"."+key, &r)
}

// Done returns the keys of the repositories that have a result in the run.
func (l Ledger) Done(ctx context.Context, run string) ([]string, error) {
	keys, err := l.Store.Keys(ctx, Results, run)
	for i := range keys {
		keys[i] = strings.TrimPrefix(keys[i], run+".")
	}
	return keys, err
}

// Results yields what the run's repositories came to, in the order of their keys.
func (l Ledger) Results(ctx context.Context, run string) iter.Seq2[Result, error] {
	return func(yield func(Result, error) bool) {
		keys, err := l.Done(ctx, run)
		if err != nil {
			yield(Result{}, err)
			return
		}
		slices.Sort(keys)
		for _, key := range keys {
			if r, err := l.Result(ctx, run, key); !yield(r, err) || err != nil {
				return
			}
		}
	}
}
