// Package window cuts a stream into windows that overlap as its reader wants it, so
// that what is larger than memory can be read, and nothing is missed at an edge.
package window

import "io"

// Overlap is how many bytes of a window may come again in the next one, at most: of
// what belongs together all but a session token lies within 4 KiB, and a token has few.
const Overlap = 64 << 10

// Least is how many bytes a window has at least, so that those that come again cost
// little.
const Least = 4 * Overlap

// Window is a piece of a stream.
type Window struct {
	Data   []byte // valid until visit returns
	Offset int64  // of Data in the stream
	More   bool   // the stream goes on; false once, in the last window, which may be empty

	// Again is set by visit: so many bytes at the end of Data are to come again, at
	// the start of the next window. No more than [Overlap] do.
	Again int
}

// Each reads r to its end, and gives visit what it holds in windows that fill buf,
// which has room for [Least] bytes or more. damage is what ended r before its end:
// visit was given what came before, as if that were all. err is visit's.
func Each(r io.Reader, buf []byte, visit func(*Window) error) (damage, err error) {
	var w Window
	for again := 0; ; {
		n, end := fill(r, buf[again:])
		w = Window{Data: buf[:again+n], Offset: w.Offset, More: end == nil}
		if err := visit(&w); err != nil || end == io.EOF {
			return nil, err
		}
		if end != nil {
			return end, nil
		}
		again = min(max(w.Again, 0), Overlap, len(w.Data))
		w.Offset += int64(len(w.Data) - again)
		copy(buf, w.Data[len(w.Data)-again:])
	}
}

// fill reads until buf is full or r ends. The error is nil where it is full.
func fill(r io.Reader, buf []byte) (n int, err error) {
	for n < len(buf) && err == nil {
		var more int
		more, err = r.Read(buf[n:])
		n += more
	}
	return n, err
}
