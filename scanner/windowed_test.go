package scanner

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/revokey-dev/revokey/detectors"
	"github.com/revokey-dev/revokey/detectors/detectorstest"
	"github.com/revokey-dev/revokey/scanner/gittest"
	"github.com/revokey-dev/revokey/scanner/window"
)

// search returns what a scan of the data finds, in windows as small as they can be or
// as one piece.
func search(t *testing.T, data []byte, whole bool) []Finding {
	t.Helper()
	var r result
	s := New(detectors.All(), Options{})
	look := func(b *Blob) error {
		return s.look(t.Context(), b, &r)
	}
	if whole {
		look(&Blob{Data: data})
	} else if damage, err := eachWindow(bytes.NewReader(data), 0, make([]byte, window.Least), Blob{}, look); damage != nil || err != nil {
		t.Fatal(damage, err)
	}
	if r.blobs != 1 || r.bytes != int64(len(data)) {
		t.Errorf("%d blobs and %d bytes, want 1 and %d", r.blobs, r.bytes, len(data))
	}
	findings := group(r.hits)
	for i := range findings {
		findings[i].Occurrences = spread(findings[i].Occurrences, nil)
	}
	return findings
}

func checkWindows(t *testing.T, label string, data []byte) {
	t.Helper()
	if diff := gocmp.Diff(describe(search(t, data, true)), describe(search(t, data, false))); diff != "" {
		t.Fatalf("%s: (-whole +windows)\n%s", label, diff)
	}
}

// pairText returns the n-th credential, with so many bytes of text between its parts,
// a session token too where it is temporary.
func pairText(n, between int) string {
	gap := strings.Repeat("# and so on\n", between/12)
	text := "aws_access_key_id = " + parts.keyIDs[n] + "\n" + gap + "aws_secret_access_key = " + parts.secrets[n] + "\n"
	if strings.HasPrefix(parts.keyIDs[n], "ASIA") {
		text += gap + "aws_session_token = " + parts.words[len(parts.words)-1] + "\n"
	}
	return text
}

// plain returns text in which nothing is found.
func plain(size int) []byte {
	line := "All work and no play makes Jack a dull boy.\n"
	return []byte(strings.Repeat(line, size/len(line)+1)[:size])
}

// oneOfEach returns the numbers of a credential for each kind of key ID.
func oneOfEach() []int {
	isOf := func(prefix string) func(string) bool {
		return func(id string) bool { return strings.HasPrefix(id, prefix) }
	}
	return []int{slices.IndexFunc(parts.keyIDs, isOf("AKIA")), slices.IndexFunc(parts.keyIDs, isOf("ASIA"))}
}

// TestEveryAlignment has a credential at every place around the end of a window, the
// place where it is cut, and the start of its overlap.
func TestEveryAlignment(t *testing.T) {
	t.Parallel()
	for _, between := range []int{0, 3600} {
		for _, n := range oneOfEach() {
			key := pairText(n, between)
			for _, seam := range []int{window.Least, window.Least - calm/2, window.Least - window.Overlap} {
				for at := seam - len(key) - 5; at < seam+5; at += 1 + between/50 {
					data := plain(window.Least + 9000)
					copy(data[at:], key)
					checkWindows(t, fmt.Sprintf("credential %d, %d apart, at %d", n, between, at), data)
				}
			}
		}
	}
}

// TestFullOfCredentials has them line by line, so that there is no calm to cut in, and
// where they start decides which secret belongs to which key ID.
func TestFullOfCredentials(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 5))
	for label, format := range map[string]string{
		"lines":  "%s\n%s\n",
		"csv":    "%s,%s\n",
		"blocks": "[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n\n",
	} {
		for shift := range 2 {
			// So much that the text above does not name the first of them.
			data := bytes.Repeat([]byte{'\n'}, 130+shift*44)
			for len(data) < 2*window.Least+5000 {
				data = fmt.Appendf(data, format, detectorstest.Mint(r, "AKIA", "123456789012"), detectorstest.MintSecret(r))
			}
			checkWindows(t, fmt.Sprintf("%s, %d", label, shift), data)
		}
	}
}

// TestWindowsTwin has random fragments, at random distances, and credentials that
// stand again where the other windows are.
func TestWindowsTwin(t *testing.T) {
	t.Parallel()
	for seed := range uint64(16) {
		r := rand.New(rand.NewPCG(seed, 41))
		var data []byte
		for rare := 1 << r.IntN(16); len(data) < 3*window.Least; {
			data = append(data, plain(r.IntN(rare))...)
			data = append(data, '\n')
			if r.IntN(3) == 0 {
				data = append(data, pairText(r.IntN(len(parts.keyIDs)), r.IntN(2000))...)
			}
			data = append(data, snippet(r)...)
		}
		whole, windows := search(t, data, true), search(t, data, false)
		// A secret alone may be told as one here whose key ID stands in another window.
		for _, place := range placesOf(whole) {
			if !slices.Contains(placesOf(windows), place) {
				t.Errorf("seed %d: not found in windows: %s", seed, place)
			}
		}
		if diff := gocmp.Diff(credentialsOf(whole), credentialsOf(windows)); diff != "" {
			t.Errorf("seed %d: credentials (-whole +windows)\n%s", seed, diff)
		}
	}
}

// TestFullOfSecrets has so many runs that look like secrets that there is no calm, and
// a credential at places all over the overlap.
func TestFullOfSecrets(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(13, 15))
	var noise []byte
	for len(noise) < window.Least+9000 {
		noise = fmt.Appendf(noise, "id: %s,\n%s", detectorstest.MintSecret(r), plain(5000))
	}
	key := "\n" + pairText(0, 0)
	for at := window.Least - window.Overlap - len(key); at < window.Least+10; at += 997 {
		data := bytes.Clone(noise)
		copy(data[at:], key)
		checkWindows(t, fmt.Sprintf("at %d", at), data)
	}
}

// TestNoLines has neither a calm nor the end of a line: it is cut somewhere.
func TestNoLines(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 9))
	var data []byte
	for len(data) < 3*window.Least {
		data = fmt.Appendf(data, "%s;", detectorstest.Mint(r, "AKIA", "123456789012"))
	}
	checkWindows(t, "key IDs", data)
}

// large returns text of a few windows, with credentials at its start, in the middle
// and at its end.
func large() []byte {
	data := append([]byte(pairText(0, 0)), plain(2*window.Least)...)
	data = append(append(data, pairText(1, 100)...), plain(window.Least)...)
	return append(data, pairText(2, 0)...)
}

// scanLarge scans with windows as small as they can be, or as one piece.
func scanLarge(t *testing.T, repo *gittest.Repo, opts HistoryOptions) ([]Finding, Summary) {
	t.Helper()
	h, err := OpenHistory(t.Context(), repo.Dir, opts)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	var findings []Finding
	sum, err := New(detectors.All(), Options{}).Scan(t.Context(), h, func(f Finding) error {
		findings = append(findings, f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return findings, sum
}

// TestLargeBlobs compares windows with whole objects, loose and packed, in whole
// repositories, and reads again what was found in them.
func TestLargeBlobs(t *testing.T) {
	t.Parallel()
	for _, hash := range []string{"sha1", "sha256"} {
		repo := gittest.New(t, "--object-format="+hash)
		repo.WriteCommit("dir/large.txt", string(large()))
		repo.WriteCommit("small.txt", pairText(3, 0))
		for _, packed := range []bool{false, true} {
			if packed {
				repo.Git("repack", "-adq")
			}
			whole, all := scanLarge(t, repo, HistoryOptions{})
			windows, sum := scanLarge(t, repo, HistoryOptions{Memory: 1, CheckNames: true})
			if diff := gocmp.Diff(describe(whole), describe(windows)); diff != "" || len(whole) != 4 {
				t.Errorf("%s, packed %v: (-whole +windows)\n%s", hash, packed, diff)
			}
			if !sum.Complete() || sum.Blobs != all.Blobs || sum.Bytes != all.Bytes {
				t.Errorf("%s, packed %v: got %+v, want %+v", hash, packed, sum, all)
			}
			recallAll(t, windows, 0)
			recallAll(t, windows, 1)
		}
	}
}

// recallAll reads all findings again, with so much memory.
func recallAll(t *testing.T, findings []Finding, memory int64) {
	t.Helper()
	r := NewRecaller(detectors.All())
	r.memory = memory
	defer r.Close()
	for _, f := range findings {
		m, err := r.Recall(t.Context(), f.Repository, f.Occurrences[0], f.KeyID, f.Secret.SHA256())
		if err != nil || !m.Secret.Equal(f.Secret) {
			t.Errorf("%s: %v, %v", f.KeyID, m, err)
		}
		if _, err := r.Recall(t.Context(), f.Repository, f.Occurrences[0], f.KeyID, "another"); !errors.Is(err, ErrGone) {
			t.Errorf("another secret: %v", err)
		}
	}
}

// TestLargeAndDamaged spoils the checksum of a large loose object: what is found in it
// stays, and it is named. With another copy there is nothing to name, and nothing is
// found twice.
func TestLargeAndDamaged(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	repo.WriteCommit("large.txt", string(large()))
	id := repo.Git("rev-parse", "HEAD:large.txt")
	objects := filepath.Join(repo.Dir, ".git", "objects")
	path := filepath.Join(objects, id[:2], id[2:])
	sound, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := scanLarge(t, repo, HistoryOptions{Memory: 1})
	for label, spoil := range map[string]func([]byte) []byte{
		"checksum": func(b []byte) []byte { b[len(b)-1]++; return b },
		"cut off":  func(b []byte) []byte { return b[:len(b)-3] },
	} {
		if err := os.Chmod(path, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, spoil(bytes.Clone(sound)), 0o644); err != nil {
			t.Fatal(err)
		}
		got, sum := scanLarge(t, repo, HistoryOptions{Memory: 1})
		if diff := gocmp.Diff(describe(want), describe(got)); diff != "" || len(sum.Skipped) != 1 || !strings.Contains(sum.Skipped[0].What, id) {
			t.Errorf("%s: skipped %v, (-sound +damaged)\n%s", label, sum.Skipped, diff)
		}
	}
	other := filepath.Join(t.TempDir(), id[:2])
	if err := errors.Join(os.MkdirAll(other, 0o755), os.WriteFile(filepath.Join(other, id[2:]), sound, 0o644),
		os.WriteFile(filepath.Join(objects, "info", "alternates"), []byte(filepath.Dir(other)+"\n"), 0o644)); err != nil {
		t.Fatal(err)
	}
	got, sum := scanLarge(t, repo, HistoryOptions{Memory: 1})
	if diff := gocmp.Diff(describe(want), describe(got)); diff != "" || !sum.Complete() {
		t.Errorf("with another copy: skipped %v, (-sound +damaged)\n%s", sum.Skipped, diff)
	}
}

// TestLargeFiles reads files and standard input of more than a window.
func TestLargeFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data := append(append([]byte(pairText(0, 0)), plain(readerWindow)...), pairText(1, 0)...)
	if err := os.WriteFile(filepath.Join(dir, "large"), data, 0o644); err != nil {
		t.Fatal(err)
	}
	files, err := OpenFiles(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, src := range []Source{files, NewStream(bytes.NewReader(data), 0)} {
		var findings []Finding
		sum, err := New(detectors.All(), Options{}).Scan(t.Context(), src, func(f Finding) error {
			findings = append(findings, f)
			return nil
		})
		if err != nil || len(findings) != 2 || sum.Blobs != 1 || sum.Bytes != int64(len(data)) {
			t.Errorf("%d findings, %+v, %v", len(findings), sum, err)
		}
		if src == Source(files) {
			recallAll(t, findings, 0)
		}
	}
}
