package scanner

import (
	"bytes"
	"strings"
	"unicode"

	"github.com/revokey-dev/revokey/detectors"
)

// Allow is a comment beside a credential that asks for silence about it. Whether it is
// heard is not this package's to say. The zero Allow is none.
type Allow struct {
	By     string // the word: [AllowWord], or another tool's
	Reason string // what the comment says behind it; foreign text
}

// AllowWord is ours. What other tools look for is the rest of allowWords.
const AllowWord = "revokey:allow"

// allowWords are what asks for silence, ours first, with how they go on: detect-secrets'
// second one stands in the line before, as any of them may that is alone in its line.
// Sources: https://github.com/gitleaks/gitleaks#gitleaksallow, trufflehog's README,
// detect_secrets/filters/allowlist.py, and ggshield's ignore comment.
func allowWords() []string {
	return []string{
		AllowWord, "gitleaks:allow", "trufflehog:ignore", "pragma: allowlist secret", "pragma: allowlist nextline secret", "ggignore",
	}
}

// allowReach is how far from a credential its comment can stand: in a file of one
// long line no comment is about all of it.
const allowReach = 1 << 10

// allowFor returns the comment that stands in the line of a match's ID or secret, or alone in
// the line before: of several the first, but one of ours with a reason before all others.
func allowFor(data []byte, m detectors.Match) Allow {
	spans := []detectors.Span{m.At}
	if m.SecretAt.End > 0 {
		spans = append(spans, m.SecretAt)
	}
	var first Allow
	for _, s := range spans {
		for _, a := range allowsAt(data, s) {
			if a.By == AllowWord && a.Reason != "" {
				return a
			}
			if first.By == "" {
				first = a
			}
		}
	}
	return first
}

// allowsAt returns the comment in the line of a span, and that in the line before.
func allowsAt(data []byte, s detectors.Span) []Allow {
	if s.Start < 0 || s.End > len(data) || s.Start > s.End {
		return nil
	}
	start := lineStart(data, s.Start, allowReach)
	end := min(len(data), s.End+allowReach)
	if i := bytes.IndexByte(data[s.End:end], '\n'); i >= 0 {
		end = s.End + i
	}
	allows := []Allow{allowIn(data[start:end])}
	if start == 0 || data[start-1] != '\n' {
		return allows
	}
	before := data[lineStart(data, start-1, allowReach) : start-1]
	if a := allowIn(before); a.By != "" && commentOnly(before, a.By) {
		allows = append(allows, a)
	}
	return allows
}

// lineStart returns where the line that holds data[at] starts, no more than reach before it.
func lineStart(data []byte, at, reach int) int {
	first := max(0, at-reach)
	return first + bytes.LastIndexByte(data[first:at], '\n') + 1
}

// allowIn returns the comment in a line: ours, if there are several.
func allowIn(line []byte) Allow {
	for _, word := range allowWords() {
		i := bytes.Index(line, []byte(word))
		if i < 0 {
			continue
		}
		rest := line[i+len(word):]
		if (i == 0 || !isWord(line[i-1])) && (len(rest) == 0 || !isWord(rest[0])) {
			return Allow{By: word, Reason: reasonIn(string(rest))}
		}
	}
	return Allow{}
}

func isWord(c byte) bool {
	return c == '_' || c == '-' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

// commentOnly reports whether nothing but what opens a comment stands before the word.
func commentOnly(line []byte, word string) bool {
	before, _, _ := bytes.Cut(line, []byte(word))
	return !bytes.ContainsFunc(before, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
}

// maxReason is how many bytes of a reason are kept.
const maxReason = 200

// maxWord is how many bytes a word of a reason may have: a longer one could be a secret.
const maxWord = 24

// reasonIn returns the reason that follows the word: up to the end of the comment, and
// without what could be a secret.
func reasonIn(rest string) string {
	for _, end := range []string{"*/", "-->", "\"", "`", "<", "{", "}", "#}", "%>", "\r", "\n"} {
		rest, _, _ = strings.Cut(rest, end)
	}
	words := strings.Fields(strings.ToValidUTF8(rest, "?"))
	for i, w := range words {
		if len(w) > maxWord {
			words[i] = redacted
		}
	}
	rest = strings.Trim(strings.Join(words, " "), " :=-–—,;.'()[]*/")
	if len(rest) > maxReason {
		rest = strings.ToValidUTF8(rest[:maxReason], "")
	}
	if !strings.ContainsFunc(rest, unicode.IsLetter) {
		return ""
	}
	return rest
}
