package index_test

import (
	"crypto/sha1"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/revokey-dev/revokey/scanner/gittest"
	"github.com/revokey-dev/revokey/scanner/index"
	"github.com/revokey-dev/revokey/scanner/odb"
)

// FuzzIndex gives the same bytes to git and to this package: what both read, they read
// alike, and what git reads this package reads or refuses, and never panics.
func FuzzIndex(f *testing.F) {
	for _, kind := range kinds {
		if kind.init != nil {
			continue
		}
		r := gittest.New(f)
		kind.make(r, 30)
		data, err := os.ReadFile(filepath.Join(r.Dir, ".git", "index"))
		if err == nil {
			f.Add(data)
		}
	}
	empty := gittest.New(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) >= 20 { // git checks it, and it is not what is tested
			data = append([]byte(nil), data...)
			sum := sha1.Sum(data[:len(data)-20])
			copy(data[len(data)-20:], sum[:])
		}
		x, err := index.Parse(data, 20, func(string) ([]byte, error) { return nil, os.ErrNotExist })
		if err != nil {
			return
		}
		got, n := list(t, x)
		if x.Len() != n {
			t.Errorf("Len() = %d, walked over %d", x.Len(), n)
		}
		_ = x.Walk(func(_ []byte, tree odb.ID) bool { return tree.Bytes()[0]%2 == 0 }, func(index.Entry) error { return nil })
		r := gittest.At(t, empty.Dir)
		path := filepath.Join(t.TempDir(), "index")
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		want, ok := r.TryWith([]string{"GIT_INDEX_FILE=" + path}, "ls-files", "--stage", "-z", "--sparse")
		if strings.Contains(got, "\t\x00") {
			return // of a path without a byte git prints ./, or what it had in hand before
		}
		if ok && want != got && !strings.Contains("\x00"+got, "\x00040000 ") { // which git opens up, if it can
			theirs, ours := strings.Split(want, "\x00"), strings.Split(got, "\x00")
			for i := range min(len(theirs), len(ours)) {
				if theirs[i] != ours[i] {
					t.Fatalf("entry %d: git lists %q, index %q", i, theirs[i], ours[i])
				}
			}
			t.Fatalf("git lists %d entries, index %d", len(theirs), len(ours))
		}
	})
}
