package html

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/revokey-dev/revokey/report"
)

// veil makes foreign text fit to be shown. What is not printable becomes a Go escape;
// a secret of which a finding knows the hash is taken out, wherever it stands: in a
// user agent, a branch or an author, which a scan could not know of.
type veil struct {
	hashes map[string]bool
	done   map[string]string
}

func newVeil(records []report.Record) *veil {
	v := &veil{hashes: make(map[string]bool), done: make(map[string]string)}
	for _, r := range records {
		for _, h := range []*string{r.SecretSHA256, r.SessionTokenSHA256, r.SMTPPasswordSHA256} {
			v.hashes[report.Value(h)] = true
		}
		for _, c := range r.Candidates {
			v.hashes[c.SecretSHA256] = true
		}
	}
	return v
}

// longest is how much of a foreign text is shown, in bytes.
const longest = 400

func (v *veil) clean(s string) string {
	if shown, ok := v.done[s]; ok {
		return shown
	}
	shown := report.Plain(v.redact(s))
	if len(shown) > longest {
		end := longest
		for !utf8.RuneStart(shown[end]) {
			end--
		}
		shown = fmt.Sprintf("%s … (%d more bytes)", shown[:end], len(shown)-end)
	}
	v.done[s] = shown
	return shown
}

// secretLengths are those that a credential's alphabet alone does not bound: of secret
// access keys, and of SES's passwords.
var secretLengths = []int{40, 44}

// redact takes known secrets out of s.
func (v *veil) redact(s string) string {
	for i := 0; i < len(s); {
		n := strings.IndexFunc(s[i:], func(c rune) bool { return !inSecret(c) })
		if n < 0 {
			n = len(s) - i
		}
		if at, length := v.find(s[i : i+n]); length > 0 {
			const mark = "[redacted]"
			s = s[:i+at] + mark + s[i+at+length:]
			i += at + len(mark)
			continue
		}
		i += max(n, 1)
	}
	return s
}

// find returns where in a run of a secret's characters one stands.
func (v *veil) find(run string) (at, length int) {
	if len(run) >= minSecret && v.knows(run) {
		return 0, len(run)
	}
	for _, n := range secretLengths {
		for i := 0; i+n <= len(run); i++ {
			if v.knows(run[i : i+n]) {
				return i, n
			}
		}
	}
	return 0, 0
}

// minSecret is a little below the shortest, an AppSync key's 30 characters.
const minSecret = 20

func (v *veil) knows(s string) bool {
	sum := sha256.Sum256([]byte(s))
	return v.hashes[hex.EncodeToString(sum[:])]
}

func inSecret(c rune) bool {
	return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || strings.ContainsRune("/+=_-.", c)
}
