package detectors

import "iter"

// class is a set of bytes.
type class [256]bool

func classOf(chars string) *class {
	var c class
	for i := range len(chars) {
		c[chars[i]] = true
	}
	return &c
}

const (
	upper   = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	lower   = "abcdefghijklmnopqrstuvwxyz"
	decimal = "0123456789"
)

var (
	base32Class = classOf(upper + "234567")
	base64Class = classOf(upper + lower + decimal + "+/")
	urlClass    = classOf(upper + lower + decimal + "+/-_") // of both kinds of base64
	hexClass    = classOf("0123456789abcdefABCDEF")
	// escapeClass are the characters of base64 and of what writes them in other ways.
	escapeClass = classOf(upper + lower + decimal + escapeChars)
)

// runs yields the bounds of every maximal run of at least n bytes of c, in
// order. It looks at every n-th byte only, and from there backwards to the
// first byte outside c, behind which the next run can start: where such bytes
// are frequent it reads few of the others, and never a byte more than twice.
func runs(data []byte, c *class, n int) iter.Seq2[int, int] {
	return func(yield func(start, end int) bool) {
		for start := 0; start+n <= len(data); {
			last := start + n - 1
			for last >= start && c[data[last]] {
				last--
			}
			if last >= start {
				start = last + 1
				continue
			}
			end := start + n
			for end < len(data) && c[data[end]] {
				end++
			}
			if !yield(start, end) {
				return
			}
			start = end + 1
		}
	}
}

// hasRun reports whether data has a run of at least n bytes of c; see [runs].
func hasRun(data []byte, c *class, n int) bool {
	for start := 0; start+n <= len(data); {
		last := start + n - 1
		for last >= start && c[data[last]] {
			last--
		}
		if last < start {
			return true
		}
		start = last + 1
	}
	return false
}

// longRun is the length of a run from which on [longRuns] yields it: that of a key
// ID in base64 in base64, which is a little shorter than a secret.
const longRun = 38

// notEscape holds 1 for what is outside escapeClass.
var notEscape = complement(escapeClass)

func complement(c *class) *[256]uint8 {
	var not [256]uint8
	for i := range not {
		if !c[i] {
			not[i] = 1
		}
	}
	return &not
}

// longRuns yields the bounds of every maximal run of at least longRun bytes of
// escapeClass, in order. Each holds one of the blocks of eight bytes that it looks
// at, which lie so that where one stands does not depend on what another holds, and
// which it looks at without a branch: where text breaks cannot be foretold. So it
// reads all of what git holds in half the time that [runs] takes. Nearly all that gets
// past is a word: then there is no such block on either side of this one.
func longRuns(data []byte) iter.Seq2[int, int] {
	return func(yield func(start, end int) bool) {
		read := 0
		for at := 0; at+8 <= len(data); at += longRun - 7 {
			if notEscapes(data, at) != 0 || at < read {
				continue
			}
			if at >= 8 && at+16 <= len(data) && notEscapes(data, at-8) != 0 && notEscapes(data, at+8) != 0 {
				continue
			}
			start, end := runAround(data, escapeClass, at, read)
			if read = end; end-start >= longRun && !yield(start, end) {
				return
			}
		}
	}
}

// notEscapes returns 0 if the 8 bytes at data[at] are all of escapeClass.
func notEscapes(data []byte, at int) uint8 {
	b, c := data[at:at+8:at+8], notEscape
	return c[b[0]] | c[b[1]] | c[b[2]] | c[b[3]] | c[b[4]] | c[b[5]] | c[b[6]] | c[b[7]]
}

// runAround returns the bounds of the run of c that data[at] is in, not before from.
func runAround(data []byte, c *class, at, from int) (start, end int) {
	for start = at; start > from && c[data[start-1]]; {
		start--
	}
	return start, runEnd(data, c, at)
}

// runEnd returns where the run of c that starts at data[at] ends.
func runEnd(data []byte, c *class, at int) int {
	for at < len(data) && c[data[at]] {
		at++
	}
	return at
}

// strided yields the bounds of every maximal run of at least n bytes of c that
// stand stride apart, from the first byte to behind the last; runs at each of the
// stride phases come one phase after the other.
func strided(data []byte, c *class, n, stride int) iter.Seq2[int, int] {
	return func(yield func(start, end int) bool) {
		for phase := range stride {
			for start := phase; start+(n-1)*stride < len(data); {
				last := start + (n-1)*stride
				for last >= start && c[data[last]] {
					last -= stride
				}
				if last >= start {
					start = last + stride
					continue
				}
				end := start + n*stride
				for end < len(data) && c[data[end]] {
					end += stride
				}
				if !yield(start, end-stride+1) {
					return
				}
				start = end + stride
			}
		}
	}
}
