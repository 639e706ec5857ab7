package scanner

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
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
	came     []arrivals // for each family
	hash     int
	workers  int

	found   *holding
	skipped []odb.Skipped
}

// arrivals are the heads of the names that came into the roots of a family, root
// behind root.
type arrivals struct {
	heads []uint32
	ends  []int32 // of each root's in heads
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
	h.came = make([]arrivals, len(h.families))
	fresh, err := h.readAll(ctx, newIDSet(found.objects.ids, found.trees.ids))
	for depth := 0; err == nil && len(fresh) > 0; depth++ {
		if depth > maxDepth {
			h.skipped = append(h.skipped, odb.Skipped{Path: "what is in trees", Err: fmt.Errorf("nested deeper than %d folders", maxDepth)})
			break
		}
		fresh, err = h.readAgain(ctx, newIDSet(fresh))
	}
	return h, err
}

// readAll reads all trees, and notes what comes into each family.
func (h *holders) readAll(ctx context.Context, wanted *idSet) ([]odb.ID, error) {
	all := make([]int, len(h.families))
	for i := range all {
		all[i] = i
	}
	return h.each(ctx, all, func(ctx context.Context, i int) (level, error) {
		l := level{wanted: wanted, hash: h.hash, first: true}
		r := h.store.NewReader()
		for root := range h.families[i].Roots() {
			skipped, err := r.Family(ctx, h.families[i].Pick(root), odb.Types(odb.Tree), l.visit)
			if err != nil {
				return l, err
			}
			l.skipped = append(l.skipped, skipped...)
			l.came.ends = append(l.came.ends, int32(len(l.came.heads)))
		}
		return l, nil
	})
}

// readAgain reads the families into which one of the wanted trees came.
func (h *holders) readAgain(ctx context.Context, wanted *idSet) ([]odb.ID, error) {
	var some []int
	roots := make(map[int][]int)
	for i, came := range h.came {
		if hit := came.with(wanted); len(hit) > 0 {
			some, roots[i] = append(some, i), hit
		}
	}
	return h.each(ctx, some, func(ctx context.Context, i int) (level, error) {
		l := level{wanted: wanted, hash: h.hash}
		_, err := h.store.NewReader().Family(ctx, h.families[i].Pick(roots[i]...), odb.Types(odb.Tree), l.visit)
		return l, err
	})
}

// with returns the roots into which one of the trees came.
func (a *arrivals) with(wanted *idSet) (roots []int) {
	start := int32(0)
	for root, end := range a.ends {
		if slices.ContainsFunc(a.heads[start:end], wanted.hasHead) {
			roots = append(roots, root)
		}
		start = end
	}
	return roots
}

// each reads some of the families, and returns the trees found that were not known to
// hold anything before.
func (h *holders) each(ctx context.Context, families []int, read func(context.Context, int) (level, error)) (found []odb.ID, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	workers := stream.New().WithMaxGoroutines(h.workers)
	for _, i := range families {
		workers.Go(func() stream.Callback {
			l, err := read(ctx, i)
			if err != nil {
				cancel(err)
			}
			return func() {
				if l.first {
					h.came[i] = l.came
				}
				h.skipped = append(h.skipped, l.skipped...)
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

	found   []heldTree
	came    arrivals
	skipped []odb.Skipped
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
		l.came.heads = append(l.came.heads, head)
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
