package odb

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/revokey-dev/revokey/scanner/odb/inflate"
)

// Reader decodes objects. One goroutine uses it at a time; a worker keeps one for
// all of its families, as it keeps buffers from one to the next.
type Reader struct {
	store    *Store
	inflater inflate.Decoder
	delta    []byte          // the instructions in hand
	dirty    []Span          // the regions in hand
	kept     []byte          // the object that Read or a loose family returned last
	free     [][]byte        // buffers for decoded objects
	bad      map[place]error // why what stands there cannot be decoded; shared with readers of foreign bases
	bases    *bases          // what was decoded, of a store that is read directly; nil: nothing is kept
	foreign  int             // how often the chain in hand went on in another pack
}

// NewReader returns a reader of the store.
func (s *Store) NewReader() *Reader {
	r := &Reader{store: s, dirty: []Span{}} // not nil: a delta without dirty regions has none
	if s.direct {
		r.bases = &bases{content: make(map[place]base)}
	}
	return r
}

// Family gives visit each object of the family whose type is wanted, in an order
// that does not change. It returns what could not be read, and the first error of
// visit or ctx, which ends it.
func (r *Reader) Family(ctx context.Context, f Family, want TypeSet, visit func(*Object) error) ([]Skipped, error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	w := walk{Reader: r, ctx: ctx, plan: f.plan, want: want, visit: visit}
	var err error
	if f.plan == nil {
		err = w.looseFamily(f)
	}
	for _, root := range f.roots {
		if err == nil {
			err = w.family(root)
		}
	}
	return w.skipped, err
}

func (w *walk) looseFamily(f Family) error {
	give := w.give
	for _, id := range f.ids {
		if err := context.Cause(w.ctx); err != nil {
			return err
		}
		damage, err := w.looseObject(f.loose, id, w.want, give)
		if damage != nil && err == nil {
			err = w.salvage(id, f.loose.path(id), damage, f.loose)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// give gives an object that stands alone to visit.
func (w *walk) give(o *Object) error {
	if o.Window != nil { // whose names are checked at their ends
		if err := context.Cause(w.ctx); err != nil {
			return err
		}
	} else if !w.want.Has(o.Type) || w.misnamed(o) {
		return nil
	}
	return w.visit(o)
}

// salvage reads an object that is damaged in one place from any other that has it.
func (w *walk) salvage(id ID, path string, cause error, not *looseDir) error {
	if !errors.Is(cause, ErrTooLarge) {
		if damage, err := w.anyCopy(id, not, w.give); damage == nil || err != nil {
			return err
		}
	}
	w.skipped = append(w.skipped, Skipped{ID: id, Path: path, Err: cause})
	return nil
}

// Read returns one object, of any type, as a whole. Its Data is valid until the next
// call. The error is [ErrNotFound] where no pack or directory of the store has it.
func (r *Reader) Read(id ID) (obj Object, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	err = r.tryCopies(id, func(p *pack, at int64) (err error) {
		obj, err = r.packed(p, id, at)
		return err
	}, func(l *looseDir) (err error) {
		obj, err = r.loose(l, id)
		return err
	})
	return obj, err
}

// tryCopies tries the copies of an object until one of them gives no error.
func (r *Reader) tryCopies(id ID, packed func(*pack, int64) error, loose func(*looseDir) error) error {
	err := tryPacks(r.store.packs, id, packed)
	if err == nil {
		return nil
	}
	for _, l := range r.store.loose {
		looseErr := loose(l)
		if looseErr == nil {
			return nil
		}
		if !errors.Is(looseErr, ErrNotFound) {
			err = looseErr
		}
	}
	if errors.Is(err, ErrNotFound) {
		return tryPacks(r.store.latePacks(), id, packed)
	}
	return err
}

// tryPacks tries the copies of an object that are in packs.
func tryPacks(packs []*pack, id ID, packed func(*pack, int64) error) error {
	err := ErrNotFound
	for _, p := range packs {
		at, ok := p.find(id)
		if !ok {
			continue
		}
		if err = packed(p, at); err == nil {
			return nil
		}
	}
	return err
}

// place is where an object stands.
type place struct {
	pack *pack
	at   int64
}

// packed decodes the object at an offset, from the root of its chain up. What it
// cannot decode it remembers with all that it met of what is built on that, so that
// no chain is walked as often as it is long.
func (r *Reader) packed(p *pack, id ID, offset int64) (obj Object, err error) {
	defer caught(&err)
	if err := r.bad[place{p, offset}]; err != nil {
		return obj, err
	}
	r.spoil(p, offset, errCycle) // until it is read: a circle through other packs ends here
	chain, root, err := p.chain(offset, r.bad)
	lost := len(chain) // of the chain, whose tip is first
	var content []byte
	var kind Type
	if err == nil {
		content, kind, chain = r.bases.nearest(p, chain, root)
		lost = len(chain)
	}
	if err == nil && content == nil {
		content, kind, err = r.root(p, root)
		content = r.keep(place{p, root.at}, kind, content, err)
	}
	for i := len(chain) - 1; i >= 0 && err == nil; i-- {
		var next []byte
		next, err = r.onto(p, chain[i], content)
		r.drop(content)
		content, lost = r.keep(place{p, chain[i].at}, kind, next, err), i+1
	}
	if err != nil {
		r.drop(content)
		r.spoil(p, offset, err)
		for _, h := range chain[:lost] {
			r.spoil(p, h.at, err)
		}
		return obj, err
	}
	delete(r.bad, place{p, offset})
	r.kept = append(r.kept[:0], content...)
	r.drop(content)
	return Object{id: id, Type: kind, Data: r.kept}, nil
}

func (r *Reader) spoil(p *pack, at int64, err error) {
	if r.bad == nil {
		r.bad = make(map[place]error)
	}
	r.bad[place{p, at}] = err
}

// chain returns the headers from the object at an offset down to the root, which
// is no delta, or one on an object outside this pack.
func (p *pack) chain(offset int64, bad map[place]error) (deltas []header, root header, err error) {
	met, again := offset, 1 // Brent's: where a circle would come back to, and when to move that on
	for {
		h, err := p.header(offset)
		if err != nil {
			return deltas, h, err
		}
		switch h.kind {
		case ofsDelta:
			offset = h.base
		case refDelta:
			i, ok := p.index.find(h.name)
			if !ok {
				return deltas, h, nil
			}
			offset = p.index.offset(i)
		default:
			return deltas, h, nil
		}
		deltas = append(deltas, h)
		if offset == met {
			return deltas, h, errCycle
		}
		if bad[place{p, offset}] != nil {
			return deltas, h, errBase
		}
		if len(deltas) == again {
			met, again = offset, 2*again
		}
	}
}

// root decodes the root of a chain into a buffer that the caller puts back. A delta on what
// stands in the pack and not in its index is a root too, of a plan, and git reads it as any other.
func (r *Reader) root(p *pack, h header) (content []byte, kind Type, err error) {
	if h.kind == ofsDelta {
		obj, err := r.packed(p, ID{}, h.at)
		if err != nil {
			return nil, 0, err
		}
		return append(r.get(int64(len(obj.Data)))[:0], obj.Data...), obj.Type, nil
	}
	if h.kind != refDelta {
		content, err = r.whole(p, h)
		return content, Type(h.kind), err
	}
	// The base is in another pack, or loose. A reader of its own keeps what this
	// one has in hand; a pack that comes back to itself so is refused.
	if r.foreign++; r.foreign > maxForeign {
		return nil, 0, errCycle
	}
	defer func() { r.foreign-- }()
	other := r.store.NewReader()
	other.foreign, other.bad = r.foreign, r.bad
	base, err := other.Read(NewID(h.name))
	if err != nil {
		return nil, 0, fmt.Errorf("reading the base %x: %w", h.name, err)
	}
	content, err = r.onto(p, h, base.Data)
	return content, base.Type, err
}

// maxForeign is how many times a chain may go on in another pack. git writes none
// that does at all.
const maxForeign = 8

// whole inflates an object that is no delta.
func (r *Reader) whole(p *pack, h header) ([]byte, error) {
	if err := r.streamFits(p, h); err != nil {
		return nil, err
	}
	content := r.get(h.size)
	if _, err := r.inflater.Zlib(content, p.data[h.stream:p.end]); err != nil {
		r.put(content)
		return nil, described(err)
	}
	return content, nil
}

// onto applies the delta that h heads to its base.
func (r *Reader) onto(p *pack, h header, base []byte) ([]byte, error) {
	instructions, size, err := r.instructions(p, h, len(base))
	if err != nil {
		return nil, err
	}
	content, _, err := r.apply(base, instructions, size, false)
	return content, err
}

// instructions inflates the delta that h heads, for a base of so many bytes, and
// returns what it does and how long the result is. They are valid until the next call.
func (r *Reader) instructions(p *pack, h header, base int) (delta []byte, size int64, err error) {
	if err := r.streamFits(p, h); err != nil {
		return nil, 0, err
	}
	if int64(cap(r.delta)) < h.size {
		r.delta = make([]byte, h.size+h.size/4)
	}
	if _, err := r.inflater.Zlib(r.delta[:h.size], p.data[h.stream:p.end]); err != nil {
		return nil, 0, described(err)
	}
	from, size, delta, err := deltaSizes(r.delta[:h.size])
	if err == nil && from != int64(base) {
		err = fmt.Errorf("%w: it is for a base of %d bytes, not %d", errDelta, from, base)
	}
	return delta, size, errors.Join(err, r.fits(size))
}

func (r *Reader) apply(base, delta []byte, size int64, sparse bool) (content []byte, dirty []Span, err error) {
	content = r.get(size)
	r.dirty, err = applyDelta(content, base, delta, r.dirty[:0], sparse)
	if err != nil {
		r.put(content)
		return nil, nil, err
	}
	return content, r.dirty, nil
}

func (r *Reader) fits(size int64) error {
	if limit := r.store.opts.whole(); size > limit {
		return fmt.Errorf("%d bytes: %w of %d", size, ErrTooLarge, limit)
	}
	return nil
}

// mostDeflated is how many bytes one byte of a deflated stream can stand for.
// See https://zlib.net/zlib_tech.html (maximum compression factor).
const mostDeflated = 1032

// streamFits also refuses a size that what is left of the pack cannot hold, so that
// no buffer is made for it.
func (r *Reader) streamFits(p *pack, h header) error {
	if err := r.fits(h.size); err != nil {
		return err
	}
	if h.size > mostDeflated*(p.end-h.stream) {
		return described(inflate.ErrShort)
	}
	return nil
}

// described says what was being done when a stream proved damaged.
func described(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("inflating: %w", err)
}

// keptBuffers bounds the buffers that wait for use, keptSize the size of one.
const (
	keptBuffers = 32
	keptSize    = 16 << 20
)

// get returns a buffer of size bytes, whose content is undefined.
func (r *Reader) get(size int64) []byte {
	for i := len(r.free) - 1; i >= 0; i-- {
		if b := r.free[i]; int64(cap(b)) >= size {
			r.free[i] = r.free[len(r.free)-1]
			r.free = r.free[:len(r.free)-1]
			return b[:size]
		}
	}
	if n := len(r.free); n > 0 {
		r.free = r.free[:n-1] // too small: a larger one takes its place
	}
	return make([]byte, size, size+size/8+64)
}

// put takes a buffer back.
func (r *Reader) put(b []byte) {
	if len(r.free) < keptBuffers && cap(b) > 0 && cap(b) <= keptSize {
		r.free = append(r.free, b)
	}
}

// caught turns a panic of the decoders, which a damaged file can cause, into an
// error; so too a fault in a mapped file that was cut short (see [mapFile]), where
// the goroutine has called [debug.SetPanicOnFault].
func caught(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("decoding: %v", p)
	}
}
