package unpack

import (
	"archive/tar"
	"bufio"
	"bytes"
	"errors"
	"io"
)

// tar gives the members of the tar that r reads, and of others that stand behind it,
// as concatenation leaves them. Whatever else stands there is a member named [rest].
func (w *walk) tar(path string, r *bufio.Reader, depth int) error {
	for {
		if whole, err := w.oneTar(path, r, depth); !whole || err != nil {
			return err
		}
		head, err := behindZeros(r)
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return w.failed(path, err)
		case !isTar(head):
			return w.member(below(path, "[rest]"), r, -1, depth)
		}
	}
}

// oneTar gives the members up to the end of a tar, which two blocks of zeros are, and
// reports whether it came to that.
func (w *walk) oneTar(path string, r io.Reader, depth int) (whole bool, err error) {
	t := tar.NewReader(r)
	for skipped := len(w.skipped); ; {
		header, err := nextHeader(t)
		switch {
		case err == io.EOF:
			return true, nil
		case errors.Is(err, io.ErrUnexpectedEOF) && len(w.skipped) > skipped:
			return false, w.stopped() // the last member, which was cut, has been named
		case err != nil:
			return false, w.failed(path, err)
		}
		skipped = len(w.skipped)
		at := below(path, header.Name)
		if err := w.member(at, w.unpacking(at.path, t), header.Size, depth); err != nil {
			return false, err
		}
	}
}

func nextHeader(t *tar.Reader) (h *tar.Header, err error) {
	if panicked := guard(func() { h, err = t.Next() }); panicked != nil {
		return nil, panicked
	}
	if err != nil && !errors.Is(err, tar.ErrInsecurePath) {
		return nil, err
	}
	return h, nil
}

// behindZeros reads over blocks of zeros and returns what comes next, which is not read
// yet: a block, or less at the end. The error is io.EOF where nothing does.
func behindZeros(r *bufio.Reader) ([]byte, error) {
	for {
		head, err := r.Peek(tarBlock)
		switch {
		case len(head) == 0:
			return nil, err
		case len(bytes.TrimLeft(head, "\x00")) > 0:
			return head, nil
		}
		_, _ = r.Discard(len(head)) // it is in the buffer
	}
}
