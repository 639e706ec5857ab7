package scanner

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"github.com/revokey-dev/revokey/scanner/index"
	"github.com/revokey-dev/revokey/scanner/odb"
	"github.com/revokey-dev/revokey/scanner/regular"
)

// StagedOptions are the limits of what is staged. The zero value is useful.
type StagedOptions struct {
	Git     GitEnvironment
	MaxSize int64 // as in [HistoryOptions]
	Memory  int64 // as in [HistoryOptions]
}

// Staged is what the next commit would bring: the files in the index that its parents,
// HEAD and the heads that are being merged, do not have at the same path. The whole of
// each file is read, from the object database, for what belongs together need not be
// new together; what stood at the same path in a parent is no finding.
type Staged struct {
	blobReader
	repo    repo
	parents []*snapshot
	list    blobList
	skipped []Skipped
	notes   []string
}

var (
	_ Source   = (*Staged)(nil)
	_ changing = (*Staged)(nil)
)

// OpenStaged opens what is staged in the repository that git's environment names, or that
// path belongs to. The error is [ErrNotRepository] or a [*RefusedError] where that cannot
// be read.
func OpenStaged(ctx context.Context, path string, opts StagedOptions) (*Staged, error) {
	r, err := opts.Git.open(path)
	if err != nil {
		return nil, err
	}
	store, err := opts.Git.openObjects(r, opts.MaxSize, opts.Memory)
	if err != nil {
		return nil, err
	}
	s := &Staged{blobReader: newBlobReader(store), repo: r}
	if err := s.compare(ctx, opts.Git); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	if len(s.list.blobs)+len(s.skipped) == 0 {
		s.notes = append(s.notes, "nothing is staged that HEAD does not have")
	}
	return s, nil
}

// compare lists what the index has and no parent does.
func (s *Staged) compare(ctx context.Context, git GitEnvironment) error {
	if err := s.openParents(ctx, git.Merging); err != nil {
		return err
	}
	data, done, err := odb.MapFile(s.indexFile(git))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // nothing was ever staged
	}
	if err != nil {
		return fmt.Errorf("reading the index: %w", err)
	}
	defer done() //nolint:errcheck // of what was read
	err = s.compareIndex(ctx, data)
	if errors.Is(err, index.ErrUnknown) {
		s.list = blobList{}
		if gitErr := s.compareByGit(ctx, git); gitErr != nil {
			err = fmt.Errorf("%w; and by git: %w", err, gitErr)
		} else {
			err = nil
		}
	}
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("reading the index: %w", err)
	}
	return err
}

// indexFile returns the path of the index. git takes a relative one to be relative to the
// top of the work tree, which is where it runs hooks.
func (s *Staged) indexFile(git GitEnvironment) string {
	switch {
	case git.IndexFile == "":
		return filepath.Join(s.repo.gitDir, "index")
	case filepath.IsAbs(git.IndexFile):
		return git.IndexFile
	}
	if top := filepath.Join(s.repo.root, git.IndexFile); s.repo.root != s.repo.gitDir {
		return top
	}
	return git.IndexFile
}

// openParents opens HEAD, and the commits that are being merged into it.
func (s *Staged) openParents(ctx context.Context, merging []string) error {
	head, err := s.repo.headCommit(ctx)
	if err != nil {
		return err
	}
	parents := []odb.ID{head}
	merged, _ := regular.Read(filepath.Join(s.repo.gitDir, "MERGE_HEAD"), maxPointer) // mostly there is none
	for _, name := range append(strings.Fields(string(merged)), merging...) {
		if id, err := odb.ParseID(name); err == nil && !slices.Contains(parents, id) {
			parents = append(parents, id)
		}
	}
	f := newForest(s.store)
	for _, p := range parents {
		if p.IsZero() {
			continue
		}
		tree, _, err := f.commit(p)
		if err != nil {
			return fmt.Errorf("reading commit %s, to which the index is compared: %w", p, err)
		}
		s.parents = append(s.parents, newSnapshot(f, tree))
	}
	return nil
}

// compareIndex compares an index, which is mapped: what is read of it after it was cut short
// under us is a fault, and an error.
func (s *Staged) compareIndex(ctx context.Context, data []byte) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		switch p := recover().(type) {
		case nil:
		case interface{ Addr() uintptr }:
			err = fmt.Errorf("it was cut short while it was read (%v)", p)
		default:
			panic(p)
		}
	}()
	x, err := index.Parse(data, s.store.HashLen(), func(name string) ([]byte, error) {
		return regular.Read(filepath.Join(s.repo.gitDir, name), maxList)
	})
	if err != nil {
		return err
	}
	list := func(e index.Entry) error { return s.entry(ctx, e) }
	err = x.Walk(s.hasTree, list)
	if errors.Is(err, index.ErrFolders) {
		s.list = blobList{}
		err = x.Walk(nil, list)
	}
	return err
}

// hasTree reports whether a parent has just that tree as a folder.
func (s *Staged) hasTree(folder []byte, tree odb.ID) bool {
	for _, p := range s.parents {
		if p.treeAt(string(folder)) == tree {
			return true
		}
	}
	return false
}

// entry lists a file of the index, if no parent has it.
func (s *Staged) entry(ctx context.Context, e index.Entry) error {
	switch {
	case e.IntentToAdd || e.Mode == index.ModeSubmodule:
		return nil
	case e.Mode == index.ModeTree:
		if s.hasTree(e.Path, e.ID) {
			return nil
		}
		return s.tree(ctx, string(e.Path), e.ID)
	}
	path := string(e.Path)
	for _, p := range s.parents {
		if p.blobAt(path) == e.ID {
			return nil
		}
	}
	s.list.add(e.ID, Place{Path: path, Reachable: true})
	return context.Cause(ctx)
}

// tree lists what is new in a folder of which a sparse index has the tree alone.
func (s *Staged) tree(ctx context.Context, folder string, tree odb.ID) error {
	d := treeDiff{forest: newForest(s.store), found: func(path string, id odb.ID) {
		s.list.add(id, Place{Path: path, Reachable: true})
	}}
	var before []odb.ID
	for _, p := range s.parents {
		before = append(before, p.treeAt(folder))
	}
	err := d.walk(ctx, folder, tree, before)
	s.skipped = append(s.skipped, d.skipped...)
	return err
}

// compareByGit lists what is staged by git itself, where the index is not one that is
// read here.
func (s *Staged) compareByGit(ctx context.Context, git GitEnvironment) error {
	path, err := filepath.Abs(s.indexFile(git))
	if err != nil {
		return err
	}
	git.IndexFile = path
	entries, err := s.repo.gitIn(ctx, git, nil, "ls-files", "--stage", "-z")
	if err != nil {
		return err
	}
	for line := range bytes.SplitSeq(entries, []byte{0}) {
		info, path, ok := strings.Cut(string(line), "\t")
		if fields := strings.Fields(info); ok && len(fields) == 3 { // mode, name, stage
			mode, _ := strconv.ParseUint(fields[0], 8, 32)
			id, err := odb.ParseID(fields[1])
			if err != nil {
				return err
			}
			if id.String() == emptyBlob || id.String() == emptyBlob256 {
				continue // also the only sign of a path that is not to be committed yet
			}
			if err := s.entry(ctx, index.Entry{Path: []byte(path), Mode: uint32(mode), ID: id}); err != nil {
				return err
			}
		}
	}
	return nil
}

// The names of the file without content, by SHA-1 and by SHA-256.
const (
	emptyBlob    = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
	emptyBlob256 = "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813"
)

// Files returns how many different files are staged.
func (s *Staged) Files() int { return len(s.list.blobs) }

// Close lets go of the object database.
func (s *Staged) Close() error { return s.store.Close() }

// Name returns the path of the repository.
func (s *Staged) Name() string { return s.repo.root }

// Parts returns the files in runs.
func (s *Staged) Parts() []Part { return s.parts(s.list.blobs) }

// Locate returns nothing: the paths of what is staged are known from the start.
func (s *Staged) Locate(context.Context, []odb.ID, int) (map[odb.ID][]Place, error) { return nil, nil }

// Remarks tells what could not be read.
func (s *Staged) Remarks() ([]Skipped, []string) {
	return s.skipped, s.notes
}

func (s *Staged) before(path string) (ids []odb.ID) {
	for _, p := range s.parents {
		if id := p.blobAt(path); !id.IsZero() {
			ids = append(ids, id)
		}
	}
	return ids
}

func (s *Staged) cutShort(id odb.ID) bool { return s.list.cut[id] }

func (s *Staged) settle(*Occurrence) {}
