package scanner_test

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/revokey-dev/revokey/scanner"
	"github.com/revokey-dev/revokey/scanner/gittest"
)

// TestAttributionTwin compares the places of keys, in histories made at random,
// with those that a naive reading of `git ls-tree` for every commit gives.
func TestAttributionTwin(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			repo := randomHistory(t, rand.New(rand.NewPCG(seed, 1)))
			findings, _ := scan(t, history(t, repo.Dir), scanner.Options{})
			got := make(map[string]string)
			for _, f := range findings {
				for _, o := range f.Occurrences {
					checkRefs(t, repo, o)
					got[o.Path+" "+o.Object.String()] = describe(o.Commit.String(), o.Time, o.LastSeen, o.Reachable, o.AtHead)
				}
			}
			if diff := gocmp.Diff(naivePlaces(repo), got); diff != "" {
				t.Errorf("places (-git +revokey):\n%s", diff)
			}
		})
	}
}

// checkRefs compares the refs of an occurrence with git's.
func checkRefs(t *testing.T, repo *gittest.Repo, o scanner.Occurrence) {
	t.Helper()
	if o.Commit.IsZero() {
		return
	}
	want := strings.Fields(repo.Git("for-each-ref", "--format=%(refname)", "--contains", o.Commit.String()))
	if diff := gocmp.Diff(want, append([]string{}, o.Refs...)); diff != "" {
		t.Errorf("refs that reach %s (-git +revokey):\n%s", o.Commit, diff)
	}
}

func describe(commit string, first, last time.Time, reachable, atHead bool) string {
	return fmt.Sprint(commit, first.Unix(), last.Unix(), reachable, atHead)
}

// randomHistory writes keys to files, moves, removes and brings them back, on
// branches that merge or are abandoned.
func randomHistory(t *testing.T, r *rand.Rand) *gittest.Repo {
	repo := gittest.New(t)
	repo.WriteCommit("start", "clean\n")
	for range 25 {
		file := fmt.Sprintf("d%d/f%d", r.IntN(2), r.IntN(3))
		switch r.IntN(7) {
		case 0, 1, 2:
			repo.WriteCommit(file, mint(uint64(r.IntN(6))).String())
		case 3:
			repo.WriteCommit(file, "clean\n")
		case 4:
			repo.Try("switch", "-qC", fmt.Sprintf("b%d", r.IntN(3)), "HEAD~"+strconv.Itoa(r.IntN(2))) // unless HEAD is the first commit
		case 5:
			repo.Git("merge", "-q", "-X", "ours", "--no-ff", "-m", "merge", anyBranch(repo, r))
			repo.Git("tag", "-f", "-a", "-m", "some", fmt.Sprintf("t%d", r.IntN(3)))
		case 6:
			repo.Try("mv", "-k", file, "d0/moved")
			repo.Commit("move")
		}
	}
	return repo
}

func anyBranch(repo *gittest.Repo, r *rand.Rand) string {
	branches := strings.Fields(repo.Git("for-each-ref", "--format=%(refname)", "refs/heads"))
	return branches[r.IntN(len(branches))]
}

// naiveCommit is a commit as git prints it.
type naiveCommit struct {
	id        string
	time      int64
	parents   []string
	holds     map[string]bool // "PATH BLOB" of files with a key
	reachable bool
}

// naivePlaces looks at every file of every commit, and at the index.
func naivePlaces(repo *gittest.Repo) map[string]string {
	commits := naiveCommits(repo)
	head := repo.Git("rev-parse", "HEAD")
	places := make(map[string]string)
	for _, place := range allPlaces(commits) {
		var first *naiveCommit
		var last int64
		reachable := false
		for _, c := range slices.SortedFunc(maps.Values(commits), func(a, b *naiveCommit) int {
			return cmp.Or(cmp.Compare(a.time, b.time), cmp.Compare(a.id, b.id))
		}) {
			if !c.holds[place] {
				continue
			}
			last, reachable = max(last, c.time), reachable || c.reachable
			inherited := slices.ContainsFunc(c.parents, func(p string) bool { return commits[p].holds[place] })
			if !inherited && (first == nil || c.reachable && !first.reachable) {
				first = c
			}
		}
		places[place] = describe(first.id, time.Unix(first.time, 0), time.Unix(last, 0), reachable, commits[head].holds[place])
	}
	return places
}

func allPlaces(commits map[string]*naiveCommit) []string {
	all := make(map[string]bool)
	for _, c := range commits {
		maps.Copy(all, c.holds)
	}
	return slices.Sorted(maps.Keys(all))
}

func naiveCommits(repo *gittest.Repo) map[string]*naiveCommit {
	commits := make(map[string]*naiveCommit)
	for _, id := range repo.Names() {
		if repo.Git("cat-file", "-t", id) != "commit" {
			continue
		}
		words := strings.Fields(repo.Git("show", "-s", "--format=%ct %P", id))
		c := &naiveCommit{id: id, parents: words[1:], holds: make(map[string]bool)}
		c.time, _ = strconv.ParseInt(words[0], 10, 64)
		for line := range strings.Lines(repo.Git("ls-tree", "-r", id)) {
			info, path, _ := strings.Cut(strings.TrimSpace(line), "\t")
			blob := strings.Fields(info)[2]
			if strings.Contains(repo.Git("cat-file", "blob", blob), "aws_access_key_id") {
				c.holds[path+" "+blob] = true
			}
		}
		commits[id] = c
	}
	for _, id := range strings.Fields(repo.Git("rev-list", "--all")) {
		commits[id].reachable = true
	}
	return commits
}
