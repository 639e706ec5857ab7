package scanner

import (
	"bytes"
	"context"
	"encoding/binary"
	"slices"

	"github.com/sourcegraph/conc/stream"

	"github.com/revokey-dev/revokey/scanner/odb"
)

// holders finds the trees that hold some objects, then those that hold these
// trees, and so up to the root trees of commits.
//
// It reads all trees once. While it does, it notes for each family of trees the
// names of the objects that come new into it: a tree has an entry from its base,
// or it is new there. So for every further level only the families have to be read
// again into which one of the trees just found ever came.
type holders struct {
	store    *odb.Store
	families []odb.Family
	came     [][]uint32 // for each family: the heads of the names that came into it
	hash     int
	workers  int

	found   *holding
	skipped []odb.Skipped
}

// findHolders adds to found, which may have trees already, those of the store's
// families that hold its objects, of which there is at least one.
func findHolders(ctx context.Context, store *odb.Store, found *holding, workers int) (*holders, error) {
	h := &holders{
		store:    store,
		families: store.Families(odb.Types(odb.Tree)),
		hash:     store.HashLen(),
		workers:  workers,
		found:    found,
	}
	if len(h.families) == 0 {
		return h, nil
	}
	h.came = make([][]uint32, len(h.families))
	all := make([]int, len(h.families))
	for i := range all {
		all[i] = i
	}
	fresh, err := h.read(ctx, all, newIDSet(found.objects.ids, found.trees.ids), true)
	for err == nil && len(fresh) > 0 {
		wanted := newIDSet(fresh)
		fresh, err = h.read(ctx, h.familiesWith(wanted), wanted, false)
	}
	return h, err
}

// familiesWith returns the families into which one of the objects came.
func (h *holders) familiesWith(wanted *idSet) []int {
	var families []int
	for i, came := range h.came {
		for _, head := range came {
			if wanted.hasHead(head) {
				families = append(families, i)
				break
			}
		}
	}
	return families
}

// read finds the trees of the families that hold a wanted object, and returns
// those that were not known to hold anything before.
func (h *holders) read(ctx context.Context, families []int, wanted *idSet, first bool) (found []odb.ID, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	workers := stream.New().WithMaxGoroutines(h.workers)
	for _, i := range families {
		workers.Go(func() stream.Callback {
			l := level{wanted: wanted, hash: h.hash, first: first}
			skipped, err := h.store.NewReader().Family(ctx, h.families[i], odb.Types(odb.Tree), l.visit)
			if err != nil {
				cancel(err)
			}
			return func() {
				if first {
					h.came[i] = l.came
					h.skipped = append(h.skipped, skipped...)
				}
				found = append(found, h.found.add(l.found)...)
			}
		})
	}
	workers.Wait()
	return found, context.Cause(ctx)
}

// heldTree is a tree with the entries by which it holds something.
type heldTree struct {
	id      odb.ID
	entries []treeEntry
}

// level is what reading one family for the wanted objects gives.
type level struct {
	wanted *idSet
	hash   int
	first  bool // also note what comes into the family
	found  []heldTree
	came   []uint32
}

// visit looks into a tree: where its base holds nothing wanted, only at what is new.
func (l *level) visit(o *odb.Object) error {
	if l.first {
		l.noteNew(o)
	}
	if o.Dirty != nil && o.BaseClean && !l.mayHold(o) {
		o.Clean = true
		return nil
	}
	o.Fill()
	var entries []treeEntry
	// A malformed tree holds what it holds up to there.
	_ = eachEntry(o.Data, l.hash, func(head []byte, at int) {
		id := o.Data[at : at+l.hash]
		if l.wanted.mayHave(headOf(id)) && l.wanted.has(id) && !isSubmodule(head) {
			entries = append(entries, newEntry(head, id, at))
		}
	})
	if len(entries) > 0 {
		l.found = append(l.found, heldTree{o.ID(), entries})
	}
	o.Clean = len(entries) == 0
	return nil
}

// noteNew notes the names of objects that the base of the tree has not, and
// perhaps more: what stands behind a NUL may be one.
func (l *level) noteNew(o *odb.Object) {
	l.newNames(o, func(head uint32) bool {
		l.came = append(l.came, head)
		return true
	})
}

// mayHold reports whether what is new may name a wanted object.
func (l *level) mayHold(o *odb.Object) bool {
	return !l.newNames(o, func(head uint32) bool { return !l.wanted.mayHave(head) })
}

// newNames calls use for the head of each name that a dirty region of the tree
// touches, or may be one, until it returns false, and reports whether it did not.
func (l *level) newNames(o *odb.Object, use func(head uint32) bool) bool {
	regions := o.Dirty
	if regions == nil {
		regions = []odb.Span{{Start: 0, End: len(o.Data)}}
	}
	next := 0 // names before it are done
	for _, r := range regions {
		at := max(r.Start-l.hash, next)
		for end := min(r.End, len(o.Data)-l.hash); at < end; at++ {
			i := bytes.IndexByte(o.Data[at:end], 0)
			if i < 0 {
				break
			}
			at += i
			if at+1+l.hash <= len(o.Data) && !use(headOf(o.Data[at+1:])) {
				return false
			}
		}
		next = max(next, at)
	}
	return true
}

// headOf returns the first 4 bytes of an object's name.
func headOf(name []byte) uint32 { return binary.BigEndian.Uint32(name) }

// idSet is a set of names that says fast of most others that they are not in it.
type idSet struct {
	filter []uint64 // a bit for each value of the first bits of a name
	shift  int
	heads  map[uint32]bool
	names  map[odb.ID]bool
}

// filterBits is how many bits the filter has for each name: so one in so many
// others gets past it.
const filterBits = 64

func newIDSet(lists ...[]odb.ID) *idSet {
	ids := slices.Concat(lists...)
	bits := 16
	for 1<<bits < filterBits*len(ids) && bits < 28 {
		bits++
	}
	s := &idSet{filter: make([]uint64, 1<<bits/64), shift: 32 - bits, heads: make(map[uint32]bool), names: make(map[odb.ID]bool)}
	for _, id := range ids {
		head := headOf(id.Bytes())
		bit := head >> s.shift
		s.filter[bit/64] |= 1 << (bit % 64)
		s.heads[head], s.names[id] = true, true
	}
	return s
}

// mayHave reports whether a name with this head may be in the set.
func (s *idSet) mayHave(head uint32) bool {
	bit := head >> s.shift
	return s.filter[bit/64]&(1<<(bit%64)) != 0
}

// hasHead reports whether a name in the set has this head.
func (s *idSet) hasHead(head uint32) bool { return s.mayHave(head) && s.heads[head] }

func (s *idSet) has(name []byte) bool { return s.names[odb.NewID(name)] }
