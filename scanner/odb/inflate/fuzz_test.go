package inflate_test

import (
	"bytes"
	"compress/flate"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/revokey-dev/revokey/scanner/odb/inflate"
)

// limit is how much content a fuzzed stream is read to.
const limit = 1 << 17

// FuzzZlib gives both decoders the same bytes: see [agree].
func FuzzZlib(f *testing.F) {
	for _, v := range vectors {
		f.Add(v.src)
	}
	for _, s := range samples(f) {
		f.Add(s.src)
	}
	d := new(inflate.Decoder)
	f.Fuzz(func(t *testing.T, src []byte) { agree(t, d, src) })
}

// FuzzDamaged gives them streams that were whole before some of the bits turned, most
// of them near the start, where the codes are.
func FuzzDamaged(f *testing.F) {
	for kind := range uint8(kinds) {
		f.Add(uint64(kind), uint16(1000), uint16(400), kind, int8(kind), uint8(2))
	}
	d := new(inflate.Decoder)
	f.Fuzz(func(t *testing.T, seed uint64, size, piece uint16, kind uint8, level int8, turns uint8) {
		src := flushed(t, contentOf(kind, seed, int(size)), int(piece)+1, (int(level)%12+12)%12-2)
		r := rand.New(rand.NewPCG(seed, 4))
		for range int(turns) % 20 {
			bit := r.IntN(min(8*len(src), 16<<r.IntN(16)))
			src[bit/8] ^= 1 << (bit % 8)
		}
		agree(t, d, src)
	})
}

// agree checks that both decoders agree on whether there is a stream, what it holds,
// where it ends, and how much of it can be read if it breaks.
func agree(t *testing.T, d *inflate.Decoder, src []byte) {
	if len(src) > 1 && src[1]&0x20 != 0 {
		t.Skip("a preset dictionary, which compress/zlib takes if it is empty")
	}
	want, end, oracleErr := oracle(src, limit)
	if len(want) == limit {
		t.Skip("too much content")
	}
	content, n, err := decode(t, d, len(want), src)
	if (err == nil) != (oracleErr == nil) {
		t.Fatalf("%d bytes: got error %v, compress/zlib says %v", len(want), err, oracleErr)
	}
	if err == nil && (n != end || !bytes.Equal(content, want)) {
		t.Fatalf("took %d bytes, want %d, or the content differs", n, end)
	}
	if _, _, longer := decode(t, d, len(want)+1, src); longer == nil {
		t.Fatalf("%d bytes of content fill %d", len(want), len(want)+1)
	}
	if len(want) > 0 {
		_, _, shorter := decode(t, d, len(want)-1, src)
		if shorter == nil || oracleErr == nil && !errors.Is(shorter, inflate.ErrLong) {
			t.Fatalf("%d bytes of content in %d: got error %v", len(want), len(want)-1, shorter)
		}
	}
	got, err := prefix(t, d, len(want), src)
	if missesEnd(err) || len(want) == 0 {
		return
	}
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("prefix of %d bytes: got %d and %v", len(want), len(got), err)
	}
}

// missesEnd: compress/zlib decodes such a block until it breaks.
func missesEnd(err error) bool {
	return err != nil && strings.Contains(err.Error(), "end of a block")
}

// FuzzRoundTrip decodes what compress/flate makes of many kinds of content, written
// in pieces that are flushed, so that there are many small blocks.
func FuzzRoundTrip(f *testing.F) {
	for level := -2; level <= 9; level++ {
		for kind := range uint8(kinds) {
			f.Add(uint64(level+3), uint16(3000), uint16(40000), kind, int8(level), kind)
			f.Add(uint64(level+3), uint16(300), uint16(37), kind, int8(level), kind)
		}
	}
	d := new(inflate.Decoder)
	f.Fuzz(func(t *testing.T, seed uint64, size, piece uint16, kind uint8, level int8, pieceKind uint8) {
		content := append(contentOf(kind, seed, int(size)), contentOf(pieceKind, seed+1, int(size/3))...)
		src := flushed(t, content, int(piece)+1, (int(level)%12+12)%12-2)
		got, n, err := decode(t, d, len(content), src)
		if err != nil || n != len(src) || !bytes.Equal(got, content) {
			t.Fatalf("took %d of %d bytes, %v", n, len(src), err)
		}
	})
}

// flushed compresses content in pieces.
func flushed(t *testing.T, content []byte, piece, level int) []byte {
	var deflated bytes.Buffer
	z, err := flate.NewWriter(&deflated, level)
	if err != nil {
		t.Fatal(err)
	}
	for rest := content; len(rest) > 0; rest = rest[min(piece, len(rest)):] {
		z.Write(rest[:min(piece, len(rest))])
		z.Flush()
	}
	z.Close()
	return w().raw(deflated.Bytes()).zlib(string(content))
}

const kinds = 6

// contentOf makes content of a kind.
func contentOf(kind uint8, seed uint64, size int) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	switch kind % kinds {
	case 0:
		return words(seed, size)
	case 1:
		return noise(seed, size)
	case 2: // runs
		var out []byte
		for len(out) < size {
			out = append(out, bytes.Repeat([]byte{byte(r.Uint32())}, r.IntN(600))...)
		}
		return out[:size]
	case 3: // a pattern, for overlaps at every distance
		return bytes.Repeat(noise(seed, 1+r.IntN(40)), size)[:size]
	case 4: // far matches
		out := noise(seed, size/2)
		return append(out, out...)
	default: // skewed, for codes of every length
		out := make([]byte, size)
		for i := range out {
			for out[i] < 255 && r.IntN(8) > 2 {
				out[i]++
			}
		}
		return out
	}
}

func noise(seed uint64, size int) []byte {
	r := rand.New(rand.NewPCG(seed, 2))
	out := make([]byte, size)
	for i := range out {
		out[i] = byte(r.Uint32())
	}
	return out
}

// words makes text that compresses about as source code does.
func words(seed uint64, size int) []byte {
	r := rand.New(rand.NewPCG(seed, 3))
	known := make([]string, 200)
	for i := range known {
		word := make([]byte, 2+r.IntN(9))
		for j := range word {
			word[j] = "etaoinshrdlucmfwypvbgkjqxz_ETAOIN0123"[min(r.IntN(37), r.IntN(37))]
		}
		known[i] = string(word)
	}
	var out []byte
	for len(out) < size {
		out = append(out, known[min(r.IntN(200), r.IntN(200))]...)
		out = append(out, []string{" ", " ", " ", "\n\t", "(", ", ", ") {\n", " = ", "."}[r.IntN(9)]...)
	}
	return out[:size]
}
