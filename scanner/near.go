package scanner

import (
	"bytes"
	"errors"
)

const (
	// stretchSize is how much is kept of what was read for [Recaller.Near]: a dump that
	// is full of keys is read once for all that stand in so much of it.
	stretchSize = 2 << 20
	// stretches is how many are kept: one key may stand in several versions of a dump.
	stretches = 4
)

// stretch is a part of what an occurrence stands in.
type stretch struct {
	in         recalled
	start, end int // of the window that it was read in
	from       int
	data       []byte
}

// Near returns a copy of the bytes around an occurrence, up to reach of them on
// either side of its start, as they stand in the object or file. It is nil where
// that cannot be read again, or is an archive.
func (r *Recaller) Near(repository string, o Occurrence, reach int) []byte {
	if o.Member != "" {
		return nil
	}
	in := recalled{repository, o.Path, o.Member, o.Where, o.Object}
	for _, s := range r.stretches {
		if near := s.near(in, o.Offset, reach); near != nil {
			return near
		}
	}
	_, err := r.visit(repository, o, func(b *Blob) error {
		s := stretch{in: in, start: b.offset(), end: b.offset() + len(b.Data)}
		if o.Offset < s.start || o.Offset >= s.end {
			return nil
		}
		s.from = max(s.start, o.Offset-reach)
		to := min(s.end, max(o.Offset+reach, s.from+stretchSize))
		s.data = bytes.Clone(b.Data[s.from-s.start : to-s.start])
		r.stretches = append(r.stretches[max(0, len(r.stretches)-stretches+1):], s)
		return errFound
	})
	if !errors.Is(err, errFound) {
		return nil
	}
	return r.stretches[len(r.stretches)-1].near(in, o.Offset, reach)
}

// near returns a copy of what stands around the offset in it; nil where the stretch
// does not hold all of that.
func (s stretch) near(in recalled, offset, reach int) []byte {
	low, high := max(s.start, offset-reach), min(s.end, offset+reach)
	if s.in != in || offset < s.start || offset >= s.end || low < s.from || high > s.from+len(s.data) {
		return nil
	}
	return bytes.Clone(s.data[low-s.from : high-s.from])
}
