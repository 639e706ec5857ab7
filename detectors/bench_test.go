package detectors_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/revokey-dev/revokey/detectors"
)

// BenchmarkDetectClean reads source text in which nothing matches.
func BenchmarkDetectClean(b *testing.B) {
	source, err := os.ReadFile("pair.go")
	if err != nil {
		b.Fatal(err)
	}
	benchmark(b, bytes.Repeat(source, 8<<20/len(source)))
}

// BenchmarkDetectHostile reads what costs the most.
func BenchmarkDetectHostile(b *testing.B) {
	for name, data := range hostile(1 << 20) {
		b.Run(name, func(b *testing.B) { benchmark(b, data) })
	}
}

func benchmark(b *testing.B, data []byte) {
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	d := detectors.All()[0]
	for b.Loop() {
		d.Detect(data)
	}
}
