package inflate

// A block may not send lengths for the last two symbols, which only the fixed codes have.
const (
	maxLit  = numLit - 2
	maxDist = numDist - 2
)

// preOrder is the order in which the lengths of the code of code lengths are sent.
var preOrder = [numPre]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// dynamicBlock decodes a block that starts with its codes.
func (s *stream) dynamicBlock(d *Decoder) error {
	if err := s.codes(d); err != nil {
		return err
	}
	return s.symbols(&d.dynamic, &d.tail)
}

// codes reads the two codes of a dynamic block: RFC 1951, section 3.2.7.
func (s *stream) codes(d *Decoder) error {
	litLens, distLens, preLens := s.take(5)+257, s.take(5)+1, s.take(4)+4
	if litLens > maxLit || distLens > maxDist {
		return corrupt("too many codes")
	}
	b := &d.builder
	s.refill()
	b.preLens = [len(b.preLens)]uint8{}
	for i := range preLens {
		if i == 16 {
			s.refill()
		}
		b.preLens[preOrder[i]] = uint8(s.take(3))
	}
	mask, err := b.build(d.dynamic.lit[:], b.preLens[:], &preAlphabet)
	if err != nil {
		return err
	}
	if err := s.lengths(d, litLens+distLens, mask); err != nil {
		return err
	}
	if b.lens[256] == 0 {
		return corrupt("no code for the end of a block")
	}
	b.distLens = [len(b.distLens)]uint8{}
	copy(b.distLens[:], b.lens[litLens:litLens+distLens])
	clear(b.lens[litLens : litLens+distLens])
	d.dynamic.distMask, err = b.build(d.dynamic.dist[:], b.distLens[:], &distAlphabet)
	if err != nil {
		return err
	}
	d.dynamic.litMask, err = b.build(d.dynamic.lit[:], b.lens[:numLit], &litAlphabet)
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
		b, in := s.bitBuf.refill(s.src[s.pos:])
		for i < n && b.n&63 >= 14 {
			e := table[b.buf&mask]
			if e&literal != 0 {
				b = b.drop(e)
				lens[i] = uint8(e.value())
				i++
				continue
			}
			if e&exceptional != 0 {
				return errCode
			}
			end := i + e.value() + e.extra(b.buf)
			b = b.drop(e)
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
		s.bitBuf, s.pos = b, len(s.src)-len(in)
		s.n &= 63
	}
	return nil
}
