//go:build unix

package scanner

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/revokey-dev/revokey/scanner/gittest"
	"github.com/revokey-dev/revokey/scanner/odb"
)

// TestIndexCutUnderScan cuts the index short while it is mapped: what is gone is an error, and
// no fault that ends the process.
func TestIndexCutUnderScan(t *testing.T) {
	r := gittest.New(t)
	r.WriteCommit("base", "base")
	for i := range 500 {
		r.Write(fmt.Sprintf("folder-%03d/a-long-name-so-that-the-index-has-many-pages-%03d", i, i), "content")
	}
	r.Git("add", "-A")
	at, err := findRepo(r.Dir)
	if err != nil {
		t.Fatal(err)
	}
	store, err := GitEnvironment{}.openObjects(at, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	s := &Staged{blobReader: newBlobReader(store), repo: at}
	path := filepath.Join(r.Dir, ".git", "index")
	data, done, err := odb.MapFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	if err := os.Truncate(path, 4096); err != nil {
		t.Fatal(err)
	}
	if err := s.compareIndex(t.Context(), data); err == nil {
		t.Error("the index was cut short, and nothing is said")
	}
}
