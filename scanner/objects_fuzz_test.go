package scanner

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/revokey-dev/revokey/detectors"
	"github.com/revokey-dev/revokey/scanner/gittest"
	"github.com/revokey-dev/revokey/scanner/odb"
)

// FuzzObjects scans a repository with a tree, a commit and a tag of whatever content, which
// refs name, beside an honest history: the key in it is found, at its place, and what
// compares trees and reads commits by name ends too.
func FuzzObjects(f *testing.F) {
	key := fmt.Sprintf("aws_access_key_id = %s\naws_secret_access_key = %s\n", parts.keyIDs[0], parts.secrets[0])
	var seed gittest.PackWriter
	blob := seed.Add(gittest.PackBlob, []byte(key))
	leaf := entry("100644", "key", blob.Name) + entry("120000", "link", blob.Name) + entry("160000", "sub", fakeName(1))
	f.Add([]byte(leaf), []byte(commitOf(fakeName(1), 1_700_000_000, fakeName(5))), []byte(fmt.Sprintf("object %x\ntype commit\ntag v1\ntagger Ada <a@example.com> 1 +0000\n\nm\n", fakeName(2))))
	f.Add([]byte(entry("40000", "again", fakeName(1))+leaf), []byte(commitOf(fakeName(1), -1, fakeName(2), fakeName(2))), []byte(fmt.Sprintf("object %x\n", fakeName(3))))
	f.Add([]byte("100644 cut\x00off"), []byte("tree \nparent\nauthor"), []byte("object"))
	f.Add([]byte("40000 ..\x00"+string(fakeName(1))+"100644 \x00"+string(blob.Name)), []byte("gpgsig a\n b\n\ntree "), []byte("\n"))
	f.Fuzz(func(t *testing.T, tree, commit, tag []byte) {
		var w gittest.PackWriter
		blob := w.Add(gittest.PackBlob, []byte(key))
		honest := w.Add(gittest.PackTree, []byte(entry("100644", "honest", blob.Name)))
		for name, o := range map[byte]struct {
			kind    int
			content []byte
		}{1: {gittest.PackTree, tree}, 2: {gittest.PackCommit, commit}, 3: {gittest.PackTag, tag}, 4: {gittest.PackCommit, []byte(commitOf(honest.Name, 1_700_000_000, fakeName(2)))}} {
			w.Add(o.kind, o.content).Name = fakeName(name)
		}
		dir := filepath.Join(t.TempDir(), "repo")
		layRepository(t, dir, &w)
		h, err := OpenHistory(t.Context(), dir, HistoryOptions{Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		defer h.Close()
		findings, _ := all(t, h)
		honestly := false
		for _, fd := range findings {
			for _, o := range fd.Occurrences {
				honestly = honestly || fd.KeyID == parts.keyIDs[0] && o.Path == "honest"
			}
		}
		if !honestly {
			t.Errorf("the key is not found in the honest commit: %+v", findings)
		}
		readByName(t, filepath.Join(dir, ".git", "objects"))
	})
}

// layRepository makes a git directory whose objects are those of
// the pack, and whose refs name three of them.
func layRepository(t *testing.T, dir string, w *gittest.PackWriter) {
	t.Helper()
	git := filepath.Join(dir, ".git")
	for _, d := range []string{"objects/pack", "refs/heads", "refs/tags"} {
		if err := os.MkdirAll(filepath.Join(git, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{
		"HEAD": "ref: refs/heads/main\n", "refs/heads/main": fmt.Sprintf("%x\n", fakeName(4)),
		"refs/heads/other": fmt.Sprintf("%x\n", fakeName(2)), "refs/tags/v1": fmt.Sprintf("%x\n", fakeName(3)),
	} {
		if err := os.WriteFile(filepath.Join(git, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w.Write(t, filepath.Join(git, "objects"))
}

// readByName does what ranges and hooks do: it reads commits, compares trees, and looks
// paths up.
func readByName(t *testing.T, objects string) {
	t.Helper()
	store, err := odb.OpenDirect(objects, odb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	f := newForest(store)
	one, other := odb.NewID(fakeName(1)), odb.ID{}
	if tree, _, err := f.commit(odb.NewID(fakeName(2))); err == nil {
		other = tree
	}
	for _, pair := range [][2]odb.ID{{one, other}, {other, one}, {one, one}} {
		found := 0
		d := treeDiff{forest: f, found: func(string, odb.ID) { found++ }}
		if err := d.walk(t.Context(), "", pair[0], []odb.ID{pair[1]}); err != nil {
			t.Fatal(err)
		}
		if pair[0] == pair[1] && found > 0 {
			t.Errorf("%d files of a tree are not in itself", found)
		}
	}
	s := newSnapshot(f, one)
	for _, path := range []string{"key", "again/key", "again/again/link", "..", "/", ""} {
		s.blobAt(path)
		s.treeAt(path)
	}
}

// all returns what a scan finds.
func all(t *testing.T, src Source) ([]Finding, Summary) {
	t.Helper()
	var findings []Finding
	sum, err := New(detectors.All(), Options{Workers: 1}).Scan(t.Context(), src, func(f Finding) error {
		findings = append(findings, f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return findings, sum
}

// FuzzGitFiles gives one file of a git directory whatever content: the key is found, or it is said
// what was not read.
func FuzzGitFiles(f *testing.F) {
	names := []string{"HEAD", "packed-refs", "config", "shallow", "commondir", "refs/heads/main", "refs/heads/x", "logs/HEAD", "index", "objects/info/alternates", "worktrees/x/HEAD"}
	for i := range names {
		f.Add(byte(i), []byte{})
		f.Add(byte(i), fmt.Appendf(nil, "%x\n", fakeName(4)))
	}
	f.Add(byte(0), []byte("ref: refs/heads/../../config\n"))
	f.Add(byte(0), []byte("ref: HEAD\n"))
	f.Add(byte(1), fmt.Appendf(nil, "# pack-refs with: peeled\n%x refs/heads/p\n^%x\n%x --upload-pack=x\n%x \x1b[31m\n", fakeName(4), fakeName(2), fakeName(4), fakeName(4)))
	f.Add(byte(2), []byte("[core]\n\trepositoryformatversion = 1\n[extensions]\n\tobjectFormat = sha1\n[include]\n\tpath = /dev/zero\n"))
	f.Add(byte(4), []byte("../../../../..\n"))
	f.Add(byte(7), fmt.Appendf(nil, "%x %x Ada <a@example.com> 1 +0000\tcommit\n", fakeName(2), fakeName(4)))
	f.Add(byte(9), []byte("/\n.\n..\n\"/quo\\nted\"\n# not\n../../..\n"))
	f.Fuzz(func(t *testing.T, which byte, content []byte) {
		var w gittest.PackWriter
		blob := w.Add(gittest.PackBlob, fmt.Appendf(nil, "aws_access_key_id = %s\naws_secret_access_key = %s\n", parts.keyIDs[0], parts.secrets[0]))
		tree := w.Add(gittest.PackTree, []byte(entry("100644", "key", blob.Name)))
		w.Add(gittest.PackCommit, []byte(commitOf(tree.Name, 1_700_000_000))).Name = fakeName(4)
		dir := filepath.Join(t.TempDir(), "repo")
		layRepository(t, dir, &w)
		path := filepath.Join(dir, ".git", names[int(which)%len(names)])
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if found, whole := scanAny(t, dir); found != 1 && whole {
			t.Errorf("%s %q: %d findings, and nothing is left out", path, content, found)
		}
		if s, err := OpenStaged(t.Context(), dir, StagedOptions{}); err == nil {
			all(t, s)
			s.Close()
		}
	})
}

// scanAny scans a repository that may be refused, and returns the number of findings, and
// whether all is said to be scanned.
func scanAny(t *testing.T, dir string) (findings int, whole bool) {
	h, err := OpenHistory(t.Context(), dir, HistoryOptions{})
	if err != nil {
		return 0, false
	}
	defer h.Close()
	sum, err := New(detectors.All(), Options{}).Scan(t.Context(), h, func(Finding) error {
		findings++
		return nil
	})
	return findings, err == nil && sum.Complete()
}
