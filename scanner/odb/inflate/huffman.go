package inflate

import (
	"encoding/binary"
	"math/bits"
)

// The bits by which a table is looked up first. Longer codes have tables of their own
// behind it. A code whose longest is shorter has a table that is smaller.
const (
	preBits  = 7 // no code of code lengths is longer
	litBits  = 11
	distBits = 8
	maxBits  = 15
)

// An entry is what a table says about the bits it was looked up by:
//
//	bits 0–5    how many bits a symbol takes: the code and, behind it, extra bits
//	bits 8–11   how many of those are the code
//	bits 12–15  flags
//	bits 16–30  the value: a literal, or the least length or distance
//	bit  31     it is a literal
//
// Of a pointer to a second table the value is where that starts, bits 0–5 are how many
// bits of the code led here, and bits 8–11 how many more to look up by.
type entry uint32

const (
	repeatLast  entry = 1 << 12 // in the code of code lengths: not zeros
	endOfBlock  entry = 1 << 13
	pointer     entry = 1 << 14
	exceptional entry = 1 << 15 // a pointer, the end of a block, or no code at all
	literal     entry = 1 << 31

	perBit = 1<<8 | 1 // what one more bit of code adds to an entry
)

// second is where to look in the tables that e points to.
func (e entry) second(buf uint64) uint64 {
	return uint64(e>>16&0x7fff) + buf>>(e&63)&(1<<(e>>8&15)-1)
}

func (e entry) value() int { return int(e >> 16 & 0x7fff) }

// extra is what the extra bits add to the value. The code is still in buf.
func (e entry) extra(buf uint64) int {
	return int(buf & (1<<(e&63) - 1) >> (e >> 8 & 15))
}

// codes are the two codes of a block as tables. A mask has as many bits as a table
// is first looked up by.
//
// A table needs 2,342 and 402 entries at most, by "enough 288 11 15" and "enough 32 8
// 15" of zlib's examples/enough.c.
type codes struct {
	litMask, distMask uint64
	lit               [4096]entry
	dist              [512]entry
}

// An alphabet is what a code is for: its symbols, as entries that lack only the length
// of the code, and the most bits that its table is first looked up by.
type alphabet struct {
	symbols   []entry
	tableBits int
}

// A builder makes tables of the lengths of codes, 0 for a symbol that has none. Lengths
// are read eight at a time, and eight zeros are skipped, as most symbols of a short
// stream are not in use.
type builder struct {
	lens     [320]uint8 // of both codes; then those of the first
	distLens [32]uint8
	preLens  [24]uint8

	count   [maxBits + 1]uint // of symbols by length
	longest int
	sorted  [2 * numLit]uint16 // by length, then by symbol; those of length 0 from numLit on
}

// build makes the table of a code and returns the mask to look it up by.
func (b *builder) build(table []entry, lens []uint8, a *alphabet) (mask uint64, err error) {
	b.tally(lens)
	if err := b.check(); err != nil {
		return 0, err
	}
	b.sort(lens)
	return b.fill(table, a), nil
}

// tally counts the lengths.
func (b *builder) tally(lens []uint8) {
	b.count = [len(b.count)]uint{}
	for i := 0; i <= len(lens)-8; i += 8 {
		for word := binary.LittleEndian.Uint64(lens[i:]); word != 0; word >>= 8 {
			b.count[word&15]++
		}
	}
	b.longest = maxBits
	for b.longest > 0 && b.count[b.longest] == 0 {
		b.longest--
	}
}

// check checks that the codes use up what their bits can tell apart, with the two
// exceptions that compressors make and zlib takes: none, and a single one of one bit.
func (b *builder) check() error {
	left := 1
	for l := 1; l <= b.longest; l++ {
		left = left<<1 - int(b.count[l])
		if left < 0 {
			return corrupt("more codes than bits tell apart")
		}
	}
	if left > 0 && b.longest > 1 {
		return corrupt("codes are missing")
	}
	return nil
}

// sort sorts the symbols into the order of their codes.
func (b *builder) sort(lens []uint8) {
	next := [maxBits + 1]uint{0: numLit}
	for l := 2; l <= maxBits; l++ {
		next[l] = next[l-1] + b.count[l-1]
	}
	for i := 0; i <= len(lens)-8; i += 8 {
		symbol := uint16(i)
		for word := binary.LittleEndian.Uint64(lens[i:]); word != 0; word >>= 8 {
			n := &next[word&15]
			if *n < uint(len(b.sorted)) { // always, which the compiler cannot know
				b.sorted[*n] = symbol
			}
			*n++
			symbol++
		}
	}
}

// fill writes the table. It doubles with every bit, by a copy, so that each code of
// up to tableBits is written once.
func (b *builder) fill(table []entry, a *alphabet) (mask uint64) {
	table[0], table[1] = exceptional, exceptional // what a code of no or one symbol lacks
	tableBits := min(a.tableBits, max(b.longest, 1))
	meaning, symbols := a.symbols, b.sorted[:]
	code := uint16(0) // the next one, its first bit highest
	for l := 1; l <= tableBits; l++ {
		if code > 0 {
			half := 1 << (l - 1)
			copy(table[half:2*half], table[:half])
		}
		for _, symbol := range symbols[:b.count[l]] {
			table[bits.Reverse16(code)] = meaning[symbol] + entry(l*perBit)
			code += 1 << (16 - l)
		}
		symbols = symbols[b.count[l]:]
	}
	if b.longest > tableBits {
		b.fillSecond(table, a, symbols, tableBits, code)
	}
	return 1<<tableBits - 1
}

// fillSecond writes the tables of the codes that are longer than tableBits: those of
// symbols, from code on.
func (b *builder) fillSecond(table []entry, a *alphabet, symbols []uint16, tableBits int, code uint16) {
	prefix := -1
	end := 1 << tableBits
	var second []entry
	for l := tableBits + 1; l <= b.longest; l++ {
		for left := int(b.count[l]); left > 0; left-- {
			reversed := int(bits.Reverse16(code))
			if p := reversed & (1<<tableBits - 1); p != prefix {
				prefix = p
				n := b.secondBits(tableBits, l, left)
				table[p] = exceptional | pointer | entry(end)<<16 | entry(n)<<8 | entry(tableBits)
				second = table[end : end+1<<n]
				end += len(second)
			}
			e := a.symbols[symbols[0]] + entry(l*perBit)
			for i := reversed >> tableBits; i < len(second); i += 1 << (l - tableBits) {
				second[i] = e
			}
			symbols = symbols[1:]
			code += 1 << (16 - l)
		}
	}
}

// secondBits is how many more bits tell the codes apart that begin with the same
// tableBits, when left codes of length l, the first of them, are to come.
func (b *builder) secondBits(tableBits, l, left int) int {
	n := l - tableBits
	for used := left; used < 1<<n; n++ {
		used = used<<1 + int(b.count[tableBits+n+1])
	}
	return n
}
