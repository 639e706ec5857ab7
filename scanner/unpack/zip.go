package unpack

import (
	"archive/zip"
	"bytes"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/flate"
)

// What a zip file's compression methods are called by number.
// See https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.4.5.
const (
	methodBzip2 = 12
	methodZstd  = 93
	methodXZ    = 95
)

// encryptedFlag is set in the flags of an encrypted member.
const encryptedFlag = 1

func (w *walk) zip(path string, data []byte, depth int) error {
	// The library reads the whole directory at once. It has no more entries than
	// signatures of entries; those of inner archives are members here too.
	if bytes.Count(data, []byte("PK\x01\x02")) > w.limits.Members-w.members {
		w.skip(path, w.tooMany())
		return w.stopped()
	}
	z, err := w.zipReader(path, data)
	if err != nil {
		return w.failed(path, err)
	}
	for _, f := range z.File {
		if err := w.zipMember(below(path, f.Name), f, depth); err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) zipReader(path string, data []byte) (z *zip.Reader, err error) {
	panicked := guard(func() { z, err = zip.NewReader(w.reading(path, data), int64(len(data))) })
	if err := errors.Join(panicked, err); err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, err
	}
	z.RegisterDecompressor(zip.Deflate, w.inflate)
	z.RegisterDecompressor(methodBzip2, func(r io.Reader) io.ReadCloser { return io.NopCloser(bzip2.NewReader(r)) })
	z.RegisterDecompressor(methodZstd, func(r io.Reader) io.ReadCloser { return closer(newZstd(r, &w.made)) })
	z.RegisterDecompressor(methodXZ, func(r io.Reader) io.ReadCloser { return closer(newXZ(r, w.out, &w.made), nil) })
	return z, nil
}

// inflate returns a reader of deflated data, the one that the walk has: a member is read
// to its end before another is begun.
func (w *walk) inflate(r io.Reader) io.ReadCloser {
	if w.inflater == nil {
		w.inflater = flate.NewReader(r)
	} else if err := w.inflater.(flate.Resetter).Reset(r, nil); err != nil {
		return closer(nil, err)
	}
	return io.NopCloser(w.inflater)
}

func (w *walk) zipMember(at place, f *zip.File, depth int) error {
	if f.Flags&encryptedFlag != 0 {
		if err := w.count(at.path); err != nil {
			return err
		}
		w.skip(at.path, ErrEncrypted)
		return w.stopped()
	}
	r, err := f.Open()
	if err != nil {
		return w.zipUnread(at, f, err)
	}
	defer r.Close()
	return w.member(at, w.unpacking(at.path, r), int64(min(f.UncompressedSize64, unlimited)), depth)
}

// zipUnread notes why a member cannot be opened.
func (w *walk) zipUnread(at place, f *zip.File, err error) error {
	if err := w.count(at.path); err != nil {
		return err
	}
	if errors.Is(err, zip.ErrAlgorithm) {
		err = fmt.Errorf("%w: compression method %d of zip", ErrUnsupported, f.Method)
	}
	return w.failed(at.path, err)
}

// failing is a reader of nothing but an error.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// closer makes a decompressor that may not have come about what a zip reader takes.
func closer(r io.Reader, err error) io.ReadCloser {
	if err != nil {
		r = failing{err}
	}
	return io.NopCloser(r)
}
