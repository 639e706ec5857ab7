package odb

import (
	"errors"
	"fmt"
	"slices"
)

// DefaultMaxSize is the largest object, in bytes, that is decoded where
// [Options] sets no other limit. A worker holds at most one object at a time.
const DefaultMaxSize = 256 << 20

// ErrTooLarge is the reason for an object over [Options.MaxSize].
var ErrTooLarge = errors.New("larger than the limit")

// ErrNotFound is returned by [Reader.Read] for an object that is not in the store.
var ErrNotFound = errors.New("object not found")

// Options are the limits of a store. The zero value is useful.
type Options struct {
	MaxSize int64 // bytes of an object, decoded; 0: DefaultMaxSize
}

// Store is an object database: a directory of objects, and its alternates.
// It is safe for concurrent use; what it reads objects with is a [Reader].
type Store struct {
	opts     Options
	packs    []*pack
	loose    []*looseDir
	families []Family
	objects  int
	promisor bool
	skipped  []Skipped
}

// Family is a piece of work: some objects that are best read together.
// The zero Family is empty.
type Family struct {
	pack    *pack // nil: the objects are loose
	loose   *looseDir
	entries []entry
}

// Len returns the number of objects in the family, of all types.
func (f Family) Len() int { return len(f.entries) }

// entry is one object of a family.
type entry struct {
	id     ID
	offset int64 // in the pack
}

// familySize is the number of neighbouring objects in a family. Packs keep a
// delta near its base, so a run of neighbours shares most of its bases; a
// thousand are few enough to keep all workers busy to the end.
const familySize = 1024

// Open opens the object database in the directory dir, which git calls
// "objects", and all of its alternates. What is there but cannot be read (a pack
// without its index, say) does not fail it: see [Store.Skipped].
func Open(dir string, opts Options) (*Store, error) {
	if opts.MaxSize == 0 {
		opts.MaxSize = DefaultMaxSize
	}
	dirs, skipped, err := objectDirs(dir)
	if err != nil {
		return nil, err
	}
	s := &Store{opts: opts, skipped: skipped}
	for _, d := range dirs {
		if err := s.openDir(d); err != nil {
			return nil, fmt.Errorf("listing objects in %q: %w", d, err)
		}
	}
	s.plan()
	return s, nil
}

func (s *Store) openDir(dir string) error {
	packs, skipped, err := openPacks(dir)
	if err != nil {
		return err
	}
	loose, err := openLoose(dir)
	if err != nil {
		return err
	}
	s.packs = append(s.packs, packs...)
	s.skipped = append(s.skipped, skipped...)
	s.loose = append(s.loose, loose)
	return nil
}

// plan cuts the objects into families, each object into one.
func (s *Store) plan() {
	seen := make(map[ID]struct{})
	for _, p := range s.packs {
		s.promisor = s.promisor || p.promisor
		for run := range slices.Chunk(firstSeen(p.entries, seen), familySize) {
			s.families = append(s.families, Family{pack: p, entries: run})
		}
	}
	for _, l := range s.loose {
		for run := range slices.Chunk(firstSeen(l.entries, seen), familySize) {
			s.families = append(s.families, Family{loose: l, entries: run})
		}
	}
	s.objects = len(seen)
}

// firstSeen returns the entries whose objects are not yet in seen, and adds them to it.
func firstSeen(entries []entry, seen map[ID]struct{}) []entry {
	var first []entry
	for _, e := range entries {
		if _, ok := seen[e.id]; !ok {
			seen[e.id] = struct{}{}
			first = append(first, e)
		}
	}
	return first
}

// Families returns the work: every object of the store stands in just one
// family. Their order is the same at every call.
func (s *Store) Families() []Family { return s.families }

// Len returns the number of distinct objects.
func (s *Store) Len() int { return s.objects }

// Promisor reports whether the store belongs to a partial clone: objects that
// it does not hold are promised by a remote.
// See https://git-scm.com/docs/partial-clone.
func (s *Store) Promisor() bool { return s.promisor }

// Skipped returns what was found at opening that cannot be read.
func (s *Store) Skipped() []Skipped { return s.skipped }

// Has reports whether the object is in the store.
func (s *Store) Has(id ID) bool {
	for _, p := range s.packs {
		if _, ok := p.offset(id); ok {
			return true
		}
	}
	for _, l := range s.loose {
		if l.has(id) {
			return true
		}
	}
	return false
}
