package scanner

import "github.com/revokey-dev/revokey/scanner/odb"

// graph is the commits and tags of a history, by name.
type graph struct {
	commits   map[odb.ID]commit
	tags      map[odb.ID]tag
	reachable map[odb.ID]bool // from a ref: commits, tags, and what a ref names itself
}

// graph is of use once all parts are read.
func (h *History) graph() *graph {
	g := &graph{
		commits:   make(map[odb.ID]commit),
		tags:      make(map[odb.ID]tag),
		reachable: make(map[odb.ID]bool),
	}
	for _, p := range h.parts {
		for _, c := range p.commits {
			g.commits[c.id] = c
		}
		for _, t := range p.tags {
			g.tags[t.id] = t
		}
	}
	for _, id := range h.tips.refs {
		g.reach(id)
	}
	g.reach(h.tips.head)
	return g
}

// reach marks what can be reached from id through tags and parents.
func (g *graph) reach(id odb.ID) {
	todo := []odb.ID{id}
	for len(todo) > 0 {
		id := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if g.reachable[id] {
			continue
		}
		g.reachable[id] = true
		if t, ok := g.tags[id]; ok {
			todo = append(todo, t.target)
		}
		todo = append(todo, g.commits[id].parents...)
	}
}

// missingParents counts the parents of reachable commits that are not there,
// those left out at a shallow clone's boundary not counted.
func (g *graph) missingParents(shallow []string) int {
	cut := make(map[string]bool)
	for _, id := range shallow {
		cut[id] = true
	}
	missing := make(map[odb.ID]bool)
	for id := range g.reachable {
		if cut[id.String()] {
			continue
		}
		for _, p := range g.commits[id].parents {
			if _, ok := g.commits[p]; !ok {
				missing[p] = true
			}
		}
	}
	return len(missing)
}
