package scanner

import (
	"maps"
	"slices"

	"github.com/revokey-dev/revokey/scanner/odb"
)

// places returns what the walk found, by object, and what needs no walk: commits
// and tags, and what stands in the index alone.
func (h *History) places(a *attribution) map[odb.ID][]Place {
	p := placing{graph: a.graph, reader: h.store.NewReader(), places: make(map[odb.ID][]Place)}
	walked := make(map[spot]bool)
	a.found(func(s spot, first commit, st stay) {
		walked[s] = true
		p.add(s.blob, p.in(first, s.path, st))
	})
	for path, blob := range h.tips.index {
		if _, wanted := a.held.objects.number(blob); wanted && !walked[spot{path, blob}] {
			p.add(blob, Place{Path: path, Reachable: true})
		}
	}
	for _, id := range a.held.objects.ids {
		if own, ok := p.own(id, h.tips.head); ok {
			p.add(id, own)
		}
	}
	p.nameRefs(h.tips.inOrder(), func(at *Place, r *reached) { at.Refs, at.MoreRefs = r.names, r.more })
	if p.anyUnreachable() {
		p.nameRefs(h.repo.readReflogs(), func(at *Place, r *reached) {
			if !at.Reachable {
				at.Reflogs = r.names
			}
		})
	}
	return p.places
}

// placing collects places.
type placing struct {
	graph  *graph
	reader *odb.Reader
	places map[odb.ID][]Place
}

func (p *placing) add(id odb.ID, at Place) { p.places[id] = append(p.places[id], at) }

// nameRefs gives note the refs that reach each place: its commit, or the tag or
// object that it is.
func (p *placing) nameRefs(refs []ref, note func(*Place, *reached)) {
	commits := make(map[int32]bool)
	p.each(func(_ odb.ID, at *Place) { commits[p.graph.find(at.Commit)] = true })
	delete(commits, noCommit)
	by := p.graph.reachedBy(slices.Sorted(maps.Keys(commits)), refs)
	p.each(func(id odb.ID, at *Place) {
		if n := p.graph.find(at.Commit); n != noCommit {
			note(at, by[n])
		} else if at.Path == "" {
			note(at, p.graph.named(id, refs))
		}
	})
}

func (p *placing) each(use func(odb.ID, *Place)) {
	for id, places := range p.places {
		for i := range places {
			use(id, &places[i])
		}
	}
}

func (p *placing) anyUnreachable() (any bool) {
	p.each(func(_ odb.ID, at *Place) { any = any || !at.Reachable })
	return any
}

// in returns the place of something that a commit brought.
func (p *placing) in(c commit, path string, s stay) Place {
	at := Place{
		Path:      path,
		Commit:    c.id,
		Time:      date(c.time),
		LastSeen:  date(s.last),
		Reachable: s.reachable,
		AtHead:    s.atHead,
	}
	if obj, err := p.reader.Read(c.id); err == nil {
		at.Author = author(obj.Data)
	}
	return at
}

// own returns the place of a commit or tag, and of a blob that a ref names.
func (p *placing) own(id, head odb.ID) (Place, bool) {
	reachable := p.graph.reaches(id)
	if n := p.graph.find(id); n != noCommit {
		c := p.graph.commits[n]
		return p.in(c, "", stay{last: c.time, reachable: reachable, atHead: id == head}), true
	}
	if t, ok := p.graph.tags[id]; ok {
		when := date(t.time)
		return Place{Tag: t.name, Author: t.tagger, Time: when, LastSeen: when, Reachable: reachable}, true
	}
	return Place{Reachable: true}, reachable
}
