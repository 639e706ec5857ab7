package scanner

import (
	"cmp"
	"slices"

	"github.com/revokey-dev/revokey/scanner/odb"
)

// commit is a commit of a graph.
type commit struct {
	id, tree odb.ID
	time     int64 // of the committer, seconds since 1970
}

// graph is the commits and tags of a history. Commits are numbered, oldest first.
type graph struct {
	commits   []commit
	byID      []int32 // their numbers, in the order of their names
	firsts    []int32 // of each commit and one more: where its parents start in parents
	parents   []int32 // those that are there
	reachable []bool  // each commit: from a ref
	tags      map[odb.ID]tag
	tips      map[odb.ID]bool // what refs, and the tags that refs reach, name
}

// noCommit is the number of none.
const noCommit = -1

// newGraph makes a graph of commits, each once.
func newGraph(rows []commitRows, tags []tag, t tips) *graph {
	g := &graph{tags: make(map[odb.ID]tag), tips: make(map[odb.ID]bool)}
	for _, t := range tags {
		g.tags[t.id] = t
	}
	g.link(g.number(rows))
	g.reachable = make([]bool, len(g.commits))
	for _, id := range t.refs {
		g.reach(id)
	}
	g.reach(t.head)
	return g
}

// number numbers the commits, and returns their rows in that order.
func (g *graph) number(rows []commitRows) []commitRow {
	var all []commitRow
	for _, r := range rows {
		r.each(func(c commitRow) { all = append(all, c) })
	}
	slices.SortFunc(all, func(a, b commitRow) int {
		return cmp.Or(cmp.Compare(a.time, b.time), slices.Compare(a.id, b.id))
	})
	all = slices.CompactFunc(all, func(a, b commitRow) bool { return slices.Equal(a.id, b.id) })
	g.commits, g.byID = make([]commit, len(all)), make([]int32, len(all))
	for i, c := range all {
		g.commits[i] = commit{id: odb.NewID(c.id), tree: odb.NewID(c.tree), time: c.time}
		g.byID[i] = int32(i)
	}
	slices.SortFunc(g.byID, func(a, b int32) int { return g.commits[a].id.Compare(g.commits[b].id) })
	return all
}

// link finds the parents' numbers.
func (g *graph) link(all []commitRow) {
	g.firsts = make([]int32, len(all)+1)
	g.parents = make([]int32, 0, len(all)+len(all)/4)
	for i, c := range all {
		c.eachParent(func(name []byte) {
			if n := g.find(odb.NewID(name)); n != noCommit {
				g.parents = append(g.parents, n)
			}
		})
		g.firsts[i+1] = int32(len(g.parents))
	}
}

// find returns the number of a commit.
func (g *graph) find(id odb.ID) int32 {
	i, ok := slices.BinarySearchFunc(g.byID, id, func(n int32, id odb.ID) int { return g.commits[n].id.Compare(id) })
	if !ok {
		return noCommit
	}
	return g.byID[i]
}

func (g *graph) parentsOf(n int32) []int32 { return g.parents[g.firsts[n]:g.firsts[n+1]] }

// reach marks what a ref that names id reaches: through tags, and through parents.
func (g *graph) reach(id odb.ID) {
	for !id.IsZero() && !g.tips[id] {
		g.tips[id] = true
		if n := g.find(id); n != noCommit {
			g.reachCommits(n)
		}
		id = g.tags[id].target
	}
}

func (g *graph) reachCommits(from int32) {
	for todo := []int32{from}; len(todo) > 0; {
		n := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if !g.reachable[n] {
			g.reachable[n] = true
			todo = append(todo, g.parentsOf(n)...)
		}
	}
}

// reaches reports whether a ref reaches the commit or tag, or names the object.
func (g *graph) reaches(id odb.ID) bool {
	n := g.find(id)
	return n != noCommit && g.reachable[n] || g.tips[id]
}
