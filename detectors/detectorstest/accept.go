package detectorstest

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/revokey-dev/revokey/detectors"
)

// far is text that parts what stands before it from what stands behind it.
var far = strings.Repeat("All work and no play makes Jack a dull boy.\n\n", 100)

// Accept checks what holds for every detector, with an example in which d finds
// exactly want, its only match: it finds it at the start, in the middle and at
// the end of a text, repeated and back to back, reports spans of the text in
// order, and keeps no reference to it. An example that starts or ends within a
// line should bring its own separator to stand back to back.
func Accept(t *testing.T, d detectors.Detector, example string, want detectors.Match) {
	t.Helper()
	places := map[string]struct {
		text string
		at   []int
	}{
		"alone":        {example, []int{0}},
		"start":        {example + "\n" + far, []int{0}},
		"middle":       {far + example + "\n" + far, []int{len(far)}},
		"end":          {far + example, []int{len(far)}},
		"repeated":     {example + "\n" + far + example, []int{0, len(example) + 1 + len(far)}},
		"back to back": {example + "\n" + example, []int{0, len(example) + 1}},
		"nothing":      {far, nil},
		"empty":        {"", nil},
	}
	for name, p := range places {
		t.Run(name, func(t *testing.T) {
			var moved []detectors.Match
			for _, by := range p.at {
				moved = append(moved, move(want, by))
			}
			data := []byte(p.text)
			got := d.Detect(data)
			CheckSpans(t, data, got)
			copy(data, bytes.Repeat([]byte{0}, len(data))) // d keeps no reference
			if diff := cmp.Diff(moved, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// move returns m as it is when by bytes stand before the text.
func move(m detectors.Match, by int) detectors.Match {
	for _, s := range []*detectors.Span{&m.At, &m.SecretAt, &m.SessionTokenAt, &m.SMTPPasswordAt} {
		if s.End > 0 {
			s.Start += by
			s.End += by
		}
	}
	return m
}

// CheckSpans checks that matches are in order, that no two share a part, but
// for those of one key ID, and that the spans of those that stand plain in data hold what they say.
func CheckSpans(t *testing.T, data []byte, matches []detectors.Match) {
	t.Helper()
	if !slices.IsSortedFunc(matches, func(a, b detectors.Match) int { return a.At.Start - b.At.Start }) {
		t.Errorf("matches are not in order: %v", matches)
	}
	taken := make(map[detectors.Span]string)
	for _, m := range matches {
		if slices.Contains(m.Encoding, "gzip") {
			continue // all that is in one stream stands where the stream does
		}
		for _, s := range parts(m) {
			if id, ok := taken[s]; ok && (id != m.KeyID || s == m.At) {
				t.Errorf("two matches share %v", s)
			}
			taken[s] = m.KeyID
		}
		first := m.KeyID
		if first == "" {
			first = m.Secret.Unwrap()
		}
		if m.Encoding != nil {
			continue
		}
		checkSpan(t, data, m.At, first)
		checkSpan(t, data, m.SecretAt, m.Secret.Unwrap())
		checkSpan(t, data, m.SessionTokenAt, m.SessionToken.Unwrap())
		checkSpan(t, data, m.SMTPPasswordAt, m.SMTPPassword.Unwrap())
	}
}

// parts returns the spans of m that are not empty, each once.
func parts(m detectors.Match) []detectors.Span {
	all := []detectors.Span{m.At, m.SecretAt, m.SessionTokenAt, m.SMTPPasswordAt}
	all = slices.DeleteFunc(all, func(s detectors.Span) bool { return s == detectors.Span{} })
	return slices.Compact(all)
}

func checkSpan(t *testing.T, data []byte, s detectors.Span, want string) {
	t.Helper()
	if s.Start < 0 || s.Start > s.End || s.End > len(data) {
		t.Errorf("span %v is out of range", s)
	} else if string(data[s.Start:s.End]) != want {
		t.Errorf("span %v does not hold what its match says", s)
	}
}
