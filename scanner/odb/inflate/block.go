package inflate

import "encoding/binary"

// inflate decodes the header and the blocks. A prefix is done when dst is full.
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
