package unpack

import (
	"bufio"
	"compress/bzip2"
	"errors"
	"io"

	"github.com/klauspost/compress/gzip"
)

// stream gives what a compressed stream holds: the members of a tar, or the one
// piece of content that it is.
func (w *walk) stream(path string, f format, data []byte, depth int) error {
	r, err := w.decompressor(f, w.reading(path, data))
	if err != nil {
		return w.failed(path, err)
	}
	content := bufio.NewReader(w.unpacking(path, r))
	// An error will be met again when the content is read.
	if head, _ := content.Peek(tarBlock); isTar(head) {
		return w.tar(path, content, depth)
	}
	return w.member(below(path, "["+f.String()+"]"), content, -1, depth)
}

func (w *walk) decompressor(f format, from io.Reader) (r io.Reader, err error) {
	panicked := guard(func() {
		switch f {
		case gzipped:
			r, err = gzip.NewReader(from)
		case bzipped:
			r = bzip2.NewReader(from)
		case xzipped:
			r = newXZ(from, w.out, &w.made)
		case zstandard:
			r, err = newZstd(from, &w.made)
		}
	})
	return r, errors.Join(panicked, err)
}
