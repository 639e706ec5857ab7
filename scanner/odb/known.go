package odb

import (
	"bytes"
	"slices"
)

// Known is what was read of a store before, to be left out. The zero Known is
// nothing.
type Known struct {
	Packs   []ID   // the checksums of packs of which every object is known
	Objects []byte // the names of all known objects, sorted, one behind the other
}

// names is a list of names of hash bytes, sorted, one behind the other.
type names struct {
	hash int
	data []byte
}

func (l names) len() int          { return len(l.data) / l.hash }
func (l names) name(i int) []byte { return l.data[i*l.hash : (i+1)*l.hash] }

// search returns the place of the first name that is not before the given one, from
// a place on that is likely near.
func (l names) search(from int, name []byte) int {
	low, high := from, from
	for step := 1; high < l.len() && bytes.Compare(l.name(high), name) < 0; step *= 2 {
		low, high = high+1, high+step
	}
	high = min(high, l.len())
	for low < high {
		if mid := int(uint(low+high) / 2); bytes.Compare(l.name(mid), name) < 0 {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low
}

func (l names) has(name []byte) bool {
	at := l.search(0, name)
	return at < l.len() && bytes.Equal(l.name(at), name)
}

// merge returns the names of both lists, each once: l itself where the other is empty.
func (l names) merge(more names) names {
	if more.len() == 0 {
		return l
	}
	all := make([]byte, 0, len(l.data)+len(more.data))
	from := 0
	for i := range more.len() {
		to := l.search(from, more.name(i))
		all = append(all, l.data[from*l.hash:to*l.hash]...)
		if from = to; to == l.len() || !bytes.Equal(l.name(to), more.name(i)) {
			all = append(all, more.name(i)...)
		}
	}
	return names{l.hash, append(all, l.data[from*l.hash:]...)}
}

// isKnown reports whether the pack is one of which all is known, by the checksum that
// its index names and it ends with.
func (s *Store) isKnown(p *pack) bool {
	return slices.Contains(s.opts.Known.Packs, p.index.packSum) && p.endsWith(p.index.packSum)
}

// knownIn returns which of the pack's objects, by their place in the index, are known.
func (s *Store) knownIn(p *pack) (known []bool, all bool) {
	known, all = make([]bool, p.index.n), true
	at := 0
	for i := range known {
		name := p.index.name(i)
		at = s.known.search(at, name)
		known[i] = at < s.known.len() && bytes.Equal(s.known.name(at), name)
		all = all && known[i]
	}
	return known, all
}

// Known returns what is known once all families were read, or were known before, of
// what is there now: all but what was skipped, and what is not settled for another reason. A pack in
// which such an object stands is to be looked through again. The lists are the caller's.
func (s *Store) Known(skipped []Skipped, unsettled []ID) Known {
	without := make(map[ID]bool)
	paths := make(map[string]bool)
	for _, sk := range skipped {
		without[sk.ID], paths[sk.Path] = true, true
	}
	for _, id := range unsettled {
		without[id] = true
	}
	var k Known
	all := names{hash: s.hash}
	for _, p := range s.packs {
		if !p.planned && !p.known && !s.allKnown(p) {
			continue // it could not be read
		}
		list, whole := p.settled(without)
		if whole && !paths[p.path] {
			k.Packs = append(k.Packs, p.index.packSum)
		}
		all = all.merge(list)
	}
	k.Objects = all.merge(s.looseNames(without)).data
	return k
}

func (s *Store) allKnown(p *pack) bool {
	_, all := s.knownIn(p)
	return all
}

// IsKnown reports whether the object was known when the store was opened.
func (s *Store) IsKnown(id ID) bool { return s.known.has(id.bytes()) }

// settled returns the names of the pack's objects but for some, and whether these
// are all. The names of a known pack are all settled.
func (p *pack) settled(without map[ID]bool) (l names, all bool) {
	l.hash = p.index.hash
	if p.known || len(without) == 0 {
		if p.index.stride == l.hash {
			return names{l.hash, p.index.names}, true
		}
		without = nil
	}
	l.data = make([]byte, 0, p.index.n*l.hash)
	for i := range p.index.n {
		if name := p.index.name(i); without == nil || !without[NewID(name)] {
			l.data = append(l.data, name...)
		}
	}
	return l, len(l.data) == p.index.n*l.hash
}

func (s *Store) looseNames(without map[ID]bool) names {
	var ids []ID
	for _, l := range s.loose {
		ids = append(ids, l.all...)
	}
	slices.SortFunc(ids, ID.Compare)
	list := names{hash: s.hash}
	for _, id := range ids {
		if !without[id] {
			list.data = append(list.data, id.bytes()...)
		}
	}
	return list
}

// Unknown reports whether there is anything that was not known when the store
// was opened: an object, or a pack of known ones.
func (s *Store) Unknown() bool {
	s.plan()
	return slices.ContainsFunc(s.packs, func(p *pack) bool { return !p.known }) ||
		slices.ContainsFunc(s.loose, func(l *looseDir) bool { return len(l.ids) > 0 })
}

// KnownLoose returns how many of the loose objects are known.
func (s *Store) KnownLoose() int {
	n := 0
	for _, l := range s.loose {
		for _, id := range l.all {
			if s.IsKnown(id) {
				n++
			}
		}
	}
	return n
}

// Loose returns how many loose objects there are.
func (s *Store) Loose() int {
	n := 0
	for _, l := range s.loose {
		n += len(l.all)
	}
	return n
}

// KnownPacks returns how many packs are known by their checksums.
func (s *Store) KnownPacks() int {
	s.plan()
	n := 0
	for _, p := range s.packs {
		if p.known {
			n++
		}
	}
	return n
}
