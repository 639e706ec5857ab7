package odb

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/go-git/go-git/v5/plumbing/format/objfile"
)

// looseDir holds the loose objects of one objects directory: files named by
// the object, in 256 folders named by its first byte.
type looseDir struct {
	dir     string
	entries []entry
}

// openLoose lists the loose objects. A file that is not named as an object is
// git's own temporary, or somebody else's, and no object.
func openLoose(dir string) (*looseDir, error) {
	l := &looseDir{dir: dir}
	fanout, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, d := range fanout {
		if !d.IsDir() || len(d.Name()) != 2 {
			continue
		}
		files, err := os.ReadDir(filepath.Join(dir, d.Name()))
		if err != nil {
			return nil, err
		}
		l.add(d.Name(), files)
	}
	return l, nil
}

func (l *looseDir) add(first string, files []fs.DirEntry) {
	for _, f := range files {
		sum, err := hex.DecodeString(first + f.Name())
		if err == nil && len(sum) == 20 {
			l.entries = append(l.entries, entry{id: NewID(sum)})
		}
	}
}

func (l *looseDir) path(id ID) string {
	name := id.String()
	return filepath.Join(l.dir, name[:2], name[2:])
}

func (l *looseDir) has(id ID) bool {
	_, err := os.Stat(l.path(id))
	return err == nil
}

// read decodes a loose object into buf, grown as needed, where its type is wanted.
func (l *looseDir) read(id ID, want TypeSet, limit int64, buf []byte) (t Type, data []byte, err error) {
	defer caught(&err)
	f, err := os.Open(l.path(id))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, buf, ErrNotFound
	}
	if err != nil {
		return 0, buf, err
	}
	defer f.Close()
	r, err := objfile.NewReader(f)
	if err != nil {
		return 0, buf, fmt.Errorf("inflating: %w", err)
	}
	defer r.Close()
	kind, size, err := r.Header()
	if err != nil {
		return 0, buf, fmt.Errorf("reading header: %w", err)
	}
	if !want.Has(Type(kind)) {
		return Type(kind), buf, nil
	}
	data, err = readSized(r, size, limit, buf)
	return Type(kind), data, err
}

// readSized reads exactly size bytes, to the end of the stream.
func readSized(r io.Reader, size, limit int64, buf []byte) ([]byte, error) {
	if size < 0 {
		return buf, fmt.Errorf("declared size %d", size)
	}
	if size > limit {
		return buf, fmt.Errorf("%d bytes: %w of %d", size, ErrTooLarge, limit)
	}
	if int64(cap(buf)) < size {
		buf = make([]byte, size)
	}
	if n, err := io.ReadFull(r, buf[:size]); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return buf, fmt.Errorf("ends after %d of its %d bytes", n, size)
	} else if err != nil {
		return buf, fmt.Errorf("inflating: %w", err)
	}
	return buf[:size], atEnd(r, size)
}

// atEnd reads on to the end of the stream, where zlib checks its sum.
func atEnd(r io.Reader, size int64) error {
	switch n, err := io.ReadFull(r, make([]byte, 1)); {
	case n > 0:
		return fmt.Errorf("inflates past its declared size of %d bytes", size)
	case !errors.Is(err, io.EOF):
		return fmt.Errorf("inflating: %w", err)
	}
	return nil
}
