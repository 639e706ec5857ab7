package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/revokey-dev/revokey/sweep"
	"github.com/revokey-dev/revokey/sweep/forge"
)

// fetchMirror brings the mirror in the cache up to date, or makes it. Nobody else has it until the
// clone is closed.
func (f *Fetcher) fetchMirror(ctx context.Context, r forge.Repository, s sweep.Sight) (c sweep.Clone, err error) {
	key := sweep.KeyOf(r)
	dir := filepath.Join(f.o.Cache, key[:2], key+".git")
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return c, err
	}
	lock := flock.New(dir + ".lock")
	if ok, err := lock.TryLockContext(ctx, 200*time.Millisecond); err != nil || !ok {
		return c, fmt.Errorf("waiting for the mirror, which another fetches into: %w", errors.Join(err, context.Cause(ctx)))
	}
	defer func() {
		if err != nil {
			lock.Unlock()
		}
	}()
	c = sweep.Clone{Dir: dir, Mirror: dir, State: dir + ".state", Close: lock.Unlock}
	if _, err := os.Stat(filepath.Join(dir, "HEAD")); err == nil {
		if err := clearLeftovers(dir); err != nil {
			return c, fmt.Errorf("clearing the mirror of what a dead process left: %w", err)
		}
		return c, f.update(ctx, r, s, dir)
	}
	fresh := dir + ".new"
	if err := errors.Join(os.RemoveAll(fresh), os.RemoveAll(dir), removeIfThere(c.State)); err != nil {
		return c, err
	}
	if err := f.clone(ctx, r, s, fresh); err != nil {
		return c, errors.Join(err, os.RemoveAll(fresh))
	}
	return c, os.Rename(fresh, dir)
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// clearLeftovers removes the lock files and unfinished packs of a git that was killed: as nobody
// else has the mirror, they are nobody's.
func clearLeftovers(dir string) error {
	return filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := e.Name()
		if e.IsDir() {
			if len(name) == 2 && filepath.Base(filepath.Dir(path)) == "objects" {
				return fs.SkipDir
			}
			return nil
		}
		if strings.HasSuffix(name, ".lock") || strings.HasPrefix(name, "tmp_") || strings.HasPrefix(name, ".tmp-") {
			return os.Remove(path)
		}
		return nil
	})
}

// clone makes a mirror in dir, which is not there.
func (f *Fetcher) clone(ctx context.Context, r forge.Repository, s sweep.Sight, dir string) error {
	if s.Tips == noTips {
		return emptyRepository(dir)
	}
	return f.transfer(ctx, r, s, dir, "clone", "--mirror", "--quiet", "--template=", "--no-local", "--", s.URL, dir)
}

// update fetches what is new. Refs that are gone go; their objects stay, and are scanned no second time.
func (f *Fetcher) update(ctx context.Context, r forge.Repository, s sweep.Sight, dir string) error {
	err := f.transfer(ctx, r, s, dir, "--git-dir="+dir, "fetch", "--quiet", "--prune", "--force", "--no-write-fetch-head", "--no-auto-maintenance", "--no-recurse-submodules", "--", s.URL, "+refs/*:refs/*")
	if err == nil {
		err = setHead(dir, s.Head)
	}
	if err != nil {
		return err
	}
	if err := f.joinPacks(ctx, dir); err != nil {
		f.o.Log.Warn("joining the packs of a mirror", "repository", r.Name, "error", err)
	}
	return nil
}

// setHead has HEAD name what the server's does: a fetch leaves it alone, and what is still at HEAD is told
// by it.
func setHead(dir, ref string) error {
	if ref == "" {
		return nil
	}
	path, text := filepath.Join(dir, "HEAD"), []byte("ref: "+ref+"\n")
	if now, err := os.ReadFile(path); err == nil && bytes.Equal(now, text) {
		return nil
	}
	if err := os.WriteFile(path+".lock", text, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".lock", path)
}

// maxPacks is how many packs a mirror may have, each of which is open while it is scanned: every fetch
// adds one.
const maxPacks = 50

// joinPacks makes one of them where they are too many. No object goes: what no ref reaches any more
// was found there, and is read again from there.
func (f *Fetcher) joinPacks(ctx context.Context, dir string) error {
	packs, err := filepath.Glob(filepath.Join(dir, "objects", "pack", "pack-*.pack"))
	if err != nil || len(packs) <= maxPacks {
		return err
	}
	_, err = f.run(ctx, "", "", "--git-dir="+dir, "repack", "-a", "-d", "-k", "-q")
	return err
}

// emptyRepository makes one that holds nothing, as git has it.
func emptyRepository(dir string) error {
	for _, sub := range []string{"objects", "refs"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			return err
		}
	}
	return errors.Join(
		os.WriteFile(filepath.Join(dir, "HEAD"), []byte("ref: refs/heads/main\n"), 0o600),
		os.WriteFile(filepath.Join(dir, "config"), []byte("[core]\n\trepositoryformatversion = 0\n\tbare = true\n"), 0o600))
}
