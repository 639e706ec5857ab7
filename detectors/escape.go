package detectors

import (
	"bytes"
	"strconv"
)

// escapeChars are the characters that are in base64, or in an escape, and are
// neither letters nor digits.
const escapeChars = `+/\%&#;`

// escapeReach is the most bytes that a secret alone may take with its escapes:
// what [accessKey.Changed] sees around a change. A secret that has a key ID may
// take more.
const escapeReach = MaxAround - 2*beside

// A token is one character that is written in another way.
type token struct {
	char byte
	size int    // in bytes, as it is written
	how  string // what the writing is called; see [Match.Encoding]
}

// tokenAt returns the escape that starts at data[at], size 0 where there is none.
func tokenAt(data []byte, at int) token {
	rest := data[at:]
	switch rest[0] {
	case '\\':
		return backslashed(rest)
	case '%':
		at := 1
		for bytes.HasPrefix(rest[at:], []byte("25")) && at < 7 { // escaped again
			at += 2
		}
		return token{hexByte(rest, at), at + 2, "percent"}.ifAny()
	case '&':
		return entity(rest)
	}
	return token{}
}

func (t token) ifAny() token {
	if t.char == 0 {
		return token{}
	}
	return t
}

// backslashed reads \/ and \+, \u002f and \x2f, of JSON, JavaScript and their kin.
// Where such a string stands in another, the backslash itself is doubled.
func backslashed(rest []byte) token {
	n := 1
	for n < len(rest) && rest[n] == '\\' && n < 8 {
		n++
	}
	t := token{how: "backslash"}
	switch byteAt(rest, n) {
	case '/':
		t.char, t.size = '/', n+1
	case '+':
		t.char, t.size = '+', n+1
	case 'x':
		if !longHex(rest, n+1) { // as databases write bytes
			t.char, t.size = hexByte(rest, n+1), n+3
		}
	case 'u':
		if bytes.HasPrefix(rest[n+1:], []byte("00")) {
			t.char, t.size = hexByte(rest, n+3), n+5
		}
	}
	return t.ifAny()
}

// entity reads &#43; &#x2F; &plus; and &sol; of HTML and XML.
func entity(rest []byte) token {
	end := bytes.IndexByte(rest[:min(len(rest), 8)], ';')
	if end < 0 {
		return token{}
	}
	t := token{size: end + 1, how: "entity"}
	switch name := string(rest[1:end]); {
	case name == "plus":
		t.char = '+'
	case name == "sol":
		t.char = '/'
	case len(name) > 2 && name[0] == '#' && name[1]|0x20 == 'x':
		t.char = charOf(name[2:], 16)
	case len(name) > 1 && name[0] == '#':
		t.char = charOf(name[1:], 10)
	}
	return t.ifAny()
}

// charOf returns the character of ASCII with a number, 0 where it is none.
func charOf(number string, base int) byte {
	n, err := strconv.ParseUint(number, base, 7)
	if err != nil {
		return 0
	}
	return byte(n)
}

// hexByte returns the character that two hexadecimal digits at rest[at] say, 0
// where there are none, and where it is none of ASCII.
func hexByte(rest []byte, at int) byte {
	if at+2 > len(rest) {
		return 0
	}
	hi, lo := hexValue[rest[at]], hexValue[rest[at+1]]
	if hi > 7 || lo > 15 {
		return 0
	}
	return hi<<4 | lo
}

// hexValue holds the value of each hexadecimal digit, 255 for all else.
var hexValue = func() *[256]byte {
	var v [256]byte
	for i := range v {
		v[i] = 255
	}
	for i := range 16 {
		v["0123456789abcdef"[i]], v["0123456789ABCDEF"[i]] = byte(i), byte(i)
	}
	return &v
}()

// manyTokens are so many characters written in another way side by side that more
// than the symbols of a secret is: a text hidden as numbers.
const manyTokens = 10

// mostEscaped is how much of a run is read for escapes.
const mostEscaped = 1 << 20

// unescape decodes data[start:end]. It returns nothing where there is no escape.
// An escape that stands for anything but a character of base64, or for its
// padding or another escape, ends nothing: it is left as it is.
func unescape(data []byte, start, end int) (p part, many bool) {
	end = min(end, start+mostEscaped)
	p = part{from: Span{start, end}}
	row := 0
	for at := start; at < end; {
		t := token{char: data[at], size: 1}
		if !base64Class[t.char] {
			if e := tokenAt(data[:end], at); e.size > 0 && (e.char >= ' ' || spaceClass[e.char]) {
				t = e
			}
		}
		if row++; t.size == 1 {
			row = 0
		} else if p.how == nil {
			p.how = []string{t.how}
		}
		many = many || row >= manyTokens
		p.add(t.char, at, at+t.size)
		at += t.size
	}
	return p, many
}

// hidesSecret reports whether data[start:end], a run of escapeClass, holds a
// secret in which or beside which there are escapes, or is written as escapes throughout.
func hidesSecret(data []byte, start, end int) bool {
	p, many := unescape(data, start, end)
	if p.how == nil || many {
		return many
	}
	text := append(append(bytes.Clone(data[max(0, start-beside):start]), p.text...), data[end:min(len(data), end+beside)]...)
	shift := start - max(0, start-beside)
	for _, m := range findSecrets(text) {
		m.Start, m.End = m.Start-shift, m.End-shift
		if m.Start < 0 || m.End > len(p.text) {
			continue
		}
		if n := int(p.ends[m.End-1] - p.starts[m.Start]); n >= secretLen && n <= escapeReach {
			return true
		}
	}
	return false
}

// escapeParts returns what the escapes in text stand for.
func escapeParts(text []byte) []part {
	var parts []part
	for start, end := range longRuns(text) {
		if !bytes.ContainsAny(text[start:end], `\%&`) {
			continue
		}
		if p, _ := unescape(text, start, end); p.how != nil {
			parts = append(parts, p)
		}
	}
	return parts
}

// stringReach is how far the ends of a string are looked for.
const stringReach = 4 << 10

// stringParts returns the strings around key IDs in which line ends and quotes are
// escaped, as files in JSON and the cells of notebooks are.
func stringParts(text []byte) []part {
	var parts []part
	read := 0
	for at := nextPrefix(text, 0); at >= 0; at = nextPrefix(text, at+1) {
		if at < read || !wholeKeyID(text, at) {
			continue
		}
		start, end := stringAround(text, at, read)
		read = end
		if hasEscapedSpace(text[start:end]) {
			parts = append(parts, unquote(text, start, end))
		}
	}
	return parts
}

// hasEscapedSpace reports whether a line end or a tab is escaped in s.
func hasEscapedSpace(s []byte) bool {
	for at := range s {
		if next := byteAt(s, at+1); s[at] == '\\' && (next == 'n' || next == 't' || next == 'r') {
			return true
		}
	}
	return false
}

// stringAround returns the bounds of the text between the double quotes around
// data[at], not before from.
func stringAround(data []byte, at, from int) (start, end int) {
	for start = at; start > max(from, at-stringReach) && !quotes(data, start-1); {
		start--
	}
	for end = at; end < min(len(data), at+stringReach) && !quotes(data, end); {
		end++
	}
	return start, end
}

// quotes reports whether a double quote that is not escaped stands at data[at].
func quotes(data []byte, at int) bool { return data[at] == '"' && byteAt(data, at-1) != '\\' }

// unescaped are the characters that a letter behind a backslash stands for.
var unescaped = map[byte]byte{'n': '\n', 'r': '\r', 't': '\t', '"': '"', '\'': '\'', '/': '/', '\\': '\\'}

func unquote(text []byte, start, end int) part {
	p := part{from: Span{start, end}, how: []string{"backslash"}}
	for at := start; at < end; at++ {
		if c, ok := unescaped[byteAt(text[:end], at+1)]; ok && text[at] == '\\' && at+1 < end {
			p.add(c, at, at+2)
			at++
		} else {
			p.add(text[at], at, at+1)
		}
	}
	return p
}
