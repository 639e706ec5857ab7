package scanner_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/revokey-dev/revokey/scanner"
	"github.com/revokey-dev/revokey/scanner/gittest"
)

// TestUnreadableRepository is no folder without a repository, nor a part of the one above.
func TestUnreadableRepository(t *testing.T) {
	if os.Geteuid() <= 0 {
		t.Skip("for the superuser, and on Windows, nothing is unreadable by its mode")
	}
	above := gittest.New(t)
	dir := filepath.Join(above.Dir, "below")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	gittest.At(t, dir).Git("init", "-q", ".")
	for _, locked := range []string{filepath.Join(dir, ".git"), dir} {
		if err := os.Chmod(locked, 0); err != nil {
			t.Fatal(err)
		}
		if _, err := scanner.RootOf(dir); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("%s is unreadable: got %v", locked, err)
		}
		if err := os.Chmod(locked, 0o700); err != nil {
			t.Fatal(err)
		}
	}
}
