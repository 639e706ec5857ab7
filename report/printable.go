package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Printable returns foreign text so that it can do nothing to a terminal: what
// is not printable, control characters, escape codes, marks that reorder text
// and bytes that are no UTF-8, becomes a Go escape. So does the backslash, or
// an escape could be feigned; and what a log of GitHub Actions or Azure Pipelines would
// take for a command: "::" at the start, "##[" and "##vso[" anywhere.
func Printable(s string) string {
	var b strings.Builder
	start := 0
	if trimmed := strings.TrimLeftFunc(s, unicode.IsSpace); strings.HasPrefix(trimmed, "::") {
		start = len(s) - len(trimmed) + 1
		b.WriteString(Printable(s[:start-1]) + `\x3a`)
	}
	for i := start; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r == '\\':
			b.WriteString(`\\`)
		case r == '#' && (strings.HasPrefix(s[i:], "##[") || strings.HasPrefix(s[i:], "##vso[")):
			b.WriteString(`\x23`)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			b.WriteString(strings.Trim(fmt.Sprintf("%+q", r), "'"))
		}
		i += n
	}
	return b.String()
}

// Plain returns foreign text for formats with their own escapes: what is printable as
// it is, anything else as [Printable] has it.
func Plain(s string) string {
	if p := Printable(s); p != strings.ReplaceAll(s, `\`, `\\`) {
		return p
	}
	return s
}
