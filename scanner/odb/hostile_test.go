package odb_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/revokey-dev/revokey/scanner/gittest"
	"github.com/revokey-dev/revokey/scanner/odb"
)

// hostile is a store of packs that lie, and what must come of it.
type hostile struct {
	*gittest.PackWriter                       // the pack at hand
	packs               []*gittest.PackWriter // with the one at hand
	objects             string                // the directory
	t                   *testing.T

	lost     map[string]string // names that must be skipped, and a word of the reason
	whatever map[string]bool   // names that may be read as something
	refused  string            // a word of why the pack as a whole is skipped
	opts     odb.Options
}

func newHostile(t *testing.T) *hostile {
	h := &hostile{t: t, objects: t.TempDir(), lost: make(map[string]string), whatever: make(map[string]bool)}
	h.nextPack()
	return h
}

// nextPack begins another pack.
func (h *hostile) nextPack() {
	h.PackWriter = &gittest.PackWriter{}
	h.packs = append(h.packs, h.PackWriter)
}

func (h *hostile) lose(word string, entries ...*gittest.PackEntry) {
	for _, e := range entries {
		h.lost[hex.EncodeToString(e.Name)] = word
	}
}

// stream adds a blob whose stream is not what its head says.
func (h *hostile) stream(size int64, stream []byte) *gittest.PackEntry {
	return h.AddRaw(gittest.RawObject{Kind: gittest.PackBlob, Size: size, Stream: stream})
}

// delta adds a lying delta on a good base of 1,000 bytes.
func (h *hostile) delta(delta []byte) *gittest.PackEntry {
	base := h.Add(gittest.PackBlob, text(len(h.Entries)))
	return h.AddOfsDelta(base, delta)
}

// text returns 1,000 bytes, others for every n.
func text(n int) []byte {
	return bytes.Repeat(fmt.Appendf(nil, "line %14d\n", n), 50)
}

// name returns a name that no object has.
func name(n int) []byte {
	sum := bytes.Repeat([]byte{0x5a}, 20)
	binary.BigEndian.PutUint32(sum, uint32(n)*2654435761) // spread over the fan-out
	binary.BigEndian.PutUint32(sum[4:], uint32(n))
	return sum
}

// check writes the packs and reads all: what is not lost must be what it was made
// as, the rest be skipped with its word, in a few seconds and little memory.
func (h *hostile) check(limit time.Duration, memory uint64) {
	h.t.Helper()
	for _, p := range h.packs {
		p.Write(h.t, h.objects)
	}
	before := allocated()
	var got map[string]string
	var skipped []odb.Skipped
	within(h.t, limit, func() (err error) {
		got, skipped, err = survey(h.objects, h.opts)
		return err
	})
	h.compare(got, skipped)
	if used := allocated() - before; used > memory {
		h.t.Errorf("allocated %d MiB, want at most %d", used>>20, memory>>20)
	}
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// within ends the test where f fails, or takes longer.
func within(t *testing.T, limit time.Duration, f func() error) {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- f() }()
	select {
	case err := <-done:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(limit):
		t.Fatalf("still reading after %v", limit)
	}
}

// survey reads all objects, "TYPE CONTENT" by name, and all that is skipped. It is
// [readAll] for a goroutine that may outlive its test.
func survey(objects string, opts odb.Options) (map[string]string, []odb.Skipped, error) {
	store, err := odb.Open(objects, opts)
	if err != nil {
		return nil, nil, err
	}
	defer store.Close()
	got := make(map[string]string)
	var skipped []odb.Skipped
	r := store.NewReader()
	for _, f := range store.Families(all) {
		s, err := r.Family(context.Background(), f, all, func(o *odb.Object) error {
			id := o.ID().String()
			if _, ok := got[id]; ok {
				return fmt.Errorf("%s is visited twice", id)
			}
			got[id] = o.Type.String() + " " + string(o.Data)
			return nil
		})
		if err != nil {
			return nil, nil, err
		}
		skipped = append(skipped, s...)
	}
	return got, append(skipped, store.Skipped()...), nil
}

func (h *hostile) compare(got map[string]string, skipped []odb.Skipped) {
	h.t.Helper()
	reasons, seen := make(map[string]string), make(map[string]bool)
	for _, s := range skipped {
		if place := s.ID.String() + " in " + s.Path; seen[place] {
			h.t.Errorf("%s is skipped twice", place)
		} else {
			seen[place] = !s.ID.IsZero()
		}
		reasons[s.ID.String()] += s.Err.Error()
	}
	if !strings.Contains(reasons[""], h.refused) || h.refused == "" && reasons[""] != "" {
		h.t.Errorf("packs are skipped with %q, want %q", reasons[""], h.refused)
	}
	wrong := 0
	for _, p := range h.packs {
		for _, e := range p.Entries {
			if err := h.fate(e, got, reasons); err != nil && wrong < 5 {
				h.t.Error(err)
				wrong++
			}
		}
	}
}

// fate says what is wrong with what came of an object.
func (h *hostile) fate(e *gittest.PackEntry, got, reasons map[string]string) error {
	id := hex.EncodeToString(e.Name)
	content, read := got[id]
	reason, skipped := reasons[id]
	word, lost := h.lost[id]
	switch {
	case read && skipped:
		return fmt.Errorf("%s is read, and skipped: %s", id, reason)
	case h.whatever[id] && (read || skipped):
		return nil
	case lost && !strings.Contains(reason, word):
		return fmt.Errorf("%s: skipped with %q, want %q; read %.50q", id, reason, word, content)
	case lost || h.refused != "":
		return nil
	case !read:
		return fmt.Errorf("%s is not read: %q", id, reason)
	}
	if _, data, _ := strings.Cut(content, " "); data != string(e.Content) {
		return fmt.Errorf("%s is %.50q (%d bytes), want %.50q (%d bytes)", id, data, len(data), e.Content, len(e.Content))
	}
	return nil
}

// TestHonestPack holds the builder against git, so that what it makes elsewhere is
// hostile only where it is meant to be.
func TestHonestPack(t *testing.T) {
	t.Parallel()
	for _, hash := range []string{"sha1", "sha256"} {
		for version := 1; version <= 2; version++ {
			t.Run(fmt.Sprintf("%s/%d", hash, version), func(t *testing.T) {
				t.Parallel()
				repo := gittest.New(t, "--object-format="+hash)
				h := newHostile(t)
				h.objects = filepath.Join(repo.Dir, ".git", "objects")
				h.SHA256, h.opts.SHA256, h.Index.Version = hash == "sha256", hash == "sha256", version
				honest(h)
				path := h.Write(t, h.objects)
				repo.Git("verify-pack", path)
				h.check(time.Minute, 64<<20)
			})
		}
	}
}

func honest(h *hostile) {
	h.Add(gittest.PackTree, nil)
	var content []byte
	for len(content) < 320_000 {
		content = fmt.Appendf(content, "byte %d\n", len(content))
	}
	base := h.Add(gittest.PackBlob, content)
	n := int64(len(base.Content))
	delta := h.AddOfsDelta(base, gittest.Delta(n, n, gittest.Copy(0x10000, len(base.Content)-0x10000), gittest.Copy(0, 0x10000)))
	h.AddRefDelta(delta.Name, gittest.Delta(n, 302, gittest.Insert(strings.Repeat("x", 300)), gittest.Copy(7, 2)))
	h.AddOfsDelta(delta, gittest.Delta(n, 1, gittest.Copy(300_000, 1)))
}

func TestHostilePacks(t *testing.T) {
	for label, lie := range lies {
		t.Run(label, func(t *testing.T) {
			h := newHostile(t)
			first := h.Add(gittest.PackBlob, text(-1))
			lie(h)
			h.AddOfsDelta(first, gittest.Delta(1000, 999, gittest.Copy(1, 999)))
			h.check(20*time.Second, 256<<20)
		})
	}
}

// lies are what can be wrong with one pack.
var lies = map[string]func(*hostile){
	"cycle of 1":               func(h *hostile) { h.cycle(1) },
	"cycle of 2":               func(h *hostile) { h.cycle(2) },
	"cycle of 1,000":           func(h *hostile) { h.cycle(1000) },
	"a chain into a cycle":     chainIntoCycle,
	"base before the pack":     func(h *hostile) { h.lose("outside the pack", h.ofs(1<<30)) },
	"base in the pack's head":  func(h *hostile) { h.lose("outside the pack", h.ofsTo(4)) },
	"base is itself":           func(h *hostile) { h.lose("outside the pack", h.ofs(0)) },
	"base amid another object": func(h *hostile) { h.lose("base", h.ofsTo(h.Entries[0].Offset+5)) },
	"base is nowhere":          func(h *hostile) { h.lose("base", h.AddRefDelta(name(1), gittest.Delta(1, 1, gittest.Copy(0, 1)))) },
	"size too small":           func(h *hostile) { h.lose("past its length", h.stream(999, gittest.Zlib(text(1)))) },
	"size too large":           func(h *hostile) { h.lose("before its length", h.stream(1001, gittest.Zlib(text(1)))) },
	"size zero":                func(h *hostile) { h.lose("past its length", h.stream(0, gittest.Zlib(text(1)))) },
	"bomb of 1 GiB":            func(h *hostile) { h.lose("past its length", h.stream(100, zeros(1<<30))) },
	"bomb of 1 GiB, told": func(h *hostile) {
		h.opts.MaxSize = odb.DefaultMaxSize
		h.lose("larger than the limit", h.stream(1<<30, zeros(1<<30)))
	},
	"512 PiB told":             func(h *hostile) { h.lose("is cut off", h.stream(1<<59, gittest.Zlib(text(1)))) },
	"garbage":                  func(h *hostile) { h.lose("corrupt zlib", h.stream(1000, []byte("\x78\x9cno stream at all"))) },
	"wrong Adler-32":           wrongAdler,
	"malformed size":           malformedSize,
	"malformed base":           malformedBase,
	"kind 0":                   func(h *hostile) { h.lose("unknown kind", h.kind(0)) },
	"kind 5":                   func(h *hostile) { h.lose("unknown kind", h.kind(5)) },
	"base of kind 5":           func(h *hostile) { k := h.kind(5); h.lose("unknown kind", k); h.lose("base", h.AddOfsDelta(k, nil)) },
	"delta for a larger base":  func(h *hostile) { h.loseDelta(gittest.Delta(1001, 10, gittest.Copy(0, 10))) },
	"delta for a smaller base": func(h *hostile) { h.loseDelta(gittest.Delta(999, 10, gittest.Copy(0, 10))) },
	"delta gives less":         func(h *hostile) { h.loseDelta(gittest.Delta(1000, 11, gittest.Copy(0, 10))) },
	"delta gives more":         func(h *hostile) { h.loseDelta(gittest.Delta(1000, 9, gittest.Copy(0, 10))) },
	"delta inserts more":       func(h *hostile) { h.loseDelta(gittest.Delta(1000, 2, gittest.Insert("abc"))) },
	"delta of 1 EiB": func(h *hostile) {
		h.lose("larger than the limit", h.delta(gittest.Delta(1000, 1<<60, gittest.Copy(0, 10))))
	},
	"copy out of the base":      func(h *hostile) { h.loseDelta(gittest.Delta(1000, 10, gittest.Copy(991, 10))) },
	"copy from far out":         func(h *hostile) { h.loseDelta(gittest.Delta(1000, 10, gittest.Copy(1<<31+1<<30, 10))) },
	"instruction 0":             func(h *hostile) { h.loseDelta(gittest.Delta(1000, 10, gittest.Copy(0, 10), []byte{0})) },
	"delta ends in a copy":      func(h *hostile) { h.loseDelta(gittest.Delta(1000, 10, []byte{0xff, 0, 0})) },
	"delta ends in an insert":   func(h *hostile) { h.loseDelta(gittest.Delta(1000, 10, []byte("\x0aabc"))) },
	"delta ends in a size":      func(h *hostile) { h.loseDelta([]byte{0x80}) },
	"delta's size does not end": func(h *hostile) { h.loseDelta(bytes.Repeat([]byte{0x80}, 30)) },
	"empty delta":               func(h *hostile) { h.loseDelta(nil) },
	"offset 0":                  func(h *hostile) { h.lose("outside the pack", h.Alias(name(1), 0)) },
	"offset of the checksum":    offsetOfChecksum,
	"offset far out":            func(h *hostile) { h.lose("outside the pack", h.Alias(name(1), 1<<31-1), h.Alias(name(2), 1<<40)) },
	"offset negative":           func(h *hostile) { h.lose("outside the pack", h.Alias(name(1), -1), h.Alias(name(2), -1<<63)) },
	"offset of another":         offsetOfAnother,
	"offset amid another":       func(h *hostile) { h.whatever[hex.EncodeToString(h.Alias(name(1), h.Entries[0].Offset+3).Name)] = true },
	"object in an object":       objectInObject,
	"large offsets":             func(h *hostile) { h.Index.Large = true },
	"large offsets cut off":     largeOffsetsCutOff,
	"names swapped":             func(h *hostile) { a, b := h.Add(3, text(1)), h.Add(3, text(2)); a.Name, b.Name = b.Name, a.Name },
	"names out of order":        namesOutOfOrder,
	"fan-out out of order":      func(h *hostile) { h.refused = "fan-out"; h.Index.Fanout = func(f []uint32) { f[7] = f[255] + 1 } },
	"fan-out too large":         func(h *hostile) { h.refused = "index"; h.Index.Fanout = func(f []uint32) { f[255] = 1<<31 - 1 } },
	"fan-out negative":          func(h *hostile) { h.refused = "fan-out"; h.Index.Fanout = func(f []uint32) { f[255] = 1<<32 - 1 } },
	"index cut off":             func(h *hostile) { h.refused = "index"; h.Index.Bytes = func(b []byte) []byte { return b[:len(b)-4] } },
	"index empty":               func(h *hostile) { h.refused = "index"; h.Index.Bytes = func([]byte) []byte { return nil } },
	"many cycles of 2":          manyCycles,
	"chain of 100,000":          func(h *hostile) { h.chain(h.Entries[0], 100_000) },
	"chain of names backwards":  chainBackwards,
	"chain on a broken stream": func(h *hostile) {
		bad := h.stream(999, gittest.Zlib(text(1)))
		h.lose("past its length", bad)
		h.lostChain(bad)
	},
	"chain on an unknown kind":   func(h *hostile) { bad := h.kind(5); h.lose("unknown kind", bad); h.lostChain(bad) },
	"a broken link amid a chain": brokenLink,
	"many large sizes":           manyLargeSizes,
	"base not listed":            func(h *hostile) { h.onUnlisted(1000) },
	"base not listed, and large": func(h *hostile) { h.onUnlisted(300 << 20) },
}

// onUnlisted adds a delta on an object that stands in the pack and not in its index, where
// git reads it all the same: so do we, or it is told of.
func (h *hostile) onUnlisted(size int64) {
	var base *gittest.PackEntry
	if size > odb.DefaultMaxSize {
		base = h.stream(size, zeros(size))
	} else {
		base = h.Add(gittest.PackBlob, text(-2))
	}
	delta := gittest.Delta(size, 26, gittest.Insert("secret"), gittest.Copy(0, 20))
	on := h.AddRaw(gittest.RawObject{Kind: gittest.PackOfsDelta, Back: h.at() - base.Offset, Size: int64(len(delta)), Stream: gittest.Zlib(delta), Name: name(1)})
	h.Entries = slices.DeleteFunc(h.Entries, func(e *gittest.PackEntry) bool { return e == base })
	if size > odb.DefaultMaxSize {
		h.lose("larger than the limit", on)
		return
	}
	on.Kind, on.Content = gittest.PackBlob, append([]byte("secret"), text(-2)[:20]...)
}

// at is where the next object will stand.
func (h *hostile) at() int64 {
	return h.Add(gittest.PackBlob, nil).Offset + 1 + int64(len(gittest.Zlib(nil)))
}

// cycle adds n deltas, each on the next, the last on the first.
func (h *hostile) cycle(n int) {
	first := len(h.Entries)
	for i := range n {
		h.lose("circle", h.AddRaw(gittest.RawObject{
			Kind: gittest.PackRefDelta, Base: name(first + (i+1)%n), Name: name(first + i),
			Size: 3, Stream: gittest.Zlib(gittest.Delta(1, 1)),
		}))
	}
}

func chainIntoCycle(h *hostile) {
	n := len(h.Entries)
	h.cycle(2)
	on := h.AddRefDelta(name(n), gittest.Delta(1, 1))
	h.lose("base", on, h.AddOfsDelta(on, gittest.Delta(1, 1)))
}

func manyCycles(h *hostile) {
	for range 50_000 {
		h.cycle(2)
	}
}

// ofs adds a delta whose base stands so many bytes before it.
func (h *hostile) ofs(back int64) *gittest.PackEntry {
	return h.AddRaw(gittest.RawObject{Kind: gittest.PackOfsDelta, Back: back, Stream: gittest.Zlib(nil)})
}

// ofsTo adds a delta whose base stands at an offset.
func (h *hostile) ofsTo(offset int64) *gittest.PackEntry {
	next := h.Add(gittest.PackBlob, text(len(h.Entries)))
	size := int64(len(gittest.PackSize(gittest.PackBlob, 1000)) + len(gittest.Zlib(next.Content)))
	return h.ofs(next.Offset + size - offset)
}

func (h *hostile) kind(kind int) *gittest.PackEntry {
	return h.AddRaw(gittest.RawObject{Kind: kind, Size: 1000, Stream: gittest.Zlib(text(1))})
}

func (h *hostile) loseDelta(delta []byte) { h.lose("malformed delta", h.delta(delta)) }

// zeros returns a zlib stream of n zeros, a multiple of 1 MiB, without deflating all.
func zeros(n int64) []byte {
	var buf bytes.Buffer
	z := zlib.NewWriter(&buf)
	piece := make([]byte, 1<<20)
	z.Write(piece)
	z.Flush()
	head := buf.Len()
	z.Write(piece) // one more that does not start the stream: it can stand any number of times
	z.Flush()
	again := slices.Clone(buf.Bytes()[head:])
	out := slices.Concat(buf.Bytes(), bytes.Repeat(again, int(n>>20)-2), []byte{1, 0, 0, 0xff, 0xff})
	return binary.BigEndian.AppendUint32(out, uint32(n%65521)<<16|1)
}

func wrongAdler(h *hostile) {
	stream := gittest.Zlib(text(1))
	stream[len(stream)-1] ^= 1
	h.lose("checksum", h.stream(1000, stream))
}

func malformedSize(h *hostile) {
	endless := append([]byte{0xb0}, bytes.Repeat([]byte{0x80}, 20)...)
	h.lose("malformed size", h.AddRaw(gittest.RawObject{Head: endless, Stream: gittest.Zlib(nil)}))
}

func malformedBase(h *hostile) {
	endless := append([]byte{0x61}, bytes.Repeat([]byte{0x80}, 20)...)
	h.lose("malformed offset", h.AddRaw(gittest.RawObject{Head: endless, Stream: gittest.Zlib(nil)}))
}

func offsetOfChecksum(h *hostile) {
	last := h.Add(gittest.PackBlob, nil)
	end := last.Offset + 1 + int64(len(gittest.Zlib(nil)))
	h.Entries = h.Entries[:len(h.Entries)-1]                                            // it stands there, but no name leads to it
	end += 3 + int64(len(gittest.Zlib(gittest.Delta(1000, 999, gittest.Copy(1, 999))))) // the last object of every pack here
	h.whatever[hex.EncodeToString(h.Alias(name(1), end).Name)] = true
	h.lose("outside the pack", h.Alias(name(2), end+20))
}

func offsetOfAnother(h *hostile) {
	other := h.Entries[0]
	h.Alias(name(1), other.Offset).Content = other.Content
}

// objectInObject has a whole object amid the stream of another.
func objectInObject(h *hostile) {
	inner := slices.Concat(gittest.PackSize(gittest.PackBlob, 5), gittest.Zlib([]byte("inner")))
	outer := h.Add(gittest.PackBlob, inner) // short, so that it is not compressed
	at := outer.Offset + int64(len(gittest.PackSize(gittest.PackBlob, int64(len(inner))))) + 7
	h.Alias(name(1), at).Content = []byte("inner")
}

func largeOffsetsCutOff(h *hostile) {
	h.Index.Large = true
	last := h.AddRaw(gittest.RawObject{Name: bytes.Repeat([]byte{0xff}, 20), Kind: gittest.PackBlob, Size: 1000, Stream: gittest.Zlib(text(1))})
	h.Index.Bytes = func(b []byte) []byte { return b[:len(b)-8] }
	h.lose("outside the pack", last)
}

// namesOutOfOrder: names are not found, so that a delta on one has no base. All
// that needs no name is read.
func namesOutOfOrder(h *hostile) {
	h.Index.Unsorted = true
	for i := range 50 {
		h.Add(gittest.PackBlob, text(i))
	}
	e := h.AddRefDelta(h.Entries[3].Name, gittest.Delta(1000, 1, gittest.Copy(0, 1)))
	h.whatever[hex.EncodeToString(e.Name)] = true
}

// chain adds n deltas, each on the one before, and returns the last.
func (h *hostile) chain(on *gittest.PackEntry, n int) *gittest.PackEntry {
	for range n {
		size := int64(len(on.Content))
		on = h.AddOfsDelta(on, gittest.Delta(size, 30, gittest.Copy(0, 20), gittest.Insert(fmt.Sprintf("%10d", on.Offset))))
	}
	return on
}

// lostChain adds a deep chain on what cannot be read.
func (h *hostile) lostChain(on *gittest.PackEntry) {
	for range 100_000 {
		on = h.AddOfsDelta(on, gittest.Delta(1, 1))
		h.lose("base", on)
	}
}

// chainBackwards has every base behind what is built on it.
func chainBackwards(h *hostile) {
	const n = 100_000
	content := []byte("one and the same content")
	size := int64(len(content))
	stream := gittest.Zlib(gittest.Delta(size, size, gittest.Copy(0, len(content))))
	for i := range n {
		e := h.AddRaw(gittest.RawObject{
			Kind: gittest.PackRefDelta, Base: name(i + 1), Name: name(i), Size: int64(len(gittest.Delta(size, size, gittest.Copy(0, len(content))))), Stream: stream,
		})
		e.Content = content
	}
	root := h.Add(gittest.PackBlob, content)
	root.Name = name(n)
}

// brokenLink breaks one delta of a chain: what is built on it is lost with it.
func brokenLink(h *hostile) {
	tip := h.chain(h.Entries[0], 50)
	bad := h.AddOfsDelta(tip, gittest.Delta(30, 30, gittest.Copy(20, 30)))
	h.lose("malformed delta", bad)
	for range 50 {
		bad = h.AddOfsDelta(bad, gittest.Delta(30, 30, gittest.Copy(0, 30)))
		h.lose("base", bad)
	}
	h.chain(h.AddOfsDelta(tip, gittest.Delta(30, 25, gittest.Copy(0, 25))), 50)
}

// manyLargeSizes claims 250 MiB in a few bytes, often.
func manyLargeSizes(h *hostile) {
	for range 1000 {
		h.lose("inflating", h.stream(250<<20, gittest.Zlib(nil)))
	}
}

// TestHostileStores has lies that take more than one pack.
func TestHostileStores(t *testing.T) {
	for label, lie := range map[string]func(*hostile){
		"base in another pack":        baseInAnotherPack,
		"base is loose":               baseIsLoose,
		"cycle across packs":          func(h *hostile) { h.crossCycle(1) },
		"cycle across many packs":     func(h *hostile) { h.crossCycle(12) },
		"broken here, whole there":    brokenHere,
		"broken here, whole loose":    brokenHereWholeLoose,
		"base broken here, not there": baseBrokenHere,
		"a million tiny objects":      tinyObjects,
	} {
		t.Run(label, func(t *testing.T) {
			h := newHostile(t)
			h.Add(gittest.PackBlob, text(-1))
			lie(h)
			h.check(30*time.Second, 1<<30)
		})
	}
}

func baseInAnotherPack(h *hostile) {
	base := h.Add(gittest.PackBlob, text(1))
	h.nextPack()
	on := h.AddRefDelta(base.Name, gittest.Delta(1000, 25, gittest.Copy(5, 25)))
	on.Kind, on.Content = gittest.PackBlob, text(1)[5:30]
	h.chain(on, 5)
}

func baseIsLoose(h *hostile) {
	base := gittest.WriteLoose(h.t, h.objects, gittest.PackBlob, text(1))
	on := h.AddRefDelta(base, gittest.Delta(1000, 25, gittest.Copy(5, 25)))
	on.Kind, on.Content = gittest.PackBlob, text(1)[5:30]
	h.chain(on, 5)
}

// crossCycle has two objects, each in n packs as a delta on the other.
func (h *hostile) crossCycle(n int) {
	for i := range 2 * n {
		h.nextPack()
		h.Add(gittest.PackBlob, text(i))
		h.lose("base", h.AddRaw(gittest.RawObject{
			Kind: gittest.PackRefDelta, Base: name(i % 2), Name: name((i + 1) % 2), Size: 2, Stream: gittest.Zlib(gittest.Delta(1, 1)),
		}))
	}
}

// spoilt adds an object whose stream is broken under the name that the content has.
func (h *hostile) spoilt(content []byte) *gittest.PackEntry {
	e := h.Add(gittest.PackBlob, content)
	h.Entries = h.Entries[:len(h.Entries)-1]
	bad := h.AddRaw(gittest.RawObject{Kind: gittest.PackBlob, Size: 1, Stream: []byte("broken"), Name: e.Name})
	bad.Kind, bad.Content = gittest.PackBlob, content
	return bad
}

func brokenHere(h *hostile) {
	h.spoilt(text(1))
	h.nextPack()
	h.Add(gittest.PackBlob, text(1))
	h.spoilt(text(2))
	h.nextPack()
	h.Add(gittest.PackBlob, text(2))
}

func brokenHereWholeLoose(h *hostile) {
	h.spoilt(text(1))
	gittest.WriteLoose(h.t, h.objects, gittest.PackBlob, text(1))
	k := h.kind(5)
	k.Name, k.Content = gittest.WriteLoose(h.t, h.objects, gittest.PackBlob, text(2)), text(2)
}

// baseBrokenHere has deltas whose base is broken in their pack and whole
// elsewhere: git reads them.
func baseBrokenHere(h *hostile) {
	h.chain(h.spoilt(text(1)), 5)
	gittest.WriteLoose(h.t, h.objects, gittest.PackBlob, text(1))
	k := h.kind(5)
	k.Kind, k.Name, k.Content = gittest.PackBlob, gittest.WriteLoose(h.t, h.objects, gittest.PackBlob, text(2)), text(2)
	h.chain(k, 5)
}

func tinyObjects(h *hostile) {
	million := 1_000_000
	if !slow {
		million /= 20
	}
	for i := range million {
		content := fmt.Appendf(nil, "%d", i)
		e := h.AddRaw(gittest.RawObject{Kind: gittest.PackBlob, Size: int64(len(content)), Stream: gittest.Zlib(content), Name: name(i)})
		e.Content = content
	}
}

// TestIndexOfAnotherPack gives a pack the index of another of the same shape.
func TestIndexOfAnotherPack(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	h.Add(gittest.PackBlob, text(1))
	other := gittest.PackWriter{}
	other.Add(gittest.PackBlob, text(2))
	path := h.Write(t, h.objects)
	data, err := os.ReadFile(strings.TrimSuffix(other.Write(t, t.TempDir()), "pack") + "idx")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(strings.TrimSuffix(path, "pack")+"idx", data, 0o644); err != nil {
		t.Fatal(err)
	}
	store, err := odb.Open(h.objects, odb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	readAll(t, store, all)
	if skipped := fmt.Sprint(store.Skipped()); !strings.Contains(skipped, "index of another pack") || !strings.Contains(skipped, path) {
		t.Errorf("nothing says that the index is another pack's: %s", skipped)
	}
}

// TestCutUnderScan cuts files short that the store has mapped: what is gone is
// skipped, and it is no fault that ends the process.
func TestCutUnderScan(t *testing.T) {
	for _, ext := range []string{".pack", ".idx"} {
		for _, planned := range []bool{false, true} {
			label := fmt.Sprintf("%s/planned %v", ext, planned)
			t.Run(label, func(t *testing.T) {
				h := newHostile(t)
				for i := range 500 {
					h.chain(h.Add(gittest.PackBlob, text(i)), 1)
				}
				path := strings.TrimSuffix(h.Write(t, h.objects), ".pack") + ext
				store, err := odb.Open(h.objects, odb.Options{})
				if err != nil {
					t.Fatal(err)
				}
				defer store.Close()
				if planned {
					store.Families(all)
				}
				if err := os.Truncate(path, 8192); err != nil {
					t.Fatal(err)
				}
				got, skipped := readAll(t, store, all)
				if skipped = append(skipped, store.Skipped()...); len(skipped) == 0 && len(got) != len(h.Entries) {
					t.Errorf("read %d of %d objects, none is skipped", len(got), len(h.Entries))
				}
				checkNames(t, got)
			})
		}
	}
}

// TestCutWithCopy cuts a pack of which there is a copy: all of it is read there.
func TestCutWithCopy(t *testing.T) {
	for _, planned := range []bool{false, true} {
		label := fmt.Sprintf("planned %v", planned)
		t.Run(label, func(t *testing.T) {
			h := newHostile(t)
			for i := range 500 {
				h.chain(h.Add(gittest.PackBlob, text(i)), 1)
			}
			path := h.Write(t, h.objects)
			h.Add(gittest.PackBlob, nil) // so that the copy has another name
			second := h.Write(t, h.objects)
			store, err := odb.Open(h.objects, odb.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer store.Close()
			if planned {
				store.Families(all)
			}
			if err := os.Truncate(min(path, second), 4096); err != nil { // the one that is planned first
				t.Fatal(err)
			}
			got, skipped := readAll(t, store, all)
			checkNames(t, got)
			if missing := len(h.Entries) - len(got); missing > 1 { // one may be in the cut pack only
				t.Errorf("%d objects are not read though a pack has them whole; skipped %d: %v", missing, len(skipped), store.Skipped())
			}
		})
	}
}

// TestUnlinkUnderScan removes a pack that the store has open: it is still read.
func TestUnlinkUnderScan(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	honest(h)
	path := h.Write(t, h.objects)
	store, err := odb.Open(h.objects, odb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	for _, p := range []string{path, strings.TrimSuffix(path, "pack") + "idx"} {
		if err := os.Remove(p); err != nil {
			t.Fatal(err)
		}
	}
	got, skipped := readAll(t, store, all)
	h.compare(got, append(skipped, store.Skipped()...))
}
