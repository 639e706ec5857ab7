package scanner

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/revokey-dev/revokey/detectors"
	"github.com/revokey-dev/revokey/scanner/odb"
)

// scanRules is to be raised when what is read of a history, or how, changes in a way that
// makes a new scan find more.
const scanRules = 2

// RulesVersion tells by which rules a history is scanned: what was scanned by others may hold
// more. It is one line, and means nothing but to be compared.
func (o HistoryOptions) RulesVersion() string {
	return fmt.Sprintf("%d %s %d %v %s", scanRules, detectors.Rules(), o.MaxSize, o.CheckNames, o.Rules)
}

// recallState loads the state file, if there is one that is of use: if it was written
// by other rules, it is not, and that is noted.
func (h *History) recallState() error {
	if h.opts.State == "" {
		return nil
	}
	s, err := loadState(h.opts.State)
	if s == nil || err != nil {
		return err
	}
	if s.rules != h.opts.RulesVersion() {
		h.notes = append(h.notes, "the state file was written by other rules or limits: everything is scanned anew")
		return nil
	}
	h.before = s
	return nil
}

// checkState refuses a state that was written for another repository.
func (h *History) checkState() error {
	if h.before == nil {
		return nil
	}
	known, shared := false, false
	h.before.commits.each(func(c commitRow) {
		known = true
		shared = shared || h.store.Has(odb.NewID(c.id))
	})
	if known && !shared {
		return &StateError{Path: h.opts.State, Reason: "was written for another repository"}
	}
	return nil
}

// readHits gives visit the objects in which an earlier scan found something, or had
// something to say of.
func (h *History) readHits(ctx context.Context, visit func(*Blob) error) (skipped []Skipped, err error) {
	r := h.reader()
	defer func() { h.readers <- r }()
	var forgotten historyPart // the state has it already
	for _, id := range h.before.hits {
		if err := context.Cause(ctx); err != nil {
			return skipped, err
		}
		if !h.store.IsKnown(id) {
			continue // it is read with what is new
		}
		damage, err := r.Visit(id, func(o *odb.Object) error {
			b := forgotten.blob(o)
			return visit(&b)
		})
		if err != nil {
			return skipped, err
		}
		if damage != nil && !errors.Is(damage, odb.ErrNotFound) { // that one was pruned
			skipped = append(skipped, Skipped{What: "object " + id.String(), Reason: damage.Error()})
		}
	}
	return skipped, nil
}

// knownHolders returns the trees that an earlier scan found to hold something, in a
// holding that looks for these objects too.
func (h *History) knownHolders(objects []odb.ID) (*holding, error) {
	if h.before == nil {
		return newHolding(objects), nil
	}
	found := newHolding(slices.Concat(objects, h.before.objects))
	names, err := h.before.readNames(h.store.NewReader())
	if err == nil {
		found.addKnown(h.before, names)
	}
	return found, err
}

// knowsAll reports whether found is all that holds the objects, though of the trees
// that the state knows only those were looked at that held something before. One of the
// others holds something now if an object, or a tree that holds one, came to it later:
// into a partial clone any may, else only one that no other tree holds.
func (h *History) knowsAll(objects []odb.ID, found *holding) bool {
	if h.store.Promisor() {
		return len(found.trees.ids) == len(h.before.trees) && len(found.objects.ids) == len(h.before.objects)
	}
	return !h.misses(objects, found)
}

// misses reports whether a blob in which nothing was found before has no tree that
// holds it.
func (h *History) misses(objects []odb.ID, found *holding) bool {
	held := make(map[int32]bool)
	for _, entries := range found.entries {
		for _, e := range entries {
			if !e.tree {
				held[e.held] = true
			}
		}
	}
	return slices.ContainsFunc(objects, func(id odb.ID) bool {
		n, _ := found.objects.number(id)
		_, isTag := h.graph().tags[id]
		return !held[n] && !isTag && h.graph().find(id) == noCommit && !slices.Contains(h.before.objects, id)
	})
}

// readNames reads the names of the entries again.
func (s *state) readNames(r *odb.Reader) ([]string, error) {
	names := make([]string, len(s.names))
	for i, ref := range s.names {
		tree, err := r.Read(ref.tree)
		end := int64(ref.at) + int64(ref.len)
		if err == nil && (ref.at < 0 || ref.len < 0 || end > int64(len(tree.Data))) {
			err = errTree
		}
		if err != nil {
			return nil, fmt.Errorf("reading tree %s again: %w", ref.tree, err)
		}
		names[i] = string(tree.Data[ref.at:end])
	}
	return names, nil
}

// addKnown adds the trees of a state, of which these are the names, to a holding that
// has no trees yet.
func (h *holding) addKnown(s *state, names []string) {
	numbers := make([]int32, len(names))
	for i, ref := range s.names {
		numbers[i] = h.nameAt(names[i], ref)
	}
	for i, id := range s.trees {
		h.trees.add(id)
		entries := slices.Clone(s.entries[i])
		for j, e := range entries {
			entries[j].name = numbers[e.name]
			if !e.tree {
				entries[j].held, _ = h.objects.number(s.objects[e.held])
			}
		}
		h.entries = append(h.entries, entries)
	}
}

// SaveState writes the state file that [HistoryOptions] name, for the next scan to
// start from. It is called after a scan that came to its end; before that it would
// call known what was not read.
func (h *History) SaveState() error {
	if h.opts.State == "" || h.before != nil && !h.store.Unknown() && !h.repacked() {
		return nil
	}
	unsettled := h.unsettled()
	s := &state{
		rules: h.opts.RulesVersion(),
		known: h.store.Known(h.notRead(), slices.Collect(maps.Keys(unsettled))),
	}
	s.loose = h.store.Loose()
	s.commits.hash = h.store.HashLen()
	if h.before != nil {
		s.hits, s.tags = slices.Clone(h.before.hits), h.before.tags
		s.objects, s.trees, s.entries, s.names = h.before.objects, h.before.trees, h.before.entries, h.before.names
		s.commits.rows = h.before.commits.rows
	}
	for _, p := range h.parts {
		s.more = append(s.more, p.commits.without(unsettled).rows)
		for _, t := range p.tags {
			s.tags = append(s.tags, t.id)
		}
		s.hits = append(s.hits, p.unfinished...)
	}
	s.remember(h.located)
	slices.SortFunc(s.hits, odb.ID.Compare)
	s.hits = slices.Compact(s.hits)
	return s.save(h.opts.State)
}

// notRead returns what could not be read.
func (h *History) notRead() []odb.Skipped {
	unread := slices.Concat(h.store.Skipped(), h.unread)
	for _, p := range h.parts {
		unread = append(unread, p.unread...)
	}
	return unread
}

// commitsIn returns the commits that are still there.
func (s *state) commitsIn(store *odb.Store) commitRows {
	gone := make(map[odb.ID]bool)
	s.commits.each(func(c commitRow) {
		if id := odb.NewID(c.id); !store.Has(id) {
			gone[id] = true
		}
	})
	return s.commits.without(gone)
}

// tagsIn reads the tags that are still there.
func (s *state) tagsIn(store *odb.Store) (tags []tag) {
	r := store.NewReader()
	for _, id := range s.tags {
		if obj, err := r.Read(id); err == nil && obj.Type == odb.Tag {
			tags = append(tags, parseTag(&obj))
		}
	}
	return tags
}

// mayLack reports whether something that the state knows may no longer be there.
func (h *History) mayLack() bool { return h.repacked() || h.store.KnownLoose() < h.before.loose }

// repacked reports whether a pack that the state knows is no longer there.
func (h *History) repacked() bool { return h.store.KnownPacks() != len(h.before.known.Packs) }

// remember adds what attribution found.
func (s *state) remember(found *holding) {
	if found == nil {
		return
	}
	s.hits = append(s.hits, found.objects.ids...)
	s.objects, s.trees, s.entries, s.names = found.objects.ids, found.trees.ids, found.entries, found.refs
}

// unsettled returns the commits that name parents which are not there: the next scan
// is to say so too.
func (h *History) unsettled() map[odb.ID]bool {
	unsettled := make(map[odb.ID]bool)
	for _, children := range h.orphans() {
		for _, id := range children {
			unsettled[id] = true
		}
	}
	return unsettled
}
