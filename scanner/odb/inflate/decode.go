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

// run decodes symbols while a margin of src is left.
func (s *stream) run(c *codes) (done bool, err error) {
	b, in, w := s.bitBuf, s.src[s.pos:], s.w
	dst := s.dst[:len(s.dst):len(s.dst)]
	litMask := c.litMask
	b, in = b.refill(in)
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
				b = b.drop(e)
				b, in = b.refill(in)
				e = c.lit[b.buf&litMask]
				continue
			}
		}
		if e&exceptional != 0 {
			if e&pointer != 0 {
				e = c.lit[e.second(b.buf)&uint64(len(c.lit)-1)]
				if e&literal != 0 {
					if uint(w) >= uint(len(dst)) {
						err = ErrLong
						break
					}
					dst[w] = byte(e >> 16)
					w++
					b = b.drop(e)
					b, in = b.refill(in)
					e = c.lit[b.buf&litMask]
					continue
				}
			}
			if e&exceptional != 0 {
				switch {
				case e&endOfBlock == 0:
					err = errCode
				case s.prefix && w == len(dst):
					err = ErrLong
				default:
					b = b.drop(e)
					done = true
				}
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
				e = c.dist[e.second(b.buf)&uint64(len(c.dist)-1)]
			}
			if e&exceptional != 0 {
				err = errCode
				break
			}
		}
		dist := e.value() + e.extra(b.buf)
		b = b.drop(e)
		from := w - dist
		if from < 0 {
			err = errDistance
			break
		}
		b, in = b.refill(in)
		e = c.lit[b.buf&litMask]
		end := w + length
		if dist >= 8 && end+16 <= len(dst) {
			binary.LittleEndian.PutUint64(dst[w:w+8:w+8], binary.LittleEndian.Uint64(dst[from:from+8:from+8]))
			binary.LittleEndian.PutUint64(dst[w+8:w+16:w+16], binary.LittleEndian.Uint64(dst[from+8:from+16:from+16]))
			for length > 16 {
				from += 16
				w += 16
				length -= 16
				binary.LittleEndian.PutUint64(dst[w:w+8:w+8], binary.LittleEndian.Uint64(dst[from:from+8:from+8]))
				binary.LittleEndian.PutUint64(dst[w+8:w+16:w+16], binary.LittleEndian.Uint64(dst[from+8:from+16:from+16]))
			}
			w = end
			continue
		}
		for w < end {
			dst[w] = dst[from]
			w++
			from++
		}
	}
	s.bitBuf, s.w, s.pos = b, w, len(s.src)-len(in)
	s.n &= 63
	return done, err
}
