package odb

import (
	"bytes"
	"cmp"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"runtime/debug"

	"github.com/revokey-dev/revokey/scanner/odb/inflate"
	"github.com/revokey-dev/revokey/scanner/window"
)

// whole is how many bytes an object may have that has to be decoded as a whole.
func (o *Options) whole() int64 { return cmp.Or(o.MaxSize, DefaultMaxSize) }

// inWindows reports whether an object that is no delta is read in windows.
func (o *Options) inWindows(kind Type, size int64) bool {
	return kind == Blob && size > min(max(o.Memory, window.Least), o.whole()) && (o.MaxSize == 0 || size <= o.MaxSize)
}

// window is how many bytes a window has.
func (o *Options) window() int64 { return max(o.Memory/16, window.Least) }

// Visit gives visit one object, of any type: in windows where it is large, else as a
// whole, and from another copy, once more from its start, where one is damaged. damage
// is why no copy could be read to its end: [ErrNotFound] where there is none. err is
// visit's error, which ends it.
func (r *Reader) Visit(id ID, visit func(*Object) error) (damage, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	return r.anyCopy(id, nil, visit)
}

// anyCopy is [Reader.Visit] for all copies but the loose one in a directory.
func (r *Reader) anyCopy(id ID, not *looseDir, visit func(*Object) error) (damage, err error) {
	damage = r.tryCopies(id, func(p *pack, at int64) (damage error) {
		damage, err = r.packedObject(p, id, at, visit)
		return unless(err, damage)
	}, func(l *looseDir) (damage error) {
		if l == not {
			return ErrNotFound
		}
		damage, err = r.looseObject(l, id, Types(Commit, Tree, Blob, Tag), visit)
		return unless(err, damage)
	})
	return damage, err
}

// unless returns damage, and nil where there is a graver error.
func unless(err, damage error) error {
	if err != nil {
		return nil //nolint:nilerr // the caller has err already, and returns it
	}
	return damage
}

// packedObject gives visit the object at an offset. damage is why it cannot be read.
func (r *Reader) packedObject(p *pack, id ID, at int64, visit func(*Object) error) (damage, err error) {
	if h, damage := p.safeHeader(at); damage == nil && h.kind == uint8(Blob) && r.store.opts.inWindows(Blob, h.size) {
		return r.packedInWindows(p, h, Object{id: id, Type: Blob}, visit)
	}
	obj, damage := r.packed(p, id, at)
	if damage != nil {
		return damage, nil
	}
	return nil, visit(&obj)
}

// safeHeader is [pack.header] where no one else looks for faults.
func (p *pack) safeHeader(at int64) (h header, err error) {
	defer caught(&err)
	return p.header(at)
}

// packedInWindows gives visit the blob that h heads. If it is damaged that is kept in
// mind, so that it is not read again.
func (r *Reader) packedInWindows(p *pack, h header, obj Object, visit func(*Object) error) (damage, err error) {
	if damage := r.bad[place{p, h.at}]; damage != nil {
		return damage, nil
	}
	if h.size > mostDeflated*(p.end-h.stream) {
		damage = described(inflate.ErrShort)
	} else {
		damage, err = r.inWindows(&obj, stream{p.data[h.stream:p.end], 0, h.size}, visit)
	}
	if damage != nil {
		r.spoil(p, h.at, damage)
	}
	return damage, err
}

// large reports whether a root, which h heads, is read in windows. One that deltas are
// built on is decoded as a whole, if it may be, for their sake.
func (w *walk) large(root int32, h header) bool {
	opts := &w.store.opts
	return h.kind == uint8(Blob) && opts.inWindows(Blob, h.size) &&
		(w.plan.objects[root].child == none || h.size > opts.whole())
}

// largeFamily reads a root in windows. What is built on it is given up.
func (w *walk) largeFamily(root int32, h header) error {
	o := &w.plan.objects[root]
	if !o.elsewhere {
		obj := Object{plan: w.plan, number: root, Type: Blob}
		damage, err := w.packedInWindows(w.plan.pack, h, obj, w.give)
		if err != nil {
			return err
		}
		if damage != nil {
			return w.lose(root, damage)
		}
	}
	cause := w.fits(h.size)
	for c := o.child; c != none; c = w.plan.objects[c].sibling {
		if err := w.lose(c, fmt.Errorf("%w: %w", errBase, cause)); err != nil {
			return err
		}
	}
	return nil
}

// stream is where an object that is no delta is inflated from.
type stream struct {
	src  []byte // what starts with a zlib stream
	head int    // bytes of a header in the stream, before the object
	size int64  // of the object
}

// inWindows gives visit an object window by window. Only at the end is it known
// whether it was as its checksum says, and its name: damage tells it, err is visit's.
func (r *Reader) inWindows(obj *Object, s stream, visit func(*Object) error) (damage, err error) {
	body, damage := s.open()
	if damage != nil {
		return damage, nil
	}
	name := nameHash(obj, s.size)
	if r.store.opts.CheckNames {
		body = io.TeeReader(body, name)
	}
	buf := r.get(r.store.opts.window())
	defer r.put(buf)
	damage, err = window.Each(body, buf, func(w *window.Window) error {
		part := *obj
		part.Data, part.Window = w.Data, w
		return visit(&part)
	})
	if damage == nil && err == nil && r.store.opts.CheckNames {
		damage = checkHash(obj, name)
	}
	return damage, err
}

// open starts to inflate, and passes over the header.
func (s stream) open() (body io.Reader, err error) {
	defer caught(&err)
	z, err := zlib.NewReader(bytes.NewReader(s.src))
	if err == nil {
		_, err = io.CopyN(io.Discard, z, int64(s.head))
	}
	return &inflated{z, s.size}, described(ours(err))
}

// inflated reads an object as it is inflated. It ends in an error unless it has the
// length that it says, and the checksum.
type inflated struct {
	zlib io.Reader
	left int64
}

func (f *inflated) Read(p []byte) (n int, err error) {
	defer caught(&err)
	if f.left == 0 {
		return 0, f.end()
	}
	n, err = f.zlib.Read(p[:min(int64(len(p)), f.left)])
	f.left -= int64(n)
	if err == io.EOF && f.left == 0 {
		return n, io.EOF
	}
	return n, described(ours(err))
}

// end returns [io.EOF] where the stream ends here.
func (f *inflated) end() error {
	n, err := io.ReadFull(f.zlib, make([]byte, 1))
	switch {
	case n > 0:
		return described(inflate.ErrLong)
	case err == io.EOF:
		return err
	}
	return described(ours(err))
}

// ours returns the error of package inflate for that of the standard library.
func ours(err error) error {
	switch {
	case err == io.EOF:
		return fmt.Errorf("%w: it ends before its length", inflate.ErrCorrupt)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return inflate.ErrShort
	case errors.Is(err, zlib.ErrChecksum):
		return inflate.ErrChecksum
	}
	return err
}
