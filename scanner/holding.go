package scanner

import "github.com/revokey-dev/revokey/scanner/odb"

// holding is the trees that hold some objects, directly or in folders below. Trees,
// objects and names are numbered, for there may be many trees.
type holding struct {
	objects numbering // those that are looked for
	trees   numbering
	entries [][]holds // of each tree: those by which it holds something
	names   []string
	refs    []nameRef        // where each name stands
	numbers map[string]int32 // of the names
}

// holds is an entry of a tree: its name, and the tree or object that it names.
type holds struct {
	name int32
	held int32
	tree bool
}

func newHolding(objects []odb.ID) *holding {
	h := &holding{numbers: make(map[string]int32)}
	for _, id := range objects {
		h.objects.add(id)
	}
	return h
}

// add takes in trees with the entries by which they hold something, and returns
// those that were not known to hold anything before.
func (h *holding) add(trees []heldTree) (found []odb.ID) {
	for _, t := range trees {
		var entries []holds
		for _, e := range t.entries {
			if held, ok := h.held(e); ok {
				ref := nameRef{tree: t.id, at: int32(e.at), len: int32(len(e.name))}
				entries = append(entries, holds{name: h.nameAt(e.name, ref), held: held, tree: e.tree})
			}
		}
		if len(entries) == 0 {
			continue
		}
		n, isNew := h.trees.add(t.id)
		if isNew {
			found = append(found, t.id)
			h.entries = append(h.entries, nil)
		}
		h.entries[n] = append(h.entries[n], entries...)
	}
	return found
}

// held returns the number of what the entry names, if that is of the kind that
// the entry says.
func (h *holding) held(e treeEntry) (int32, bool) {
	if e.tree {
		return h.trees.number(e.id)
	}
	return h.objects.number(e.id)
}

// nameAt returns the number of a name, which stands there.
func (h *holding) nameAt(name string, at nameRef) int32 {
	n, ok := h.numbers[name]
	if !ok {
		n = int32(len(h.names))
		h.names, h.refs = append(h.names, name), append(h.refs, at)
		h.numbers[name] = n
	}
	return n
}

// numbering numbers objects.
type numbering struct {
	ids     []odb.ID
	numbers map[odb.ID]int32
}

func (n *numbering) add(id odb.ID) (number int32, isNew bool) {
	if number, ok := n.numbers[id]; ok {
		return number, false
	}
	if n.numbers == nil {
		n.numbers = make(map[odb.ID]int32)
	}
	number = int32(len(n.ids))
	n.ids = append(n.ids, id)
	n.numbers[id] = number
	return number, true
}

func (n *numbering) number(id odb.ID) (int32, bool) {
	number, ok := n.numbers[id]
	return number, ok
}
