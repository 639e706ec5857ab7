package scanner_test

import (
	"path/filepath"
	"testing"

	"github.com/revokey-dev/revokey/scanner"
	"github.com/revokey-dev/revokey/scanner/gittest"
)

// TestRemoteURL compares with what git itself has been told.
func TestRemoteURL(t *testing.T) {
	t.Parallel()
	r := gittest.New(t)
	url := func(path string) string {
		t.Helper()
		got, err := scanner.RemoteURL(path)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := url(r.Dir); got != "" {
		t.Errorf("without a remote: %q", got)
	}
	r.Git("remote", "add", "fork", "git@example.com:me/shop.git")
	if got, want := url(r.Dir), "git@example.com:me/shop.git"; got != want {
		t.Errorf("the only remote: %q, want %q", got, want)
	}
	r.Git("remote", "add", "origin", "https://example.com/our/shop")
	r.Write("a/b", "x")
	if got, want := url(filepath.Join(r.Dir, "a")), "https://example.com/our/shop"; got != want {
		t.Errorf("from a folder: %q, want %q", got, want)
	}
	if _, err := scanner.RemoteURL(t.TempDir()); err == nil {
		t.Error("a folder without a repository has a remote")
	}
}
