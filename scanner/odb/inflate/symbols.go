package inflate

// RFC 1951, section 3.2.5: the entries of the symbols, without the lengths of their
// codes. They are written once, here.
var (
	preSymbols  = makePreSymbols()
	litSymbols  = makeLitSymbols()
	distSymbols = makeDistSymbols()
)

func makePreSymbols() (symbols [19]entry) {
	for i := range 16 {
		symbols[i] = literal | entry(i)<<16
	}
	symbols[16] = repeatLast | 3<<16 | 2
	symbols[17] = 3<<16 | 3
	symbols[18] = 11<<16 | 7
	return symbols
}

// makeLitSymbols: lengths grow by one, then by twice as much after every four. The
// last one, 258, has a symbol of its own; 286 and 287 are none.
func makeLitSymbols() (symbols [288]entry) {
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

// makeDistSymbols: distances do so after every two; 30 and 31 are none.
func makeDistSymbols() (symbols [32]entry) {
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
	var lens [288]uint8
	for i := range lens {
		switch {
		case i < 144:
			lens[i] = 8
		case i < 256:
			lens[i] = 9
		case i < 280:
			lens[i] = 7
		default:
			lens[i] = 8
		}
	}
	var distLens [32]uint8
	for i := range distLens {
		distLens[i] = 5
	}
	c.litMask, _ = d.builder.build(c.lit[:], lens[:], litSymbols[:], litBits)
	c.distMask, _ = d.builder.build(c.dist[:], distLens[:], distSymbols[:], distBits)
	return c
}
