package inflate_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/revokey-dev/revokey/scanner/odb/inflate"
)

// vectors are streams made by hand, each at an edge of the format. Those with an
// error say by content only how long dst is.
var vectors = []struct {
	name    string
	src     []byte
	content string
	err     error
	detail  string // in the error
}{
	{name: "empty stored block", src: w().stored(1, nil).zlib("")},
	{name: "empty fixed block", src: w().bits(3, 3).fixed(256).zlib("")},
	{name: "largest stored block", src: w().stored(1, zeros(65535)).zlib(string(zeros(65535))), content: string(zeros(65535))},
	{name: "stored blocks", src: w().stored(0, []byte("ab")).stored(0, nil).stored(1, []byte("c")).zlib("abc"), content: "abc"},
	{name: "stored behind fixed", src: w().bits(2, 3).fixed('a').fixed(256).stored(1, []byte("b")).zlib("ab"), content: "ab"},
	{name: "literals of nine bits", src: w().bits(3, 3).fixed(255).fixed(144).fixed(256).zlib("\xff\x90"), content: "\xff\x90"},
	{
		name:    "farthest distance",
		src:     w().stored(0, far).bits(3, 3).fixed(257).code(29, 5).bits(8191, 13).fixed(256).zlib(string(far) + "xyz"),
		content: string(far) + "xyz",
	},
	{
		name:    "distance one too far",
		src:     w().stored(0, []byte("ab")).bits(3, 3).fixed(257).code(2, 5).fixed(256).zlib("ab"),
		content: "abcde",
		err:     inflate.ErrCorrupt, detail: "too far back",
	},
	{
		name:    "distance before anything",
		src:     w().bits(3, 3).fixed(257).code(0, 5).fixed(256).zlib("aaa"),
		content: "aaa",
		err:     inflate.ErrCorrupt, detail: "too far back",
	},
	{
		name:    "longest match",
		src:     w().bits(3, 3).fixed('a').fixed(285).code(0, 5).fixed(256).zlib(strings.Repeat("a", 259)),
		content: strings.Repeat("a", 259),
	},
	{
		name:    "longest match by extra bits",
		src:     w().bits(3, 3).fixed('a').fixed(284).bits(31, 5).code(0, 5).fixed(256).zlib(strings.Repeat("a", 259)),
		content: strings.Repeat("a", 259),
	},
	{name: "symbol 286", src: w().bits(3, 3).fixed(286).code(0, 5).fixed(256).zlib(""), err: inflate.ErrCorrupt, detail: "no such code"},
	{name: "symbol 287", src: w().bits(3, 3).fixed(287).code(0, 5).fixed(256).zlib(""), err: inflate.ErrCorrupt, detail: "no such code"},
	{name: "distance 30", src: w().bits(3, 3).fixed('a').fixed(257).code(30, 5).fixed(256).zlib("a"), content: "aaaa", err: inflate.ErrCorrupt, detail: "no such code"},
	{name: "distance 31", src: w().bits(3, 3).fixed('a').fixed(257).code(31, 5).fixed(256).zlib("a"), content: "aaaa", err: inflate.ErrCorrupt, detail: "no such code"},
	{name: "kind of block", src: w().bits(7, 3).bits(0, 32).zlib(""), err: inflate.ErrCorrupt, detail: "kind of block"},
	{name: "length not confirmed", src: w().bits(1, 8).bits(1, 16).bits(1, 16).bits('a', 8).zlib("a"), err: inflate.ErrCorrupt, detail: "not confirmed"},

	{
		name: "nothing but the end of a block",
		src:  w().dynamic(1, 257, 1, pre1).zeros(138).zeros(118).code(2, 2).code(0, 1).code(0, 1).zlib(""),
	},
	{
		name:    "one distance of one bit",
		src:     w().aMatch().code(2, 2).code(0, 1).code(0, 1).code(3, 2).zlib("aaaa"),
		content: "aaaa",
	},
	{
		name:    "the other distance",
		src:     w().aMatch().code(2, 2).code(0, 1).code(1, 1).code(3, 2).zlib("aaaa"),
		content: "aaaa",
		err:     inflate.ErrCorrupt, detail: "no such code",
	},
	{
		name:    "no distances, and one is used",
		src:     w().dynamic(1, 258, 1, pre1).zeros(138).zeros(118).code(2, 2).code(2, 2).code(0, 1).code(1, 1).bits(0, 20).zlib("aaa"),
		content: "aaa",
		err:     inflate.ErrCorrupt, detail: "no such code",
	},
	{
		name: "287 codes",
		src:  w().dynamic(1, 287, 1, pre1).bits(0, 99).zlib(""),
		err:  inflate.ErrCorrupt, detail: "too many codes",
	},
	{
		name: "31 distances",
		src:  w().dynamic(1, 257, 31, pre1).bits(0, 99).zlib(""),
		err:  inflate.ErrCorrupt, detail: "too many codes",
	},
	{
		name: "no end of block",
		src:  w().dynamic(1, 257, 1, pre1).code(2, 2).code(2, 2).zeros(138).zeros(117).code(0, 1).zlib(""),
		err:  inflate.ErrCorrupt, detail: "end of a block",
	},
	{
		name: "nothing to repeat",
		src:  w().dynamic(1, 257, 1, map[int]int{16: 1, 0: 1}).code(1, 1).bits(0, 99).zlib(""),
		err:  inflate.ErrCorrupt, detail: "no length to repeat",
	},
	{
		name: "repeats too often",
		src:  w().dynamic(1, 257, 1, pre1).zeros(138).zeros(138).zlib(""),
		err:  inflate.ErrCorrupt, detail: "more lengths than codes",
	},
	{
		name: "no code of code lengths",
		src:  w().dynamic(1, 257, 1, nil).bits(0, 99).zlib(""),
		err:  inflate.ErrCorrupt, detail: "no such code",
	},
	{
		name: "code of code lengths lacks one",
		src:  w().dynamic(1, 257, 1, map[int]int{0: 2, 1: 2, 2: 2}).bits(0, 99).zlib(""),
		err:  inflate.ErrCorrupt, detail: "codes are missing",
	},
	{
		name: "code of code lengths has one more",
		src:  w().dynamic(1, 257, 1, map[int]int{0: 1, 1: 1, 2: 1}).bits(0, 99).zlib(""),
		err:  inflate.ErrCorrupt, detail: "more codes",
	},
	{
		name: "code lacks one",
		src:  w().dynamic(1, 257, 1, pre2).zeros(138).zeros(118).code(2, 2).code(0, 2).zlib(""),
		err:  inflate.ErrCorrupt, detail: "codes are missing",
	},
	{
		name: "code has one more",
		src:  w().dynamic(1, 257, 1, pre1).code(2, 2).code(2, 2).zeros(138).zeros(116).code(2, 2).code(0, 1).zlib(""),
		err:  inflate.ErrCorrupt, detail: "more codes",
	},
	{
		name: "distances lack one",
		src:  w().dynamic(1, 257, 1, pre2).zeros(138).zeros(118).code(1, 2).code(2, 2).zlib(""),
		err:  inflate.ErrCorrupt, detail: "codes are missing",
	},

	{name: "header check", src: []byte{0x78, 0x9d, 3, 0, 0, 0, 0, 1}, err: inflate.ErrCorrupt, detail: "header"},
	{name: "method", src: []byte{0x77, 0x85, 3, 0, 0, 0, 0, 1}, err: inflate.ErrCorrupt, detail: "method"},
	{name: "window", src: []byte{0x88, 0x1c, 3, 0, 0, 0, 0, 1}, err: inflate.ErrCorrupt, detail: "window"},
	{name: "dictionary", src: []byte{0x78, 0xbb, 0, 0, 0, 2, 3, 0, 0, 0, 0, 1}, err: inflate.ErrCorrupt, detail: "dictionary"},
	{name: "checksum", src: []byte{0x78, 0x9c, 3, 0, 0, 0, 0, 2}, err: inflate.ErrChecksum},
	{name: "no checksum", src: []byte{0x78, 0x9c, 3, 0, 0, 0, 0}, err: inflate.ErrShort},
	{name: "nothing", src: nil, err: inflate.ErrShort},
}

var (
	far = append([]byte("xyz"), zeros(32765)...)
	// Codes of code lengths. In both, 18 has the code 11; in pre1, 0 has 0 and 1 has
	// 10; in pre2, 0 has 00, 1 has 01 and 2 has 10.
	pre1 = map[int]int{0: 1, 18: 2, 1: 2}
	pre2 = map[int]int{0: 2, 18: 2, 1: 2, 2: 2}
)

// aMatch starts a dynamic block where the code of 257, the length 3, is 0, that of 'a'
// is 10, that of the end is 11, and the only distance, 1, has 0.
func (w *bitWriter) aMatch() *bitWriter {
	w.dynamic(1, 258, 1, pre2)
	return w.zeros(97).code(2, 2).zeros(138).zeros(20).code(2, 2).code(1, 2).code(1, 2)
}

func w() *bitWriter { return new(bitWriter) }

func zeros(n int) []byte { return make([]byte, n) }

func TestVectors(t *testing.T) {
	t.Parallel()
	d := new(inflate.Decoder)
	for _, v := range vectors {
		content, n, err := decode(t, d, len(v.content), v.src)
		if _, _, oracleErr := oracle(v.src, 1<<20); (oracleErr == nil) != (v.err == nil) {
			t.Errorf("%s: the vector is wrong: compress/zlib says %v", v.name, oracleErr)
		}
		if !errors.Is(err, v.err) || err != nil && !strings.Contains(err.Error(), v.detail) {
			t.Errorf("%s: got error %v, want %v: %s", v.name, err, v.err, v.detail)
		}
		if err == nil && (n != len(v.src) || string(content) != v.content) {
			t.Errorf("%s: took %d of %d bytes, or the content differs", v.name, n, len(v.src))
		}
	}
}

// TestLength checks that a stream has to fill dst, and not more than that.
func TestLength(t *testing.T) {
	t.Parallel()
	d := new(inflate.Decoder)
	for _, v := range vectors {
		if v.err != nil {
			continue
		}
		if _, _, err := decode(t, d, len(v.content)+1, v.src); !errors.Is(err, inflate.ErrCorrupt) {
			t.Errorf("%s, dst longer by one: got error %v", v.name, err)
		}
		if len(v.content) == 0 {
			continue
		}
		if _, _, err := decode(t, d, len(v.content)-1, v.src); !errors.Is(err, inflate.ErrLong) {
			t.Errorf("%s, dst shorter by one: got error %v", v.name, err)
		}
	}
}

// TestCutOff cuts streams at every byte: none of the parts is a stream, and as much
// of each can be read as compress/zlib reads.
func TestCutOff(t *testing.T) {
	t.Parallel()
	d := new(inflate.Decoder)
	for _, s := range samples(t) {
		if len(s.src) > 700 {
			continue
		}
		for cut := range s.src {
			part := s.src[:cut]
			if _, _, err := decode(t, d, len(s.content), part); err == nil {
				t.Fatalf("%s: %d of %d bytes are taken", s.name, cut, len(s.src))
			}
			want, _, _ := oracle(part, 1<<20)
			got, err := prefix(t, d, len(want), part)
			if err != nil || !bytes.Equal(got, want) {
				t.Fatalf("%s: %d of %d bytes: got %d bytes of content and %v, want %d", s.name, cut, len(s.src), len(got), err, len(want))
			}
			// compress/zlib reads as many bits at a time as the end of a block has, so a
			// little more may be there, which has to be right too.
			for err == nil && len(got) < len(s.content) {
				if got, err = prefix(t, d, len(got)+1, part); !bytes.HasPrefix(s.content, got) {
					t.Fatalf("%s: %d of %d bytes: %d bytes of content are wrong", s.name, cut, len(s.src), len(got))
				}
			}
		}
	}
}

// TestPrefix reads a stream to every length.
func TestPrefix(t *testing.T) {
	t.Parallel()
	d := new(inflate.Decoder)
	for _, s := range samples(t) {
		for size := 0; size <= len(s.content)+1; size += 1 + size/50 {
			got, err := prefix(t, d, size, s.src)
			want := s.content[:min(size, len(s.content))]
			if err != nil || !bytes.Equal(got, want) {
				t.Fatalf("%s: %d bytes: got %d, %v", s.name, size, len(got), err)
			}
		}
	}
}

// TestBitFlips turns each bit of streams: the sum, at least, has to notice.
func TestBitFlips(t *testing.T) {
	t.Parallel()
	d := new(inflate.Decoder)
	for _, s := range samples(t) {
		if len(s.src) > 300 {
			continue
		}
		for bit := range 8 * len(s.src) {
			s.src[bit/8] ^= 1 << (bit % 8)
			content, _, err := decode(t, d, len(s.content), s.src)
			_, _, oracleErr := oracle(s.src, 1<<20)
			if err == nil && (oracleErr != nil || !bytes.Equal(content, s.content)) {
				t.Fatalf("%s: bit %d turned and not noticed", s.name, bit)
			}
			s.src[bit/8] ^= 1 << (bit % 8)
		}
	}
}

type sample struct {
	name    string
	content []byte
	src     []byte
}

// samples are streams of every kind of block and of many lengths.
func samples(t testing.TB) []sample {
	var all []sample
	text := words(1, 30000)
	for _, content := range [][]byte{
		nil, []byte("a"), []byte("blob 12\x00Hello, world"), text[:40], text[:100], text[:300], text[:600], text[:5000], text,
		noise(2, 200), noise(3, 3000), zeros(1000), bytes.Repeat([]byte("abcdefghijklmnopqrstuvw"), 60), binary.BigEndian.AppendUint64(nil, 0x0102030405060708),
	} {
		for _, level := range []int{-2, 0, 1, 6, 9} {
			name := string(rune('0'+level)) + " of " + string(content[:min(len(content), 10)])
			all = append(all, sample{name, content, compressed(t, content, level)})
		}
	}
	return all
}
