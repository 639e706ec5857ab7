package scanner_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/revokey-dev/revokey/detectors"
	"github.com/revokey-dev/revokey/scanner"
	"github.com/revokey-dev/revokey/scanner/gittest"
	"github.com/revokey-dev/revokey/scanner/unpack"
)

func zipOf(t *testing.T, files ...string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for pair := range slices.Chunk(files, 2) {
		w, err := z.Create(pair[0])
		if err == nil {
			_, err = w.Write([]byte(pair[1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func tarOf(t *testing.T, files ...string) string {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for pair := range slices.Chunk(files, 2) {
		err := w.WriteHeader(&tar.Header{Name: pair[0], Mode: 0o644, Size: int64(len(pair[1]))})
		if err == nil {
			_, err = w.Write([]byte(pair[1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func gzipOf(t *testing.T, content string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write([]byte(content))
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// noise returns lines that do not compress to nothing, always the same.
func noise(n int) string {
	r := rand.New(rand.NewPCG(3, 5))
	var b strings.Builder
	for b.Len() < n {
		fmt.Fprintf(&b, "line %x\n", r.Uint32())
	}
	return b.String()[:n]
}

func membersOf(f scanner.Finding) []string {
	var places []string
	for _, o := range f.Occurrences {
		places = append(places, fmt.Sprintf("%s!/%s:%d:%d", o.Path, o.Member, o.Line, o.Column))
	}
	return places
}

// TestArchives finds keys in what archives hold, each where it helps to know of it,
// and reads them again from there.
func TestArchives(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	text := "\n" + mint(1).String()
	repo.WriteCommit("a.zip", zipOf(t, "x/one", text, "again", text))
	repo.WriteCommit("b.tar", tarOf(t, "in.tar", tarOf(t, "two", mint(2).String()), "pad", noise(5000)))
	repo.WriteCommit("c.gz", gzipOf(t, mint(3).String()))
	repo.WriteCommit("d.zip", zipOf(t, "e.tar.gz", gzipOf(t, tarOf(t, "four", mint(4).String(), "four", mint(5).String()))))
	src := history(t, repo.Dir)
	findings, sum := scan(t, src, scanner.Options{})
	if !sum.Complete() || len(sum.Notes) > 0 {
		t.Errorf("%+v", sum)
	}
	for n, want := range [][]string{
		1: {"a.zip!/again:3:21", "a.zip!/x/one:3:21"},
		2: {"b.tar!/in.tar!/two:2:21"},
		3: {"c.gz!/[gzip]:2:21"},
		4: {"d.zip!/e.tar.gz!/four:2:21"},
		5: {"d.zip!/e.tar.gz!/four:2:21"},
	} {
		if n == 0 {
			continue
		}
		f := one(t, findings, mint(uint64(n)))
		if diff := cmp.Diff(want, membersOf(f)); diff != "" {
			t.Errorf("key %d (-want +got)\n%s", n, diff)
		}
		recaller := scanner.NewRecaller(detectors.All())
		defer recaller.Close()
		m, err := recaller.Recall(t.Context(), f.Repository, f.Occurrences[0], f.KeyID, f.Secret.SHA256())
		if err != nil || !m.Secret.Equal(f.Secret) {
			t.Errorf("key %d again: %v", n, err)
		}
		f.Occurrences[0].Member = "elsewhere"
		if _, err := recaller.Recall(t.Context(), f.Repository, f.Occurrences[0], f.KeyID, f.Secret.SHA256()); !errors.Is(err, scanner.ErrGone) {
			t.Errorf("key %d elsewhere: %v", n, err)
		}
	}
	if findings, _ := scan(t, src, scanner.Options{NoArchives: true}); len(findings) != 1 || findings[0].Occurrences[0].Member != "" {
		t.Errorf("closed: %d findings", len(findings))
	}
}

// insert and copyFrom are instructions of a delta.
func insert(s string) []byte {
	var delta []byte
	for part := range slices.Chunk([]byte(s), 100) {
		delta = append(append(delta, byte(len(part))), part...)
	}
	return delta
}

func copyFrom(offset, size int) []byte {
	return []byte{0x80 | 0x0f | 0x70, byte(offset), byte(offset >> 8), byte(offset >> 16), byte(offset >> 24), byte(size), byte(size >> 8), byte(size >> 16)}
}

func size(n int) []byte { return []byte{byte(n&0x7f | 0x80), byte(n>>7&0x7f | 0x80), byte(n >> 14)} }

func deltaOf(base, result string, ops ...[]byte) []byte {
	return slices.Concat(append([][]byte{size(len(base)), size(len(result))}, ops...)...)
}

// TestArchivesInDeltas builds archives on what is none, on others, and on themselves
// with another end, so that most of them come as pieces alone.
func TestArchivesInDeltas(t *testing.T) {
	t.Parallel()
	text := noise(60_000)
	first := tarOf(t, "text", text, "secret.gz", gzipOf(t, mint(1).String()))
	second := tarOf(t, "text", text, "secret.gz", gzipOf(t, mint(2).String()))
	const at = 512 + 60_416 // behind the text, which fills whole blocks
	var w gittest.PackWriter
	base := w.Add(gittest.PackBlob, []byte(text))
	entry := w.AddOfsDelta(base, deltaOf(text, first, insert(first[:512]), copyFrom(0, 60_000), insert(first[512+60_000:])))
	w.AddOfsDelta(entry, deltaOf(first, second, copyFrom(0, at), insert(second[at:])))
	plain := text[:50_000] + mint(3).String()
	w.AddOfsDelta(entry, deltaOf(first, plain, copyFrom(512, 50_000), insert(mint(3).String())))
	repo := gittest.New(t)
	w.Write(t, filepath.Join(repo.Dir, ".git", "objects"))
	findings, sum := scan(t, history(t, repo.Dir), scanner.Options{})
	if !sum.Complete() || len(findings) != 3 {
		t.Errorf("%d findings, %+v", len(findings), sum)
	}
	one(t, findings, mint(3))
	for n := range uint64(2) {
		if got := membersOf(one(t, findings, mint(n+1))); len(got) != 1 || got[0] != "!/secret.gz!/[gzip]:2:21" {
			t.Errorf("key %d: %q", n+1, got)
		}
	}
}

// TestUnreadArchives tells what makes a scan incomplete from what is noted.
func TestUnreadArchives(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	key := mint(1)
	repo.WriteCommit("bomb.gz", gzipOf(t, strings.Repeat("0", 3_000_000)))
	repo.WriteCommit("cut.zip", zipOf(t, "a", "b")[:40])
	repo.WriteCommit("x.zip", zipOf(t, key.secret+".gz", gzipOf(t, key.String())[:80], "key", key.String()))
	findings, sum := scan(t, history(t, repo.Dir), scanner.Options{})
	if sum.SkippedCount != 1 || !strings.Contains(sum.Skipped[0].Reason, "--max-archive-size") {
		t.Errorf("skipped: %+v", sum.Skipped)
	}
	if len(sum.Notes) != 2 {
		t.Errorf("notes: %q", sum.Notes)
	}
	if said := fmt.Sprintf("%+v %+v", findings, sum); strings.Contains(said, key.secret) {
		t.Errorf("the secret is in %s", said)
	}
	_, sum = scan(t, history(t, repo.Dir), scanner.Options{Archives: unpack.Limits{Ratio: -1}})
	if !sum.Complete() {
		t.Errorf("with other limits: %+v", sum.Skipped)
	}
}
