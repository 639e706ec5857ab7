package unpack_test

import (
	"strings"
	"testing"

	"github.com/revokey-dev/revokey/scanner/unpack"
)

// BenchmarkWalk tells what unpacking costs, by what comes out.
func BenchmarkWalk(b *testing.B) {
	text := strings.Join(lines(100_000), "\n")
	files := []file{{"a", text}, {"b", text[len(text)/2:]}}
	for name, data := range map[string][]byte{
		"zip": zipOf(b, files...), "tar": tarOf(b, files...), "tar.gz": gzipOf(b, tarOf(b, files...)),
		"tar.xz": xzOf(b, tarOf(b, files...)), "tar.zst": zstdOf(b, tarOf(b, files...)),
	} {
		b.Run(name, func(b *testing.B) { benchmark(b, data, unpack.Limits{}) })
	}
}

// BenchmarkHostile tells what a bomb costs until a limit is met: it is the size of the
// blob that decides, not what the bomb claims to hold.
func BenchmarkHostile(b *testing.B) {
	bomb := zeros(1 << 20)
	for range 6 {
		bomb = zipOf(b, file{"a", string(bomb)}, file{"b", string(bomb)}, file{"c", string(bomb)})
	}
	b.Run("nested", func(b *testing.B) { benchmark(b, bomb, unpack.Limits{}) })
	b.Run("gzip", func(b *testing.B) { benchmark(b, gzipOf(b, gzipOf(b, zeros(64<<20))), unpack.Limits{}) })
}

func benchmark(b *testing.B, data []byte, limits unpack.Limits) {
	var out int
	for b.Loop() {
		out = 0
		_, err := unpack.Walk(b.Context(), data, limits, func(m unpack.Member) error {
			out += len(m.Data)
			return nil
		})
		must(b, err)
	}
	b.SetBytes(int64(out))
	b.ReportMetric(float64(len(data)), "bytes-in")
}
