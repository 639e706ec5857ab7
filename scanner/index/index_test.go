package index_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/revokey-dev/revokey/scanner/gittest"
	"github.com/revokey-dev/revokey/scanner/index"
	"github.com/revokey-dev/revokey/scanner/odb"
)

// kinds are the kinds of indexes that git writes.
var kinds = []struct {
	name string
	init []string
	make func(r *gittest.Repo, files int)
}{
	{"version 2", nil, func(r *gittest.Repo, files int) { fillRepo(r, files); r.Git("update-index", "--index-version", "2") }},
	{"version 3", nil, func(r *gittest.Repo, files int) {
		fillRepo(r, files)
		r.Write("later", "later\n")
		r.Git("add", "-N", "later")
		r.Git("update-index", "--skip-worktree", "a/b/c")
	}},
	{"version 4", nil, func(r *gittest.Repo, files int) { fillRepo(r, files); r.Git("update-index", "--index-version", "4") }},
	{"version 4 with more flags", nil, func(r *gittest.Repo, files int) {
		fillRepo(r, files)
		r.Git("update-index", "--index-version", "4")
		r.Git("update-index", "--skip-worktree", "a/b/c")
	}},
	{"empty", nil, func(r *gittest.Repo, files int) { r.Git("read-tree", "--empty") }},
	{"long names", nil, func(r *gittest.Repo, files int) {
		blob := r.GitIn("x", "hash-object", "-w", "--stdin")
		for i := range 20 {
			path := strings.Repeat(fmt.Sprintf("%d", i%10), 250) + "/"
			r.Git("update-index", "--add", "--cacheinfo", "100644,"+blob+","+strings.Repeat(path, 17)+strconv.Itoa(i))
		}
	}},
	{"conflict", nil, conflict},
	{"skipHash", nil, func(r *gittest.Repo, files int) {
		r.Git("config", "index.skipHash", "true")
		fillRepo(r, files)
	}},
	{"no checksum", nil, func(r *gittest.Repo, files int) { fillRepo(r, files); clearChecksum(r) }},
	{"split", nil, func(r *gittest.Repo, files int) {
		r.Git("config", "core.splitIndex", "true")
		fillRepo(r, files)
		splitMore(r, files)
	}},
	{"split, version 4", nil, func(r *gittest.Repo, files int) {
		r.Git("config", "index.version", "4")
		r.Git("config", "core.splitIndex", "true")
		fillRepo(r, files)
		splitMore(r, files)
	}},
	{"sparse", nil, func(r *gittest.Repo, files int) {
		fillRepo(r, files)
		r.Git("sparse-checkout", "set", "--cone", "--sparse-index", "a/b")
	}},
	{"untracked cache", nil, func(r *gittest.Repo, files int) {
		fillRepo(r, files)
		r.Git("update-index", "--untracked-cache")
		r.Git("status")
	}},
	{"SHA-256", []string{"--object-format=sha256"}, fillRepo},
	{"SHA-256, version 4", []string{"--object-format=sha256"}, func(r *gittest.Repo, files int) {
		fillRepo(r, files)
		r.Git("update-index", "--index-version", "4")
	}},
}

func fillRepo(r *gittest.Repo, files int) {
	for i := range files {
		r.Write(fmt.Sprintf("many/%03d/file-%d.txt", i%30, i), strconv.Itoa(i))
	}
	r.Write("a/b/c", "c\n")
	r.Write("a/b.c", "between\n")
	r.Write("a-b", "before the folder\n")
	r.Write("ä ö\tü", "quoted\n")
	r.Commit("one")
	r.Write("a/b/c", "changed\n")
	r.Write("many/007/new", "new\n")
	r.Git("add", "a/b/c", "many/007/new")
}

// splitMore changes, deletes and adds on a split index.
func splitMore(r *gittest.Repo, files int) {
	for i := range files / 15 {
		r.Write(fmt.Sprintf("many/%03d/file-%d.txt", i, i), "changed")
		r.Git("rm", "-q", "--cached", fmt.Sprintf("many/%03d/file-%d.txt", (files/2+i)%30, files/2+i))
	}
	r.Write("zz", "the last\n")
	r.Git("add", "zz", "many/001")
}

func conflict(r *gittest.Repo, _ int) {
	r.WriteCommit("f", "base\n")
	r.Git("checkout", "-q", "-b", "other")
	r.WriteCommit("f", "theirs\n")
	r.Git("checkout", "-q", "main")
	r.WriteCommit("f", "ours\n")
	r.Try("merge", "other")
}

func clearChecksum(r *gittest.Repo) {
	path := filepath.Join(r.Dir, ".git", "index")
	data, err := os.ReadFile(path)
	if err == nil {
		clear(data[len(data)-20:])
		err = os.WriteFile(path, data, 0o644)
	}
	if err != nil {
		panic(err)
	}
}

// TestTwin compares the entries of every kind of index with what git lists.
func TestTwin(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			r := gittest.New(t, kind.init...)
			kind.make(r, 300)
			x, err := parse(r)
			if err != nil {
				t.Fatal(err)
			}
			want := r.Git("ls-files", "--stage", "-z", "--sparse")
			got, n := list(t, x)
			if diff := cmp.Diff(strings.Split(want, "\x00"), strings.Split(got, "\x00")); diff != "" {
				t.Errorf("entries (-git +index):\n%s", diff)
			}
			if x.Len() != n {
				t.Errorf("Len() = %d, walked over %d", x.Len(), n)
			}
		})
	}
}

// TestWalkSkips holds that what Walk passes over is just what lies below the folders that
// are as they were, by the trees that git itself writes.
func TestWalkSkips(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			r := gittest.New(t, kind.init...)
			kind.make(r, 300)
			x, err := parse(r)
			if err != nil {
				t.Fatal(err)
			}
			trees := make(map[string]string) // of HEAD, by folder
			if out, ok := r.Try("ls-tree", "-r", "-t", "-d", "-z", "HEAD"); ok {
				trees[""] = strings.TrimSpace(r.Git("rev-parse", "HEAD^{tree}"))
				for line := range strings.SplitSeq(strings.TrimSuffix(out, "\x00"), "\x00") {
					info, path, _ := strings.Cut(line, "\t")
					if fields := strings.Fields(info); len(fields) == 3 {
						trees[path+"/"] = fields[2]
					}
				}
			}
			var skipped []string
			seen := make(map[string]bool)
			err = x.Walk(func(folder []byte, tree odb.ID) bool {
				same := trees[string(folder)] == tree.String()
				if same {
					skipped = append(skipped, string(folder))
				}
				return same
			}, func(e index.Entry) error {
				seen[string(e.Path)] = true
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := x.Walk(nil, func(e index.Entry) error {
				below := false
				for _, folder := range skipped {
					below = below || bytes.HasPrefix(e.Path, []byte(folder))
				}
				if below == seen[string(e.Path)] {
					t.Errorf("%q: below a skipped folder: %v, walked over: %v", e.Path, below, seen[string(e.Path)])
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(kind.name, "version") && len(skipped) < 20 {
				t.Errorf("only %d folders were passed over", len(skipped))
			}
		})
	}
}

func parse(r *gittest.Repo) (*index.Index, error) {
	dir := filepath.Join(r.Dir, ".git")
	data, err := os.ReadFile(filepath.Join(dir, "index"))
	if err != nil {
		return nil, err
	}
	hash := 20
	if r.Git("rev-parse", "--show-object-format") == "sha256" {
		hash = 32
	}
	return index.Parse(data, hash, func(name string) ([]byte, error) { return os.ReadFile(filepath.Join(dir, name)) })
}

// list writes the entries as git ls-files --stage -z does.
func list(t testing.TB, x *index.Index) (string, int) {
	t.Helper()
	var b strings.Builder
	n := 0
	err := x.Walk(nil, func(e index.Entry) error {
		path, _, _ := bytes.Cut(e.Path, []byte{0}) // as git prints a damaged one
		fmt.Fprintf(&b, "%06o %s %d\t%s\x00", e.Mode, e.ID, e.Stage, path)
		n++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String(), n
}
