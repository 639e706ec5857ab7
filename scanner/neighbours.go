package scanner

import (
	"context"
	"path"
	"strings"

	"github.com/revokey-dev/revokey/scanner/odb"
)

// neighbours returns the other files of the place's folder in the commit that brought
// it, then the file itself in the commits before and after that one.
func (h *History) neighbours(ctx context.Context, at Occurrence) []neighbour {
	n := h.graph().find(at.Commit)
	if n == noCommit || at.Path == "" || context.Cause(ctx) != nil {
		return nil
	}
	near := h.sameFolder(n, at)
	for _, c := range h.graph().around(n) {
		if len(near) >= 2*maxNeighbours || context.Cause(ctx) != nil {
			break
		}
		if e, ok := h.entryAt(h.graph().commits[c].tree, at.Path); ok && !e.tree && e.id != at.Object {
			near = append(near, h.neighbourIn(c, at.Path, e.id, SameFile))
		}
	}
	return near
}

func (h *History) sameFolder(n int32, at Occurrence) (near []neighbour) {
	folder, name := path.Split(at.Path)
	for _, e := range h.entriesAt(h.graph().commits[n].tree, folder) {
		if e.tree || e.name == name || len(near) == maxNeighbours {
			continue
		}
		near = append(near, h.neighbourIn(n, folder+e.name, e.id, SameFolder))
	}
	return near
}

func (h *History) neighbourIn(n int32, path string, id odb.ID, d Distance) neighbour {
	c := h.graph().commits[n]
	return neighbour{id: id, distance: d, at: Place{Path: path, Commit: c.id, Time: date(c.time), Reachable: h.graph().reachable[n]}}
}

// around returns the parents of a commit, and its children.
func (g *graph) around(n int32) []int32 {
	near := append([]int32(nil), g.parentsOf(n)...)
	for c := range g.commits {
		if len(near) > maxNeighbours {
			break
		}
		for _, p := range g.parentsOf(int32(c)) {
			if p == n {
				near = append(near, int32(c))
			}
		}
	}
	return near
}

// entryAt returns what a tree has at a path.
func (h *History) entryAt(tree odb.ID, at string) (treeEntry, bool) {
	folder, name := path.Split(at)
	for _, e := range h.entriesAt(tree, folder) {
		if e.name == name {
			return e, true
		}
	}
	return treeEntry{}, false
}

// entriesAt returns the entries of a folder, which is "" or ends in a slash; none where
// it is not there.
func (h *History) entriesAt(tree odb.ID, folder string) []treeEntry {
	for name := range strings.SplitSeq(strings.TrimSuffix(folder, "/"), "/") {
		if name == "" {
			break
		}
		next := odb.ID{}
		for _, e := range h.entriesOf(tree) {
			if e.tree && e.name == name {
				next = e.id
			}
		}
		tree = next
	}
	return h.entriesOf(tree)
}

func (h *History) entriesOf(tree odb.ID) (entries []treeEntry) {
	r := h.reader()
	defer func() { h.readers <- r }()
	obj, err := r.Read(tree)
	if err != nil || obj.Type != odb.Tree {
		return nil
	}
	// A malformed tree has what it has up to there.
	_ = eachEntry(obj.Data, h.store.HashLen(), func(head []byte, at int) {
		if !isSubmodule(head) {
			entries = append(entries, newEntry(head, obj.Data[at:at+h.store.HashLen()], at))
		}
	})
	return entries
}

func (h *History) blob(id odb.ID) []byte {
	r := h.reader()
	defer func() { h.readers <- r }()
	obj, err := r.Read(id)
	if err != nil || obj.Type != odb.Blob || len(obj.Data) > maxNeighbour {
		return nil
	}
	return obj.Data
}
