// Package inflate decodes the zlib streams (RFC 1950, RFC 1951) of git objects.
//
// git writes the length of an object in front of its stream, so nothing has to
// grow: a [Decoder] goes from slice to slice and is told when both end. Whatever
// the bytes are, it reads nothing outside of src and writes nothing outside of dst.
//
// # Limitations
//
// A preset dictionary is refused, as git never uses one. The window size that the
// header declares is not held against the distances, as in zlib itself.
package inflate

import (
	"encoding/binary"
	"errors"
)

// What is wrong with a stream.
var (
	// ErrCorrupt is wrapped, with what is wrong, by the errors for bytes that no
	// compressor writes, and for a stream that ends before dst is full.
	ErrCorrupt = errors.New("corrupt zlib stream")
	// ErrShort is returned where src ends before the stream does. A cut through a
	// symbol may be told as another error.
	ErrShort = errors.New("zlib stream is cut off")
	// ErrLong is returned for a stream that holds more than len(dst).
	ErrLong = errors.New("zlib stream inflates past its length")
	// ErrChecksum is returned where all was decoded and its Adler-32 is another.
	ErrChecksum = errors.New("zlib stream has a wrong checksum")
)

// corrupt is an [ErrCorrupt] that says what is wrong.
type corrupt string

func (c corrupt) Error() string { return ErrCorrupt.Error() + ": " + string(c) }
func (c corrupt) Unwrap() error { return ErrCorrupt }

// A Decoder holds the tables that streams are decoded by. The zero value is ready;
// reuse it, from one goroutine at a time. It keeps neither src nor dst.
type Decoder struct {
	dynamic codes
	fixed   codes // built by the first block that needs it
	builder builder
	tail    tail
}

// Zlib decodes the zlib stream at the start of src, which may go on after it. The
// stream must fill dst exactly. n is how many bytes of src it takes; after an error
// n is 0 and what dst holds is undefined.
func (d *Decoder) Zlib(dst, src []byte) (n int, err error) {
	s := stream{dst: dst, src: src, size: len(src)}
	err = s.inflate(d)
	switch end := s.taken(); {
	case end > len(src):
		return 0, ErrShort // what was found wrong was found in the padding
	case err != nil:
		return 0, err
	case s.cut:
		return 0, ErrLong
	case s.w < len(dst):
		return 0, corrupt("it ends before its length")
	case len(src)-end < 4:
		return 0, ErrShort
	case binary.BigEndian.Uint32(src[end:]) != adlerSum(dst):
		return 0, ErrChecksum
	default:
		return end + 4, nil
	}
}

// ZlibPrefix decodes only until dst is full or the stream ends, and reports how
// many bytes it wrote. It checks no sum, and nothing that comes after.
func (d *Decoder) ZlibPrefix(dst, src []byte) (written int, err error) {
	s := stream{dst: dst, src: src, size: len(src), prefix: true}
	err = s.inflate(d)
	switch {
	case s.taken() > len(src):
		return 0, ErrShort
	case err != nil && s.w < len(dst):
		return 0, err
	default:
		return s.w, nil
	}
}

// checkHeader checks the two bytes that a zlib stream starts with.
func checkHeader(src []byte) error {
	if len(src) < 2 {
		return ErrShort
	}
	switch h := binary.BigEndian.Uint16(src); {
	case h%31 != 0:
		return corrupt("wrong header check")
	case h>>8&15 != 8:
		return corrupt("unknown compression method")
	case h>>12 > 7:
		return corrupt("window too large")
	case h&0x20 != 0:
		return corrupt("wants a preset dictionary")
	default:
		return nil
	}
}
