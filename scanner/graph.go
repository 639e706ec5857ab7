package scanner

import (
	"cmp"
	"slices"

	"github.com/revokey-dev/revokey/scanner/odb"
)

// graph is the commits and tags of a history. Commits are numbered, oldest first.
type graph struct {
	commits   []commit
	numbers   map[odb.ID]int32 // of the commits
	parents   [][]int32        // of each commit: the parents that are there
	reachable []bool           // each commit: from a ref
	tags      map[odb.ID]tag
	tips      map[odb.ID]bool // what refs, and the tags that refs reach, name
}

// graph returns the graph, which it makes at the first call; all parts have to be
// read by then.
func (h *History) graph() *graph {
	if h.made == nil {
		h.made = newGraph(h.parts, h.tips)
	}
	return h.made
}

func newGraph(parts []historyPart, t tips) *graph {
	g := &graph{tags: make(map[odb.ID]tag), tips: make(map[odb.ID]bool)}
	for _, p := range parts {
		g.commits = append(g.commits, p.commits...)
		for _, t := range p.tags {
			g.tags[t.id] = t
		}
	}
	slices.SortFunc(g.commits, func(a, b commit) int {
		return cmp.Or(cmp.Compare(a.time, b.time), a.id.Compare(b.id))
	})
	g.link()
	g.reachable = make([]bool, len(g.commits))
	for _, id := range t.refs {
		g.reach(id)
	}
	g.reach(t.head)
	return g
}

// link numbers the commits and finds their parents' numbers.
func (g *graph) link() {
	g.numbers = make(map[odb.ID]int32, len(g.commits))
	for i, c := range g.commits {
		g.numbers[c.id] = int32(i)
	}
	g.parents = make([][]int32, len(g.commits))
	for i, c := range g.commits {
		for _, p := range c.parents {
			if n, ok := g.numbers[p]; ok {
				g.parents[i] = append(g.parents[i], n)
			}
		}
	}
}

// reach marks what a ref that names id reaches: through tags, and through parents.
func (g *graph) reach(id odb.ID) {
	for !id.IsZero() && !g.tips[id] {
		g.tips[id] = true
		if n, ok := g.numbers[id]; ok {
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
			todo = append(todo, g.parents[n]...)
		}
	}
}

// reaches reports whether a ref reaches the commit or tag, or names the object.
func (g *graph) reaches(id odb.ID) bool {
	n, ok := g.numbers[id]
	return ok && g.reachable[n] || g.tips[id]
}

// missingParents counts the parents of reachable commits that are not there,
// those left out at a shallow clone's boundary not counted.
func (g *graph) missingParents(shallow []string) int {
	missing := make(map[odb.ID]bool)
	for i, c := range g.commits {
		if !g.reachable[i] || len(g.parents[i]) == len(c.parents) || slices.Contains(shallow, c.id.String()) {
			continue
		}
		for _, p := range c.parents {
			if _, ok := g.numbers[p]; !ok {
				missing[p] = true
			}
		}
	}
	return len(missing)
}
