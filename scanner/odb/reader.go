package odb

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
)

// largeObject is the size in bytes from which an object is streamed and not
// kept in the cache of bases: a blob of 600 MB costs 2,600 MB without it.
const largeObject = 1 << 20

// Reader decodes objects. One goroutine uses it at a time; it keeps the packs
// open and the bases of deltas cached between calls.
type Reader struct {
	store *Store
	packs map[*pack]*packfile.Packfile
	cache cache.Object
	buf   []byte
}

// NewReader returns a reader of the store. Close it when done.
func (s *Store) NewReader() *Reader {
	return &Reader{
		store: s,
		packs: make(map[*pack]*packfile.Packfile),
		cache: cache.NewObjectLRUDefault(),
	}
}

// Close closes the files that the reader holds.
func (r *Reader) Close() error {
	var errs []error
	for _, p := range r.packs {
		errs = append(errs, p.Close())
	}
	clear(r.packs)
	return errors.Join(errs...)
}

// Family gives visit each object of the family whose type is wanted, in the
// family's order. It returns what could not be read, and the first error of
// visit or ctx, which ends it.
func (r *Reader) Family(ctx context.Context, f Family, want TypeSet, visit func(Object) error) ([]Skipped, error) {
	var skipped []Skipped
	for _, e := range f.entries {
		if err := context.Cause(ctx); err != nil {
			return skipped, err
		}
		obj, err := r.entry(f, e, want)
		if err != nil {
			skipped = append(skipped, Skipped{ID: e.id, Path: f.path(e.id), Err: err})
			continue
		}
		if !want.Has(obj.Type) {
			continue
		}
		if err := visit(obj); err != nil {
			return skipped, err
		}
	}
	return skipped, nil
}

// path names the file that an object of the family comes from.
func (f Family) path(id ID) string {
	if f.pack != nil {
		return f.pack.path
	}
	return f.loose.path(id)
}

// entry reads an object from its place in the family or, where it is damaged
// there, from any other place that has it.
func (r *Reader) entry(f Family, e entry, want TypeSet) (obj Object, err error) {
	if f.pack != nil {
		obj, err = r.packed(f.pack, e, want)
	} else {
		obj, err = r.loose(f.loose, e.id, want)
	}
	if err == nil || errors.Is(err, ErrTooLarge) {
		return obj, err
	}
	if other, otherErr := r.read(e.id, want); otherErr == nil {
		return other, nil
	}
	return obj, err
}

// Read returns one object, of any type. The error is [ErrNotFound] where no
// pack or directory of the store has it.
func (r *Reader) Read(id ID) (Object, error) {
	return r.read(id, Types(Commit, Tree, Blob, Tag))
}

func (r *Reader) read(id ID, want TypeSet) (obj Object, err error) {
	err = ErrNotFound
	for _, p := range r.store.packs {
		offset, ok := p.offset(id)
		if !ok {
			continue
		}
		if obj, err = r.packed(p, entry{id, offset}, want); err == nil {
			return obj, nil
		}
	}
	for _, l := range r.store.loose {
		obj, looseErr := r.loose(l, id, want)
		if looseErr == nil {
			return obj, nil
		}
		if !errors.Is(looseErr, ErrNotFound) {
			err = looseErr
		}
	}
	return Object{}, err
}

func (r *Reader) loose(l *looseDir, id ID, want TypeSet) (Object, error) {
	t, data, err := l.read(id, want, r.store.opts.MaxSize, r.buf)
	r.buf = data[:0]
	return Object{ID: id, Type: t, Data: data}, err
}

// packed decodes the object at an offset of a pack, where its type is wanted.
func (r *Reader) packed(p *pack, e entry, want TypeSet) (obj Object, err error) {
	defer caught(&err)
	file, err := r.open(p)
	if err != nil {
		return Object{}, err
	}
	encoded, err := file.GetByOffset(e.offset)
	if err != nil {
		return Object{}, fmt.Errorf("reading at offset %d: %w", e.offset, err)
	}
	obj = Object{ID: e.id, Type: Type(encoded.Type())}
	if !want.Has(obj.Type) {
		return obj, nil
	}
	obj.Data, err = r.content(encoded)
	return obj, err
}

func (r *Reader) content(encoded plumbing.EncodedObject) ([]byte, error) {
	rd, err := encoded.Reader()
	if err != nil {
		return nil, fmt.Errorf("inflating: %w", err)
	}
	defer rd.Close()
	data, err := readSized(rd, encoded.Size(), r.store.opts.MaxSize, r.buf)
	r.buf = data[:0]
	return data, err
}

// open returns the pack as this reader has it open.
func (r *Reader) open(p *pack) (*packfile.Packfile, error) {
	if file, ok := r.packs[p]; ok {
		return file, nil
	}
	fs := osfs.New(filepath.Dir(p.path))
	f, err := fs.Open(filepath.Base(p.path))
	if err != nil {
		return nil, fmt.Errorf("opening pack: %w", err)
	}
	r.packs[p] = packfile.NewPackfileWithCache(p.index, fs, f, r.cache, largeObject)
	return r.packs[p], nil
}
