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
	dir string
	all []ID
	ids []ID // those that are read here
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
	l.all = slices.Clone(l.ids)
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

// looseFile is a loose object's file.
type looseFile struct {
	src  []byte // mapped
	kind Type
	size int64
	head int // bytes of the header, in the stream
}

// mapLoose maps a loose object's file, which is to be unmapped even after an error.
func (r *Reader) mapLoose(l *looseDir, id ID) (f looseFile, err error) {
	defer caught(&err)
	f.src, err = mapFile(l.path(id))
	if errors.Is(err, fs.ErrNotExist) {
		return f, ErrNotFound
	}
	if err == nil {
		f.kind, f.size, f.head, err = r.looseHeader(f.src)
	}
	return f, err
}

// loose decodes a loose object.
func (r *Reader) loose(l *looseDir, id ID) (Object, error) {
	f, err := r.mapLoose(l, id)
	defer unmap(f.src) //nolint:errcheck // of what was read
	if err != nil {
		return Object{}, err
	}
	return r.looseWhole(f, id)
}

// looseObject gives visit a loose object, where its type is wanted. damage is why it
// cannot be read, err is visit's.
func (r *Reader) looseObject(l *looseDir, id ID, want TypeSet, visit func(*Object) error) (damage, err error) {
	f, damage := r.mapLoose(l, id)
	defer unmap(f.src) //nolint:errcheck // of what was read
	switch {
	case damage != nil || !want.Has(f.kind):
		return damage, nil
	case r.store.opts.inWindows(f.kind, f.size):
		obj := Object{id: id, Type: f.kind}
		return r.inWindows(&obj, stream{f.src, f.head, f.size}, visit)
	}
	obj, damage := r.looseWhole(f, id)
	if damage != nil {
		return damage, nil
	}
	return nil, visit(&obj)
}

func (r *Reader) looseWhole(f looseFile, id ID) (obj Object, err error) {
	defer caught(&err)
	if err := r.fits(f.size); err != nil {
		return obj, err
	}
	buf := r.get(f.size + int64(f.head))
	defer r.put(buf)
	_, err = r.inflater.Zlib(buf, f.src)
	r.kept = append(r.kept[:0], buf[f.head:]...)
	return Object{id: id, Type: f.kind, Data: r.kept}, described(err)
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
