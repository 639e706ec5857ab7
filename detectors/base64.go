package detectors

import (
	"bytes"
	"compress/gzip"
	"io"
	"slices"
)

// Base64 writes three bytes as four characters, so that what it makes of a text
// depends on where the text stands: there are three ways. The first character of
// each four holds the six upper bits of a byte, whence the classes below: what a
// text is made of shows in every fourth character, at one of four phases.
var (
	// keyIDFirst are the first characters of what key IDs are made of: A–Z, 2–7.
	keyIDFirst = firstsOf(upper + "234567")
	// textFirst are those of base64 itself, and of the NULs of UTF-16 between.
	textFirst = firstsOf(upper + lower + decimal + "+/=\x00")
)

const alphabet = upper + lower + decimal + "+/"

// firstsOf returns the characters of base64 that hold the upper bits of chars.
func firstsOf(chars string) *class {
	var c class
	for i := range len(chars) {
		c[alphabet[chars[i]>>2]] = true
	}
	return &c
}

// sextets holds the value of each character of base64, of both kinds, 255 for
// all others.
var sextets = func() *[256]byte {
	var v [256]byte
	for i := range v {
		v[i] = 255
	}
	for i := range len(alphabet) {
		v[alphabet[i]] = byte(i)
	}
	v['-'], v['_'] = 62, 63
	return &v
}()

// leastFirsts is how many first characters a key ID in base64 covers at least: 20
// bytes hold six that stand at the start of three. nestedFirsts is the same for
// the 27 characters of base64 that those 20 bytes are.
const leastFirsts, nestedFirsts = 6, 9

// hasEncodedKeyID reports whether a key ID in base64 stands in data, wherever its
// three bytes start. Of every 24 bytes it reads four, one for each phase.
func hasEncodedKeyID(data []byte) bool {
	c := keyIDFirst
	for at := 0; at+4 <= len(data); at += 4 * leastFirsts {
		b := data[at : at+4 : at+4]
		if !c[b[0]] && !c[b[1]] && !c[b[2]] && !c[b[3]] {
			continue
		}
		for i := range b {
			if c[b[i]] && firstsAbout(data, at+i) >= leastFirsts && encodedKeyIDAt(data, at+i) {
				return true
			}
		}
	}
	return false
}

// firstsAbout returns how many bytes of keyIDFirst stand in a row, four apart, at
// data[at], which is one, and on both sides of it.
func firstsAbout(data []byte, at int) int {
	n := 1
	for i := at - 4; i >= 0 && keyIDFirst[data[i]]; i -= 4 {
		if n++; n == leastFirsts {
			return n
		}
	}
	for i := at + 4; i < len(data) && keyIDFirst[data[i]] && n < leastFirsts; i += 4 {
		n++
	}
	return n
}

// encodedKeyIDAt reports whether data[at] is the first of four characters of a key
// ID in base64.
func encodedKeyIDAt(data []byte, at int) bool {
	const reach = 4 * (leastFirsts + 1) // seven stand in a row at most, and one beside
	var text [2 * reach]byte
	from := max(at-reach, at&3)
	n := decodeInto(text[:], data, from, at+4+reach)
	return hasPlainKeyID(text[:n])
}

// decodeInto decodes the fours of characters in data[start:end], the last of which
// may lack one or two, as far as text has room, and returns how many bytes they are.
func decodeInto(text, data []byte, start, end int) int {
	n := 0
	for end = min(end, len(data)); start+4 <= end && n+3 <= len(text); start += 4 {
		a, b, c, d := sextets[data[start]], sextets[data[start+1]], sextets[data[start+2]], sextets[data[start+3]]
		if a|b|c|d > 63 {
			a, b, c, d = a&63, b&63, c&63, d&63 // a sign beside what is looked for
		}
		text[n], text[n+1], text[n+2] = a<<2|b>>4, b<<4|c>>2, c<<6|d
		n += 3
	}
	return n + decodeTail(text[n:], data, start, end)
}

// decodeTail decodes the last two or three characters of base64, data[start:end],
// as decodeInto does the fours before them.
func decodeTail(text, data []byte, start, end int) int {
	n := end - start - 1
	if n < 1 || n > 2 || n > len(text) {
		return 0
	}
	a, b := sextets[data[start]]&63, sextets[data[start+1]]&63
	if text[0] = a<<2 | b>>4; n == 2 {
		text[1] = b<<4 | sextets[data[start+2]]&63>>2
	}
	return n
}

// hidesText reports whether data[start:end], a run of base64, holds text in base64
// or hexadecimal in which there is a key ID, a secret or base64 with a key ID.
func hidesText(data []byte, start, end int) bool {
	run := data[start:end]
	if hasHexKeyID(run) {
		return true
	}
	for from, to := range strided(run, textFirst, nestedFirsts, 4) {
		text := make([]byte, (to-from)/4*3+9)
		text = text[:decodeInto(text, run, max(from-4, from&3), to+7)]
		if hasPlainKeyID(text) || hasEncodedKeyID(text) || hasWide(text) || len(findSecrets(text)) > 0 {
			return true
		}
	}
	return false
}

// highDigits are the upper halves of what key IDs are made of.
var highDigits = classOf("345")

// hasHexKeyID reports whether a key ID in hexadecimal stands in run.
func hasHexKeyID(run []byte) bool {
	for from, to := range strided(run, highDigits, keyIDLen, 2) {
		if hasPlainKeyID(decodeHex(run[from:min(to+1, len(run))])) {
			return true
		}
	}
	return false
}

func decodeHex(digits []byte) []byte {
	text := make([]byte, len(digits)/2)
	for i := range text {
		text[i] = hexByte(digits, 2*i)
	}
	return text
}

// hidesWrapped reports whether a key ID in base64 goes on from the line that
// data[start:end], a run of base64, ends to the next.
func hidesWrapped(data []byte, start, end int) bool {
	next := escapedLineEnd(data, wrapped(data, end), `\n`, `\r\n`)
	if next == end {
		return false
	}
	const most = 28
	seam := bytes.Clone(data[max(start, end-most):end])
	seam = append(seam, data[next:min(len(data), next+most)]...)
	return hasEncodedKeyID(seam)
}

// wrapReach is the most bytes that may stand between two lines of base64 that a
// key ID is cut by.
const wrapReach = 20

// wrapped returns where the next line of base64 starts behind a line that ends at
// data[at], or at.
func wrapped(data []byte, at int) int {
	next := skip(data[:min(len(data), at+wrapReach)], spaceClass, at)
	if next < len(data) && base64Class[data[next]] && bytes.IndexByte(data[at:next], '\n') >= 0 {
		return next
	}
	return at
}

// Decoding stops at so many bytes in all, whatever they stand in.
const (
	mostDecoded  = 8 << 20
	mostEncoded  = 8 << 20 // characters of one piece of base64; what is behind is left
	mostInflated = 4 << 20
	leastWord    = 24 // characters of base64 that are worth decoding
	leastLine    = 40 // and of a line that may go on in the next
)

// base64Parts returns the base64 and hexadecimal in text that is text itself, or
// holds a key ID. What it decodes takes of room.
func base64Parts(text []byte, room *int) []part {
	var parts []part
	read := 0
	for start, end := range runs(text, urlClass, leastWord) {
		if *room <= 0 {
			break
		}
		head := start
		if start = behindHexHead(text, start); start > head {
			head = beforeBackslashes(text, head)
		}
		if start < read || !decodable(text, start, end) {
			continue
		}
		p := lines(text, start, end)
		p.from.Start = head
		read = p.from.End // also where it is nothing: no line is put together twice
		if p.decode(text, *room); p.how == nil {
			continue
		}
		if *room -= len(p.text); *room < 0 {
			break
		}
		read = p.from.End
		parts = append(parts, p)
	}
	return parts
}

// behindHexHead returns where the digits start of a run of hexadecimal at data[at], as
// databases write it: behind "0x", or the "x" of "\x".
func behindHexHead(data []byte, at int) int {
	digits := at
	if byteAt(data, at) == '0' {
		digits++
	} else if byteAt(data, at-1) != '\\' {
		return at
	}
	if byteAt(data, digits) == 'x' && longHex(data, digits+1) {
		return digits + 1
	}
	return at
}

// beforeBackslashes returns where the one or two backslashes start before data[at].
func beforeBackslashes(data []byte, at int) int {
	for range 2 {
		if byteAt(data, at-1) == '\\' {
			at--
		}
	}
	return at
}

// longHex reports whether so many digits of hexadecimal start at data[at] as are
// decoded.
func longHex(data []byte, at int) bool {
	end := at + 2*keyIDLen
	return end <= len(data) && runEnd(data[:end], hexClass, at) == end
}

// decodable reports whether data[start:end], a run of base64, may be worth putting
// together with the lines behind.
func decodable(data []byte, start, end int) bool {
	run := data[start:end]
	if _, ok := textPhase(run); ok {
		return true
	}
	return len(run) >= 2*keyIDLen && isText(decodeHex(run[:2*keyIDLen])) || hidesWrapped(data, start, end)
}

// lines returns the base64 that starts with data[start:end], over all its lines or
// pieces.
func lines(data []byte, start, end int) part {
	p := part{from: Span{start, end}}
	digits := isHex(data[start:end]) // which nothing but more of them goes on
	for line := start; ; {
		end = min(end, line+mostEncoded-len(p.text))
		for i := line; i < end; i++ {
			p.add(data[i], i, i+1)
		}
		p.from.End = end
		if end-line < leastLine || len(p.text) == mostEncoded {
			break
		}
		if line = nextLine(data, end); line == end {
			break
		}
		end = runEnd(data, urlClass, line)
		if digits && !isHex(data[line:end]) || !endsLine(data, end) {
			break
		}
	}
	return p
}

// lineEnds are what stands behind a line or a piece of base64, and behind a name
// does not.
var lineEnds = classOf("\r\n\x00\"'`\\<),;]}")

// endsLine reports whether data[at], behind a run of base64, ends a line of it: as
// nothing does that is assigned to.
func endsLine(data []byte, at int) bool {
	end := skip(data[:min(len(data), at+2)], classOfPadding, at)
	for byteAt(data, end) == ' ' || byteAt(data, end) == '\t' {
		end++
	}
	value, quoted := quote(data, end)
	return lineEnds[byteAt(data, end)] && (end == at || !quoted || !base64Class[byteAt(data, value)])
}

var classOfPadding = classOf("=")

// nextLine returns where base64 goes on behind data[at]: in the next line, behind
// the line end of a string, or in the next piece of one; at where it does not.
func nextLine(data []byte, at int) int {
	if next := wrapped(data, at); next > at {
		return next
	}
	if next := escapedLineEnd(data, at, `\n`, `\r\n`, "=\n", "=\r\n"); next > at {
		return next
	}
	if next, how := joint(data, at); how != "" {
		return next
	}
	return at
}

// escapedLineEnd returns where base64 goes on behind one of ends at data[at], or at.
func escapedLineEnd(data []byte, at int, ends ...string) int {
	for _, end := range ends {
		if next := at + len(end); bytes.HasPrefix(data[at:], []byte(end)) && next < len(data) && base64Class[data[next]] {
			return next
		}
	}
	return at
}

// decode puts what the characters of p say in their place, and how. It unpacks no
// more than there is room for.
func (p *part) decode(data []byte, room int) {
	if how, ok := p.fromHex(); ok {
		p.how = how
		return
	}
	if phase, ok := textPhase(p.text); ok {
		p.drop(phase)
		p.from.End = behindPadding(data, p.from.End, len(p.text))
		p.fromBase64()
		p.how = []string{"base64"}
		p.unpack(room)
	}
}

// fromHex decodes hexadecimal that holds text.
func (p *part) fromHex() ([]string, bool) {
	n := len(p.text)
	if n < 2*keyIDLen || n%2 != 0 || runEnd(p.text, hexClass, 0) < n {
		return nil, false
	}
	text := decodeHex(p.text)
	if !isText(text) {
		return nil, false
	}
	for i := range text {
		p.text[i], p.starts[i], p.ends[i] = text[i], p.starts[2*i], p.ends[2*i+1]
	}
	n = len(text)
	p.text, p.starts, p.ends = p.text[:n], p.starts[:n], p.ends[:n]
	return []string{"hex"}, true
}

// textPhase returns how many of the characters of base64 in run stand before the
// first four. They start with one where what they say is text, or compressed;
// elsewhere a key ID tells.
func textPhase(run []byte) (int, bool) {
	var head [leastWord / 4 * 3]byte
	n := decodeInto(head[:], run, 0, leastWord)
	if isText(head[:n]) || isWide(head[:n]) || isGzip(head[:n]) {
		return 0, true
	}
	for from, to := range strided(run, keyIDFirst, leastFirsts, 4) {
		for at := from; at < to; at += 4 * leastFirsts {
			if encodedKeyIDAt(run, at) {
				return from & 3, true
			}
		}
	}
	return 0, false
}

// behindPadding returns where the padding ends that stands behind n characters of
// base64, which end at data[at]: as many "=" as make whole fours, or "%3D".
func behindPadding(data []byte, at, n int) int {
	for range (-n & 3) % 3 { // one that is too many is no byte
		if byteAt(data, at) == '=' {
			at++
		} else if byteAt(data, at) == '%' && hexByte(data, at+1) == '=' {
			at += 3
		}
	}
	return at
}

func (p *part) drop(n int) {
	p.from.Start = int(p.starts[n])
	p.text, p.starts, p.ends = p.text[n:], p.starts[n:], p.ends[n:]
}

// fromBase64 decodes the characters of p.
func (p *part) fromBase64() {
	chars, starts, ends := p.text, p.starts, p.ends
	p.text, p.starts, p.ends = nil, nil, nil
	for i := 0; i+1 < len(chars); i++ {
		if i%4 == 3 {
			continue
		}
		a, b := sextets[chars[i]]&63, sextets[chars[i+1]]&63
		c := a<<(2*(i%4+1)) | b>>(4-2*(i%4))
		p.add(c, int(starts[i]), int(ends[i+1]))
	}
}

// unpack goes on with what was in base64: UTF-16, or a compressed stream.
func (p *part) unpack(room int) {
	switch {
	case isGzip(p.text):
		p.text, p.starts, p.ends = inflate(p.text, min(room, mostInflated)), nil, nil
		p.how = append(p.how, "gzip")
	case isWide(p.text):
		p.narrow()
	}
}

// isText reports whether text is one: printable but for a twentieth of it, and
// without a NUL.
func isText(text []byte) bool {
	odd := 0
	for _, c := range text {
		if c == 0 {
			return false
		}
		if c < ' ' && !spaceClass[c] || c >= 0x7f {
			odd++
		}
	}
	return len(text) > 0 && odd <= len(text)/20
}

// isWide reports whether text is UTF-16 of the kind that PowerShell encodes:
// little-endian, and all of its first characters of ASCII.
func isWide(text []byte) bool {
	text = text[:min(len(text), 16)]
	for i, c := range text {
		if (c == 0) != (i%2 == 1) {
			return false
		}
	}
	return len(text) == 16
}

func (p *part) narrow() {
	n := len(p.text) / 2
	for i := range n {
		if p.text[2*i+1] != 0 {
			p.text[2*i] = 0xff
		}
		p.text[i], p.starts[i], p.ends[i] = p.text[2*i], p.starts[2*i], p.ends[2*i+1]
	}
	p.text, p.starts, p.ends = p.text[:n], p.starts[:n], p.ends[:n]
	p.how = append(p.how, "utf-16le")
}

// gzipHead is how a gzip stream starts: two bytes that name it, and deflate.
const gzipHead = "\x1f\x8b\x08"

func isGzip(text []byte) bool { return bytes.HasPrefix(text, []byte(gzipHead)) }

// inflate returns what a gzip stream holds, at most so many bytes, of a broken one
// what came before.
func inflate(stream []byte, atMost int) []byte {
	r, err := gzip.NewReader(bytes.NewReader(stream))
	if err != nil {
		return nil
	}
	text, _ := io.ReadAll(io.LimitReader(r, int64(atMost))) // what is cut may hold something too
	return slices.Clip(text)
}

// startsGzip reports whether a run of base64 is the head of a gzip stream.
func startsGzip(run []byte) bool { return bytes.HasPrefix(run, []byte("H4sI")) }
