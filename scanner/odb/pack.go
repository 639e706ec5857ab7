package odb

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/idxfile"
)

// pack is a pack and its index. It is not changed after opening.
type pack struct {
	path     string // of the .pack file
	index    *idxfile.MemoryIndex
	entries  []entry // in order of offset
	promisor bool
}

// openPacks opens the indexes of all packs below an objects directory.
func openPacks(dir string) ([]*pack, []Skipped, error) {
	names, err := filepath.Glob(filepath.Join(globQuote(dir), "pack", "pack-*.pack"))
	if err != nil {
		return nil, nil, err
	}
	var packs []*pack
	var skipped []Skipped
	for _, name := range names {
		p, err := openPack(name)
		if err != nil {
			skipped = append(skipped, Skipped{Path: name, Err: err})
			continue
		}
		packs = append(packs, p)
	}
	return packs, skipped, nil
}

// globQuote returns the path as a pattern that matches only itself.
func globQuote(path string) string {
	return strings.NewReplacer("[", "[[]", "*", "[*]", "?", "[?]").Replace(path)
}

func openPack(path string) (p *pack, err error) {
	defer caught(&err)
	base := strings.TrimSuffix(path, ".pack")
	index, err := readIndex(base + ".idx")
	if err != nil {
		return nil, err
	}
	_, statErr := os.Stat(base + ".promisor")
	p = &pack{path: path, index: index, promisor: statErr == nil}
	return p, p.list()
}

// readIndex reads a pack index. go-git reads version 2 alone.
func readIndex(path string) (*idxfile.MemoryIndex, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("the pack has no index: make it with `git index-pack`")
	}
	if err != nil {
		return nil, fmt.Errorf("opening pack index: %w", err)
	}
	defer f.Close()
	index := idxfile.NewMemoryIndex()
	err = idxfile.NewDecoder(f).Decode(index)
	if err != nil && oldVersion(f) {
		return nil, errors.New("the pack index is of version 1: rewrite it with `git repack -ad`")
	}
	if err != nil {
		return nil, fmt.Errorf("reading pack index: %w", err)
	}
	return index, nil
}

// oldVersion reports whether an index is of version 1, which has no magic number.
// See https://git-scm.com/docs/gitformat-pack (version 1 pack-*.idx files).
func oldVersion(f io.ReaderAt) bool {
	magic := make([]byte, 4)
	_, err := f.ReadAt(magic, 0)
	return err == nil && string(magic) != "\377tOc"
}

// list fills in the entries, in order of their offset.
func (p *pack) list() error {
	iter, err := p.index.Entries()
	if err != nil {
		return err
	}
	for {
		e, err := iter.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("listing pack index: %w", err)
		}
		p.entries = append(p.entries, entry{id: NewID(e.Hash[:]), offset: int64(e.Offset)})
	}
	slices.SortFunc(p.entries, func(a, b entry) int { return cmp.Compare(a.offset, b.offset) })
	return nil
}

// offset returns where in the pack the object stands.
func (p *pack) offset(id ID) (int64, bool) {
	offset, err := p.index.FindOffset(hash(id))
	return offset, err == nil
}

// hash is the ID as go-git has it.
func hash(id ID) plumbing.Hash { return plumbing.Hash(id.sum[:20]) }

// caught turns a panic of the decoders below, which a damaged file can cause,
// into an error. Deferred, it does not hide one that is already there.
func caught(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("decoding: %v", p)
	}
}
