package detectors

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestOrigin holds that what stands in a view of views comes from where it says.
func TestOrigin(t *testing.T) {
	r := rand.New(rand.NewPCG(31, 37))
	for range 500 {
		data := bytes.Repeat([]byte("0123456789abcdefghij"), 1+r.IntN(20))
		v := &view{text: data}
		for range 1 + r.IntN(3) {
			v = v.with(doubled(r, v.text))
		}
		for range 20 {
			start := r.IntN(len(v.text))
			end := start + 1 + r.IntN(min(9, len(v.text)-start))
			at, _ := v.origin(Span{start, end})
			if at.Start < 0 || at.End > len(data) || at.Start >= at.End {
				t.Fatalf("%d-%d of %d comes from %v", start, end, len(v.text), at)
			}
			if c := data[at.Start]; c != v.text[start] {
				t.Fatalf("%d-%d comes from %v, which starts with %q, not %q", start, end, at, c, v.text[start])
			}
			if c := data[at.End-1]; c != v.text[end-1] {
				t.Fatalf("%d-%d comes from %v, which ends with %q, not %q", start, end, at, c, v.text[end-1])
			}
		}
	}
}

// doubled returns parts of random size in which each character stands once for each
// two that it comes from.
func doubled(r *rand.Rand, text []byte) []part {
	var parts []part
	for at := r.IntN(8); at+8 < len(text); at += 8 + r.IntN(30) {
		p := part{from: Span{at, at + 6}, how: []string{"test"}}
		for i := at; i < at+6; i++ {
			p.add(text[i], i, i+1)
		}
		parts = append(parts, p)
	}
	return parts
}

func TestTokens(t *testing.T) {
	for text, want := range map[string]token{
		`\/x`:       {'/', 2, "backslash"},
		`\\\/`:      {'/', 4, "backslash"},
		`\u002f`:    {'/', 6, "backslash"},
		`\u002B`:    {'+', 6, "backslash"},
		`\x41`:      {'A', 4, "backslash"},
		`\u012f`:    {},
		`\n`:        {},
		`\`:         {},
		"%2F":       {'/', 3, "percent"},
		"%252f":     {'/', 5, "percent"},
		"%2":        {},
		"%zz":       {},
		"%c3%a9":    {},
		"&#43;":     {'+', 5, "entity"},
		"&#x2F;":    {'/', 6, "entity"},
		"&plus;":    {'+', 6, "entity"},
		"&#9999999": {},
		"&#300;":    {},
		"&amp;":     {},
		"&":         {},
	} {
		if got := tokenAt([]byte(text), 0); got != want {
			t.Errorf("%q is %v, want %v", text, got, want)
		}
	}
}

func TestJoint(t *testing.T) {
	for text, want := range map[string]string{
		`a" + "b`: "concatenation", `a"+"b`: "concatenation", "a' 'b": "concatenation", "a\" +\n\t\"b": "concatenation",
		`a\" + \"b`: "concatenation", "a\\\n   b": "folding", "a\\\r\nb": "folding", `a" & _` + "\n" + `"b`: "concatenation",
		`a", "b`: "", `a"b`: "", `a"`: "", `a" + b`: "", "a\\n b": "", `a" + "`: "", `a" + "` + strings.Repeat(" ", 99): "",
		`a"` + strings.Repeat(" ", 99) + `"b`: "",
	} {
		if _, how := joint([]byte(text), 1); how != want {
			t.Errorf("%q: %q, want %q", text, how, want)
		}
	}
}
