package inflate

import "encoding/binary"

// adlerBlock is how many bytes can be summed before a lane of [sums] passes 16 bits:
// behind gets to 510·(0+…+15) = 61200.
const adlerBlock = 128

// adlerSum is the Adler-32 (RFC 1950, section 8.2) of p, in a third of the time that
// hash/adler32 takes, which adds byte by byte.
//
// By a block, the sum a grows by its bytes, and b by the old a for each byte, and by
// each byte times how many there are from it to the end of the block: 8 for each of
// the words behind its own, and 8 to 1 by its place in that.
func adlerSum(p []byte) uint32 {
	const prime = 65521
	a, b := uint64(1), uint64(0)
	for len(p) >= 8 {
		block := p[:min(len(p)&^7, adlerBlock)]
		p = p[len(block):]
		s := sumWords(block)
		b += a*uint64(len(block)) + s.weighted()
		a += s.all * 0x0001000100010001 >> 48
		// 65536 is 15 more than the prime.
		a = a&0xffff + a>>16*15
		b = b&0xffff + b>>16*15
	}
	for _, c := range p {
		a += uint64(c)
		b += a
	}
	return uint32(b%prime<<16 | a%prime)
}

// sums are sums over words, each of four lanes of 16 bits.
type sums struct {
	even   uint64 // of the bytes 0, 2, 4 and 6
	all    uint64 // of those and of the byte after each
	behind uint64 // of all, once for each word that came after
}

// sumWords sums the words of a block, whose length is a multiple of 8.
func sumWords(p []byte) (s sums) {
	for ; len(p) >= 32; p = p[32:] {
		s = s.add(binary.LittleEndian.Uint64(p))
		s = s.add(binary.LittleEndian.Uint64(p[8:]))
		s = s.add(binary.LittleEndian.Uint64(p[16:]))
		s = s.add(binary.LittleEndian.Uint64(p[24:]))
	}
	for ; len(p) >= 8; p = p[8:] {
		s = s.add(binary.LittleEndian.Uint64(p))
	}
	return s
}

func (s sums) add(word uint64) sums {
	const lanes = 0x00ff00ff00ff00ff
	even := word & lanes
	s.behind += s.all
	s.all += even + word>>8&lanes
	s.even += even
	return s
}

// weighted is the sum of all bytes by their weights. The highest lane of a product of
// lanes and weights is such a sum. It has 16 bits too, which is why the weights of the
// even bytes, 8 to 2, are halved.
func (s sums) weighted() uint64 {
	const halves = 0x0000ffff0000ffff
	even := s.even * 0x0004000300020001 >> 48
	odd := (s.all - s.even) * 0x0007000500030001 >> 48
	behind := (s.behind&halves + s.behind>>16&halves) * (1<<32 + 1) >> 32
	return 2*even + odd + 8*behind
}
