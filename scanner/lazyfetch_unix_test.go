//go:build unix

package scanner

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/revokey-dev/revokey/scanner/gittest"
)

// TestNoLazyFetchByOldGit holds that git fetches nothing for us, whatever its version: before
// 2.39.4 and 2.45 it does not know GIT_NO_LAZY_FETCH, and a partial clone's configuration says
// which command it fetches by.
func TestNoLazyFetchByOldGit(t *testing.T) {
	git, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	r := gittest.New(t)
	head := r.WriteCommit("file", "content")
	bin, canary := t.TempDir(), filepath.Join(t.TempDir(), "canary")
	for name, script := range map[string]string{
		"git":    fmt.Sprintf("unset GIT_NO_LAZY_FETCH\nexec '%s' \"$@\"", git),
		"remote": fmt.Sprintf("echo run >'%s'", canary),
	} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for key, value := range map[string]string{
		"core.repositoryFormatVersion": "1", "extensions.partialClone": "origin", "remote.origin.promisor": "true",
		"remote.origin.url": "ext::" + filepath.Join(bin, "remote"), "protocol.ext.allow": "always",
	} {
		r.Git("config", key, value)
	}
	const missing = "1234567890123456789012345678901234567890"
	t.Setenv("PATH", bin+string(filepath.ListSeparator)+os.Getenv("PATH"))
	old := exec.Command("git", "--git-dir="+filepath.Join(r.Dir, ".git"), "rev-list", missing)
	if out, err := old.CombinedOutput(); err == nil || os.Remove(canary) != nil {
		t.Fatalf("the old git does not run what it is to be kept from: %s", out)
	}
	at, err := findRepo(r.Dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"rev-list", missing}, {"rev-list", head + ".." + missing}, {"rev-parse", "--verify", missing + "^{tree}"}, {"cat-file", "-p", missing}} {
		if _, err := at.git(t.Context(), args...); err == nil {
			t.Errorf("git %q found an object that is not there", args)
		}
		if _, err := os.Stat(canary); err == nil {
			t.Fatalf("git %q ran the remote's command", args)
		}
	}
}
