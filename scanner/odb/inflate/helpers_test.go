package inflate_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"hash/adler32"
	"io"
	"math/bits"
	"testing"

	"github.com/revokey-dev/revokey/scanner/odb/inflate"
)

// guard is what stands around each dst, to be found untouched.
const guard = 0xa5

// guarded calls decode with a dst of size bytes that has neighbours.
func guarded(t *testing.T, size int, decode func(dst []byte)) []byte {
	t.Helper()
	const room = 64
	buf := bytes.Repeat([]byte{guard}, room+size+room)
	dst := buf[room : room+size]
	decode(dst)
	for i := range room {
		if buf[i] != guard || buf[room+size+i] != guard {
			t.Fatalf("wrote %d bytes from dst of %d bytes or its end", i, size)
		}
	}
	return dst
}

// decode is Zlib between guards, with nothing behind src and then with a lot, and
// with a decoder that has been used and then with a new one.
func decode(t *testing.T, d *inflate.Decoder, size int, src []byte) (content []byte, n int, err error) {
	t.Helper()
	src = bytes.Clone(src)
	content = guarded(t, size, func(dst []byte) { n, err = d.Zlib(dst, src[:len(src):len(src)]) })
	again := guarded(t, size, func(dst []byte) {
		n2, err2 := new(inflate.Decoder).Zlib(dst, src)
		if n2 != n || !errors.Is(err2, err) {
			t.Fatalf("a used decoder: %d, %v; a new one: %d, %v", n, err, n2, err2)
		}
	})
	if err == nil && !bytes.Equal(content, again) {
		t.Fatal("a used decoder and a new one differ")
	}
	if err == nil {
		longer := append(bytes.Clone(src), make([]byte, 100)...)
		if n2, err2 := d.Zlib(again, longer); n2 != n || err2 != nil || !bytes.Equal(content, again) {
			t.Fatalf("alone: %d, %v; with more behind it: %d, %v", n, err, n2, err2)
		}
	}
	return content, n, err
}

// prefix is ZlibPrefix between guards.
func prefix(t *testing.T, d *inflate.Decoder, size int, src []byte) (content []byte, err error) {
	t.Helper()
	var n int
	content = guarded(t, size, func(dst []byte) { n, err = d.ZlibPrefix(dst, src[:len(src):len(src)]) })
	return content[:n], err
}

// oracle is what compress/zlib makes of the stream at the start of src: up to limit
// bytes of content, and how long the stream is.
func oracle(src []byte, limit int64) (content []byte, n int, err error) {
	r := bytes.NewReader(src)
	z, err := zlib.NewReader(r)
	if err != nil {
		return nil, 0, err
	}
	content, err = io.ReadAll(io.LimitReader(z, limit))
	return content, len(src) - r.Len(), err
}

// bitWriter writes a stream by hand.
type bitWriter struct {
	out []byte
	n   int // bits in use of the last byte
}

// bits writes the low n bits of v, the lowest first, as numbers are.
func (w *bitWriter) bits(v, n int) *bitWriter {
	for i := range n {
		if w.n&7 == 0 {
			w.out = append(w.out, 0)
		}
		w.out[len(w.out)-1] |= byte(v>>i&1) << (w.n & 7)
		w.n++
	}
	return w
}

// code writes the low n bits of v, the highest first, as codes are.
func (w *bitWriter) code(v, n int) *bitWriter {
	return w.bits(int(bits.Reverse32(uint32(v))>>(32-n)), n)
}

// fixed writes a symbol of the fixed code of literals and lengths.
func (w *bitWriter) fixed(symbol int) *bitWriter {
	switch {
	case symbol < 144:
		return w.code(0x30+symbol, 8)
	case symbol < 256:
		return w.code(0x190+symbol-144, 9)
	case symbol < 280:
		return w.code(symbol-256, 7)
	default:
		return w.code(0xc0+symbol-280, 8)
	}
}

// stored writes a stored block.
func (w *bitWriter) stored(final int, content []byte) *bitWriter {
	w.bits(final, 3)
	for w.n&7 != 0 {
		w.bits(0, 1)
	}
	return w.bits(len(content), 16).bits(^len(content), 16).raw(content)
}

// zeros writes n lengths of zero by symbol 18, as its code is in pre1 and pre2.
func (w *bitWriter) zeros(n int) *bitWriter { return w.code(3, 2).bits(n-11, 7) }

func (w *bitWriter) raw(p []byte) *bitWriter {
	w.out = append(w.out, p...)
	w.n += 8 * len(p)
	return w
}

// dynamic writes the start of a dynamic block, with the lengths of the code of code
// lengths in the order of their symbols.
func (w *bitWriter) dynamic(final, litLens, distLens int, pre map[int]int) *bitWriter {
	w.bits(final, 1).bits(2, 2).bits(litLens-257, 5).bits(distLens-1, 5).bits(15, 4)
	for _, symbol := range []int{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15} {
		w.bits(pre[symbol], 3)
	}
	return w
}

// zlib wraps what is written as a stream whose content is this.
func (w *bitWriter) zlib(content string) []byte {
	out := append([]byte{0x78, 0x9c}, w.out...)
	return binary.BigEndian.AppendUint32(out, adler32.Checksum([]byte(content)))
}

// compressed is content as compress/zlib writes it.
func compressed(t testing.TB, content []byte, level int) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := zlib.NewWriterLevel(&out, level)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
