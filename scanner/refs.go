package scanner

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/storage/filesystem"

	"github.com/revokey-dev/revokey/scanner/odb"
	"github.com/revokey-dev/revokey/scanner/regular"
)

// tips is what a repository holds on to.
type tips struct {
	head  odb.ID            // zero: no commit yet
	refs  map[string]odb.ID // every ref, HEAD and the HEADs of linked work trees
	index map[string]odb.ID // the blob at each path of the index
}

// readTips reads the refs, and the index as far as it can be decoded: it adds
// paths of staged blobs, while their bytes stand in the object database anyway.
func (r repo) readTips(ctx context.Context) (tips, []string, error) {
	if r.alien {
		t, err := r.readTipsByGit(ctx)
		return t, nil, err
	}
	storage := r.storage()
	t := tips{refs: make(map[string]odb.ID), index: make(map[string]odb.ID)}
	if err := t.readRefs(storage); err != nil {
		return t, nil, fmt.Errorf("reading refs: %w", err)
	}
	t.readWorktrees(r.common)
	var notes []string
	if err := t.readIndex(storage); err != nil {
		notes = append(notes, fmt.Sprintf("the index cannot be decoded (%v): staged files are scanned, their paths are not known", err))
	}
	return t, notes, nil
}

func (t *tips) readRefs(storage *filesystem.Storage) error {
	iter, err := storage.IterReferences()
	if err != nil {
		return err
	}
	err = iter.ForEach(func(ref *plumbing.Reference) error {
		if ref.Type() == plumbing.HashReference {
			t.refs[ref.Name().String()] = id(ref.Hash())
		}
		return nil
	})
	if err != nil {
		return err
	}
	if head, err := storage.Reference(plumbing.HEAD); err == nil {
		t.head = t.resolve(head)
	}
	return nil
}

// resolve follows HEAD to a commit: a symbolic one through the ref that it names.
func (t *tips) resolve(head *plumbing.Reference) odb.ID {
	if head.Type() == plumbing.HashReference {
		return id(head.Hash())
	}
	return t.refs[head.Target().String()]
}

// readWorktrees adds the detached HEADs of the linked work trees.
func (t *tips) readWorktrees(common string) {
	dirs, _ := os.ReadDir(filepath.Join(common, "worktrees")) // mostly there are none
	for _, d := range dirs {
		data, err := regular.Read(filepath.Join(common, "worktrees", d.Name(), "HEAD"), maxPointer)
		if err != nil || len(data) < 40 {
			continue
		}
		if head, err := odb.ParseID(string(data[:40])); err == nil {
			t.refs["worktrees/"+d.Name()+"/HEAD"] = head
		}
	}
}

func (t *tips) readIndex(storage *filesystem.Storage) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("decoding: %v", p)
		}
	}()
	index, err := storage.Index()
	if err != nil {
		return err
	}
	for _, e := range index.Entries {
		t.index[e.Name] = id(e.Hash)
	}
	return nil
}

func id(h plumbing.Hash) odb.ID { return odb.NewID(h[:]) }
