package inflate

import "encoding/binary"

// The limits and the order of RFC 1951, section 3.2.7.
const (
	maxLitLen = 286 // codes of literals and lengths
	maxDist   = 30  // codes of distances
)

// lengthOrder is the order in which the lengths of the code of code lengths are sent.
var lengthOrder = [19]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// inflate decodes the header and the blocks; a prefix is done when dst is full.
func (s *stream) inflate(d *Decoder) error {
	if err := checkHeader(s.src); err != nil {
		return err
	}
	s.pos = 2
	for final := false; !final && !(s.prefix && s.w == len(s.dst)); {
		if !s.ready(&d.tail) {
			return ErrShort
		}
		s.refill()
		final = s.take(1) != 0
		var err error
		switch s.take(2) {
		case 0:
			err = s.stored()
		case 1:
			err = s.symbols(d.fixedCodes(), &d.tail)
		case 2:
			err = s.dynamicBlock(d)
		default:
			err = corrupt("unknown kind of block")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// stored copies a block that is not compressed. The copy may stop short of the block
// at the end of dst or of src.
func (s *stream) stored() error {
	s.handBack()
	s.buf, s.n = 0, 0
	if s.size-s.pos < 4 {
		s.pos = s.size
		return ErrShort
	}
	head := binary.LittleEndian.Uint32(s.src[s.pos:])
	s.pos += 4
	size := int(head & 0xffff)
	if head>>16 != ^head&0xffff {
		return corrupt("length of a stored block is not confirmed")
	}
	n := copy(s.dst[s.w:], s.src[s.pos:min(s.pos+size, s.size)])
	s.w += n
	s.pos += n
	switch {
	case n == size:
		return nil
	case s.w == len(s.dst):
		return ErrLong
	default:
		return ErrShort
	}
}

// dynamicBlock decodes a block that starts with its codes.
func (s *stream) dynamicBlock(d *Decoder) error {
	if err := s.codes(d); err != nil {
		return err
	}
	return s.symbols(&d.dynamic, &d.tail)
}

// codes reads the two codes of a dynamic block.
func (s *stream) codes(d *Decoder) error {
	litLens, distLens, preLens := s.take(5)+257, s.take(5)+1, s.take(4)+4
	if litLens > maxLitLen || distLens > maxDist {
		return corrupt("too many codes")
	}
	b := &d.builder
	s.refill()
	b.preLens = [len(b.preLens)]uint8{}
	for i := range preLens {
		if i == 16 {
			s.refill()
		}
		b.preLens[lengthOrder[i]] = uint8(s.take(3))
	}
	mask, err := b.build(d.dynamic.lit[:], b.preLens[:], preSymbols[:], preBits)
	if err != nil {
		return err
	}
	if err := s.lengths(d, litLens+distLens, mask); err != nil {
		return err
	}
	if b.lens[256] == 0 {
		return corrupt("no code for the end of a block")
	}
	d.dynamic.distMask, err = b.build(d.dynamic.dist[:], b.lens[litLens:litLens+distLens], distSymbols[:], distBits)
	if err != nil {
		return err
	}
	d.dynamic.litMask, err = b.build(d.dynamic.lit[:], b.lens[:litLens], litSymbols[:], litBits)
	return err
}

// lengths reads the lengths of n codes into the builder.
func (s *stream) lengths(d *Decoder, n int, mask uint64) error {
	lens, table := &d.builder.lens, &d.dynamic.lit
	*lens = [len(lens)]uint8{}
	for i := 0; i < n; {
		if !s.ready(&d.tail) {
			return ErrShort
		}
		s.refill()
		e := table[s.buf&mask&(1<<preBits-1)]
		buf := s.buf
		s.bitBuf = s.drop(e)
		s.n &= 63
		switch {
		case e&literal != 0:
			lens[i] = uint8(e.value())
			i++
			continue
		case e&exceptional != 0:
			return errCode
		}
		end := i + e.value() + e.extra(buf)
		if end > n {
			return corrupt("more lengths than codes")
		}
		if e&repeatLast != 0 { // else zeros, which are there
			if i == 0 {
				return corrupt("no length to repeat")
			}
			for last := lens[i-1]; i < end; i++ {
				lens[i] = last
			}
		}
		i = end
	}
	return nil
}
