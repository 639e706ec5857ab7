package scanner

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/revokey-dev/revokey/detectors"
	"github.com/revokey-dev/revokey/detectors/detectorstest"
	"github.com/revokey-dev/revokey/scanner/window"
)

// search returns what a scan of the data finds, in windows as small as they can be or
// as one piece.
func search(t *testing.T, data []byte, whole bool) []Finding {
	t.Helper()
	var r result
	s := New(detectors.All(), Options{})
	look := func(b *Blob) error {
		s.look(b, &r)
		return nil
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

// TestEveryAlignment has a credential at every place around the end of a window, the
// place where it is cut, and the start of its overlap.
func TestEveryAlignment(t *testing.T) {
	t.Parallel()
	for _, between := range []int{0, 3600} {
		for n := range parts.keyIDs {
			key := pairText(n, between)
			for _, seam := range []int{window.Least, window.Least - calm/2, window.Least - calm, window.Least - window.Overlap} {
				for at := seam - len(key) - 5; at < seam+5; at += 1 + between/100 {
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
		for shift := range 3 {
			// So much that the text above does not name the first of them.
			data := bytes.Repeat([]byte{'\n'}, 130+shift*44)
			for len(data) < 3*window.Least {
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
	for seed := range uint64(60) {
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
		if diff := gocmp.Diff(placesOf(whole), placesOf(windows)); diff != "" {
			t.Errorf("seed %d: places (-whole +windows)\n%s", seed, diff)
		}
		if diff := gocmp.Diff(credentialsOf(whole), credentialsOf(windows)); diff != "" {
			t.Errorf("seed %d: credentials (-whole +windows)\n%s", seed, diff)
		}
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
