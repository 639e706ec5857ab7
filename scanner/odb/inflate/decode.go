package inflate

import "encoding/binary"

const (
	errCode     = corrupt("no such code")
	errDistance = corrupt("distance too far back")
)

// symbols decodes the symbols of a block by its codes, to its end.
func (s *stream) symbols(c *codes, t *tail) error {
	for s.ready(t) {
		if done, err := s.run(c); done || err != nil {
			return err
		}
	}
	return ErrShort
}

// run decodes symbols while a margin of src is left. It is one long function because a
// call costs all registers: with the copy in one of its own it took 6 % longer.
//
// Each time around, b has at least 56 bits: enough for a literal of the first table
// and a length (11 + 15 + 5), behind which there may have to be more for a distance
// (15 + 13). e is the entry that b starts with. It was looked up before the last copy,
// so that the processor has it by the time that it guesses wrong where a copy ends.
func (s *stream) run(c *codes) (done bool, err error) {
	w, dst := s.w, s.dst[:len(s.dst):len(s.dst)]
	litMask := c.litMask
	b, in := s.bitBuf.refill(s.src[s.pos:])
	e := c.lit[b.buf&litMask]
	for len(in) >= margin {
		if e&literal != 0 {
			if uint(w) >= uint(len(dst)) {
				err = ErrLong
				break
			}
			dst[w] = byte(e >> 16)
			w++
			b = b.drop(e)
			e = c.lit[b.buf&litMask]
			if e&literal != 0 {
				if uint(w) >= uint(len(dst)) {
					err = ErrLong
					break
				}
				dst[w] = byte(e >> 16)
				w++
				b, in = b.drop(e).refill(in)
				e = c.lit[b.buf&litMask]
				continue
			}
		}
		if e&exceptional != 0 {
			if e&pointer != 0 {
				e = c.lit[e.second(b.buf)%uint64(len(c.lit))]
			}
			if e&literal != 0 {
				b, in = b.refill(in)
				continue
			}
			if e&endOfBlock != 0 && !(s.prefix && w == len(dst)) {
				b = b.drop(e)
				done = true
				break
			}
			if e&exceptional != 0 {
				err = errCode
				break
			}
		}
		length := e.value() + e.extra(b.buf)
		if length > len(dst)-w {
			s.cut = true
			length = len(dst) - w
			if length == 0 {
				err = ErrLong
				break
			}
		}
		b = b.drop(e)
		if b.n&63 < 28 {
			b, in = b.refill(in)
		}
		e = c.dist[b.buf&c.distMask]
		if e&exceptional != 0 {
			if e&pointer != 0 {
				e = c.dist[e.second(b.buf)%uint64(len(c.dist))]
			}
			if e&exceptional != 0 {
				err = errCode
				break
			}
		}
		dist := e.value() + e.extra(b.buf)
		from, end := w-dist, w+length
		if from < 0 {
			err = errDistance
			break
		}
		b, in = b.drop(e).refill(in)
		e = c.lit[b.buf&litMask]
		switch {
		case end+16 > len(dst): // the others write up to 15 bytes more
			for w < end {
				dst[w] = dst[from]
				w++
				from++
			}
		case dist >= 8:
			store(dst, w, load(dst, from))
			store(dst, w+8, load(dst, from+8))
			for length > 16 {
				from += 16
				w += 16
				length -= 16
				store(dst, w, load(dst, from))
				store(dst, w+8, load(dst, from+8))
			}
		default:
			word := load(dst, from) & (1<<(8*uint(dist)&63) - 1) * repeats[dist]
			for w < end {
				store(dst, w, word)
				w += strides[dist]
			}
		}
		w = end
	}
	s.bitBuf, s.w, s.pos = b, w, len(s.src)-len(in)
	s.n &= 63
	return done, err
}

// repeats are factors that fill a word with its lowest 1 to 7 bytes; strides, how
// many bytes that is to whole repetitions.
var (
	repeats = [8]uint64{
		1: 0x0101010101010101,
		2: 0x0001000100010001,
		3: 0x0001000001000001,
		4: 0x0000000100000001,
		5: 0x0000010000000001,
		6: 0x0001000000000001,
		7: 0x0100000000000001,
	}
	strides = [8]int{1: 8, 2: 8, 3: 6, 4: 8, 5: 5, 6: 6, 7: 7}
)

// load loads a word. The third index, as no rest can be empty, saves three instructions.
// By unsafe pointers it was no faster.
func load(p []byte, i int) uint64 {
	return binary.LittleEndian.Uint64(p[i : i+8 : i+8])
}

// store stores a word.
func store(p []byte, i int, word uint64) {
	binary.LittleEndian.PutUint64(p[i:i+8:i+8], word)
}
