package detectors

// secretLen is the length of a secret: 30 random bytes in base64.
const secretLen = 40

// The kinds of character that looksRandom tells apart.
const (
	isUpper = iota
	isLower
	isDigit
	isSymbol
)

// evidence holds, for a character of kind a (row) that one of kind b (column)
// follows, log2(P(b|random) / P(b|a, text)), rounded: how much more often
// random base64 goes on so than text does. Text is the 141,000 runs of 16 to
// 60 base64 characters, hexadecimal left out, in the sources of Go 1.26's
// library: identifiers, words and paths.
var evidence = [4][4]int{
	isUpper:  {0, 0, 1, 6},
	isLower:  {2, -1, 2, 1},
	isDigit:  {1, 2, -2, 3},
	isSymbol: {3, -1, 3, 2},
}

// leastEvidence is what a secret must reach in bits. Summed over its 39 pairs,
// 40 random characters fall short of it once in 17,000 (6.0e-5). Of the runs
// of 40 in Go's sources one in 38 reaches it: a table of syllables.
const leastEvidence = -5

// looksRandom reports whether s, 40 characters of base64, may be a secret: it
// holds an upper-case and a lower-case letter (random ones lack either once in
// 6e8), at most ten of "+" and "/" (more: once in 1e7), its [evidence] reaches
// leastEvidence, and it is not hexadecimal, as a git object's name is. All told
// a real secret is turned away once in 17,000.
func looksRandom(s []byte) bool {
	var count [4]int
	sum := 0
	for i, c := range s {
		kind := kindOfChar(c)
		count[kind]++
		if i > 0 {
			sum += evidence[kindOfChar(s[i-1])][kind]
		}
	}
	return count[isUpper] > 0 && count[isLower] > 0 && count[isSymbol] <= 10 &&
		sum >= leastEvidence && !isHex(s)
}

func kindOfChar(c byte) int {
	switch {
	case 'A' <= c && c <= 'Z':
		return isUpper
	case 'a' <= c && c <= 'z':
		return isLower
	case '0' <= c && c <= '9':
		return isDigit
	}
	return isSymbol
}

// isHex reports whether s is all hexadecimal digits, in whatever case.
func isHex(s []byte) bool {
	for _, c := range s {
		if c |= 0x20; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
