package scanner_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/revokey-dev/revokey/detectors"
	"github.com/revokey-dev/revokey/scanner"
)

func TestNear(t *testing.T) {
	dir := t.TempDir()
	text := strings.Repeat("a", 100) + "KEY" + strings.Repeat("b", 100)
	if err := os.WriteFile(filepath.Join(dir, "f"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r := scanner.NewRecaller(detectors.All())
	defer r.Close()
	at := scanner.Occurrence{Where: scanner.InFile, Offset: 100, Place: scanner.Place{Path: "f"}}
	for reach, want := range map[int]string{0: "", 5: "aaaaaKEYbb", 1000: text} {
		if got := string(r.Near(dir, at, reach)); got != want {
			t.Errorf("reach %d: got %q, want %q", reach, got, want)
		}
	}
	gone, beyond, inArchive := at, at, at
	gone.Path, beyond.Offset, inArchive.Member = "g", 1000, "m"
	for _, o := range []scanner.Occurrence{gone, beyond, inArchive} {
		if got := r.Near(dir, o, 5); got != nil {
			t.Errorf("%+v: got %q", o, got)
		}
	}
	if got := r.Near("", scanner.Occurrence{Where: scanner.InStdin}, 5); got != nil {
		t.Errorf("standard input: got %q", got)
	}
}

// What stands near one key is read once for its neighbours, and is the same.
func TestNearIsReadOnce(t *testing.T) {
	dir := t.TempDir()
	text := []byte(strings.Repeat("0123456789", 500_000)) // more than is kept of it
	for i := range text {
		text[i] += byte(i >> 16)
	}
	file := filepath.Join(dir, "f")
	near := func(r *scanner.Recaller, offset int) []byte {
		return r.Near(dir, scanner.Occurrence{Where: scanner.InFile, Offset: offset, Place: scanner.Place{Path: "f"}}, 1000)
	}
	r := scanner.NewRecaller(detectors.All())
	defer r.Close()
	for _, first := range []int{0, 10, 1_000_000, len(text) - 5} {
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		near(r, first)
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		for _, offset := range []int{first, first + 3, first + 1_000_000} {
			if offset >= len(text) {
				continue
			}
			want := text[max(0, offset-1000):min(len(text), offset+1000)]
			if got := near(r, offset); !bytes.Equal(got, want) {
				t.Errorf("at %d, after %d: got %d bytes, want %d", offset, first, len(got), len(want))
			}
		}
	}
	if got := near(r, 4_000_000); got != nil {
		t.Errorf("got %d bytes of what was not read", len(got))
	}
}
