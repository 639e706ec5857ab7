package sweep

import (
	"context"
	"errors"
)

// Bucket is a kind of entries of a [Store].
type Bucket string

// The buckets.
const (
	Runs     Bucket = "runs"
	States   Bucket = "states"   // what is remembered of each repository
	Results  Bucket = "results"  // RUN.REPOSITORY
	Findings Bucket = "findings" // RUN.REPOSITORY.ATTEMPT.NUMBER
	Asked    Bucket = "verdicts" // RUN.KEYID
	Workers  Bucket = "workers"  // who is at work; entries pass away
)

// Buckets returns all of them.
func Buckets() []Bucket { return []Bucket{Runs, States, Results, Findings, Asked, Workers} }

// MaxValue is how many bytes an entry may have.
const MaxValue = 512 << 10

// ErrNotFound is returned by [Store.Get] where there is no such entry, and ErrExists by
// Create and Update where there is another already.
var (
	ErrNotFound = errors.New("no such entry")
	ErrExists   = errors.New("there is such an entry already")
)

// Entry is a value, and which of the values that its key had.
type Entry struct {
	Value    []byte
	Revision uint64 // never 0
}

// Store keeps small entries for all workers. Keys are words of letters, digits, "-" and "_",
// joined by ".". What a call has returned is not lost in a crash. It is safe for concurrent use.
type Store interface {
	Get(ctx context.Context, b Bucket, key string) (Entry, error)

	// Create adds an entry: of several at once one succeeds.
	Create(ctx context.Context, b Bucket, key string, value []byte) error

	// Put sets an entry, whether or not it is there.
	Put(ctx context.Context, b Bucket, key string, value []byte) error

	// Update sets an entry that still has the revision.
	Update(ctx context.Context, b Bucket, key string, value []byte, revision uint64) error

	// Keys returns the keys that begin with the words of prefix, in any order; all for "".
	Keys(ctx context.Context, b Bucket, prefix string) ([]string, error)

	Delete(ctx context.Context, b Bucket, key string) error

	// Clear takes out all entries whose keys begin with the words of prefix, which is not "".
	Clear(ctx context.Context, b Bucket, prefix string) error
}
