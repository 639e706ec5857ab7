package inflate

import "math/bits"

// The bits by which a table is looked up first. Longer codes have tables of their own
// behind it. A code whose longest is shorter has a table that is smaller.
const (
	preBits  = 7 // as long as they get
	litBits  = 10
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
// A full set of codes needs 1,334 entries of lit and 402 of dist at most: "enough 288
// 10 15" and "enough 32 8 15" of zlib's examples/enough.c.
type codes struct {
	litMask, distMask uint64
	lit               [2048]entry
	dist              [512]entry
}

// A builder makes tables of code lengths.
type builder struct {
	lens    [maxLitLen + maxDist]uint8
	preLens [19]uint8
	sorted  [288]uint16
}

// build makes the table of the code whose symbols have these lengths, 0 for unused.
// The symbols are entries that lack only the code length. It returns the mask by which
// the table is first looked up.
//
// A code has to use all of the bits' values, with two exceptions that compressors make
// and zlib takes: none at all, and a single one of one bit.
func (b *builder) build(table []entry, lens []uint8, symbols []entry, tableBits int) (mask uint64, err error) {
	var count, next [maxBits + 1]int
	for _, l := range lens {
		count[l&15]++
	}
	longest := maxBits
	for longest > 0 && count[longest] == 0 {
		longest--
	}
	count[0] = 0
	left := 1
	for l := 1; l <= longest; l++ {
		next[l] = next[l-1] + count[l-1]
		left = left<<1 - count[l]
		if left < 0 {
			return 0, corrupt("more codes than bits tell apart")
		}
	}
	if left > 0 {
		if longest > 1 {
			return 0, corrupt("codes are missing")
		}
		table[0], table[1] = exceptional, exceptional
	}
	for sym, l := range lens {
		if l != 0 {
			b.sorted[next[l&15]] = uint16(sym)
			next[l&15]++
		}
	}
	return b.fill(table, &count, longest, symbols, tableBits), nil
}

// fill writes the entries of the sorted symbols. The table doubles with every bit, by
// a copy, so that each code is written once.
func (b *builder) fill(table []entry, count *[maxBits + 1]int, longest int, symbols []entry, tableBits int) uint64 {
	tableBits = min(tableBits, max(longest, 1))
	code := uint16(0) // the next one, its first bit highest
	i := 0
	for l := 1; l <= tableBits; l++ {
		if i > 0 {
			half := 1 << (l - 1)
			copy(table[half:2*half], table[:half])
		}
		for range count[l] {
			table[bits.Reverse16(code)] = symbols[b.sorted[i]] + entry(l*perBit)
			code += 1 << (16 - l)
			i++
		}
	}
	if longest > tableBits {
		b.fillSecond(table, count, longest, symbols, tableBits, i, code)
	}
	return 1<<tableBits - 1
}

// fillSecond does the same for the codes that are longer than tableBits, from i and code on.
func (b *builder) fillSecond(table []entry, count *[maxBits + 1]int, longest int, symbols []entry, tableBits, i int, code uint16) {
	end := 1 << tableBits // of the tables so far
	start, size, prefix := 0, 0, -1
	for l := tableBits + 1; l <= longest; l++ {
		for left := count[l]; left > 0; left-- {
			reversed := int(bits.Reverse16(code))
			if p := reversed & (1<<tableBits - 1); p != prefix {
				prefix = p
				start = end
				n := secondBits(count, l, left, tableBits)
				size = 1 << n
				end += size
				table[p] = exceptional | pointer | entry(start)<<16 | entry(n)<<8 | entry(tableBits)
			}
			e := symbols[b.sorted[i]] + entry(l*perBit)
			for j := reversed >> tableBits; j < size; j += 1 << (l - tableBits) {
				table[start+j] = e
			}
			code += 1 << (16 - l)
			i++
		}
	}
}

// secondBits is how many bits a table needs whose first code has l bits, when left
// codes of that length remain.
func secondBits(count *[maxBits + 1]int, l, left, tableBits int) int {
	n := l - tableBits
	for used := left; used < 1<<n; n++ {
		used = used<<1 + count[tableBits+n+1]
	}
	return n
}
