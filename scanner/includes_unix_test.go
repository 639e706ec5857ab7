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

// TestIncludedPipe has git's configuration include what is never written to, by way of another
// file: git is not run, and it is said why.
func TestIncludedPipe(t *testing.T) {
	t.Parallel()
	r := gittest.New(t)
	base := r.WriteCommit("a", "a")
	r.WriteCommit("b", "b")
	r.Git("config", "includeIf.gitdir:/.path", "more")
	git := filepath.Join(r.Dir, ".git")
	if err := os.WriteFile(filepath.Join(git, "more"), []byte("[include]\n\tpath = pipe\n\tpath = absent\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	look := func() (err error) {
		within(t, 20*time.Second, func() {
			var g *Range
			if g, err = OpenRange(t.Context(), r.Dir, RangeOptions{Range: base + "..main"}); err == nil {
				g.Close()
			}
		})
		return err
	}
	if err := look(); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(git, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	refused := func() {
		t.Helper()
		if err := look(); err == nil || !strings.Contains(err.Error(), "pipe") || !strings.Contains(err.Error(), "no regular file") {
			t.Errorf("got %v", err)
		}
	}
	refused()
	// A syntax that git alone decodes hides nothing.
	config, err := os.ReadFile(filepath.Join(git, "config"))
	if err == nil {
		err = os.WriteFile(filepath.Join(git, "config"), append(config, "[a]b = c\n"...), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	refused()
}
