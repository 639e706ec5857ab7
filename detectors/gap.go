package detectors

import "bytes"

// farApart is the length of text between a key ID and a secret from which on
// nothing is read between them, and they are not paired.
const farApart = 4 << 10

// A gap is what structure stands between two marks. Gaps that follow each
// other add up, so that each byte is read once however many pairs are weighed.
type gap struct {
	lines  int  // line ends
	blanks int  // empty lines
	items  int  // lines that start an item of a list with "- "
	closes int  // levels of nesting left before any is entered …
	opens  int  // … and levels entered that are not left again
	header bool // a section's header, as of INI and TOML
	far    bool // longer than farApart, and not read
}

// then returns the gap that g and h make together.
func (g gap) then(h gap) gap {
	g.lines += h.lines
	g.blanks += h.blanks
	g.items += h.items
	back := min(g.opens, h.closes)
	g.closes += h.closes - back
	g.opens += h.opens - back
	g.header = g.header || h.header
	g.far = g.far || h.far
	return g
}

// sameBlock reports whether nothing that parts one structure from the next
// stands in the gap.
func (g gap) sameBlock() bool {
	return g.closes+g.opens+g.blanks+g.items == 0 && !g.header && !g.far
}

// gapBetween reads data[from:to]. Brackets, XML tags and a change of indentation
// enter and leave levels. Where no tag is closed, what looks like tags is
// something else, such as the "<region>" of a template.
func gapBetween(data []byte, from, to int) gap {
	if to-from > farApart {
		return gap{far: true}
	}
	var g gap
	indent := indentAt(data, from)
	tags := closesTag(data[from:max(from, to)]) // a session token may overlap a key ID
	for i := from; i < to; i++ {
		switch data[i] {
		case '{', '[', '(':
			g = g.then(gap{opens: 1})
		case '}', ']', ')':
			g = g.then(gap{closes: 1})
		case '<':
			if tags {
				g = g.then(tagAt(data, i))
			}
		case '/':
			if byteAt(data, i+1) == '>' {
				g = g.then(gap{closes: 1})
			}
		case '\n':
			var line gap
			line, indent = lineAt(data[i+1:], indent)
			g = g.then(line)
		}
	}
	return g
}

func closesTag(text []byte) bool {
	return bytes.Contains(text, []byte("</")) || bytes.Contains(text, []byte("/>"))
}

// tagAt returns what the XML tag at data[i], if it is one, does. Behind a letter
// or digit stands a comparison or a type's parameter.
func tagAt(data []byte, i int) gap {
	before, after := kindOfChar(byteAt(data, i-1)), byteAt(data, i+1)
	switch {
	case after == '/':
		return gap{closes: 1}
	case before == isSymbol && kindOfChar(after) < isDigit:
		return gap{opens: 1}
	}
	return gap{}
}

// lineAt returns what the start of the line at the head of text does, and its
// indentation, or that of the line above where it is blank.
func lineAt(text []byte, above int) (gap, int) {
	g := gap{lines: 1}
	line := firstLine(text)
	rest := bytes.TrimLeft(line, " \t")
	indent := len(line) - len(rest)
	rest = bytes.TrimRight(rest, " \t\r")
	switch {
	case len(rest) == 0:
		g.blanks = 1
		return g, above
	case bytes.HasPrefix(rest, []byte("- ")):
		g.items = 1
	case isHeader(rest):
		g.header = true
	}
	if indent < above {
		g.closes = 1
	} else if indent > above {
		g.opens = 1
	}
	return g, indent
}

// lineReach is how much of a line is read to judge it.
const lineReach = 256

func firstLine(text []byte) []byte {
	text = text[:min(len(text), lineReach)]
	if i := bytes.IndexByte(text, '\n'); i >= 0 {
		return text[:i]
	}
	return text
}

// isHeader reports whether a line is a section's header: [name] with or without a
// comment, and nothing that a list could hold.
func isHeader(line []byte) bool {
	if i := bytes.IndexAny(line, "#;"); i > 0 {
		line = bytes.TrimRight(line[:i], " \t")
	}
	return len(line) > 2 && line[0] == '[' && line[len(line)-1] == ']' && !bytes.ContainsAny(line, ",{(='")
}

// indentAt returns the indentation of the line that holds data[at], 0 where it
// starts too far back.
func indentAt(data []byte, at int) int {
	from := max(0, at-lineReach)
	start := from + bytes.LastIndexByte(data[from:at], '\n') + 1
	if start == from && from > 0 {
		return 0
	}
	return len(data[start:at]) - len(bytes.TrimLeft(data[start:at], " \t"))
}
