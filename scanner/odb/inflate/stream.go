package inflate

import "encoding/binary"

// margin is how many bytes from pos on a loop may load without asking again: three
// refills, of which the first two move on by up to 7 each.
const margin = 24

// A tail takes the place of src where less than a margin of it is left: those bytes
// and up to 7 that are handed back, then zeros for the loads to fall into. A decoder
// looks ahead by up to a word, so one that finds no margin here has read past the end.
type tail [margin - 1 + 7 + 8 + margin]byte

// A stream is the state of one decoding, between the loops that hold it in registers.
type stream struct {
	dst    []byte
	w      int  // how much of dst is written
	cut    bool // the last match did not fit
	prefix bool // to stop when dst is full

	src  []byte
	size int // how much of src is real, not padding
	base int // where src starts in what the caller gave
	pos  int // the next byte to load
	bitBuf
}

// taken is how many bytes the stream has taken, the last one maybe in part.
func (s *stream) taken() int {
	return s.base + s.pos - int(s.n>>3)
}

// handBack gives the whole bytes in the bit buffer back to src.
func (s *stream) handBack() {
	s.pos -= int(s.n >> 3)
	s.n &= 7
	s.buf &= 1<<s.n - 1
}

// ready makes sure that a margin can be loaded, and reports whether it can: not
// where the stream is past the end of src.
func (s *stream) ready(t *tail) bool {
	switch {
	case s.pos <= len(s.src)-margin:
		return true
	case s.base > 0: // src is the tail already
		return false
	}
	s.handBack()
	s.base = s.pos
	s.size = copy(t[:], s.src[s.pos:])
	clear(t[s.size:])
	s.src, s.pos = t[:], 0
	return true
}

// A bitBuf holds the next bits of a stream, the first one lowest. Above the n that count,
// buf may hold more of the same stream. Loops work on a copy.
type bitBuf struct {
	buf uint64
	n   uint // modulo 64
}

// refill makes n at least 56, and returns what is left of in. See variant 4 in https://fgiesen.wordpress.com/2018/02/20/reading-bits-in-far-too-many-ways-part-2/
func (b bitBuf) refill(in []byte) (bitBuf, []byte) {
	b.buf |= binary.LittleEndian.Uint64(in) << (b.n & 63)
	in = in[7-b.n>>3&7:]
	b.n |= 56
	return b, in
}

// drop takes the bits that the entry of a table counts.
func (b bitBuf) drop(e entry) bitBuf {
	b.buf >>= e & 63
	b.n -= uint(e)
	return b
}

// refill is [bitBuf.refill] between loops.
func (s *stream) refill() {
	var in []byte
	s.bitBuf, in = s.bitBuf.refill(s.src[s.pos:])
	s.pos = len(s.src) - len(in)
}

// take takes the next n bits.
func (s *stream) take(n uint) int {
	v := s.buf & (1<<n - 1)
	s.buf >>= n
	s.n -= n
	return int(v)
}
