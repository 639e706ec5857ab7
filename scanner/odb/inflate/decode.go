package inflate

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
	b, w, dst, src := s.bitBuf, s.w, s.dst, s.src
	for b.pos <= len(src)-margin {
		b = b.refill(src)
		e := c.lit[b.buf&c.litMask&(1<<litBits-1)]
		if e&literal != 0 {
			if uint(w) >= uint(len(dst)) {
				err = ErrLong
				break
			}
			dst[w] = byte(e >> 16)
			w++
			b = b.drop(e)
			e = c.lit[b.buf&c.litMask&(1<<litBits-1)]
			if e&literal != 0 {
				if uint(w) >= uint(len(dst)) {
					err = ErrLong
					break
				}
				dst[w] = byte(e >> 16)
				w++
				b = b.drop(e)
				continue
			}
		}
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
		b = b.refill(src)
		e = c.dist[b.buf&c.distMask&(1<<distBits-1)]
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
		if dist > w {
			err = errDistance
			break
		}
		copyMatch(dst, w, dist, length)
		w += length
	}
	s.bitBuf, s.w = b, w
	return done, err
}
