package inflate_test

import (
	"bytes"
	"compress/zlib"
	"io"
	"testing"

	"github.com/revokey-dev/revokey/scanner/odb/inflate"
)

// BenchmarkZlib decodes streams like those of a pack, with compress/zlib beside it.
// Each round has many streams of a kind, so that the processor cannot learn them.
func BenchmarkZlib(b *testing.B) {
	for _, kind := range []struct {
		name    string
		content func(i int) []byte
	}{
		{"delta", func(i int) []byte { return words(uint64(i), 100+i%500) }},
		{"source", func(i int) []byte { return words(uint64(i), 10000+300*i) }},
		{"binary", func(i int) []byte { return contentOf(5, uint64(i), 100+100*i) }},
		{"runs", func(i int) []byte { return contentOf(2, uint64(i), 100*i) }},
	} {
		var streams []sample
		size := 0
		for i := range 300 {
			content := kind.content(i)
			streams = append(streams, sample{content: content, src: compressed(b, content, 6)})
			size += len(content)
		}
		dst := make([]byte, 1<<17)
		b.Run(kind.name+"/ours", func(b *testing.B) {
			b.SetBytes(int64(size))
			d := new(inflate.Decoder)
			for b.Loop() {
				for _, s := range streams {
					if _, err := d.Zlib(dst[:len(s.content)], s.src); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
		b.Run(kind.name+"/compress-zlib", func(b *testing.B) {
			b.SetBytes(int64(size))
			z, err := zlib.NewReader(bytes.NewReader(streams[0].src))
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				for _, s := range streams {
					if err := z.(zlib.Resetter).Reset(bytes.NewReader(s.src), nil); err != nil {
						b.Fatal(err)
					}
					if _, err := io.ReadFull(z, dst[:len(s.content)]); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
