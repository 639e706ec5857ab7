package detectors

import (
	"bytes"
	"slices"
	"strings"
)

// leastRedacted is the length of the shortest secret, an AppSync key.
const leastRedacted = 30

// Redact returns a text that is to be shown, such as a path, the name of a ref or a message,
// with "[redacted]" in the place of what may be a secret: what a detector finds in it, and
// what looks random and is 40 characters long, between any others or between two slashes.
// So a name is veiled, once in a great while, that is none; and of 17,000 secrets that stand
// alone in a name one is shown.
func Redact(text string) string {
	if len(text) < leastRedacted {
		return text
	}
	data := []byte(text)
	spans := shapedSpans(data)
	for _, d := range All() {
		for _, m := range d.Detect(data) {
			spans = append(spans, m.SecretAt, m.SessionTokenAt, m.SMTPPasswordAt)
			if m.KeyID == "" {
				spans = append(spans, m.At)
			}
		}
	}
	return withoutSpans(text, spans)
}

// shapedSpans returns what looks like a secret or a session token, whatever stands around it.
func shapedSpans(data []byte) []Span {
	var spans []Span
	for start, end := range runs(data, base64Class, secretLen) {
		if end-start == secretLen && looksRandom(data[start:end]) || end-start >= leastToken && hasTokenHead(data[start:end]) {
			spans = append(spans, Span{start, withPadding(data, end)})
			continue
		}
		at := start
		for part := range bytes.SplitSeq(data[start:end], []byte("/")) {
			if len(part) == secretLen && looksRandom(part) || len(part) >= leastToken && hasTokenHead(part) {
				spans = append(spans, Span{at, at + len(part)})
			}
			at += len(part) + 1
		}
	}
	return spans
}

// withoutSpans returns text without its spans, which may overlap; empty ones are none.
func withoutSpans(text string, spans []Span) string {
	spans = slices.DeleteFunc(spans, func(s Span) bool { return s.End <= s.Start })
	if len(spans) == 0 {
		return text
	}
	slices.SortFunc(spans, func(a, b Span) int { return a.Start - b.Start })
	var b strings.Builder
	end := 0
	for _, s := range spans {
		if s.Start >= end {
			b.WriteString(text[end:s.Start] + redacted)
		}
		end = max(end, s.End)
	}
	b.WriteString(text[end:])
	return b.String()
}
