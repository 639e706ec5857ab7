package unpack

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"

	"github.com/ulikunitz/xz/lzma"
)

// xzReader reads the container of xz, streams one after the other, and leaves what is
// inside the blocks to the library. The library's own reader of the container takes
// a dictionary of the size that a block's header asks for, up to 4 GiB, before it has read
// a byte.
// See https://tukaani.org/xz/xz-file-format.txt.
type xzReader struct {
	from  counter
	room  int64 // bytes that may still come out, which is as far as a distance can reach back
	made  *windows
	check byte // of the stream: which checksum its blocks have
	begun bool // within a stream

	block io.Reader // nil between blocks
	start int64     // where the block's data starts
	sum   hash.Hash // of the block; nil for none that is known
	large bool      // the block's dictionary is larger than what it got
}

// counter counts what is read, byte by byte or not.
type counter struct {
	r *bufio.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

func (c *counter) ReadByte() (byte, error) {
	b, err := c.r.ReadByte()
	if err == nil {
		c.n++
	}
	return b, err
}

// newXZ returns a reader of which room bytes will be read at most.
func newXZ(from io.Reader, room int64, made *windows) io.Reader {
	return &xzReader{from: counter{r: bufio.NewReader(from)}, room: room, made: made}
}

var errXZ = errors.New("malformed xz")

func (x *xzReader) Read(p []byte) (int, error) {
	for x.block == nil {
		if err := x.next(); err != nil {
			return 0, err
		}
	}
	n, err := x.block.Read(p)
	if x.room -= int64(n); x.sum != nil {
		x.sum.Write(p[:n])
	}
	switch {
	case err == io.EOF:
		x.block = nil
		err = x.endBlock()
	case err != nil && x.large:
		err = errWindow()
	}
	return n, err
}

// next goes on to the next block, through the end of a stream and the start of another.
// The error is io.EOF at the end of all.
func (x *xzReader) next() error {
	if !x.begun {
		return x.startStream()
	}
	size, err := x.from.ReadByte()
	switch {
	case err != nil:
		return noEOF(err)
	case size == 0:
		x.begun = false
		return x.endStream()
	}
	header := make([]byte, 4*(int(size)+1)-1)
	if _, err := io.ReadFull(&x.from, header); err != nil {
		return noEOF(err)
	}
	return x.startBlock(size, header)
}

// startStream reads the header of a stream, and the padding between it and another.
func (x *xzReader) startStream() error {
	header := make([]byte, 12)
	for first := true; ; first = false {
		switch _, err := io.ReadFull(&x.from, header[:4]); {
		case err == io.EOF && !first || err == io.EOF && x.from.n > 0:
			return io.EOF
		case err != nil:
			return noEOF(err)
		}
		if binary.LittleEndian.Uint32(header) != 0 {
			break
		}
	}
	if _, err := io.ReadFull(&x.from, header[4:]); err != nil {
		return noEOF(err)
	}
	x.check, x.begun = header[7], true
	if string(header[:7]) != "\xfd7zXZ\x00\x00" || x.check > 15 {
		return errXZ
	}
	return nil
}

// endStream reads over the index, whose first byte is read, and the footer. Blocks
// have checksums of their own.
func (x *xzReader) endStream() error {
	start := x.from.n - 1
	records, err := binary.ReadUvarint(&x.from)
	for i := uint64(0); err == nil && i < records; i++ {
		if _, err = binary.ReadUvarint(&x.from); err == nil {
			_, err = binary.ReadUvarint(&x.from)
		}
	}
	if err != nil {
		return noEOF(err)
	}
	footer := make([]byte, padding(x.from.n-start)+4+12)
	if _, err := io.ReadFull(&x.from, footer); err != nil {
		return noEOF(err)
	}
	if !bytes.HasSuffix(footer, []byte("YZ")) {
		return errXZ
	}
	return nil
}

// startBlock reads the header of a block, without its first byte, which is its size.
func (x *xzReader) startBlock(size byte, header []byte) error {
	body, sum := header[:len(header)-4], header[len(header)-4:]
	crc := crc32.Update(crc32.ChecksumIEEE([]byte{size}), crc32.IEEETable, body)
	if crc != binary.LittleEndian.Uint32(sum) {
		return errXZ
	}
	dictionary, err := xzDictionary(body)
	if err != nil {
		return err
	}
	x.large = dictionary > maxWindow
	if dictionary, err = x.grant(dictionary); err != nil {
		return err
	}
	x.start, x.sum = x.from.n, newCheck(x.check)
	x.block, err = lzma.Reader2Config{DictCap: int(dictionary)}.NewReader2(&x.from)
	return err
}

// grant returns how large a block's dictionary is made: no larger than what may come out
// of it.
func (x *xzReader) grant(dictionary int64) (int64, error) {
	dictionary = max(lzma.MinDictCap, min(dictionary, maxWindow, x.room))
	return dictionary, x.made.take(dictionary)
}

// Of the flags in a block's header.
const (
	xzFilters     = 0x03 // how many filters but one
	xzPackedSize  = 0x40 // the size of its data stands before the filters
	xzContentSize = 0x80 // so does that of its content
	xzFilterLZMA2 = 0x21
)

// xzDictionary returns the size of the dictionary that a block's header asks for, or
// that of all its content, where it tells that and it is less.
func xzDictionary(body []byte) (int64, error) {
	r := bytes.NewReader(body)
	flags, err := r.ReadByte()
	content := uint64(unlimited)
	if err == nil && flags&xzPackedSize != 0 {
		_, err = binary.ReadUvarint(r)
	}
	if err == nil && flags&xzContentSize != 0 {
		content, err = binary.ReadUvarint(r)
	}
	if err != nil {
		return 0, errXZ
	}
	dictionary, err := lzma2Filter(flags, r)
	return min(dictionary, int64(min(content, unlimited))), err
}

// lzma2Filter reads the one filter that is known, and returns its dictionary's size.
func lzma2Filter(flags byte, r io.Reader) (int64, error) {
	var filter [3]byte
	switch _, err := io.ReadFull(r, filter[:]); {
	case err != nil:
		return 0, errXZ
	case flags&xzFilters != 0 || filter[0] != xzFilterLZMA2:
		return 0, fmt.Errorf("%w: xz with a filter", ErrUnsupported)
	case filter[1] != 1: // byte of properties
		return 0, errXZ
	}
	return lzma.DecodeDictCap(filter[2])
}

// endBlock reads the padding and the checksum behind a block's data.
func (x *xzReader) endBlock() error {
	n := padding(x.from.n - x.start)
	rest := make([]byte, n+checkSize(x.check))
	if _, err := io.ReadFull(&x.from, rest); err != nil {
		return noEOF(err)
	}
	if x.sum != nil && !bytes.Equal(x.sum.Sum(nil), rest[n:]) {
		return fmt.Errorf("%w: a checksum is wrong", errXZ)
	}
	return nil
}

// padding returns how many bytes fill n up to a multiple of four.
func padding(n int64) int { return int(-n & 3) }

// checkSize returns the bytes of a block's checksum.
func checkSize(check byte) int { return [...]int{0, 4, 8, 16, 32, 64}[(int(check)+2)/3] }

// newCheck returns the hash of a kind of checksum, nil where it is not known. As xz has
// them little-endian, their sums are turned round.
func newCheck(check byte) hash.Hash {
	switch check {
	case 1:
		return reversed{crc32.NewIEEE()}
	case 4:
		return reversed{crc64.New(crc64.MakeTable(crc64.ECMA))}
	case 10:
		return sha256.New()
	}
	return nil
}

// reversed is a hash with the bytes of its sum in the other order.
type reversed struct{ hash.Hash }

func (r reversed) Sum(b []byte) []byte {
	sum := r.Hash.Sum(nil)
	for i := range sum {
		b = append(b, sum[len(sum)-1-i])
	}
	return b
}

// noEOF makes the end of data where more was to come an error.
func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
