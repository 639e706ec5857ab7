package scanner

import (
	"strings"
	"testing"

	"github.com/revokey-dev/revokey/detectors"
)

// TestAllow finds the comments that are about a credential, and only those. ID and SECRET
// stand where the match does.
func TestAllow(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, text, by, reason string }{
		{"behind the ID", "id = ID # revokey:allow made up for the tests\nkey = SECRET", AllowWord, "made up for the tests"},
		{"behind the secret", "id = ID\nkey = SECRET // revokey:allow: rotated", AllowWord, "rotated"},
		{"before it, alone", "# revokey:allow rotated\nid = ID", AllowWord, "rotated"},
		{"in a C comment", "/* revokey:allow rotated in May */\nid = ID", AllowWord, "rotated in May"},
		{"in HTML", "<b>ID</b><!-- revokey:allow - in the manual --><i>x</i>", AllowWord, "in the manual"},
		{"in a JSON string", `{"id":"ID","note":"revokey:allow test data","secret":"SECRET"}`, AllowWord, "test data"},
		{"CRLF", "id = ID # revokey:allow rotated\r\nkey = SECRET\r\n", AllowWord, "rotated"},
		{"no reason", "id = ID # revokey:allow\nkey = SECRET", AllowWord, ""},
		{"a reason of nothing", "id = ID # revokey:allow -- 123\n", AllowWord, ""},
		{"ours of two", "id = ID # gitleaks:allow revokey:allow fake", AllowWord, "fake"},
		{"theirs beside the ID, ours beside the secret", "id = ID # gitleaks:allow\nkey = SECRET # revokey:allow fake", AllowWord, "fake"},
		{"theirs in the line, ours before it", "# revokey:allow fake\nid = ID # gitleaks:allow", AllowWord, "fake"},
		{"no reason beside the ID, one beside the secret", "id = ID # revokey:allow\nkey = SECRET # revokey:allow fake", AllowWord, "fake"},
		{"gitleaks", "id = ID # gitleaks:allow", "gitleaks:allow", ""},
		{"trufflehog", "id = ID // trufflehog:ignore", "trufflehog:ignore", ""},
		{"detect-secrets", "id = ID # pragma: allowlist secret", "pragma: allowlist secret", ""},
		{"detect-secrets, before", "# pragma: allowlist nextline secret\nid = ID", "pragma: allowlist nextline secret", ""},
		{"ggshield", "id = ID # ggignore", "ggignore", ""},

		{"of the line before", "other = x # revokey:allow rotated\nid = ID", "", ""},
		{"two lines before", "# revokey:allow rotated\n\nid = ID", "", ""},
		{"in the line behind", "id = ID\n# revokey:allow rotated", "", ""},
		{"another word", "id = ID # revokey:allowed x", "", ""},
		{"a part of a word", "id = ID # norevokey:allow x", "", ""},
		{"far away in the line", "id = ID " + strings.Repeat("x ", allowReach) + "# revokey:allow x", "", ""},
		{"far before in the line", "# revokey:allow x " + strings.Repeat("x ", allowReach) + "id = ID", "", ""},
	} {
		var m detectors.Match
		m.At = spanOf(test.text, "ID")
		if strings.Contains(test.text, "SECRET") {
			m.SecretAt = spanOf(test.text, "SECRET")
		}
		if got := allowFor([]byte(test.text), m); got != (Allow{test.by, test.reason}) {
			t.Errorf("%s: got %+v", test.name, got)
		}
	}
}

func spanOf(text, part string) detectors.Span {
	i := strings.Index(text, part)
	return detectors.Span{Start: i, End: i + len(part)}
}

// TestAllowKeepsNoSecret leaves out of a reason what could be one.
func TestAllowKeepsNoSecret(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("aB3/", 10)
	text := "id = ID # revokey:allow see key=" + long + " there"
	if got := allowFor([]byte(text), detectors.Match{At: spanOf(text, "ID")}); strings.Contains(got.Reason, long) || !strings.HasPrefix(got.Reason, "see") {
		t.Errorf("got %+v", got)
	}
}

func FuzzAllow(f *testing.F) {
	f.Add([]byte("id # revokey:allow x"), 0, 2)
	f.Add([]byte("# gitleaks:allow\nid"), 17, 19)
	f.Add([]byte("0 gitleaks:allow\n0A"), 8, 19) // a match of several lines
	f.Fuzz(func(t *testing.T, data []byte, start, end int) {
		a := allowFor(data, detectors.Match{At: detectors.Span{Start: start, End: end}})
		if len(a.Reason) > maxReason || strings.Contains(a.Reason, "\n") {
			t.Errorf("got %+v", a)
		}
	})
}
