package unpack

import (
	"bytes"
	"fmt"
	"io"
)

// source is bytes that are read to unpack them, in order or not; all are counted.
type source struct {
	walk *walk
	path string
	r    *bytes.Reader
}

// reading returns the source of data, which stands at path.
func (w *walk) reading(path string, data []byte) *source {
	return &source{walk: w, path: path, r: bytes.NewReader(data)}
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if stop := s.spend(n); stop != nil {
		return 0, stop
	}
	return n, err
}

func (s *source) ReadAt(p []byte, at int64) (int, error) {
	n, err := s.r.ReadAt(p, at)
	if stop := s.spend(n); stop != nil {
		return 0, stop
	}
	return n, err
}

func (s *source) spend(n int) error {
	if stop := s.walk.stopped(); stop != nil {
		return stop
	}
	if s.walk.in -= int64(n); s.walk.in < 0 {
		return s.walk.stop(s.path, fmt.Errorf("%w: its members overlap, or hold nothing", ErrLimit))
	}
	return nil
}

// product is what comes out of a library; all of it is counted.
type product struct {
	walk *walk
	path string
	r    io.Reader
}

// unpacking returns a reader of what r gives for the member, or archive, at path.
func (w *walk) unpacking(path string, r io.Reader) io.Reader {
	return &product{walk: w, path: path, r: r}
}

func (p *product) Read(b []byte) (n int, err error) {
	if stop := p.walk.stopped(); stop != nil {
		return 0, stop
	}
	if err := guard(func() { n, err = p.r.Read(b) }); err != nil {
		return 0, err
	}
	if p.walk.out -= int64(n); p.walk.out < 0 {
		return 0, p.walk.stop(p.path, p.walk.tooMuch)
	}
	return n, err
}

// guard makes a panic of a library an error: what it reads was made by anybody.
func guard(call func()) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("%w: %v", ErrCorrupt, v)
		}
	}()
	call()
	return nil
}
