package inflate

import (
	"bytes"
	"fmt"
	"hash/adler32"
	"math/rand/v2"
	"testing"
)

func TestAdler32(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	random := make([]byte, 1<<20)
	for i := range random {
		random[i] = byte(r.Uint32())
	}
	for _, p := range [][]byte{random, bytes.Repeat([]byte{0xff}, 1<<20)} {
		for size := 0; size <= len(p); size += 1 + size/100 {
			if got, want := adlerSum(p[:size]), adler32.Checksum(p[:size]); got != want {
				t.Errorf("%d bytes from %#x: got %#x, want %#x", size, p[0], got, want)
			}
		}
	}
}

func BenchmarkAdler32(b *testing.B) {
	for _, size := range []int{100, 1000, 100000} {
		p := bytes.Repeat([]byte("revokey"), size)[:size]
		b.Run(fmt.Sprintf("ours/%d", size), func(b *testing.B) {
			b.SetBytes(int64(size))
			for b.Loop() {
				adlerSum(p)
			}
		})
		b.Run(fmt.Sprintf("hash/%d", size), func(b *testing.B) {
			b.SetBytes(int64(size))
			for b.Loop() {
				adler32.Checksum(p)
			}
		})
	}
}
