package scanner_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/revokey-dev/revokey/scanner"
	"github.com/revokey-dev/revokey/scanner/gittest"
)

// scanWithState scans by the state file, saves it, and returns what was found and how
// many objects were read.
func scanWithState(t *testing.T, dir, state string) (string, scanner.Summary) {
	t.Helper()
	h, err := scanner.OpenHistory(t.Context(), dir, scanner.HistoryOptions{State: state})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	findings, sum := scan(t, h, scanner.Options{})
	if err := h.SaveState(); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%+v %v", findings, sum.Skipped), sum
}

// TestStateTwin changes random histories, and repacks and prunes them, between scans
// that go on from a state, and compares each with a scan of everything.
func TestStateTwin(t *testing.T) {
	t.Parallel()
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 3))
			repo := randomHistory(t, r)
			state := filepath.Join(t.TempDir(), "state")
			for round := range 6 {
				got, _ := scanWithState(t, repo.Dir, state)
				findings, sum := scan(t, history(t, repo.Dir), scanner.Options{})
				if diff := cmp.Diff(fmt.Sprintf("%+v %v", findings, sum.Skipped), got); diff != "" {
					t.Fatalf("round %d: (-all +by state)\n%s", round, diff)
				}
				alter(repo, r, round)
			}
		})
	}
}

// alter does to the repository what happens between two scans.
func alter(repo *gittest.Repo, r *rand.Rand, round int) {
	file := fmt.Sprintf("d%d/f%d", r.IntN(2), r.IntN(3))
	for range r.IntN(4) {
		repo.WriteCommit(file, mint(uint64(r.IntN(9))).String()+strings.Repeat("more\n", r.IntN(50)))
	}
	switch r.IntN(6) {
	case 0:
		repo.Git("repack", "-qad", "--depth=50")
	case 1:
		repo.Git("repack", "-qd")
	case 2:
		repo.Git("gc", "-q", "--prune=now")
	case 3:
		repo.Git("tag", "-am", mint(uint64(20+round)).String(), fmt.Sprintf("v%d", round))
	case 5:
		comeBack(repo)
	case 4:
		repo.Git("reset", "-q", "--hard", "HEAD~1")
		repo.Git("reflog", "expire", "--expire=now", "--all")
		repo.Git("prune", "--expire=now")
	}
}

// comeBack prunes what only a branch holds, or brings it back from a bundle of it.
func comeBack(repo *gittest.Repo) {
	bundle := filepath.Join(repo.Dir, ".git", "away")
	if _, err := os.Stat(bundle); err == nil {
		repo.Try("fetch", "-q", bundle, "+refs/heads/*:refs/heads/back/*")
		os.Remove(bundle)
		return
	}
	repo.Git("switch", "-qC", "away")
	repo.WriteCommit("deep/in/a/folder", mint(15).String())
	repo.Git("bundle", "create", "-q", bundle, "away")
	repo.Git("switch", "-q", "--detach", "away~1")
	repo.Git("branch", "-qD", "away")
	repo.Git("reflog", "expire", "--expire=now", "--all")
	repo.Git("gc", "-q", "--prune=now")
}

// TestStateTellsOfDamageAgain damages a tree above a key, and loses a commit after the
// first scan: each scan must say so.
func TestStateTellsOfDamageAgain(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	lost := repo.WriteCommit("f", "one\n")
	repo.WriteCommit("dir/key", mint(1).String())
	tree := repo.Git("rev-parse", "HEAD:dir")
	file := filepath.Join(repo.Dir, ".git/objects", tree[:2], tree[2:])
	if err := errors.Join(os.Chmod(file, 0o600), os.WriteFile(file, []byte("damage"), 0o600)); err != nil {
		t.Fatal(err)
	}
	state := filepath.Join(t.TempDir(), "state")
	for range 2 {
		if _, sum := scanWithState(t, repo.Dir, state); !strings.Contains(fmt.Sprint(sum.Skipped), tree) {
			t.Errorf("nothing says that tree %s is damaged: %v", tree, sum.Skipped)
		}
	}
	if err := os.Remove(filepath.Join(repo.Dir, ".git/objects", lost[:2], lost[2:])); err != nil {
		t.Fatal(err)
	}
	if _, sum := scanWithState(t, repo.Dir, state); !strings.Contains(fmt.Sprint(sum.Skipped), "parents") {
		t.Errorf("nothing says that a parent is lost: %v", sum.Skipped)
	}
}

// TestStateTellsOfArchivesAgain has an archive that nobody can read: the second scan
// must say so too, for which it reads that archive and nothing else.
func TestStateTellsOfArchivesAgain(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	repo.WriteCommit("f", "one\n")
	repo.WriteCommit("broken.gz", "\x1f\x8b\x08\x00 and nothing that could be unpacked")
	repo.Git("gc", "-q")
	state := filepath.Join(t.TempDir(), "state")
	_, first := scanWithState(t, repo.Dir, state)
	_, second := scanWithState(t, repo.Dir, state)
	if a, b := fmt.Sprint(first.Notes), fmt.Sprint(second.Notes); a != b || !strings.Contains(a, "damaged") {
		t.Errorf("of a damaged archive the first scan says %s, the second %s", a, b)
	}
	if second.Blobs != 1 {
		t.Errorf("the second scan read %d objects, want the archive", second.Blobs)
	}
}

func TestStateReadsWhatIsNew(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	for n := range 20 {
		repo.WriteCommit("f", fmt.Sprintf("%d\n", n))
	}
	repo.WriteCommit("key", mint(1).String())
	repo.Git("gc", "-q")
	state := filepath.Join(t.TempDir(), "state")
	first, all := scanWithState(t, repo.Dir, state)
	second, again := scanWithState(t, repo.Dir, state)
	if first != second {
		t.Errorf("nothing is new:\n%s\n%s", first, second)
	}
	if all.Blobs != 42 || again.Blobs != 1 {
		t.Errorf("read %d objects, then %d; want 42, then the one with the key", all.Blobs, again.Blobs)
	}
	repo.WriteCommit("f", "new\n")
	repo.Git("repack", "-qad")
	if _, sum := scanWithState(t, repo.Dir, state); sum.Blobs != 3 {
		t.Errorf("read %d objects after a commit and a repack, want it, its blob and the one with the key", sum.Blobs)
	}
}

// TestStateKeepsWhatIsNotRead looks twice at a repository of which a part cannot be
// read: the second scan must say so too.
func TestStateKeepsWhatIsNotRead(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	repo.WriteCommit("f", "one\n")
	gone := repo.WriteCommit("f", "two\n")
	repo.WriteCommit("f", "three\n")
	large := repo.GitIn(strings.Repeat("x", 1<<21), "hash-object", "-w", "--stdin")
	if err := os.Remove(filepath.Join(repo.Dir, ".git/objects", gone[:2], gone[2:])); err != nil {
		t.Fatal(err)
	}
	repo.GitIn(strings.Join(repo.Names(), "\n"), "pack-objects", "-q", ".git/objects/pack/pack")
	state := filepath.Join(t.TempDir(), "state")
	for range 3 {
		h, err := scanner.OpenHistory(t.Context(), repo.Dir, scanner.HistoryOptions{State: state, MaxSize: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		_, sum := scan(t, h, scanner.Options{})
		if text := fmt.Sprint(sum.Skipped); sum.SkippedCount != 2 || !strings.Contains(text, large) || !strings.Contains(text, "parents") {
			t.Fatalf("skipped %v, want the large blob and a missing parent", sum.Skipped)
		}
		if err := h.SaveState(); err != nil {
			t.Fatal(err)
		}
		h.Close()
	}
}

// TestStateRefused damages a state, and takes it elsewhere.
func TestStateRefused(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	repo.WriteCommit("f", mint(1).String())
	state := filepath.Join(t.TempDir(), "state")
	scanWithState(t, repo.Dir, state)
	good, err := os.ReadFile(state)
	if err != nil {
		t.Fatal(err)
	}
	other := gittest.New(t)
	other.WriteCommit("g", "other\n")
	changed := bytes.Clone(good)
	changed[len(changed)/2] ^= 1
	for name, c := range map[string]struct {
		data []byte
		dir  string
		want string
	}{
		"cut":                {good[:len(good)-1], repo.Dir, "damaged"},
		"changed":            {changed, repo.Dir, "damaged"},
		"something else":     {[]byte("a letter"), repo.Dir, "no state file"},
		"empty":              {nil, repo.Dir, "no state file"},
		"another repository": {good, other.Dir, "another repository"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "state")
			if err := os.WriteFile(file, c.data, 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := scanner.OpenHistory(t.Context(), c.dir, scanner.HistoryOptions{State: file})
			var refused *scanner.StateError
			if !errors.As(err, &refused) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), file) {
				t.Fatalf("got %v, want it refused by name: %s", err, c.want)
			}
			if left, _ := os.ReadFile(file); !bytes.Equal(left, c.data) {
				t.Error("the file was changed")
			}
		})
	}
}

// TestStateOfOtherLimits scans anew where the limits are others.
func TestStateOfOtherLimits(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	repo.WriteCommit("f", mint(1).String())
	state := filepath.Join(t.TempDir(), "state")
	scanWithState(t, repo.Dir, state)
	h, err := scanner.OpenHistory(t.Context(), repo.Dir, scanner.HistoryOptions{State: state, MaxSize: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if _, sum := scan(t, h, scanner.Options{}); sum.Blobs != 2 || !strings.Contains(fmt.Sprint(sum.Notes), "anew") {
		t.Errorf("read %d objects with the notes %q, want all 2, and that said", sum.Blobs, sum.Notes)
	}
}

// TestStateHoldsNoText plants secrets everywhere and looks for them in the file.
func TestStateHoldsNoText(t *testing.T) {
	t.Parallel()
	repo, l := gittest.New(t), mint(1)
	repo.WriteCommit("dir-of-"+l.keyID+"/"+strings.ReplaceAll(l.secret, "/", "_"), l.String())
	repo.Git("commit", "-q", "--allow-empty", "-m", l.String())
	repo.Git("tag", "-am", l.String(), "tag-"+l.keyID)
	state := filepath.Join(t.TempDir(), "state")
	scanWithState(t, repo.Dir, state)
	data, err := os.ReadFile(state)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{l.secret, l.keyID, "dir-of", "Ada"} {
		if bytes.Contains(data, []byte(text)) {
			t.Errorf("the state holds %q", text)
		}
	}
	if info, err := os.Stat(state); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, want 0600", info.Mode())
	}
}
