package scanner

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/revokey-dev/revokey/detectors"
	"github.com/revokey-dev/revokey/scanner/gittest"
)

// liar makes a repository whose objects lie about their names, which makes circles
// possible that no honest one has.
type liar struct {
	gittest.PackWriter
	repo *gittest.Repo
	key  *gittest.PackEntry // a blob with a credential
}

func newLiar(t *testing.T) *liar {
	l := &liar{repo: gittest.New(t)}
	l.key = l.Add(gittest.PackBlob, fmt.Appendf(nil, "aws_access_key_id = %s\naws_secret_access_key = %s\n", parts.keyIDs[0], parts.secrets[0]))
	return l
}

func fakeName(n byte) []byte { return bytes.Repeat([]byte{n}, 20) }

// as adds an object under a name that is not its own.
func (l *liar) as(name []byte, kind int, content string) {
	l.Add(kind, []byte(content)).Name = name
}

func entry(mode, path string, name []byte) string { return mode + " " + path + "\x00" + string(name) }

func commitOf(tree []byte, seconds int, parents ...[]byte) string {
	text := fmt.Sprintf("tree %x\n", tree)
	for _, p := range parents {
		text += fmt.Sprintf("parent %x\n", p)
	}
	return text + fmt.Sprintf("author Ada <a@example.com> %d +0000\ncommitter Ada <a@example.com> %[1]d +0000\n\nchange\n", seconds)
}

// scan scans with main at the named commit, and ends the test where that takes
// too long.
func (l *liar) scan(t *testing.T, head []byte) ([]Finding, Summary) {
	t.Helper()
	dir := filepath.Join(l.repo.Dir, ".git")
	l.Write(t, filepath.Join(dir, "objects"))
	if err := os.WriteFile(filepath.Join(dir, "refs", "heads", "main"), fmt.Appendf(nil, "%x\n", head), 0o644); err != nil {
		t.Fatal(err)
	}
	h, err := OpenHistory(t.Context(), l.repo.Dir, HistoryOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var findings []Finding
	var sum Summary
	done := make(chan error, 1)
	go func() {
		var err error
		sum, err = New(detectors.All(), Options{}).Scan(t.Context(), h, func(f Finding) error {
			findings = append(findings, f)
			return nil
		})
		done <- err
	}()
	select {
	case err := <-done:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("still scanning after 20 s")
	}
	if err := h.Close(); err != nil {
		t.Error(err)
	}
	if len(findings) != 1 || findings[0].KeyID != parts.keyIDs[0] {
		t.Fatalf("got %d findings, want the one key", len(findings))
	}
	return findings, sum
}

// pathsOf returns where the one finding stands.
func pathsOf(findings []Finding) string {
	var paths []string
	for _, o := range findings[0].Occurrences {
		paths = append(paths, o.Path)
	}
	return strings.Join(paths, " ")
}

func TestTreeNamesItself(t *testing.T) {
	t.Parallel()
	for label, n := range map[string]int{"itself": 1, "a circle of 3": 3} {
		t.Run(label, func(t *testing.T) {
			t.Parallel()
			l := newLiar(t)
			for i := range n {
				l.as(fakeName(byte(1+i)), gittest.PackTree, entry("40000", "again", fakeName(byte(1+(i+1)%n)))+entry("100644", "key", l.key.Name))
			}
			l.as(fakeName(9), gittest.PackCommit, commitOf(fakeName(1), 1_700_000_000))
			findings, _ := l.scan(t, fakeName(9))
			if paths := pathsOf(findings); !strings.Contains(paths, "key") {
				t.Errorf("at %q, want it at key", paths)
			}
		})
	}
}

func TestCommitsInACircle(t *testing.T) {
	t.Parallel()
	l := newLiar(t)
	tree := l.Add(gittest.PackTree, []byte(entry("100644", "key", l.key.Name)))
	const n = 5
	for i := range n {
		l.as(fakeName(byte(1+i)), gittest.PackCommit, commitOf(tree.Name, 1_700_000_000+i, fakeName(byte(1+(i+1)%n)), fakeName(byte(1+i))))
	}
	l.as(fakeName(20), gittest.PackTag, fmt.Sprintf("object %x\ntype tag\ntag round\n\n", fakeName(20)))
	findings, _ := l.scan(t, fakeName(1))
	if !findings[0].AtHead {
		t.Errorf("not at HEAD: %v", findings[0].Occurrences)
	}
}

// TestKindsLie has a blob where a tree should be, a tree where a commit should.
func TestKindsLie(t *testing.T) {
	t.Parallel()
	l := newLiar(t)
	root := l.Add(gittest.PackTree, []byte(entry("40000", "folder", l.key.Name)+entry("100644", "tree", l.key.Name)+"100644 cut\x00off"))
	l.as(fakeName(1), gittest.PackCommit, commitOf(root.Name, 1_700_000_000, root.Name, l.key.Name))
	if findings, _ := l.scan(t, fakeName(1)); !strings.Contains(pathsOf(findings), "tree") {
		t.Errorf("at %q, want it at tree", pathsOf(findings))
	}
}

// TestSharedTrees has more paths to one blob than there is memory for: 1,000 to
// the power of the depth.
func TestSharedTrees(t *testing.T) {
	t.Parallel()
	l := newLiar(t)
	below, mode := l.key.Name, "100644"
	for range 6 {
		var tree strings.Builder
		for i := range 1000 {
			tree.WriteString(entry(mode, fmt.Sprintf("%04d", i), below))
		}
		below, mode = l.Add(gittest.PackTree, []byte(tree.String())).Name, "40000"
	}
	l.as(fakeName(1), gittest.PackCommit, commitOf(below, 1_700_000_000))
	_, sum := l.scan(t, fakeName(1))
	if sum.Complete() {
		t.Error("a part of the paths is left out, and nothing says so")
	}
}

// TestDeepTrees nests folders deeper than any file system.
func TestDeepTrees(t *testing.T) {
	t.Parallel()
	l := newLiar(t)
	below := l.Add(gittest.PackTree, []byte(entry("100644", "key", l.key.Name))).Name
	for range 20_000 {
		below = l.Add(gittest.PackTree, []byte(entry("40000", "d", below))).Name
	}
	l.as(fakeName(1), gittest.PackCommit, commitOf(below, 1_700_000_000))
	if _, sum := l.scan(t, fakeName(1)); sum.Complete() {
		t.Errorf("%s at %d folders deep, and nothing says that it is left out", hex.EncodeToString(l.key.Name), 20_000)
	}
}
