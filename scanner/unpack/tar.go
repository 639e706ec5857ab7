package unpack

import (
	"archive/tar"
	"errors"
	"io"
)

// tar gives the members of the tar that r reads.
func (w *walk) tar(path string, r io.Reader, depth int) error {
	t := tar.NewReader(r)
	for skipped := len(w.skipped); ; {
		header, err := nextHeader(t)
		switch {
		case err == io.EOF:
			return nil
		case errors.Is(err, io.ErrUnexpectedEOF) && len(w.skipped) > skipped:
			return w.stopped() // the last member, which was cut, has been named
		case err != nil:
			return w.failed(path, err)
		}
		skipped = len(w.skipped)
		at := below(path, header.Name)
		if err := w.member(at, w.unpacking(at.path, t), header.Size, depth); err != nil {
			return err
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
