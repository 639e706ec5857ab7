package scanner

import (
	"encoding/hex"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/revokey-dev/revokey/scanner/gittest"
	"github.com/revokey-dev/revokey/scanner/odb"
)

// literal writes an object that git itself would not make, and returns its name.
func literal(r *gittest.Repo, kind, content string) string {
	return r.GitIn(content, "hash-object", "-w", "--literally", "-t", kind, "--stdin")
}

// TestRangeReadsHeadersAsGit holds that of a commit and of a tag the first line that
// names an object counts: whatever stands below is not read by git, and its fsck lets it pass.
func TestRangeReadsHeadersAsGit(t *testing.T) {
	t.Parallel()
	r := gittest.New(t)
	base := r.WriteCommit("clean", "clean")
	clean := r.Git("rev-parse", base+"^{tree}")
	r.Write("leak", "leak")
	r.Git("add", "-A")
	leaking := r.Git("write-tree")
	const who = " Ada <ada@example.com> 1700000000 +0000\n"
	commit := literal(r, "commit", "tree "+leaking+"\nparent "+base+"\nauthor"+who+"committer"+who+"tree "+clean+"\nparent "+commitOfNobody+"\n\nmessage\n")
	tag := literal(r, "tag", "object "+commit+"\ntype commit\ntag v1\ntagger"+who+"object "+base+"\n\nmessage\n")
	for _, tip := range []string{commit, tag} {
		brought(t, r, base, tip, "leak "+r.Git("rev-parse", leaking+":leak"))
	}
	store, err := odb.OpenDirect(filepath.Join(r.Dir, ".git", "objects"), odb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	id, _ := odb.ParseID(commit)
	obj, err := store.NewReader().Read(id)
	if err != nil {
		t.Fatal(err)
	}
	var rows commitRows // what attribution reads
	rows.add(&obj)
	row, _, _ := rows.next()
	if got := odb.NewID(row.tree).String(); got != leaking || odb.NewID(row.parents).String() != base {
		t.Errorf("tree %s, parents %x", got, row.parents)
	}
	if out := r.Git("fsck", "--strict"); strings.Contains(out, "error") {
		t.Errorf("git fsck: %s", out)
	}
}

const commitOfNobody = "1234567890123456789012345678901234567890"

// brought holds that a range brings just those files, PATH SPACE OBJECT.
func brought(t *testing.T, r *gittest.Repo, from, to string, want ...string) {
	t.Helper()
	g, err := OpenRange(t.Context(), r.Dir, RangeOptions{Range: from + ".." + to})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	if got := placesIn(g.list); !slices.Equal(got, want) {
		t.Errorf("%s..%s brings %q, want %q", from, to, got, want)
	}
}

// TestModesAsGit holds that a folder is one whatever number its mode is written as: what
// is in it is new, or was there before.
func TestModesAsGit(t *testing.T) {
	t.Parallel()
	r := gittest.New(t)
	base := r.WriteCommit("clean", "clean")
	blob := r.GitIn("leak", "hash-object", "-w", "--stdin")
	tree := func(mode, name, id string) string {
		raw, err := hex.DecodeString(id)
		if err != nil {
			t.Fatal(err)
		}
		return literal(r, "tree", mode+" "+name+"\x00"+string(raw))
	}
	for _, mode := range []string{"040000", "40755", "0000000040000"} {
		inner := tree("100644", "leak", blob)
		leaking := r.Git("commit-tree", "-p", base, "-m", "leak", tree(mode, "sub", inner))
		if git := r.Git("ls-tree", "-r", leaking); !strings.Contains(git, "sub/leak") {
			t.Fatalf("git lists %q", git)
		}
		brought(t, r, base, leaking, "sub/leak "+blob)
		same := r.Git("commit-tree", "-p", leaking, "-m", "same", tree("40000", "sub", inner))
		brought(t, r, leaking, same)
		r.Git("reset", "-q", "--hard", leaking)
		if got := stagedFiles(t, r); len(got) > 0 {
			t.Errorf("%q is staged", got)
		}
	}
	other := r.Git("commit-tree", "-p", base, "-m", "submodule", tree("0160000", "sub", base))
	brought(t, r, base, other)
}
