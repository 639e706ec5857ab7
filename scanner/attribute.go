package scanner

import (
	"context"
	"fmt"
	"slices"

	"github.com/revokey-dev/revokey/scanner/odb"
)

// maxDepth is how deep folders may nest, as git allows by core.maxTreeDepth.
const maxDepth = 2048

// maxBelow is how many places of matched blobs one tree may hold below it:
// trees that share subtrees can hold a blob at more paths than there are atoms.
const maxBelow = 10_000

// Locate finds the commits and paths of objects: the trees that hold them, upward
// to those of commits, and the commits that brought them there.
func (h *History) Locate(ctx context.Context, objects []odb.ID, workers int) (map[odb.ID][]Place, error) {
	if len(objects) == 0 {
		return nil, nil
	}
	holders, err := h.findHolders(ctx, objects, workers)
	if err != nil {
		return nil, err
	}
	h.located, h.unread = holders.found, holders.skipped
	a := newAttribution(h.graph(), holders.found, h.tips.head)
	if err := a.walk(ctx); err != nil {
		return nil, err
	}
	h.skipped = append(append(h.skipped, skippedObjects(holders.skipped)...), a.skipped...)
	if a.tooMany > 0 {
		h.skipped = append(h.skipped, Skipped{What: fmt.Sprintf("places in %d trees", a.tooMany), Reason: "too many trees hold too many matched files; only the first are listed"})
	}
	return h.places(a), nil
}

// findHolders finds the trees that hold objects: those that the state knows, and
// which of the new ones. It looks at all where what the state says cannot be read
// again, or does not do: an old tree holds what was not there, or not opened, before.
func (h *History) findHolders(ctx context.Context, objects []odb.ID, workers int) (*holders, error) {
	found, err := h.knownHolders(objects)
	if err == nil {
		holders, err := findHolders(ctx, h.store, found, workers)
		if err != nil || h.before == nil || h.knowsAll(objects, holders.found) {
			return holders, err
		}
	}
	all, err := odb.Open(h.repo.objects(), h.limits())
	if err != nil {
		return nil, err
	}
	defer all.Close()
	return findHolders(ctx, all, newHolding(objects), workers)
}

// attribution is one walk over all commits.
type attribution struct {
	graph   *graph
	held    *holding
	head    odb.ID
	lists   *spotLists
	of      []int32 // the list of each tree in held; unlisted: not made yet
	stays   []stay  // of each list
	firsts  []int32 // of each spot: the commit that brought it, or noCommit
	skipped []Skipped
	tooMany int // trees that were left out, as all that could be listed was
}

const unlisted = -1

// stay is the time in the history of something.
type stay struct {
	held      bool  // by some commit
	last      int64 // the date of the latest commit that holds it
	reachable bool  // some ref reaches a commit that holds it
	atHead    bool
}

func (s *stay) join(t stay) {
	s.held = s.held || t.held
	s.last = max(s.last, t.last)
	s.reachable = s.reachable || t.reachable
	s.atHead = s.atHead || t.atHead
}

func newAttribution(g *graph, held *holding, head odb.ID) *attribution {
	return &attribution{
		graph: g, held: held, head: head, lists: newSpotLists(),
		of: slices.Repeat([]int32{unlisted}, len(held.trees.ids)),
	}
}

func (a *attribution) walk(ctx context.Context) error {
	for i, c := range a.graph.commits {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		n, list := int32(i), a.listOf(c.tree)
		if list == 0 {
			continue
		}
		a.stays = append(a.stays, make([]stay, max(0, len(a.lists.lists)-len(a.stays)))...)
		a.stays[list].join(stay{held: true, last: c.time, reachable: a.graph.reachable[n], atHead: c.id == a.head})
		for _, s := range a.lists.lacks(list, a.before(n)) {
			a.brings(n, s)
		}
	}
	return nil
}

// before returns the lists of the commit's parents.
func (a *attribution) before(n int32) []int32 {
	var lists []int32
	for _, p := range a.graph.parentsOf(n) {
		lists = append(lists, a.listOf(a.graph.commits[p].tree))
	}
	return lists
}

// brings notes that a commit holds a spot that no parent of it does. The oldest that
// a ref reaches counts, or else the oldest.
func (a *attribution) brings(n, spot int32) {
	missing := max(0, len(a.lists.spots)-len(a.firsts))
	a.firsts = append(a.firsts, slices.Repeat([]int32{noCommit}, missing)...)
	first := &a.firsts[spot]
	if *first == noCommit || a.graph.reachable[n] && !a.graph.reachable[*first] {
		*first = n
	}
}

// listOf returns the list of the spots below a commit's tree.
func (a *attribution) listOf(tree odb.ID) int32 {
	n, holds := a.held.trees.number(tree)
	if !holds {
		return 0
	}
	return a.list(n, 0)
}

// list returns the list of the spots below a tree. Depth is how deep the tree
// itself is nested.
func (a *attribution) list(tree int32, depth int) int32 {
	if a.of[tree] != unlisted {
		return a.of[tree]
	}
	a.of[tree] = 0 // so that a tree that claims to hold itself ends here
	if depth > maxDepth {
		a.skip(tree, fmt.Errorf("nested deeper than %d folders", maxDepth))
		return 0
	}
	if len(a.lists.spots) > maxSpots || a.lists.listed > maxListed {
		a.tooMany++
		return 0
	}
	spots := a.spots(tree, depth)
	if len(spots) > maxBelow {
		a.skip(tree, fmt.Errorf("holds matched files at more than %d paths; only so many are listed", maxBelow))
		spots = spots[:maxBelow]
	}
	a.of[tree] = a.lists.list(spots)
	return a.of[tree]
}

// spots returns the spots below a tree, or so many that they are too many.
func (a *attribution) spots(tree int32, depth int) []int32 {
	var spots []int32
	for _, e := range a.held.entries[tree] {
		name := a.held.names[e.name]
		if e.tree {
			spots = append(spots, a.lists.in(name, e.name, a.list(e.held, depth+1))...)
		} else {
			spots = append(spots, a.lists.spot(spot{name, a.held.objects.ids[e.held]}))
		}
		if len(spots) > maxBelow {
			break
		}
	}
	return spots
}

func (a *attribution) skip(tree int32, err error) {
	a.skipped = append(a.skipped, Skipped{What: "tree " + a.held.trees.ids[tree].String(), Reason: err.Error()})
}

// found calls use for every spot that a commit holds, with the commit that brought
// it: the zero one, where commits that name each other as parents all hold it.
func (a *attribution) found(use func(spot, commit, stay)) {
	stays := make([]stay, len(a.lists.spots))
	for list, s := range a.stays {
		for _, n := range a.lists.lists[list] {
			stays[n].join(s)
		}
	}
	for n, s := range stays {
		var first commit
		if n < len(a.firsts) && a.firsts[n] != noCommit {
			first = a.graph.commits[a.firsts[n]]
		}
		if s.held {
			use(a.lists.spots[n], first, s)
		}
	}
}
