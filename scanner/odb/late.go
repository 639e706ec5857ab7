package odb

import (
	"slices"
	"sync"
)

// latePacks are packs that came after the store was opened: a repack puts loose
// objects, and what was in packs that it removes, into new ones.
type latePacks struct {
	mu    sync.Mutex
	looks int
	packs []*pack
}

// maxLooks is how often new packs are looked for: in a repository that lacks objects
// that would be at each of them.
const maxLooks = 100

// latePacks returns the packs that came since the store was opened. What it returns
// is not changed later, and belongs to the store.
func (s *Store) latePacks() []*pack {
	s.late.mu.Lock()
	defer s.late.mu.Unlock()
	if s.late.looks++; s.late.looks > maxLooks {
		return s.late.packs
	}
	for _, dir := range s.dirs {
		// What cannot be opened was said, or is on its way out again.
		packs, _, _ := s.openPacks(dir, func(path string) bool {
			return slices.ContainsFunc(slices.Concat(s.packs, s.late.packs), func(p *pack) bool { return p.path == path })
		})
		s.late.packs = slices.Concat(s.late.packs, packs)
	}
	return s.late.packs
}
