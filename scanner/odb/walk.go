package odb

import (
	"context"
	"errors"
	"fmt"
)

// walk reads families depth first. A base is held while what is built on it is
// decoded, and let go of before the heaviest of its deltas is entered: so not more
// bases are held than the logarithm of the family's size, however long its chains.
// Where even these are over the limit, a base is let go of sooner and decoded
// again from its root.
type walk struct {
	*Reader
	ctx     context.Context
	plan    *plan
	want    TypeSet
	visit   func(*Object) error
	skipped []Skipped
	held    int64 // bytes of bases held while lighter deltas are entered
}

// node is an object on the way.
type node struct {
	number  int32
	content []byte // owned by the walk; nil: let go of
	shown   bool   // to visit
	clean   bool   // visit found nothing in it
}

// family reads the family of a root.
func (w *walk) family(root int32) error {
	h, err := w.plan.pack.safeHeader(w.plan.objects[root].offset)
	if err == nil && w.large(root, h) {
		return w.largeFamily(root, h)
	}
	n, err := w.root(root, h, err)
	if err != nil || n.content == nil {
		return err
	}
	return w.below(n)
}

// root decodes and shows a root, whose header may be damaged.
func (w *walk) root(root int32, h header, damage error) (node, error) {
	var content []byte
	if damage == nil {
		content, damage = w.decodeRoot(h)
	}
	if damage != nil {
		return w.copyOf(root, damage)
	}
	return w.show(root, Object{Data: content})
}

// below goes on to what is built on n, the heaviest delta last.
func (w *walk) below(n node) error {
	for {
		heavy := w.heaviest(n.number)
		if err := w.lighter(&n, heavy); err != nil || heavy == none {
			w.put(n.content)
			return err
		}
		next, err := w.child(&n, heavy)
		w.put(n.content)
		if err != nil || next.content == nil {
			return err
		}
		n = next
	}
}

// lighter goes on to all deltas on n but one.
func (w *walk) lighter(n *node, heavy int32) error {
	for c := w.plan.objects[n.number].child; c != none; c = w.plan.objects[c].sibling {
		if c == heavy || !w.plan.isFresh(c) {
			continue
		}
		child, err := w.child(n, c)
		if err == nil && child.content != nil {
			err = w.belowHolding(n, child)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// belowHolding goes below a child of n while n is held, if the limit allows it.
func (w *walk) belowHolding(n *node, child node) error {
	size := int64(len(n.content))
	if w.plan.objects[child.number].child != none && w.held+size > w.store.opts.Memory {
		w.put(n.content)
		n.content, size = nil, 0
	}
	w.held += size
	err := w.below(child)
	w.held -= size
	return err
}

func (w *walk) heaviest(number int32) int32 {
	heavy := int32(none)
	for c := w.plan.objects[number].child; c != none; c = w.plan.objects[c].sibling {
		if !w.plan.isFresh(c) {
			continue
		}
		if heavy == none || w.plan.objects[c].nodes > w.plan.objects[heavy].nodes {
			heavy = c
		}
	}
	return heavy
}

// child decodes and shows a delta on n. Its content is nil where it was lost.
func (w *walk) child(n *node, number int32) (node, error) {
	obj, err := w.decodeOnto(n, number)
	if err != nil {
		return w.copyOf(number, err)
	}
	return w.show(number, obj)
}

// copyOf shows another copy of an object that is damaged here. Where there is none, the
// object is lost, and its content nil.
func (w *walk) copyOf(number int32, damage error) (node, error) {
	if errors.Is(damage, ErrTooLarge) {
		return node{}, w.lose(number, damage)
	}
	obj, err := w.Read(w.plan.id(int(number)))
	if err != nil || obj.Type != w.plan.objects[number].kind {
		return node{}, w.lose(number, damage)
	}
	return w.show(number, Object{Data: append(w.get(int64(len(obj.Data)))[:0], obj.Data...)})
}

// show gives the object to visit, unless another pack has it.
func (w *walk) show(number int32, obj Object) (node, error) {
	n := node{number: number, content: obj.Data}
	if err := context.Cause(w.ctx); err != nil {
		return n, err
	}
	o := &w.plan.objects[number]
	if o.elsewhere {
		return n, nil
	}
	obj.plan, obj.number, obj.Type = w.plan, number, o.kind
	if w.misnamed(&obj) {
		return n, nil
	}
	err := w.visit(&obj)
	n.shown, n.clean = true, obj.Clean
	return n, err
}

// misnamed reports whether names are to be checked and the object's is not its own;
// then it is skipped.
func (w *walk) misnamed(o *Object) bool {
	if !w.store.opts.CheckNames {
		return false
	}
	err := checkName(o)
	if err != nil {
		w.skipped = append(w.skipped, Skipped{ID: o.ID(), Err: err})
	}
	return err != nil
}

func (w *walk) decodeRoot(h header) (content []byte, err error) {
	defer caught(&err)
	content, _, err = w.Reader.root(w.plan.pack, h)
	return content, err
}

// decodeOnto decodes a delta on n, whose content it decodes again if it was let go of.
func (w *walk) decodeOnto(n *node, number int32) (obj Object, err error) {
	defer caught(&err)
	if n.content == nil {
		base, err := w.packed(w.plan.pack, ID{}, w.plan.objects[n.number].offset)
		if err != nil {
			return obj, err
		}
		n.content = w.get(int64(len(base.Data)))
		copy(n.content, base.Data)
	}
	o := &w.plan.objects[number]
	h, err := w.plan.pack.header(o.offset)
	if err != nil {
		return obj, err
	}
	delta, size, err := w.instructions(w.plan.pack, h, len(n.content))
	if err != nil {
		return obj, err
	}
	obj.BaseClean = n.shown && n.clean
	obj.Sparse = obj.BaseClean && o.child == none
	obj.base, obj.delta = n.content, delta
	obj.Data, obj.Dirty, err = w.apply(n.content, delta, size, obj.Sparse)
	if !n.shown {
		obj.Dirty = nil
	}
	return obj, err
}

// lose gives up an object and all that is built on it, but for what can be read
// from another copy.
func (w *walk) lose(number int32, cause error) error {
	lost := []int32{number}
	for len(lost) > 0 {
		number := lost[len(lost)-1]
		lost = lost[:len(lost)-1]
		for c := w.plan.objects[number].child; c != none; c = w.plan.objects[c].sibling {
			lost = append(lost, c)
		}
		if err := w.loseOne(number, cause); err != nil {
			return err
		}
		if !errors.Is(cause, errBase) {
			cause = fmt.Errorf("%w: %w", errBase, cause)
		}
	}
	return nil
}

func (w *walk) loseOne(number int32, cause error) error {
	if w.plan.objects[number].elsewhere {
		return nil
	}
	return w.salvage(w.plan.id(int(number)), w.plan.pack.path, cause, nil)
}
