package odb_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/revokey-dev/revokey/scanner/gittest"
	"github.com/revokey-dev/revokey/scanner/odb"
)

// TestUnreadIsNotKnown cuts a pack short between opening and planning: what was not read
// must not be known.
func TestUnreadIsNotKnown(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	repo.WriteCommit("f", "content\n")
	repo.Git("gc", "-q")
	packs, err := filepath.Glob(filepath.Join(repo.Dir, ".git/objects/pack/*.pack"))
	if err != nil || len(packs) != 1 {
		t.Fatal(packs, err)
	}
	store, err := odb.Open(filepath.Join(repo.Dir, ".git/objects"), odb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if err := os.Chmod(packs[0], 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(packs[0], 0); err != nil {
		t.Fatal(err)
	}
	families := store.Families(all)
	known := store.Known(store.Skipped(), nil)
	if len(families) > 0 || len(store.Skipped()) == 0 || len(known.Objects) > 0 || len(known.Packs) > 0 {
		t.Errorf("%d families, skipped %v, known %d bytes of names and %d packs", len(families), store.Skipped(), len(known.Objects), len(known.Packs))
	}
}
