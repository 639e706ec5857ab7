package odb

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/revokey-dev/revokey/scanner/odb/inflate"
)

// looseDir holds the loose objects of one objects directory: files named by
// the object, in 256 folders named by its first byte.
type looseDir struct {
	dir    string
	listed int  // how many there are
	ids    []ID // those that are read here
}

// openLoose lists the loose objects. A file that is not named as an object is
// git's own temporary, or somebody else's, and no object.
func openLoose(dir string, hash int) (*looseDir, error) {
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
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // its objects were packed meanwhile
			return nil, err
		}
		for _, f := range files {
			sum, err := hex.DecodeString(d.Name() + f.Name())
			if err == nil && len(sum) == hash {
				l.ids = append(l.ids, NewID(sum))
			}
		}
	}
	l.listed = len(l.ids)
	return l, nil
}

// leaveTo takes out what is packed, known, or listed before.
func (l *looseDir) leaveTo(packed func(ID) bool, before []*looseDir) {
	l.ids = slices.DeleteFunc(l.ids, func(id ID) bool {
		return packed(id) || slices.ContainsFunc(before, func(b *looseDir) bool { return b.has(id) })
	})
}

func (l *looseDir) path(id ID) string {
	name := id.String()
	return filepath.Join(l.dir, name[:2], name[2:])
}

func (l *looseDir) has(id ID) bool {
	_, err := os.Stat(l.path(id))
	return err == nil
}

// maxLooseHeader is more than "commit 9223372036854775807\x00" has.
const maxLooseHeader = 32

// loose decodes a loose object where its type is wanted.
func (r *Reader) loose(l *looseDir, id ID, want TypeSet) (obj Object, err error) {
	defer caught(&err)
	src, err := mapFile(l.path(id))
	if errors.Is(err, fs.ErrNotExist) {
		return obj, ErrNotFound
	}
	if err != nil {
		return obj, err
	}
	defer unmap(src)
	kind, size, start, err := r.looseHeader(src)
	if err != nil {
		return obj, err
	}
	obj = Object{id: id, Type: kind}
	if !want.Has(kind) {
		return obj, nil
	}
	if err := r.fits(size); err != nil {
		return obj, err
	}
	buf := r.get(size + int64(start))
	defer r.put(buf)
	_, err = r.inflater.Zlib(buf, src)
	r.kept = append(r.kept[:0], buf[start:]...)
	obj.Data = r.kept
	return obj, described(err)
}

// looseHeader reads "TYPE SIZE NUL", and returns how long it is.
func (r *Reader) looseHeader(src []byte) (kind Type, size int64, n int, err error) {
	var head [maxLooseHeader]byte
	written, err := r.inflater.ZlibPrefix(head[:], src)
	if err != nil && !errors.Is(err, inflate.ErrShort) {
		return 0, 0, 0, fmt.Errorf("inflating: %w", err)
	}
	line, _, ok := bytes.Cut(head[:written], []byte{0})
	word, number, _ := bytes.Cut(line, []byte{' '})
	size, err = strconv.ParseInt(string(number), 10, 64)
	kind = map[string]Type{"commit": Commit, "tree": Tree, "blob": Blob, "tag": Tag}[string(word)]
	if !ok || err != nil || size < 0 || kind == 0 {
		return 0, 0, 0, errors.New("malformed header of a loose object")
	}
	return kind, size, len(line) + 1, nil
}
