package scanner_test

import (
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
