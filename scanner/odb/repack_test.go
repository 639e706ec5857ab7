package odb_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/revokey-dev/revokey/scanner/gittest"
	"github.com/revokey-dev/revokey/scanner/odb"
)

// TestRepackUnderScan repacks, loose objects first, all the time that a repository is
// opened and read, and wants every object at each reading.
func TestRepackUnderScan(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	for n := range 30 {
		repo.WriteCommit(fmt.Sprintf("f%d", n%3), fmt.Sprintf("%d\n", n))
	}
	want := slices.Sorted(slices.Values(repo.Names()))
	dir := filepath.Join(repo.Dir, ".git", "objects")
	stop, done := make(chan bool), make(chan bool)
	go func() {
		defer close(done)
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			default:
				repo.Try("repack", "-qadf", fmt.Sprintf("--depth=%d", 2+n%20), fmt.Sprintf("--window=%d", 2+n%7))
			}
		}
	}()
	for range 60 {
		store, err := odb.Open(dir, odb.Options{})
		if err != nil {
			t.Error(err)
			break
		}
		got, skipped := readAll(t, store, all)
		if names := objectNames(got); !slices.Equal(names, want) || len(skipped)+len(store.Skipped()) > 0 {
			t.Errorf("read %d of %d objects; skipped %v %v", len(names), len(want), skipped, store.Skipped())
		}
		store.Close()
	}
	close(stop)
	<-done
}

func objectNames[T any](got map[string]T) []string {
	var names []string
	for name := range got {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// TestPackedAfterOpen packs, and packs anew, what was listed before it is read.
func TestPackedAfterOpen(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	for n := range 10 {
		repo.WriteCommit("f", fmt.Sprintf("%d\n", n))
	}
	repo.Git("gc", "-q")
	repo.WriteCommit("f", "loose\n")
	want := slices.Sorted(slices.Values(repo.Names()))
	store, err := odb.Open(filepath.Join(repo.Dir, ".git", "objects"), odb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	repo.Git("repack", "-qad")
	got, skipped := readAll(t, store, all)
	if names := objectNames(got); !slices.Equal(names, want) || len(skipped) > 0 {
		t.Errorf("read %d of %d objects; skipped %v", len(names), len(want), skipped)
	}
}
