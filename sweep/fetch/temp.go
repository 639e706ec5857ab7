package fetch

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

// tempPrefix begins the names of folders for temporary clones.
const tempPrefix = "revokey-sweep-"

// tempDir is a folder that nobody else can look into, and which is removed by whoever comes
// next if its process dies: that is known by its lock.
type tempDir struct {
	dir  string
	lock *flock.Flock
}

func newTempDir(base string) (*tempDir, error) {
	if base == "" {
		base = os.TempDir()
	}
	if err := os.MkdirAll(base, 0o700); err != nil {
		return nil, err
	}
	if err := removeDead(base); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(base, tempPrefix+"*") // 0700
	if err != nil {
		return nil, err
	}
	t := &tempDir{dir, flock.New(filepath.Join(dir, "lock"))}
	if _, err := t.lock.TryLock(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return t, nil
}

// removeDead removes the folders whose processes are no more.
func removeDead(base string) error {
	left, err := filepath.Glob(filepath.Join(base, tempPrefix+"*", "lock"))
	if err != nil {
		return err
	}
	for _, path := range left {
		lock := flock.New(path)
		if ok, err := lock.TryLock(); err != nil || !ok {
			continue // it is at work, or another user's
		}
		if err := errors.Join(lock.Unlock(), os.RemoveAll(filepath.Dir(path))); err != nil {
			return err
		}
	}
	return nil
}

// make makes a new folder.
func (t *tempDir) make() (string, error) { return os.MkdirTemp(t.dir, "repository-*") }

func (t *tempDir) close() error {
	return errors.Join(t.lock.Unlock(), os.RemoveAll(t.dir))
}
