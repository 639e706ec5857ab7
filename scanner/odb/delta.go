package odb

import (
	"encoding/binary"
	"errors"
	"math/bits"
)

// Span is a half-open range of byte offsets.
type Span struct{ Start, End int }

var errDelta = errors.New("malformed delta")

// deltaSizes reads the sizes of the base and of the result that stand before a
// delta's instructions, which are the rest.
func deltaSizes(delta []byte) (base, result int64, rest []byte, err error) {
	base, rest, err = deltaSize(delta)
	if err == nil {
		result, rest, err = deltaSize(rest)
	}
	return base, result, rest, err
}

func deltaSize(data []byte) (size int64, rest []byte, err error) {
	for i := 0; i < len(data) && i < 9; i++ {
		size |= int64(data[i]&0x7f) << (7 * i)
		if data[i]&0x80 == 0 {
			return size, data[i+1:], nil
		}
	}
	return 0, nil, errDelta
}

// applyDelta carries out the instructions on the base into result, which they
// must fill, and appends to dirty the regions of result that are not one piece of
// the base with what surrounds it: inserted bytes, and as empty regions the seams
// between pieces that do not follow one another in the base.
// With sparse, of a long piece only the ends are copied, [Edge] bytes each.
// See https://git-scm.com/docs/gitformat-pack (deltified representation).
func applyDelta(result, base, delta []byte, dirty []Span, sparse bool) ([]Span, error) {
	at, next := 0, 0 // how far result is filled; which byte of the base would go on unbroken
	for len(delta) > 0 {
		op := delta[0]
		delta = delta[1:]
		if op&0x80 == 0 {
			n := int(op)
			if n == 0 || n > len(delta) || n > len(result)-at {
				return dirty, errDelta
			}
			copy(result[at:], delta[:n])
			dirty = addDirty(dirty, at, at+n)
			at, delta, next = at+n, delta[n:], -1
			continue
		}
		offset, n, rest, ok := copyArgs(op, delta)
		if !ok || n > len(result)-at || offset > len(base)-n {
			return dirty, errDelta
		}
		if sparse && n > 2*Edge {
			copy(result[at:at+Edge], base[offset:])
			copy(result[at+n-Edge:at+n], base[offset+n-Edge:])
		} else {
			copy(result[at:at+n], base[offset:offset+n])
		}
		if offset != next {
			dirty = addDirty(dirty, at, at)
		}
		at, delta, next = at+n, rest, offset+n
	}
	if at != len(result) {
		return dirty, errDelta
	}
	if next != len(base) {
		dirty = addDirty(dirty, at, at)
	}
	return dirty, nil
}

// copyArgs reads the offset and the size of a copy: of each only the bytes that
// op has a bit for are there.
func copyArgs(op byte, delta []byte) (offset, size int, rest []byte, ok bool) {
	if len(delta) < 8 {
		return copyArgsSlowly(op, delta)
	}
	// Nearly always the bytes that are there are the low ones, so that they can be
	// masked out of one word: a fifth of all time is spent here otherwise.
	offsetMask, sizeMask := lowBytes[op&15], lowBytes[op>>4&7]
	if offsetMask < 0 || sizeMask < 0 {
		return copyArgsSlowly(op, delta)
	}
	word := binary.LittleEndian.Uint64(delta)
	offsetLen, sizeLen := bits.OnesCount8(op&15), bits.OnesCount8(op>>4&7)
	offset = int(word & uint64(offsetMask))
	size = int(word >> (8 * offsetLen) & uint64(sizeMask))
	if size == 0 {
		size = 0x10000
	}
	return offset, size, delta[offsetLen+sizeLen:], true
}

// lowBytes has, for the bits of an instruction, the mask of the bytes that they
// stand for if these are the low ones, else -1.
var lowBytes = [16]int64{0, 0xff, -1, 0xffff, -1, -1, -1, 0xffffff, -1, -1, -1, -1, -1, -1, -1, 0xffffffff}

func copyArgsSlowly(op byte, delta []byte) (offset, size int, rest []byte, ok bool) {
	i := 0
	for bit := range 7 {
		if op&(1<<bit) == 0 {
			continue
		}
		if i >= len(delta) {
			return 0, 0, nil, false
		}
		if bit < 4 {
			offset |= int(delta[i]) << (8 * bit)
		} else {
			size |= int(delta[i]) << (8 * (bit - 4))
		}
		i++
	}
	if size == 0 {
		size = 0x10000
	}
	return offset, size, delta[i:], true
}

// near is how many unchanged bytes may stand between two regions that are taken for
// one. Of 440 regions in a large file most are so near: to look at what is between
// costs less than to look around both, a tenth less in all for such a history.
const near = 128

// addDirty appends a region, or lengthens the last one if it is near.
func addDirty(dirty []Span, start, end int) []Span {
	if n := len(dirty); n > 0 && start-dirty[n-1].End <= near {
		dirty[n-1].End = end
		return dirty
	}
	return append(dirty, Span{start, end})
}
