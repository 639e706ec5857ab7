package unpack

import (
	"archive/tar"
	"errors"
	"io"
)

// tar gives the members of the tar that r reads.
func (w *walk) tar(path string, r io.Reader, depth int) error {
	t := tar.NewReader(r)
	for {
		header, err := nextHeader(t)
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return w.failed(path, err)
		}
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
