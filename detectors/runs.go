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
	upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	lower = "abcdefghijklmnopqrstuvwxyz"
)

var (
	base32Class = classOf(upper + "234567")
	base64Class = classOf(upper + lower + "0123456789+/")
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
