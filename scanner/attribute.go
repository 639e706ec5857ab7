package scanner

import (
	"context"
	"fmt"

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
	holders, err := findHolders(ctx, h.store, objects, workers)
	if err != nil {
		return nil, err
	}
	a := &attribution{
		graph:   h.graph(),
		head:    h.tips.head,
		reader:  h.store.NewReader(),
		targets: make(map[odb.ID]bool),
		holders: holders.entries,
		below:   make(map[odb.ID][]spot),
		stays:   make(map[spot]*stay),
	}
	for _, id := range objects {
		a.targets[id] = true
	}
	if err := a.walk(ctx); err != nil {
		return nil, err
	}
	h.skipped = append(append(h.skipped, skippedObjects(holders.skipped)...), a.skipped...)
	return a.places(h.tips.index), nil
}

// spot is a blob at a path: below some tree, or from the root.
type spot struct {
	path string
	blob odb.ID
}

// stay is a spot's time in the history.
type stay struct {
	first     commit // the commit that brought it
	last      int64  // the date of the latest commit that holds it
	reachable bool   // some ref reaches a commit that holds it
	atHead    bool
}

// attribution is one walk.
type attribution struct {
	graph   *graph
	head    odb.ID
	reader  *odb.Reader
	targets map[odb.ID]bool
	holders map[odb.ID][]treeEntry // the trees that hold a target somewhere below, and by which entries
	below   map[odb.ID][]spot      // of each tree seen
	stays   map[spot]*stay
	skipped []Skipped
}

func (a *attribution) walk(ctx context.Context) error {
	for n, c := range a.graph.commits {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		spots := a.spots(c.tree, 0)
		if len(spots) == 0 {
			continue
		}
		before := a.before(n)
		for _, s := range spots {
			a.note(n, s, before[s])
		}
	}
	return nil
}

// before returns the spots that the commit's parents hold.
func (a *attribution) before(n int) map[spot]bool {
	before := make(map[spot]bool)
	for _, p := range a.graph.parents[n] {
		for _, s := range a.spots(a.graph.commits[p].tree, 0) {
			before[s] = true
		}
	}
	return before
}

// note notes that a commit holds the spot, as a parent of it did or not.
func (a *attribution) note(n int, s spot, inherited bool) {
	c, reachable := a.graph.commits[n], a.graph.reachable[n]
	st := a.stays[s]
	if st == nil {
		st = &stay{}
		a.stays[s] = st
	}
	if !inherited && (st.first.id.IsZero() || reachable && !a.graph.reaches(st.first.id)) {
		st.first = c
	}
	st.last = max(st.last, c.time)
	st.reachable = st.reachable || reachable
	st.atHead = st.atHead || c.id == a.head
}

// spots returns where the targets stand below a tree. Depth is how deep the
// tree itself is nested.
func (a *attribution) spots(id odb.ID, depth int) []spot {
	entries, holds := a.holders[id]
	if !holds {
		return nil
	}
	if found, ok := a.below[id]; ok {
		return found
	}
	a.below[id] = nil // so that a tree that claims to hold itself ends here
	if depth > maxDepth {
		a.skip(id, fmt.Errorf("nested deeper than %d folders", maxDepth))
		return nil
	}
	var found []spot
	for _, e := range entries {
		if found = append(found, a.belowEntry(e, depth)...); len(found) > maxBelow {
			break
		}
	}
	if len(found) > maxBelow {
		a.skip(id, fmt.Errorf("holds matched files at more than %d paths; only so many are listed", maxBelow))
		found = found[:maxBelow:maxBelow]
	}
	a.below[id] = found
	return found
}

// belowEntry returns where the targets stand at or below one entry.
func (a *attribution) belowEntry(e treeEntry, depth int) []spot {
	if !e.isTree() {
		return []spot{{e.name, e.id}}
	}
	inner := a.spots(e.id, depth+1)
	found := make([]spot, 0, len(inner))
	for _, s := range inner {
		found = append(found, spot{e.name + "/" + s.path, s.blob})
	}
	return found
}

func (a *attribution) skip(id odb.ID, err error) {
	a.skipped = append(a.skipped, Skipped{What: "tree " + id.String(), Reason: err.Error()})
}

// places returns what the walk found, by object, and what needs no walk:
// commits and tags, and what stands in the index alone.
func (a *attribution) places(index map[string]odb.ID) map[odb.ID][]Place {
	places := make(map[odb.ID][]Place)
	for s, st := range a.stays {
		places[s.blob] = append(places[s.blob], a.placeOf(s, st))
	}
	for path, blob := range index {
		if a.targets[blob] && a.stays[spot{path, blob}] == nil {
			places[blob] = append(places[blob], Place{Path: path, Reachable: true})
		}
	}
	for id := range a.targets {
		if own, ok := a.own(id); ok {
			places[id] = append(places[id], own)
		}
	}
	return places
}

func (a *attribution) placeOf(s spot, st *stay) Place {
	p := Place{
		Path:      s.path,
		Commit:    st.first.id,
		Time:      date(st.first.time),
		LastSeen:  date(st.last),
		Reachable: st.reachable,
		AtHead:    st.atHead,
	}
	if obj, err := a.reader.Read(st.first.id); err == nil {
		p.Author = author(obj.Data)
	}
	return p
}

// own returns the place of a commit or tag, and of a blob that a ref names.
func (a *attribution) own(id odb.ID) (Place, bool) {
	reachable := a.graph.reaches(id)
	if n, ok := a.graph.numbers[id]; ok {
		c := a.graph.commits[n]
		p := a.placeOf(spot{}, &stay{first: c, last: c.time, reachable: reachable})
		p.AtHead = id == a.head
		return p, true
	}
	if t, ok := a.graph.tags[id]; ok {
		when := date(t.time)
		return Place{Tag: t.name, Author: t.tagger, Time: when, LastSeen: when, Reachable: reachable}, true
	}
	return Place{Reachable: true}, reachable
}
