// Package folder has the store of a sweep in a folder that all workers share: a disk of this machine, NFS or
// EFS. It is for queues that keep no results, and for shards.
//
// An entry is a file. It is written beside its place, synced, and linked or renamed to it, so that
// it is there as a whole or not at all, and of several that create one a single one succeeds: link(2) is atomic
// on NFS too.
package folder

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/revokey-dev/revokey/sweep"
)

// Store keeps entries in files. It is safe for concurrent use, by several processes too.
type Store struct{ root string }

var _ sweep.Store = (*Store)(nil)

// Open returns the store in dir, which is made if it is not there; only its owner can read it.
func Open(dir string) (*Store, error) {
	root, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	for _, b := range append(sweep.Buckets(), "tmp") {
		if err := os.MkdirAll(filepath.Join(root, string(b)), 0o700); err != nil {
			return nil, fmt.Errorf("opening the store: %w", err)
		}
	}
	s := &Store{root}
	return s, s.removeLeftovers()
}

// leftAfter is how old a value has to be that was never put into its place: its writer is dead.
const leftAfter = 24 * time.Hour

// removeLeftovers removes what dead processes were writing.
func (s *Store) removeLeftovers() error {
	left, err := filepath.Glob(filepath.Join(s.root, "tmp", "entry-*"))
	if err != nil {
		return err
	}
	for _, path := range left {
		if info, err := os.Stat(path); err == nil && time.Since(info.ModTime()) > leftAfter {
			_ = os.Remove(path) // another may have
		}
	}
	return nil
}

// path of an entry: each word of the key but the last is a folder.
func (s *Store) path(b sweep.Bucket, key string) (string, error) {
	words := strings.Split(key, ".")
	for _, w := range words {
		if w == "" || strings.Trim(w, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" {
			return "", fmt.Errorf("the store takes no key %q", key)
		}
	}
	return filepath.Join(append([]string{s.root, string(b)}, words...)...) + suffix, nil
}

// suffix tells an entry from a folder of entries.
const suffix = ".entry"

// revision of a value: nobody writes the same twice in a row, or it does not matter.
func revision(value []byte) uint64 {
	sum := sha256.Sum256(value)
	return max(1, binary.LittleEndian.Uint64(sum[:8]))
}

// Get returns an entry.
func (s *Store) Get(ctx context.Context, b sweep.Bucket, key string) (sweep.Entry, error) {
	path, err := s.path(b, key)
	if err != nil {
		return sweep.Entry{}, err
	}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return sweep.Entry{}, sweep.ErrNotFound
	}
	if err != nil {
		return sweep.Entry{}, fmt.Errorf("reading the store: %w", err)
	}
	return sweep.Entry{Value: data, Revision: revision(data)}, nil
}

// write writes the value beside its place and hands it to place.
func (s *Store) write(path string, value []byte, place func(from string) error) (err error) {
	f, err := os.CreateTemp(filepath.Join(s.root, "tmp"), "entry-*")
	if err != nil {
		return err
	}
	defer func() {
		if gone := os.Remove(f.Name()); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}()
	_, err = f.Write(value)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	for try := 0; ; try++ {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		err := place(f.Name())
		if err == nil {
			return syncFolder(filepath.Dir(path))
		}
		if !errors.Is(err, fs.ErrNotExist) || try > 9 { // else another has just removed an empty folder
			return err
		}
	}
}

// syncFolder makes a new name last. Not every system can.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	_ = d.Sync()
	return d.Close()
}

// Create adds an entry.
func (s *Store) Create(ctx context.Context, b sweep.Bucket, key string, value []byte) error {
	path, err := s.path(b, key)
	if err != nil {
		return err
	}
	err = s.write(path, value, func(from string) error { return os.Link(from, path) })
	if errors.Is(err, fs.ErrExist) {
		return sweep.ErrExists
	}
	return err
}

// Put sets an entry.
func (s *Store) Put(ctx context.Context, b sweep.Bucket, key string, value []byte) error {
	path, err := s.path(b, key)
	if err != nil {
		return err
	}
	return s.write(path, value, func(from string) error { return os.Rename(from, path) })
}

// Update sets an entry that still has the revision, under a lock that all updates take.
func (s *Store) Update(ctx context.Context, b sweep.Bucket, key string, value []byte, old uint64) (err error) {
	lock := flock.New(filepath.Join(s.root, "tmp", "update.lock"))
	if ok, err := lock.TryLockContext(ctx, 20*time.Millisecond); err != nil || !ok {
		return errors.Join(err, context.Cause(ctx))
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	e, err := s.Get(ctx, b, key)
	switch {
	case err != nil && !errors.Is(err, sweep.ErrNotFound):
		return err
	case err != nil || e.Revision != old:
		return sweep.ErrExists
	case bytes.Equal(e.Value, value):
		return nil
	}
	return s.Put(ctx, b, key, value)
}

// Keys returns the keys below prefix.
func (s *Store) Keys(ctx context.Context, b sweep.Bucket, prefix string) ([]string, error) {
	root := filepath.Join(s.root, string(b))
	from := root
	if prefix != "" {
		path, err := s.path(b, prefix)
		if err != nil {
			return nil, err
		}
		from = strings.TrimSuffix(path, suffix)
	}
	var keys []string
	err := filepath.WalkDir(from, func(path string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		name, ok := strings.CutSuffix(path, suffix)
		if ok && !e.IsDir() {
			rel, err := filepath.Rel(root, name)
			if err != nil {
				return err
			}
			keys = append(keys, strings.ReplaceAll(filepath.ToSlash(rel), "/", "."))
		}
		return context.Cause(ctx)
	})
	return keys, err
}

// Delete takes an entry out, and the folders that are empty then.
func (s *Store) Delete(ctx context.Context, b sweep.Bucket, key string) error {
	path, err := s.path(b, key)
	if err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for dir := filepath.Dir(path); dir != filepath.Join(s.root, string(b)); dir = filepath.Dir(dir) {
		if os.Remove(dir) != nil {
			break // it is not empty
		}
	}
	return nil
}

// Clear takes out all below prefix.
func (s *Store) Clear(ctx context.Context, b sweep.Bucket, prefix string) error {
	path, err := s.path(b, prefix)
	if err != nil {
		return err
	}
	return os.RemoveAll(strings.TrimSuffix(path, suffix))
}
