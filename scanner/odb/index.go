package odb

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// index is a pack's index, of version 1 or 2: the names of the pack's objects,
// sorted, and where each starts.
// See https://git-scm.com/docs/gitformat-pack (pack-*.idx files).
type index struct {
	n      int
	hash   int    // bytes of a name
	fanout []byte // 256 numbers: how many names start with at most that byte
	names  []byte // each stride bytes behind the one before
	stride int
	small  []byte // version 2: 4 bytes of offset each, or a place in large
	large  []byte // version 2: 8 bytes of offset each

	packSum ID // the checksum of the pack
}

const (
	indexMagic  = "\xfftOc\x00\x00\x00\x02"
	fanoutLen   = 256 * 4
	largeOffset = 1 << 31 // set: the rest is a place in the table of large offsets
)

// parseIndex checks the tables' sizes and order; what they hold is checked
// where it is used.
func parseIndex(data []byte, hash int) (*index, error) {
	x := &index{hash: hash}
	body, isV2 := bytes.CutPrefix(data, []byte(indexMagic))
	if len(body) < fanoutLen+2*hash {
		return nil, errors.New("pack index ends early")
	}
	x.packSum = NewID(body[len(body)-2*hash : len(body)-hash])
	x.fanout, body = body[:fanoutLen], body[fanoutLen:len(body)-2*hash]
	last := uint32(0)
	for i := range 256 {
		n := binary.BigEndian.Uint32(x.fanout[4*i:])
		if n < last || n > math.MaxInt32 {
			return nil, errors.New("pack index: its fan-out table is not in order")
		}
		last = n
	}
	x.n = int(last)
	if !isV2 {
		return x, x.splitV1(body)
	}
	return x, x.splitV2(body)
}

func (x *index) splitV1(body []byte) error {
	x.stride = 4 + x.hash
	if len(body) != x.n*x.stride {
		return fmt.Errorf("pack index: %d bytes for %d objects", len(body), x.n)
	}
	x.names = body
	return nil
}

func (x *index) splitV2(body []byte) error {
	x.stride = x.hash
	rest := len(body) - x.n*(x.hash+8) // names, CRC-32, offsets
	if rest < 0 || rest%8 != 0 {
		return fmt.Errorf("pack index: %d bytes for %d objects", len(body), x.n)
	}
	offsets := body[x.n*(x.hash+4):]
	x.names, x.small, x.large = body[:x.n*x.hash], offsets[:x.n*4], offsets[x.n*4:]
	return nil
}

// name returns the name of the i-th object.
func (x *index) name(i int) []byte {
	at := i*x.stride + x.stride - x.hash // version 1 has the offset before the name
	return x.names[at : at+x.hash]
}

// offset returns where the i-th object starts, or -1 where the index does not say.
func (x *index) offset(i int) int64 {
	if x.small == nil {
		return int64(binary.BigEndian.Uint32(x.names[i*x.stride:]))
	}
	small := binary.BigEndian.Uint32(x.small[4*i:])
	if small < largeOffset {
		return int64(small)
	}
	at := int(small-largeOffset) * 8
	if at+8 > len(x.large) {
		return -1
	}
	return int64(binary.BigEndian.Uint64(x.large[at:]) & math.MaxInt64)
}

// find returns the place of a name in the index.
func (x *index) find(name []byte) (int, bool) {
	if len(name) != x.hash {
		return 0, false
	}
	low, high := 0, int(binary.BigEndian.Uint32(x.fanout[4*int(name[0]):]))
	if name[0] > 0 {
		low = int(binary.BigEndian.Uint32(x.fanout[4*int(name[0])-4:]))
	}
	for low < high {
		mid := int(uint(low+high) / 2)
		switch c := bytes.Compare(x.name(mid), name); {
		case c == 0:
			return mid, true
		case c < 0:
			low = mid + 1
		default:
			high = mid
		}
	}
	return 0, false
}
