package inflate

import "bytes"

// The alphabets of RFC 1951, sections 3.2.5 and 3.2.7. Nothing writes to them.
var (
	preAlphabet  = alphabet{preSymbols(), preBits}
	litAlphabet  = alphabet{litSymbols(), litBits}
	distAlphabet = alphabet{distSymbols(), distBits}
)

const (
	numPre  = 19
	numLit  = 288
	numDist = 32
)

// preSymbols are those that code lengths are written in.
func preSymbols() []entry {
	symbols := make([]entry, numPre)
	for i := range 16 {
		symbols[i] = literal | entry(i)<<16
	}
	symbols[16] = repeatLast | 3<<16 | 2
	symbols[17] = 3<<16 | 3
	symbols[18] = 11<<16 | 7
	return symbols
}

// litSymbols are literals, the end of a block, and lengths, whose steps double after
// every four. The greatest has a symbol of its own; 286 and 287 mean nothing.
func litSymbols() []entry {
	symbols := make([]entry, numLit)
	for i := range 256 {
		symbols[i] = literal | entry(i)<<16
	}
	symbols[256] = exceptional | endOfBlock
	base := entry(3)
	for i := range entry(28) {
		extra := max(i/4, 1) - 1
		symbols[257+i] = base<<16 | extra
		base += 1 << extra
	}
	symbols[285] = 258 << 16
	symbols[286], symbols[287] = exceptional, exceptional
	return symbols
}

// distSymbols are distances, whose steps double after every two; 30 and 31 mean nothing.
func distSymbols() []entry {
	symbols := make([]entry, numDist)
	base := entry(1)
	for i := range entry(30) {
		extra := max(i/2, 1) - 1
		symbols[i] = base<<16 | extra
		base += 1 << extra
	}
	symbols[30], symbols[31] = exceptional, exceptional
	return symbols
}

// fixedCodes returns the codes of RFC 1951, section 3.2.6, which are built only once.
func (d *Decoder) fixedCodes() *codes {
	c := &d.fixed
	if c.litMask != 0 {
		return c
	}
	var lens [numLit]uint8
	for i := range lens {
		switch {
		case i < 144 || i >= 280:
			lens[i] = 8
		case i < 256:
			lens[i] = 9
		default:
			lens[i] = 7
		}
	}
	distLens := [numDist]uint8(bytes.Repeat([]byte{5}, numDist))
	c.litMask, _ = d.builder.build(c.lit[:], lens[:], &litAlphabet)
	c.distMask, _ = d.builder.build(c.dist[:], distLens[:], &distAlphabet)
	return c
}
