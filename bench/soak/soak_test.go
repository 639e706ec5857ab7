package main

import (
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/revokey-dev/revokey/revoke/localaws"
)

// A short soak comes out right; and what somebody else does at AWS meanwhile, or leaves in a
// file, is seen.
func TestSoak(t *testing.T) {
	dir := t.TempDir()
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "revokey"), "./cmd/revokey")
	build.Dir, build.Env = "../..", append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	s, err := newSoak(dir, rand.New(rand.NewPCG(1, 1)), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	for end := time.Now().Add(4 * time.Second); time.Now().Before(end); {
		s.any(t.Context())
	}
	s.revokey(t.Context(), 0, s.changing("revoke", s.leaked[0].ID, "--apply")...) // there is a journal, whatever came
	s.settle(t.Context())
	if s.agree(t.Context()); s.wrong != 0 {
		t.Fatalf("%d things are wrong: %s", s.wrong, s)
	}
	for name, spoil := range map[string]func(){
		"a key that nobody made": func() { s.aws.AddKey(account, "u0") },
		"a status": func() {
			s.aws.SetStatus(s.leaked[1].ID, localaws.Inactive)
			s.aws.SetStatus(s.leaked[2].ID, localaws.Inactive)
		},
		"a policy": func() { s.aws.SetPolicy(account, "u0", "other", "{}") },
		"a secret in a file": func() {
			if err := os.WriteFile(s.file("tmp/left"), []byte(s.leaked[0].Secret), 0o600); err != nil {
				t.Fatal(err)
			}
		},
	} {
		s.wrong = 0
		spoil()
		if s.agree(t.Context()); s.wrong == 0 {
			t.Errorf("%s: not seen", name)
		}
	}
}
