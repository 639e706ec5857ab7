package unpack

import (
	"errors"
	"fmt"
	"io"
)

// errMember is the limit of one member.
var errMember = errors.New("the member is larger than there is room for")

// member gives the content of r, and what is inside it. size is what the archive says
// of its length, and a hint at best.
func (w *walk) member(at place, r io.Reader, size int64, depth int) error {
	if err := w.count(at.path); err != nil {
		return err
	}
	data, err := w.read(r, size, depth)
	switch {
	case errors.Is(err, errMember):
		w.skip(at.path, fmt.Errorf("%w: it is larger than %s, with what it is nested in", ErrLimit, inMiB(w.limits.MemberSize)))
		return w.stopped()
	case err != nil:
		if err := w.failed(at.path, err); err != nil {
			return err
		}
	}
	if len(data) == 0 {
		return nil
	}
	return w.give(at, data, depth)
}

// count counts a member.
func (w *walk) count(path string) error {
	if stop := w.stopped(); stop != nil {
		return stop
	}
	if w.members++; w.members > w.limits.Members {
		return w.stop(path, w.tooMany())
	}
	return nil
}

func (w *walk) tooMany() error {
	return fmt.Errorf("%w: it has more than %d members", ErrLimit, w.limits.Members)
}

func (w *walk) give(at place, data []byte, depth int) error {
	w.held += int64(len(data))
	defer func() { w.held -= int64(len(data)) }()
	if err := w.fn(Member{Path: at.path, Archive: at.archive, Data: data}); err != nil {
		return err
	}
	return w.open(at.path, data, depth)
}

// Buffers start at firstBuffer bytes; those that stayed below keptBuffer are used
// again for the next member of the same depth.
const (
	firstBuffer = 16 << 10
	keptBuffer  = 4 << 20
)

// read reads all of r, or what comes before an error.
func (w *walk) read(r io.Reader, size int64, depth int) ([]byte, error) {
	for len(w.buffers) <= depth {
		w.buffers = append(w.buffers, nil)
	}
	buf, room := w.buffers[depth][:0], w.limits.MemberSize-w.held
	w.buffers[depth] = nil
	buf, err := appendAll(buf, r, size, room)
	if cap(buf) <= keptBuffer {
		w.buffers[depth] = buf
	}
	return buf, err
}

// appendAll appends what r gives, which may be no more than room. It takes memory as
// content comes, whatever size is said to be.
func appendAll(buf []byte, r io.Reader, size, room int64) ([]byte, error) {
	for {
		if len(buf) == cap(buf) {
			buf = grow(buf, size, room)
		}
		n, err := r.Read(buf[len(buf):min(cap(buf), len(buf)+keptBuffer)])
		buf = buf[:len(buf)+n]
		switch {
		case int64(len(buf)) > room:
			return nil, errMember
		case err == io.EOF:
			return buf, nil
		case err != nil:
			return buf, err
		}
	}
}

// grow doubles the buffer: to no more than one byte over the room, by which too much is
// seen, nor over what the member says it has.
func grow(buf []byte, size, room int64) []byte {
	next := max(2*int64(cap(buf)), firstBuffer)
	if size >= int64(len(buf)) {
		next = min(next, size+1)
	}
	next = min(next, max(room, 0)+1)
	grown := make([]byte, len(buf), max(next, int64(len(buf))+1))
	copy(grown, buf)
	return grown
}
