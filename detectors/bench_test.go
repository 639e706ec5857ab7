package detectors_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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

// source returns the sources of Go's own library, one after the other.
func source(tb testing.TB, size int) []byte {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		tb.Skip("no go command")
	}
	var all []byte
	for _, dir := range []string{"net/http", "encoding/json", "go/types", "crypto/tls", "os", "fmt", "reflect", "time"} {
		files, _ := filepath.Glob(filepath.Join(strings.TrimSpace(string(root)), "src", dir, "*.go"))
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil {
				tb.Fatal(err)
			}
			all = append(all, text...)
		}
	}
	if len(all) == 0 {
		tb.Skip("Go's sources are not here")
	}
	return all[:min(len(all), size)]
}

// BenchmarkQuiet reads source text in pieces, as blobs are.
func BenchmarkQuiet(b *testing.B) {
	data := source(b, 4<<20)
	d := detectors.All()[0]
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		for i := 0; i+8192 <= len(data); i += 8192 {
			d.Quiet(data[i : i+8192])
		}
	}
}

// BenchmarkChanged decides on small changes at random places of source text.
func BenchmarkChanged(b *testing.B) {
	data := source(b, 4<<20)
	d := detectors.All()[0]
	r := rand.New(rand.NewPCG(1, 2))
	var at [4096][2]int
	for i := range at {
		from := r.IntN(len(data) - 200)
		at[i] = [2]int{from, from + r.IntN(1+r.IntN(40))}
	}
	i, yes := 0, 0
	for b.Loop() {
		c := at[i%len(at)]
		if d.Changed(data, c[0], c[1]) {
			yes++
		}
		i++
	}
	b.ReportMetric(100*float64(yes)/float64(i), "%changed")
}
