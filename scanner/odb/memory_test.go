package odb_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/revokey-dev/revokey/scanner/gittest"
	"github.com/revokey-dev/revokey/scanner/odb"
)

// TestLittleMemory reads families whose bases do not fit the budget: what comes
// out is the same, byte for byte.
func TestLittleMemory(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(31, 37))
	for label, base := range map[string]func(n int) int{
		"wide and deep": r.IntN,
		"binary":        func(n int) int { return (n - 1) / 2 },
		"caterpillar":   func(n int) int { return max(0, n-1-n%3) },
		"star":          func(int) int { return 0 },
	} {
		h := newHostile(t)
		h.tree(600, base)
		t.Run(label, func(t *testing.T) {
			t.Parallel()
			h.t = t
			h.Write(t, h.objects)
			for _, memory := range []int64{1, 10 << 10, 100 << 10, 0} {
				h.opts.Memory = memory
				got, skipped, err := survey(h.objects, h.opts)
				if err != nil {
					t.Fatal(err)
				}
				h.compare(got, skipped)
			}
		})
	}
}

// tree adds n deltas, each on an earlier object of which base gives the number.
func (h *hostile) tree(n int, base func(n int) int) {
	entries := []*gittest.PackEntry{h.Add(gittest.PackBlob, bytes.Repeat([]byte("0123456789abcdef"), 512))}
	for i := 1; i <= n; i++ {
		on := entries[base(i)]
		size := len(on.Content)
		at := i * 7919 % size
		entries = append(entries, h.AddOfsDelta(on, gittest.Delta(int64(size), int64(size)+6,
			gittest.Copy(0, at), gittest.Insert(fmt.Sprintf("%6d", i)), gittest.Copy(at, size-at))))
	}
}

// TestLittleMemoryTwin is the same with deltas that git makes, and git to tell
// what they hold.
func TestLittleMemoryTwin(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	content := bytes.Repeat([]byte("a line that many versions share\n"), 300)
	for i := range 40 {
		content = append(content[:len(content)-i*7], fmt.Sprintf("version %d\n", i)...)
		repo.GitIn(string(content), "hash-object", "-w", "--stdin")
		repo.GitIn(string(content[i*20:]), "hash-object", "-w", "--stdin")
	}
	names := repo.Git("cat-file", "--batch-all-objects", "--batch-check=%(objectname)")
	repo.GitIn(names+"\n", "pack-objects", "-q", "--depth=50", "--window=5", filepath.Join(repo.Dir, ".git", "objects", "pack", "pack"))
	repo.Git("prune-packed", "-q")
	want := gitObjects(t, repo, false)
	for _, memory := range []int64{1, 100 << 10, 0} {
		got, skipped, err := survey(filepath.Join(repo.Dir, ".git", "objects"), odb.Options{Memory: memory})
		if err != nil || len(skipped) > 0 {
			t.Fatal(err, skipped)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("budget of %d bytes (-git +odb):\n%s", memory, diff)
		}
	}
}

// TestLongChainOfLargeBlobs reads 4,000 versions of 20 MiB in the memory of a few.
func TestLongChainOfLargeBlobs(t *testing.T) {
	size, versions := 20<<20, 4000
	if testing.Short() || !slow {
		size, versions = 2<<20, 400
	}
	h := newHostile(t)
	largeChain(h, size, versions)
	h.Write(t, h.objects)
	store, err := odb.Open(h.objects, odb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	h.PackWriter, h.packs = nil, nil
	runtime.GC()
	n, peak, before := 0, uint64(0), heap()
	r := store.NewReader()
	for _, f := range store.Families(all) {
		skipped, err := r.Family(t.Context(), f, all, func(o *odb.Object) error {
			if want := version(n); !bytes.HasPrefix(o.Data, want) || len(o.Data) != size {
				return fmt.Errorf("version %d starts with %q and has %d bytes", n, o.Data[:len(want)], len(o.Data))
			}
			n++
			if n%50 == 0 {
				peak = max(peak, heap())
			}
			return nil
		})
		if err != nil || len(skipped) > 0 {
			t.Fatal(err, skipped)
		}
	}
	if n != versions {
		t.Errorf("read %d versions, want %d", n, versions)
	}
	// Two versions and a buffer or two that wait for the collector.
	if limit := uint64(odb.DefaultMemory + 8*size); peak > before+limit {
		t.Errorf("%d MiB of heap, want at most %d", (peak-before)>>20, limit>>20)
	}
}

// slow is set by the build tag of that name, for tests that take minutes.
var slow bool

func version(n int) []byte { return fmt.Appendf(nil, "version %8d\n", n) }

// largeChain adds versions of one blob; all the deltas copy all of it but its head.
// What the builder would hold of each is left out.
func largeChain(h *hostile, size, versions int) {
	content := make([]byte, size)
	copy(content, version(0))
	base := h.Add(gittest.PackBlob, content)
	base.Content = nil
	for i := 1; i < versions; i++ {
		head := version(i)
		delta := gittest.Delta(int64(size), int64(size), gittest.Insert(string(head)), gittest.Copy(len(head), size-len(head)))
		base = h.AddOfsDelta(base, delta)
	}
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
