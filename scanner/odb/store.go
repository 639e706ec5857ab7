package odb

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
)

// DefaultMaxSize is the largest object, in bytes, that is decoded as a whole where
// [Options] sets no other limit.
const DefaultMaxSize = 256 << 20

// DefaultMemory is how many bytes of decoded objects a [Reader] holds on to where
// [Options] sets no other limit.
const DefaultMemory = 64 << 20

// ErrTooLarge is the reason for an object over [Options.MaxSize].
var ErrTooLarge = errors.New("larger than the limit")

// ErrNotFound is returned by [Reader.Read] for an object that is not in the store.
var ErrNotFound = errors.New("object not found")

// Options are the limits of a store. The zero value is useful.
type Options struct {
	// MaxSize is how many bytes an object may have, decoded. 0 sets no limit to a
	// blob that can be read in windows, and [DefaultMaxSize] to what has to be decoded
	// as a whole: deltas and their bases, commits, trees and tags.
	MaxSize int64
	// Memory is how many bytes of decoded bases a reader holds on to, so that
	// what is built on them need not be decoded from the root again; 0:
	// [DefaultMemory]. The object in hand and its base come on top. A larger blob that
	// is no delta, and has none built on it, is read in windows of a 16th of this, at
	// least [window.Least].
	Memory int64
	// Workers is how many goroutines read the headers of a pack. 0: one a processor.
	Workers int
	// CheckNames hashes every object that is wanted, and skips those that are not
	// what their names say. It costs about as much as all the rest.
	CheckNames bool
	// SHA256 says that the objects are named by SHA-256.
	SHA256 bool
	// Alternates are directories of objects besides those that the store names itself.
	Alternates []string
	// Known is left out of families; it can be read all the same.
	Known Known
}

// Store is an object database: a directory of objects, and its alternates.
// Opened, it is safe for concurrent use; what it reads objects with is a [Reader].
type Store struct {
	opts     Options
	hash     int // bytes of a name
	known    names
	packs    []*pack
	loose    []*looseDir
	dirs     []string
	direct   bool // see OpenDirect
	late     latePacks
	plans    []*plan
	broken   map[ID]bool // objects whose place in a plan cannot be read
	promisor bool
	skipped  []Skipped
}

// Open opens the object database in the directory dir, which git calls
// "objects", and all of its alternates. What is there but cannot be read (a pack
// without its index, say) does not fail it: see [Store.Skipped]. Close it when done.
func Open(dir string, opts Options) (*Store, error) {
	return open(dir, opts, false)
}

func open(dir string, opts Options, direct bool) (*Store, error) {
	if opts.Memory == 0 {
		opts.Memory = DefaultMemory
	}
	if opts.Workers == 0 {
		opts.Workers = runtime.GOMAXPROCS(0)
	}
	dirs, skipped, err := objectDirs(dir, opts.Alternates)
	if err != nil {
		return nil, err
	}
	s := &Store{opts: opts, hash: 20, dirs: dirs, direct: direct, skipped: skipped}
	if opts.SHA256 {
		s.hash = 32
	}
	s.known = names{s.hash, opts.Known.Objects}
	for _, d := range dirs {
		if err := s.openDir(d); err != nil {
			return nil, errors.Join(fmt.Errorf("listing objects in %q: %w", d, err), s.Close())
		}
	}
	return s, nil
}

// openDir lists packs, loose objects, and packs again: whatever git packs or unpacks
// meanwhile stands in one of the lists.
func (s *Store) openDir(dir string) error {
	if err := s.addPacks(dir); err != nil {
		return err
	}
	if s.direct {
		s.loose = append(s.loose, &looseDir{dir: dir})
		return nil
	}
	loose, err := openLoose(dir, s.hash)
	if err != nil {
		return err
	}
	s.loose = append(s.loose, loose)
	return s.addPacks(dir)
}

// addPacks adds the packs of a directory that were not there before.
func (s *Store) addPacks(dir string) error {
	packs, skipped, err := s.openPacks(dir, func(path string) bool {
		return slices.ContainsFunc(s.packs, func(p *pack) bool { return p.path == path }) ||
			slices.ContainsFunc(s.skipped, func(s Skipped) bool { return s.Path == path })
	})
	for _, p := range packs {
		s.promisor = s.promisor || p.promisor
	}
	s.packs = append(s.packs, packs...)
	s.skipped = append(s.skipped, skipped...)
	return err
}

// Close unmaps the packs. No reader may be at work.
func (s *Store) Close() error {
	var errs []error
	for _, p := range slices.Concat(s.packs, s.late.packs) {
		errs = append(errs, p.close())
	}
	s.packs, s.late.packs = nil, nil
	return errors.Join(errs...)
}

// Families returns the work: every object of a wanted type stands in just one
// family, and families of loose objects hold other types too, which readers leave
// out. Their order is the same at every call. The first call reads the header of
// every object; calls must not run concurrently.
func (s *Store) Families(want TypeSet) []Family {
	s.plan()
	var families []Family
	for _, pl := range s.plans {
		families = append(families, pl.families(want)...)
	}
	for _, l := range s.loose {
		families = append(families, l.families()...)
	}
	return families
}

// plan plans all packs, each object in the first that has it, and leaves to the
// directories of loose objects what no pack has. What is known is left out.
func (s *Store) plan() {
	if s.plans != nil {
		return
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	s.plans, s.broken = []*plan{}, make(map[ID]bool)
	for i, p := range s.packs {
		if p.known = s.isKnown(p); p.known {
			continue
		}
		if !p.endsWith(p.index.packSum) {
			s.skipped = append(s.skipped, Skipped{Path: p.path, Err: errChecksum})
		}
		known, all := s.knownIn(p)
		if all {
			continue
		}
		pl, err := s.planPack(p, known, s.packs[:i])
		if err != nil {
			s.skipped = append(s.skipped, Skipped{Path: p.path, Err: err})
			continue
		}
		p.planned = true
		s.plans = append(s.plans, pl)
		pl.lacks = make(map[ID]bool, len(pl.broken))
		for _, b := range pl.broken {
			s.broken[b.ID], pl.lacks[b.ID] = true, true
		}
	}
	for i, l := range s.loose {
		l.leaveTo(func(id ID) bool { return s.known.has(id.bytes()) || s.listed(id, s.packs) }, s.loose[:i])
	}
	for _, pl := range s.plans {
		s.skipped = append(s.skipped, s.nowhere(pl.broken)...)
	}
}

func (s *Store) planPack(p *pack, known []bool, before []*pack) (pl *plan, err error) {
	defer caught(&err)
	return newPlan(p, s.opts.Workers, func(place int) bool {
		return known[place] || len(before) > 0 && s.listed(NewID(p.index.name(place)), before)
	}, s.typeOf)
}

// listed reports whether one of the packs has the object, and whole as far as
// its plan tells.
func (s *Store) listed(id ID, packs []*pack) bool {
	if s.broken[id] {
		return false
	}
	return slices.ContainsFunc(packs, func(p *pack) bool {
		_, ok := p.index.find(id.bytes())
		return ok && p.planned
	})
}

// typeOf returns the type of an object by the headers down to its chain's root.
func (s *Store) typeOf(id ID) (Type, error) {
	r := s.NewReader()
	obj, err := r.Read(id)
	return obj.Type, err
}

// nowhere returns the broken objects of which no copy can be read. The others
// are read where their other copy is planned.
func (s *Store) nowhere(broken []Skipped) (lost []Skipped) {
	r := s.NewReader()
	for _, b := range broken {
		_, err := r.Read(b.ID)
		if errors.Is(err, ErrTooLarge) {
			if s.isPlanned(b.ID) {
				continue // which is told there, or read in windows
			}
			b.Err = err
		}
		if err != nil {
			lost = append(lost, b)
		}
	}
	return lost
}

// isPlanned reports whether some plan, or directory, gives the object to readers.
func (s *Store) isPlanned(id ID) bool {
	for _, pl := range s.plans {
		if _, ok := pl.pack.index.find(id.bytes()); ok && !pl.lacks[id] {
			return true
		}
	}
	return slices.ContainsFunc(s.loose, func(l *looseDir) bool { return l.has(id) })
}

// HashLen returns how many bytes the names of its objects have: 20 or 32.
func (s *Store) HashLen() int { return s.hash }

// Promisor reports whether the store belongs to a partial clone: objects that
// it does not hold are promised by a remote.
// See https://git-scm.com/docs/partial-clone.
func (s *Store) Promisor() bool { return s.promisor }

// Skipped returns what was found so far that cannot be read: at opening, and by
// the first call of Families.
func (s *Store) Skipped() []Skipped { return s.skipped }

// Len returns how many objects the indexes and directories list, an object that
// stands in several as often.
func (s *Store) Len() int {
	n := 0
	for _, p := range s.packs {
		n += p.index.n
	}
	return n + s.Loose()
}

// Has reports whether the object is in the store.
func (s *Store) Has(id ID) bool {
	if inPacks(s.packs, id) {
		return true
	}
	for _, l := range s.loose {
		if l.has(id) {
			return true
		}
	}
	return inPacks(s.latePacks(), id)
}

func inPacks(packs []*pack, id ID) bool {
	return slices.ContainsFunc(packs, func(p *pack) bool {
		_, ok := p.find(id)
		return ok
	})
}
