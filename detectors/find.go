package detectors

import (
	"bytes"
	"slices"
)

// findKeyIDs returns the key IDs in data: the runs of base32 characters that
// are one, neither longer nor shorter. What stands beside the run does not
// matter, so that IDs glued to an underscore or a lower-case letter count; nor do
// the upper-case digits of an escape before it, as in "%3D".
func findKeyIDs(data []byte) []*mark {
	var found []*mark
	for at := nextPrefix(data, 0); at >= 0; at = nextPrefix(data, at+1) {
		if !wholeKeyID(data, at) {
			continue
		}
		id := string(data[at : at+keyIDLen])
		if kind, ok := kindOf(id[:4]); ok {
			found = append(found, &mark{Span: Span{at, at + keyIDLen}, kind: kind, class: ClassifyKeyID(id)})
		}
	}
	return found
}

// hasPlainKeyID reports whether findKeyIDs finds any.
func hasPlainKeyID(data []byte) bool {
	for at := nextPrefix(data, 0); at >= 0; at = nextPrefix(data, at+1) {
		if wholeKeyID(data, at) {
			return true
		}
	}
	return false
}

// hasKeyID reports whether there is a key ID in data, whole or in pieces, or the
// ID of what may have a private key.
func hasKeyID(data []byte) bool {
	for at := nextPrefix(data, 0); at >= 0; at = nextPrefix(data, at+1) {
		if wholeKeyID(data, at) {
			return true
		}
		if end := pieceEnd(data, at); end > 0 && !base64Class[byteAt(data, at-1)] && splitKeyID(data, at, end) {
			return true
		}
	}
	return false
}

// pieceEnd returns where the first piece of a key ID ends that starts at data[at],
// or 0 where what stands behind does not end a string.
func pieceEnd(data []byte, at int) int {
	end := runEnd(data[:min(len(data), at+keyIDLen)], base32Class, at+leastSplitHead)
	if end < len(data) && end-at < keyIDLen && quoteClass[data[end]] {
		return end
	}
	return 0
}

// nextPrefix returns where, from at on, the four letters stand that the ID of a
// credential starts with, or -1. They all start with A, which [bytes.IndexByte]
// finds at once in most text.
func nextPrefix(data []byte, at int) int {
	for ; at+4 <= len(data); at++ {
		next := bytes.IndexByte(data[at:], 'A')
		if at += next; next < 0 || at+4 > len(data) {
			break
		}
		if data[at+3] == 'A' && isPrefix(data[at+1], data[at+2]) {
			return at
		}
	}
	return -1
}

// isPrefix reports whether a and b make AKIA, ASIA, ABIA, ACCA, APKA or ASCA.
func isPrefix(a, b byte) bool {
	switch b {
	case 'I':
		return a == 'K' || a == 'S' || a == 'B'
	case 'C':
		return a == 'C' || a == 'S'
	case 'K':
		return a == 'P'
	}
	return false
}

// wholeKeyID reports whether the run of base32 that a key ID's prefix at data[at]
// starts is as long as one.
func wholeKeyID(data []byte, at int) bool {
	end := at + keyIDLen
	if end > len(data) || runEnd(data[:end], base32Class, at) < end || base32Class[byteAt(data, end)] {
		return false
	}
	return !base32Class[byteAt(data, at-1)] || behindEscape(data, at)
}

// behindEscape reports whether the base32 characters before data[at] are the end
// of an escape: of %3D or its like in URLs (%253D in two of them), of =3D in
// mails, of \x3D, \u003D or \075 in strings.
func behindEscape(data []byte, at int) bool {
	start := at
	for start > max(0, at-5) && base32Class[data[start-1]] {
		start--
	}
	if hexByte(data[:at], max(0, at-2)) == 0 {
		return false
	}
	switch before := data[max(0, start-4):start]; at - start {
	case 1, 2:
		return hasSuffixOf(before, "%", "=", "\\x", "\\u00", "\\0", "%0", "=0", "\\u000", "%1", "=1", "%8", "%9")
	case 4:
		return hasSuffixOf(before, "%") && string(data[start:start+2]) == "25"
	}
	return false
}

func hasSuffixOf(text []byte, ends ...string) bool {
	return slices.ContainsFunc(ends, func(end string) bool { return bytes.HasSuffix(text, []byte(end)) })
}

// findSecrets returns what may be a secret in data: the runs of exactly 40
// base64 characters that are no part of something longer and look random, or
// are known not to be real. A run that holds a key ID is none: a path in a
// signed request may be as long.
func findSecrets(data []byte) []*mark {
	var found []*mark
	for start, end := range runs(data, base64Class, secretLen) {
		start = behindPrefix(data, start, end)
		if class, ok := secretAt(data, start, end); ok {
			found = append(found, &mark{Span: Span{start, end}, kind: SecretKey, class: class})
		}
	}
	return found
}

// secretAt reports whether the run of base64 at data[start:end] may be a secret,
// and of which class.
func secretAt(data []byte, start, end int) (Class, bool) {
	if end-start != secretLen || glued(data, start, end) || escaped(data, start, end) {
		return Real, false
	}
	run := data[start:end]
	if isHex(run) { // first, for it is cheap, and histories are full of object names
		return Real, false
	}
	class := classifySecret(string(run))
	return class, (class != Real || looksRandom(run)) && !hasPlainKeyID(run)
}

// behindPrefix returns the start of the run data[start:end] without what may stand
// before a secret and is of base64's characters: the end of a terminal's colour, as
// in "\x1b[1;31m"; "3D" behind "=", as mails write it; and a diff's "+".
func behindPrefix(data []byte, start, end int) int {
	switch before := byteAt(data, start-1); {
	case before == '[' || before == ';':
		return behindColour(data, start)
	case before == '=' && end-start == secretLen+2 && data[start] == '3' && data[start+1] == 'D':
		return start + 2
	case before == '\n' && end-start == secretLen+1 && data[start] == '+':
		return start + 1
	}
	return start
}

// behindColour returns where a colour ends that starts with digits at data[at], or at.
func behindColour(data []byte, at int) int {
	if end := skip(data, decimalClass, at); end > at && end < at+4 && byteAt(data, end) == 'm' {
		return end + 1
	}
	return at
}

// glued reports whether data[start:end] is a part of something longer: of an
// identifier, a domain, a JWT, or of base64 that its padding shows to be longer
// or shorter than a secret. ":-" is how a shell writes a default, and a line that
// starts with "-" a diff.
func glued(data []byte, start, end int) bool {
	before, after := byteAt(data, start-1), byteAt(data, end)
	switch before {
	case '_', '.', '$':
		return true
	case '-':
		if c := byteAt(data, start-2); c != ':' && c != '\n' {
			return true
		}
	}
	switch after {
	case '_', '-', '=', '(':
		return true
	case '.':
		return kindOfChar(byteAt(data, end+1)) != isSymbol
	}
	return false
}

// escaped reports whether an escape, which is not decoded yet, stands at either
// end of data[start:end], so that the run is a part of the value only: "%2F",
// "\/" or "\u002f". One of another character ends the value, as "\u0026" does.
func escaped(data []byte, start, end int) bool {
	before := byteAt(data, start-1)
	if before == '%' || before == '\\' && data[start] == '/' {
		return true
	}
	if end == len(data) || !escapeHeads[data[end]] {
		return false
	}
	t := tokenAt(data, end)
	return t.size > 0 && longerClass[t.char]
}

var (
	escapeHeads = classOf(`\%&`)
	// longerClass are the characters behind a run that tell that it is longer, and
	// the one that starts another escape.
	longerClass = classOf(upper + lower + decimal + "+/=_-(%")
)

// byteAt returns data[i], or a line's end beyond the ends of data.
func byteAt(data []byte, i int) byte {
	if i < 0 || i >= len(data) {
		return '\n'
	}
	return data[i]
}
