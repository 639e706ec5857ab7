package odb_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/revokey-dev/revokey/scanner/gittest"
	"github.com/revokey-dev/revokey/scanner/odb"
)

var all = odb.Types(odb.Commit, odb.Tree, odb.Blob, odb.Tag)

// TestTwin compares every object that a store reads, byte for byte, with what
// git itself reads.
func TestTwin(t *testing.T) {
	t.Parallel()
	for _, kind := range gittest.Kinds() {
		if kind.Refused != "" {
			continue // by the repository's configuration, which this package does not read
		}
		t.Run(kind.Name, func(t *testing.T) {
			t.Parallel()
			repo := kind.Make(t)
			store := open(t, repo)
			got, skipped := readAll(t, store, all)
			checkNames(t, got)
			if kind.Name == "truncated pack" || kind.Name == "relative worktrees" || kind.Name == "reftable" {
				return // git reads none of it, so that the names are the proof
			}
			want := gitObjects(t, repo, len(skipped) > 0)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("objects (-git +odb):\n%s", diff)
			}
			if store.Len() < len(got)+len(skipped) {
				t.Errorf("Len() = %d, read %d, skipped %d", store.Len(), len(got), len(skipped))
			}
		})
	}
}

// checkNames checks that each object is what its name says.
func checkNames(t *testing.T, objects map[string]string) {
	t.Helper()
	for name, object := range objects {
		kind, content, _ := strings.Cut(object, " ")
		hash := sha1.New()
		if len(name) == 2*sha256.Size {
			hash = sha256.New()
		}
		fmt.Fprintf(hash, "%s %d\x00%s", kind, len(content), content)
		if hex.EncodeToString(hash.Sum(nil)) != name {
			t.Errorf("%s is not %.60q", name, object)
		}
	}
}

func open(t *testing.T, repo *gittest.Repo) *odb.Store {
	t.Helper()
	return openBy(t, repo, odb.Open)
}

func openBy(t *testing.T, repo *gittest.Repo, open func(string, odb.Options) (*odb.Store, error)) *odb.Store {
	t.Helper()
	out, ok := repo.Try("rev-parse", "--git-path", "objects")
	dir := strings.TrimSpace(out)
	if !ok { // an extension that this git does not know
		dir = ".git/objects"
	}
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(repo.Dir, dir)
	}
	format, _ := repo.Try("rev-parse", "--show-object-format")
	store, err := open(dir, odb.Options{SHA256: strings.TrimSpace(format) == "sha256"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

// readAll reads all families with one reader: "TYPE CONTENT" by name.
func readAll(t *testing.T, store *odb.Store, want odb.TypeSet) (map[string]string, []odb.Skipped) {
	t.Helper()
	objects := make(map[string]string)
	var skipped []odb.Skipped
	r := store.NewReader()
	for _, family := range store.Families(want) {
		s, err := r.Family(t.Context(), family, want, func(o *odb.Object) error {
			if _, twice := objects[o.ID().String()]; twice {
				t.Errorf("%s: visited twice", o.ID())
			}
			objects[o.ID().String()] = o.Type.String() + " " + string(o.Data)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		skipped = append(skipped, s...)
	}
	return objects, skipped
}

// gitObjects returns what git reads. Where some objects are damaged, git stops
// at the first in a batch: they are asked for one by one and left out.
func gitObjects(t *testing.T, repo *gittest.Repo, damaged bool) map[string]string {
	t.Helper()
	if damaged {
		return gitObjectsOneByOne(t, repo)
	}
	out := repo.Git("--no-replace-objects", "cat-file", "--batch-all-objects", "--batch") + "\n"
	objects := make(map[string]string)
	for r := bufio.NewReader(strings.NewReader(out)); ; {
		var name, kind string
		var size int
		if _, err := fmt.Fscanf(r, "%s %s %d\n", &name, &kind, &size); err != nil {
			return objects
		}
		content := make([]byte, size+1)
		if _, err := io.ReadFull(r, content); err != nil {
			t.Fatal(err)
		}
		objects[name] = kind + " " + string(content[:size])
	}
}

func gitObjectsOneByOne(t *testing.T, repo *gittest.Repo) map[string]string {
	t.Helper()
	objects := make(map[string]string)
	for _, id := range repo.Names() {
		out, ok := repo.Try("cat-file", "-t", id)
		kind := strings.TrimSpace(out)
		if !ok {
			continue
		}
		if content, ok := repo.Try("cat-file", kind, id); ok {
			objects[id] = kind + " " + content
		}
	}
	return objects
}

func TestRead(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	repo.WriteCommit("a", "one\n")
	repo.Git("gc", "-q")
	repo.WriteCommit("b", "two\n")
	store := open(t, repo)
	r := store.NewReader()
	for path, want := range map[string]string{"a": "one\n", "b": "two\n"} {
		id := mustParse(t, repo.Git("rev-parse", "HEAD:"+path))
		obj, err := r.Read(id)
		if err != nil || obj.Type != odb.Blob || string(obj.Data) != want {
			t.Errorf("Read(%s) = %v %q, %v; want blob %q", path, obj.Type, obj.Data, err, want)
		}
		if !store.Has(id) {
			t.Errorf("Has(%s) = false", path)
		}
	}
	absent := odb.NewID(bytes.Repeat([]byte{7}, 20))
	if _, err := r.Read(absent); !errors.Is(err, odb.ErrNotFound) || store.Has(absent) {
		t.Errorf("absent object: %v, Has %v", err, store.Has(absent))
	}
}

func TestOnlyTypesWanted(t *testing.T) {
	t.Parallel()
	repo := gittest.Kinds()[2].Make(t)
	blobs, _ := readAll(t, open(t, repo), odb.Types(odb.Blob))
	for id, content := range blobs {
		if !strings.HasPrefix(content, "blob ") {
			t.Errorf("%s: %.20q", id, content)
		}
	}
	if len(blobs) == 0 {
		t.Error("no blobs")
	}
}

func TestMaxSize(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	repo.WriteCommit("small", "12345678")
	repo.WriteCommit("large", strings.Repeat("x", 5000))
	for _, pack := range []bool{false, true} {
		if pack {
			repo.Git("gc", "-q")
		}
		store, err := odb.Open(filepath.Join(repo.Dir, ".git", "objects"), odb.Options{MaxSize: 4999})
		if err != nil {
			t.Fatal(err)
		}
		_, skipped := readAll(t, store, all)
		if len(skipped) != 1 || !errors.Is(skipped[0].Err, odb.ErrTooLarge) {
			t.Errorf("packed %v: skipped %v, want one too large", pack, skipped)
		}
	}
}

// TestCheckNames gives one object's file the name of another.
func TestCheckNames(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	repo.WriteCommit("a", "as it is\n")
	repo.WriteCommit("b", "as it is not\n")
	dir := filepath.Join(repo.Dir, ".git", "objects")
	from, to := repo.Git("rev-parse", "HEAD:a"), repo.Git("rev-parse", "HEAD:b")
	if err := os.Rename(filepath.Join(dir, from[:2], from[2:]), filepath.Join(dir, to[:2], to[2:])); err != nil {
		t.Fatal(err)
	}
	for _, check := range []bool{false, true} {
		store, err := odb.Open(dir, odb.Options{CheckNames: check})
		if err != nil {
			t.Fatal(err)
		}
		got, skipped := readAll(t, store, all)
		if _, given := got[to]; given == check || len(skipped) > 0 != check {
			t.Errorf("checking %v: given %v, skipped %v", check, given, skipped)
		}
	}
	sound := gittest.Kinds()[3].Make(t) // deltas
	store, err := odb.Open(filepath.Join(sound.Dir, ".git", "objects"), odb.Options{CheckNames: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, skipped := readAll(t, store, all); len(skipped) > 0 {
		t.Errorf("skipped of a sound repository: %v", skipped)
	}
}

// TestOtherCopy damages the loose copy of an object that a pack has whole.
func TestOtherCopy(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	repo.WriteCommit("a", "in two places\n")
	id := repo.Git("rev-parse", "HEAD:a")
	repo.Git("repack", "-aq") // keeps the loose objects
	path := filepath.Join(repo.Dir, ".git", "objects", id[:2], id[2:])
	for _, spoil := range []func() error{
		func() error { return os.Chmod(path, 0o644) },
		func() error { return os.WriteFile(path, []byte("spoilt"), 0o644) },
	} {
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
	}
	got, skipped := readAll(t, open(t, repo), all)
	if len(skipped) != 0 || got[id] != "blob in two places\n" {
		t.Errorf("read %q, skipped %v", got[id], skipped)
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	store := open(t, gittest.Kinds()[1].Make(t))
	ctx, cancel := context.WithCancel(t.Context())
	r := store.NewReader()
	_, err := r.Family(ctx, store.Families(all)[0], all, func(*odb.Object) error {
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

func TestID(t *testing.T) {
	t.Parallel()
	for _, s := range []string{strings.Repeat("0a", 20), strings.Repeat("ff", 32)} {
		if id := mustParse(t, s); id.String() != s || id.IsZero() {
			t.Errorf("ParseID(%q).String() = %q", s, id)
		}
	}
	for _, s := range []string{"", "12", strings.Repeat("zz", 20), strings.Repeat("0a", 21)} {
		if _, err := odb.ParseID(s); err == nil {
			t.Errorf("ParseID(%q) succeeds", s)
		}
	}
}

func mustParse(t *testing.T, s string) odb.ID {
	t.Helper()
	id, err := odb.ParseID(s)
	if err != nil {
		t.Fatal(err)
	}
	return id
}
