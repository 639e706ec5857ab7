package silence

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// pattern is a line of gitignore's syntax. It works on bytes, as git does: each byte is a
// rune of Latin-1 to the regular expression.
//
// go-git has a matcher too; it differs from git in folders ("a/**/b/c" where an a/b/x
// stands before), in "[!a]", and in patterns that it cannot parse, which it passes over.
type pattern struct {
	re      *regexp.Regexp
	negated bool
	folder  bool // matches folders only, and so all that is in them
}

var errPattern = errors.New("a \"[\" is not closed, or a \"\\\" ends it")

// newPattern reads a pattern; the error says why it is none.
func newPattern(line string) (pattern, error) {
	var p pattern
	line, p.negated = strings.CutPrefix(line, "!")
	line, p.folder = strings.CutSuffix(line, "/")
	expr, err := expression(line)
	if err != nil {
		return p, err
	}
	if p.re, err = regexp.Compile(expr); err != nil {
		return p, errPattern // too large: only a hostile one is
	}
	return p, nil
}

// expression returns the regular expression of a pattern that is anchored if it has a slash.
func expression(line string) (string, error) {
	var b strings.Builder
	b.WriteString(`(?s)\A`)
	if !strings.Contains(line, "/") {
		b.WriteString(`(?:.*/)?`)
	}
	line = strings.TrimPrefix(line, "/")
	for i := 0; i < len(line); {
		n, err := token(&b, line, i)
		if err != nil {
			return "", err
		}
		i += n
	}
	b.WriteString(`\z`)
	return b.String(), nil
}

// token writes what stands at line[i:] and returns its length.
func token(b *strings.Builder, line string, i int) (int, error) {
	rest := line[i:]
	atStart := i == 0 || line[i-1] == '/'
	switch {
	case atStart && strings.HasPrefix(rest, "**/"):
		b.WriteString(`(?:.*/)?`)
		return 3, nil
	case atStart && rest == "**":
		b.WriteString(`.+`)
		return 2, nil
	case rest[0] == '*':
		b.WriteString(`[^/]*`)
		return len(rest) - len(strings.TrimLeft(rest, "*")), nil
	case rest[0] == '?':
		b.WriteString(`[^/]`)
		return 1, nil
	case rest[0] == '[':
		return class(b, rest)
	case rest[0] == '\\' && len(rest) == 1:
		return 0, errPattern
	case rest[0] == '\\':
		writeByte(b, rest[1])
		return 2, nil
	}
	writeByte(b, rest[0])
	return 1, nil
}

func writeByte(b *strings.Builder, c byte) { fmt.Fprintf(b, `\x{%x}`, c) }

// class writes a bracket expression, which never matches a slash.
func class(b *strings.Builder, rest string) (int, error) {
	set, n, err := readClass(rest)
	if err != nil {
		return 0, err
	}
	set['/'] = false
	b.WriteByte('[')
	empty := true
	for low := 0; low < len(set); low++ {
		if !set[low] {
			continue
		}
		high := low
		for high+1 < len(set) && set[high+1] {
			high++
		}
		fmt.Fprintf(b, `\x{%x}-\x{%x}`, low, high)
		low, empty = high, false
	}
	if empty {
		b.WriteString(`^\x{0}-\x{10ffff}`)
	}
	b.WriteByte(']')
	return n, nil
}

// readClass returns the bytes that a bracket expression names, and its length.
func readClass(rest string) (set [256]bool, n int, err error) {
	i := 1
	negated := i < len(rest) && (rest[i] == '!' || rest[i] == '^')
	if negated {
		i++
	}
	for first := true; ; first = false {
		if i >= len(rest) {
			return set, 0, errPattern
		}
		if rest[i] == ']' && !first {
			break
		}
		if name, ok := posixClass(rest[i:]); ok {
			addPOSIX(&set, name)
			i += len(name) + len("[::]")
			continue
		}
		low, used, err := classByte(rest[i:])
		if err != nil {
			return set, 0, err
		}
		i += used
		high := low
		if len(rest) > i+1 && rest[i] == '-' && rest[i+1] != ']' {
			if high, used, err = classByte(rest[i+1:]); err != nil {
				return set, 0, err
			}
			i += 1 + used
		}
		for c := int(low); c <= int(high); c++ {
			set[c] = true
		}
	}
	if negated {
		for c := range set {
			set[c] = !set[c]
		}
	}
	return set, i + 1, nil
}

func classByte(rest string) (c byte, n int, err error) {
	if rest[0] != '\\' {
		return rest[0], 1, nil
	}
	if len(rest) == 1 {
		return 0, 0, errPattern
	}
	return rest[1], 2, nil
}

// posixClass returns the name of what begins as [:alpha:] does.
func posixClass(rest string) (string, bool) {
	name, _, ok := strings.Cut(strings.TrimPrefix(rest, "[:"), ":]")
	names := strings.Fields("alnum alpha blank cntrl digit graph lower print punct space upper xdigit")
	return name, ok && strings.HasPrefix(rest, "[:") && slices.Contains(names, name)
}

func addPOSIX(set *[256]bool, name string) {
	re := regexp.MustCompile(`\A[[:` + name + `:]]\z`)
	for c := range 0x80 {
		if re.MatchString(string(rune(c))) {
			set[c] = true
		}
	}
}

// latin1 returns s with each byte as a rune.
func latin1(s string) string {
	runes := make([]rune, len(s))
	for i := range len(s) {
		runes[i] = rune(s[i])
	}
	return string(runes)
}

// lastMatch returns the index of the pattern that decides on a path of a file, -1 where none
// does or the last that matches lets it through. As in git, a file in a folder that is
// matched stays so, whatever is said of the file.
func lastMatch(patterns []pattern, path string) int {
	path = latin1(path)
	for i := 0; i <= len(path); i++ {
		if i < len(path) && path[i] != '/' || i == 0 {
			continue
		}
		if n := lastOf(patterns, path[:i], i < len(path)); n >= 0 && !patterns[n].negated {
			return n
		}
	}
	return -1
}

func lastOf(patterns []pattern, path string, folder bool) int {
	for n := len(patterns) - 1; n >= 0; n-- {
		if (folder || !patterns[n].folder) && patterns[n].re.MatchString(path) {
			return n
		}
	}
	return -1
}
