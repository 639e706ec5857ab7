//go:build unix

package scanner

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/revokey-dev/revokey/scanner/gittest"
)

// laid are ways to lay a file of a git directory out so that who reads it as it is never
// ends, or takes all memory.
var laid = map[string]func(path string) error{
	"a pipe":   func(path string) error { return syscall.Mkfifo(path, 0o600) },
	"zeros":    func(path string) error { return os.Symlink("/dev/zero", path) },
	"a folder": func(path string) error { return os.Mkdir(path, 0o700) },
	"a hole": func(path string) error {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			return err
		}
		return os.Truncate(path, 1<<42)
	},
}

// TestIrregularFiles lays each file of a git directory out in each way: everything ends, and soon;
// a scan finds the key all the same, or says what it could not read.
func TestIrregularFiles(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"HEAD", "packed-refs", "shallow", "commondir", "config", "index", "MERGE_HEAD", "refs/heads/main", "refs/heads/x", "refs/heads/dir/y",
		"logs/HEAD", "worktrees/x/HEAD", "worktrees/x/logs/HEAD", "objects/info/alternates", "objects/12/34567890123456789012345678901234567890",
		"objects/pack/pack-1234567890123456789012345678901234567890.pack", "objects/pack/pack-1234567890123456789012345678901234567890.idx",
	} {
		for label, lay := range laid {
			t.Run(name+" is "+label, func(t *testing.T) {
				t.Parallel()
				r := gittest.New(t)
				r.WriteCommit("keys", "aws_access_key_id = "+parts.keyIDs[0]+"\naws_secret_access_key = "+parts.secrets[0]+"\n")
				r.Write("staged", "staged")
				r.Git("add", "-A")
				layOut(t, filepath.Join(r.Dir, ".git", name), lay)
				within(t, 20*time.Second, func() {
					if got, whole := scanAny(t, r.Dir); got != 1 && whole {
						t.Errorf("%d findings, and nothing is said to be left out", got)
					}
					if s, err := OpenStaged(t.Context(), r.Dir, StagedOptions{}); err == nil {
						s.Close()
					}
				})
			})
		}
	}
}

// layOut puts something in the place of a file; of a pack's two files the other one is whole.
func layOut(t *testing.T, path string, lay func(string) error) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if base, ext := strings.CutSuffix(path, ".pack"); ext {
		writeFile(t, base+".idx", "none")
	} else if base, ext := strings.CutSuffix(path, ".idx"); ext {
		writeFile(t, base+".pack", "none")
	}
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
	if err := lay(path); err != nil {
		t.Skipf("this file system has none: %v", err)
	}
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// within ends the test where do takes longer.
func within(t *testing.T, limit time.Duration, do func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); do() }()
	select {
	case <-done:
	case <-time.After(limit):
		t.Fatalf("not done after %v", limit)
	}
}

// TestIrregularState holds that a state file that is a device, which never ends, is refused.
func TestIrregularState(t *testing.T) {
	t.Parallel()
	r := gittest.New(t)
	r.WriteCommit("a", "b")
	for _, path := range []string{"/dev/zero", "/dev/full", "/dev/null", t.TempDir()} {
		within(t, 20*time.Second, func() {
			h, err := OpenHistory(t.Context(), r.Dir, HistoryOptions{State: path})
			if err == nil {
				h.Close()
				t.Errorf("%s was taken for a state", path)
			}
		})
	}
}
