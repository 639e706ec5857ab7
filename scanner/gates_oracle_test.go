package scanner

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/revokey-dev/revokey/scanner/gittest"
	"github.com/revokey-dev/revokey/scanner/index"
)

// stagings are repositories in every state that an index can be in.
var stagings = []struct {
	name string
	init []string
	make func(r *gittest.Repo)
}{
	{"first commit", nil, func(r *gittest.Repo) { r.Write("a/b", "1"); r.Write("c", "2"); r.Git("add", "a/b") }},
	{"nothing staged", nil, func(r *gittest.Repo) { files(r); r.Write("d/1/f", "not staged") }},
	{"changes", nil, func(r *gittest.Repo) { files(r); stageSome(r) }},
	{"version 4", nil, func(r *gittest.Repo) {
		files(r)
		r.Git("update-index", "--index-version", "4")
		stageSome(r)
	}},
	{"split", nil, func(r *gittest.Repo) {
		r.Git("config", "core.splitIndex", "true")
		files(r)
		stageSome(r)
	}},
	{"sparse", nil, func(r *gittest.Repo) {
		files(r)
		r.Git("sparse-checkout", "set", "--cone", "--sparse-index", "d/1")
		r.Write("d/1/f", "changed")
		r.Git("add", "d/1/f")
	}},
	{"sparse, other tree", nil, func(r *gittest.Repo) {
		files(r)
		r.Write("d/2/f", "in the second commit")
		r.Write("d/2/deep/er/g", "in the second commit")
		r.Commit("two")
		r.Git("sparse-checkout", "set", "--cone", "--sparse-index", "d/1")
		r.Git("reset", "-q", "--soft", "HEAD^")
	}},
	{"no cache-tree", nil, func(r *gittest.Repo) {
		files(r)
		stageSome(r)
		entries := r.Git("ls-files", "-s", "-z")
		r.Git("read-tree", "--empty")
		r.GitIn(entries, "update-index", "-z", "--index-info")
	}},
	{"rename and edit", nil, func(r *gittest.Repo) {
		files(r)
		r.Git("mv", "d/1/f", "renamed")
		r.Write("renamed", "edited")
		r.Git("add", "renamed")
	}},
	{"mode", nil, func(r *gittest.Repo) { files(r); r.Git("update-index", "--chmod=+x", "d/1/f") }},
	{"symlink, submodule", nil, func(r *gittest.Repo) {
		files(r)
		blob := r.GitIn("target", "hash-object", "-w", "--stdin")
		r.Git("update-index", "--add", "--cacheinfo", "120000,"+blob+",link")
		r.Git("update-index", "--add", "--cacheinfo", "160000,"+r.Git("rev-parse", "HEAD")+",sub")
	}},
	{"intent to add", nil, func(r *gittest.Repo) { files(r); r.Write("later", "x"); r.Git("add", "-N", "later") }},
	{"folder becomes file", nil, func(r *gittest.Repo) {
		files(r)
		r.Git("rm", "-rq", "d/1")
		r.Write("d/1", "a file now")
		r.Git("rm", "-q", "top")
		r.Write("top/x", "a folder now")
		r.Git("add", "-A")
	}},
	{"SHA-256", []string{"--object-format=sha256"}, func(r *gittest.Repo) { files(r); stageSome(r) }},
}

func files(r *gittest.Repo) {
	for i := range 40 {
		r.Write(fmt.Sprintf("d/%d/f", i), fmt.Sprint(i))
		r.Write(fmt.Sprintf("d/%d/deep/er/g", i), fmt.Sprint("deep", i))
	}
	r.Write("top", "top")
	r.Write("d-", "beside")
	r.Write("d.x", "beside")
	r.Commit("files")
}

func stageSome(r *gittest.Repo) {
	r.Write("d/3/f", "changed")
	r.Write("d/30/deep/er/g", "changed")
	r.Write("d/30/deep/new", "new")
	r.Write("new/a/b/c", "new")
	r.Git("rm", "-q", "d/4/f")
	r.Git("add", "d/3", "d/30", "new")
}

// TestStagedIsWhatGitSays compares what is taken for staged with git diff --cached.
func TestStagedIsWhatGitSays(t *testing.T) {
	t.Parallel()
	for _, kind := range stagings {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			r := gittest.New(t, kind.init...)
			kind.make(r)
			if diff := cmp.Diff(stagedByGit(r), stagedFiles(t, r)); diff != "" {
				t.Errorf("staged (-git +revokey):\n%s", diff)
			}
		})
	}
}

// TestStagedAtRandom does the same after many random changes.
func TestStagedAtRandom(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(7, 7))
	r := gittest.New(t)
	files(r)
	for range 60 {
		path := fmt.Sprintf("d/%d/%s", random.IntN(45), []string{"f", "deep/er/g", "deep/er/h", "deep", "n/m"}[random.IntN(5)])
		switch random.IntN(6) {
		case 0:
			r.Try("rm", "-rq", "--cached", "--ignore-unmatch", path)
		case 1:
			r.Git("commit", "-q", "--allow-empty", "-m", "more")
		default:
			r.Try("update-index", "--add", "--replace", "--cacheinfo", "100644,"+r.GitIn(fmt.Sprint(random.IntN(9)), "hash-object", "-w", "--stdin")+","+path)
		}
		if diff := cmp.Diff(stagedByGit(r), stagedFiles(t, r)); diff != "" {
			t.Fatalf("staged (-git +revokey):\n%s", diff)
		}
	}
}

// stagedByGit returns PATH SPACE OBJECT of what the index has and HEAD has not, modes alone
// left out.
func stagedByGit(r *gittest.Repo) (list []string) {
	against := "HEAD"
	if _, ok := r.Try("rev-parse", "--verify", "--quiet", "HEAD"); !ok {
		against = r.GitIn("", "hash-object", "-w", "-t", "tree", "--stdin")
	}
	out := r.Git("diff-index", "--ita-invisible-in-index", "--cached", "--raw", "--no-abbrev", "--no-renames", "-z", against)
	return rawChanges(out)
}

// rawChanges reads git's raw format, zero-ended.
func rawChanges(out string) (list []string) {
	fields := strings.Split(strings.TrimSuffix(out, "\x00"), "\x00")
	for i := 0; i+1 < len(fields); i += 2 {
		info := strings.Fields(strings.TrimPrefix(fields[i], ":")) // modes, objects, status
		if info[1] == "000000" || info[1] == "160000" || info[2] == info[3] {
			continue
		}
		list = append(list, fields[i+1]+" "+info[3])
	}
	slices.Sort(list)
	return list
}

func stagedFiles(t *testing.T, r *gittest.Repo) (list []string) {
	t.Helper()
	s, err := OpenStaged(t.Context(), r.Dir, StagedOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if len(s.skipped) > 0 {
		t.Errorf("skipped %v", s.skipped)
	}
	return placesIn(s.list)
}

func placesIn(l blobList) (list []string) {
	for _, b := range l.blobs {
		for _, p := range b.places {
			if p.Path != "" {
				list = append(list, p.Path+" "+b.id.String())
			}
		}
	}
	slices.Sort(list)
	return list
}

// TestRangeIsWhatGitSays compares the commits of a range with git rev-list, and what they
// bring with git diff-tree against each parent, on a history with branches, merges with
// content of their own, and several roots.
func TestRangeIsWhatGitSays(t *testing.T) {
	t.Parallel()
	r := gittest.New(t)
	files(r)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 25 {
		branch := fmt.Sprintf("b%d", random.IntN(4))
		if _, ok := r.Try("checkout", "-q", branch); !ok {
			r.Git("checkout", "-q", "-b", branch)
		}
		r.Write(fmt.Sprintf("d/%d/f", random.IntN(50)), fmt.Sprint("change", i))
		r.Commit(fmt.Sprint(i))
		if other := fmt.Sprintf("b%d", random.IntN(4)); random.IntN(3) == 0 {
			r.Try("merge", "-q", "--no-commit", "-s", "ours", other)
			r.Write("evil", fmt.Sprint("merged", i))
			r.Commit("merge")
		}
	}
	all := strings.Fields(r.Git("rev-list", "--all"))
	for range 30 {
		from, to := all[random.IntN(len(all))], all[random.IntN(len(all))]
		want := strings.Fields(r.Git("rev-list", from+".."+to))
		g, err := OpenRange(t.Context(), r.Dir, RangeOptions{Range: from + ".." + to, MayBeEmpty: true})
		if err != nil {
			t.Fatal(err)
		}
		got := []string{}
		for _, c := range g.commits {
			got = append(got, c.id.String())
		}
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("commits (-git +revokey):\n%s", diff)
		}
		if diff := cmp.Diff(broughtByGit(r, want), placesIn(g.list)); diff != "" {
			t.Errorf("brought (-git +revokey):\n%s", diff)
		}
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	}
}

// broughtByGit returns what each commit has that none of its parents has.
func broughtByGit(r *gittest.Repo, commits []string) (list []string) {
	for _, c := range commits {
		counts := make(map[string]int)
		parents := strings.Fields(r.Git("log", "-1", "--format=%P", c))
		if len(parents) == 0 {
			parents = []string{r.GitIn("", "hash-object", "-w", "-t", "tree", "--stdin")}
		}
		for _, p := range parents {
			for _, change := range rawChanges(r.Git("diff-tree", "-r", "--raw", "--no-renames", "-z", p, c)) {
				counts[change]++
			}
		}
		for change, n := range counts {
			if n == len(parents) && !slices.Contains(list, change) {
				list = append(list, change)
			}
		}
	}
	slices.Sort(list)
	return list
}

// TestStagedWithoutItsDecoder holds that an index that is not known here is read by git.
func TestStagedWithoutItsDecoder(t *testing.T) {
	t.Parallel()
	for _, kind := range stagings {
		if strings.HasPrefix(kind.name, "sparse") {
			continue // git opens up the folders, which is the same, but for a tree that is read twice
		}
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			r := gittest.New(t, kind.init...)
			kind.make(r)
			s, err := OpenStaged(t.Context(), r.Dir, StagedOptions{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			s.list = blobList{}
			if err := s.compareByGit(t.Context(), GitEnvironment{}); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(stagedByGit(r), placesIn(s.list)); diff != "" {
				t.Errorf("staged (-git +revokey):\n%s", diff)
			}
		})
	}
}

// TestStagedDamagedIndex holds that an index with an extension that is not known here is
// read by git, or refused where git does not know it either, and one that is damaged is
// refused, whatever git makes of it.
func TestStagedDamagedIndex(t *testing.T) {
	t.Parallel()
	r := gittest.New(t)
	r.Write("a", "a")
	r.Write("b/c", "c")
	r.Git("add", "-A")
	whole, err := os.ReadFile(filepath.Join(r.Dir, ".git", "index"))
	if err != nil {
		t.Fatal(err)
	}
	try := func(data []byte) error {
		path := filepath.Join(t.TempDir(), "index")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := OpenStaged(t.Context(), r.Dir, StagedOptions{Git: GitEnvironment{IndexFile: path}})
		if err == nil {
			err = s.Close()
			if got := len(s.list.blobs); got != 2 {
				t.Errorf("an index of %d bytes, of %d: %d files are staged", len(data), len(whole), got)
			}
		}
		return err
	}
	if err := try(whole); err != nil {
		t.Fatal(err)
	}
	for n := range len(whole) {
		_ = try(whole[:n]) // refused, or both files are seen
	}
	unknown := append(whole[:len(whole)-20:len(whole)-20], "abcd\x00\x00\x00\x00"...)
	if err := try(append(unknown, make([]byte, 20)...)); !errors.Is(err, index.ErrUnknown) {
		t.Errorf("an extension that nobody knows: %v", err)
	}
}

// TestTreeBomb holds that folders that nest without end end a comparison, and are named.
func TestTreeBomb(t *testing.T) {
	t.Parallel()
	r := gittest.New(t)
	tree := r.GitIn("100644 blob "+r.GitIn("x", "hash-object", "-w", "--stdin")+"\tf\n", "mktree")
	for range 12 {
		var entries strings.Builder
		for i := range 10 {
			fmt.Fprintf(&entries, "040000 tree %s\td%d\n", tree, i)
		}
		tree = r.GitIn(entries.String(), "mktree")
	}
	commit := r.Git("commit-tree", tree, "-m", "bomb")
	g, err := OpenRange(t.Context(), r.Dir, RangeOptions{Range: commit + "^!"})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	if skipped, _ := g.Remarks(); len(skipped) != 1 || !strings.Contains(skipped[0].Reason, "more than") {
		t.Errorf("skipped %v", skipped)
	}
}
