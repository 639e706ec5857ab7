package odb

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/revokey-dev/revokey/scanner/gittest"
)

// FuzzDelta holds applyDelta against a twin that goes byte by byte and knows where
// each byte comes from.
func FuzzDelta(f *testing.F) {
	base := []byte(strings.Repeat("what the base says, again and again; ", 30))
	n := int64(len(base))
	for _, delta := range [][]byte{
		gittest.Delta(n, n, gittest.Copy(0, len(base))),
		gittest.Delta(n, n, gittest.Copy(0, 100), gittest.Copy(100, len(base)-100)),
		gittest.Delta(n, n+3, gittest.Copy(0, 500), gittest.Insert("new"), gittest.Copy(500, len(base)-500)),
		gittest.Delta(n, 700, gittest.Copy(300, 300), gittest.Copy(0, 400)),
		gittest.Delta(n, 4, gittest.Insert("all\n")),
		gittest.Delta(n, 0),
		{0x80},
	} {
		f.Add(base, delta)
	}
	f.Fuzz(func(t *testing.T, base, delta []byte) {
		_, size, instructions, err := deltaSizes(delta)
		if err != nil || size > 1<<20 {
			return
		}
		want, ok := gittest.ApplyDelta(base, withBase(len(base), size, instructions))
		result := make([]byte, size)
		dirty, err := applyDelta(result, base, instructions, nil, false)
		if ok != (err == nil) {
			t.Fatalf("applyDelta: %v, its twin succeeds: %v", err, ok)
		}
		if !ok {
			return
		}
		if !bytes.Equal(result, want) {
			t.Fatalf("got %q, want %q", result, want)
		}
		checkRegions(t, origins(instructions), len(base), dirty)
		checkSparse(t, base, instructions, result, dirty)
	})
}

func withBase(base int, result int64, instructions []byte) []byte {
	return append(gittest.Delta(int64(base), result), instructions...)
}

// inserted is the origin of a byte that comes from no base.
const inserted = -1

// origins returns, for each byte of the result of right instructions, where in the
// base it stands.
func origins(instructions []byte) []int {
	var from []int
	for len(instructions) > 0 {
		op := instructions[0]
		instructions = instructions[1:]
		if op&0x80 == 0 {
			from = append(from, slices.Repeat([]int{inserted}, int(op))...)
			instructions = instructions[op:]
			continue
		}
		offset, size, rest, _ := copyArgs(op, instructions)
		for i := range size {
			from = append(from, offset+i)
		}
		instructions = rest
	}
	return from
}

// checkRegions checks that regions are in order, and that what touches none of
// them stands in the base just so: every inserted byte is in a region, and at every
// place where neighbours are not those of the base, the ends of the data included,
// a region starts, ends or goes on.
func checkRegions(t *testing.T, from []int, base int, dirty []Span) {
	t.Helper()
	last := -1
	for _, r := range dirty {
		if r.Start <= last || r.End < r.Start || r.End > len(from) {
			t.Fatalf("regions are not in order: %v of %d bytes", dirty, len(from))
		}
		last = r.End
	}
	for at := range len(from) + 1 {
		before, after := -1, base // what stands beyond the ends of the base
		if at > 0 {
			before = from[at-1]
		}
		if at < len(from) {
			after = from[at]
		}
		isNew := at > 0 && before == inserted || after == inserted
		if (isNew || after != before+1) && !touches(dirty, at) {
			t.Fatalf("at %d the base's %d and %d meet, but it is in none of the regions %v", at, before, after, dirty)
		}
		if at < len(from) && after == inserted && !slices.ContainsFunc(dirty, func(r Span) bool { return r.Start <= at && at < r.End }) {
			t.Fatalf("byte %d is inserted, but it is in none of the regions %v", at, dirty)
		}
	}
}

func touches(dirty []Span, at int) bool {
	return slices.ContainsFunc(dirty, func(r Span) bool { return r.Start <= at && at <= r.End })
}

// checkSparse checks that a sparse result holds what is new, and what stands around.
func checkSparse(t *testing.T, base, instructions, whole []byte, dirty []Span) {
	t.Helper()
	sparse := make([]byte, len(whole))
	same, err := applyDelta(sparse, base, instructions, nil, true)
	if err != nil || !slices.Equal(same, dirty) {
		t.Fatalf("sparse: regions %v, want %v; %v", same, dirty, err)
	}
	for _, r := range dirty {
		from, to := max(0, r.Start-Edge), min(len(whole), r.End+Edge)
		if !bytes.Equal(sparse[from:to], whole[from:to]) {
			t.Fatalf("sparse: %q around %v, want %q", sparse[from:to], r, whole[from:to])
		}
	}
}

// FuzzHeader reads arbitrary heads, and those that the builder writes.
func FuzzHeader(f *testing.F) {
	f.Add([]byte("\x30"), uint8(3), int64(0))
	f.Add([]byte("\xe4\xff\xff\xff\xff\xff\xff\xff\xff\x7f"), uint8(6), int64(1)<<59)
	f.Fuzz(func(t *testing.T, data []byte, kind uint8, size int64) {
		p := fuzzPack(data)
		h, err := p.header(12)
		if err == nil && (h.stream <= 12 || h.stream > p.end || h.size < 0) {
			t.Fatalf("head at 12 of %d: %+v", p.end, h)
		}
		kind, size = kind%4+1, max(0, size>>4)
		head := gittest.PackSize(int(kind), size)
		h, err = fuzzPack(head).header(12)
		if want := (header{kind: kind, size: size, stream: int64(12 + len(head))}); err != nil || h.kind != want.kind || h.size != want.size || h.stream != want.stream {
			t.Fatalf("%x: got %+v, %v; want %+v", head, h, err, want)
		}
	})
}

// fuzzPack is a pack whose objects are data.
func fuzzPack(data []byte) *pack {
	return &pack{data: append(make([]byte, 12), data...), end: int64(12 + len(data)), index: &index{hash: 20}}
}

// FuzzIndex reads arbitrary indexes, and looks up names as a twin does that reads
// all of them.
func FuzzIndex(f *testing.F) {
	for version := 1; version <= 2; version++ {
		_, idx := honestFiles(f, func(w *gittest.PackWriter) { w.Index.Version = version })
		f.Add(idx, []byte("any name of 20 bytes"))
	}
	f.Fuzz(func(t *testing.T, data, name []byte) {
		x, err := parseIndex(data, 20)
		if err != nil {
			return
		}
		names := []string{string(name)}
		for i := range x.n {
			x.offset(i)
			names = append(names, string(x.name(i)))
		}
		right := slices.IsSorted(names[1:]) && fanoutIsRight(x)
		for _, name := range names {
			place, ok := x.find([]byte(name))
			if ok && string(x.name(place)) != name {
				t.Fatalf("found %x at %d, where %x stands", name, place, x.name(place))
			}
			if right && ok != slices.Contains(names[1:], name) {
				t.Fatalf("%x: found %v", name, ok)
			}
		}
	})
}

func fanoutIsRight(x *index) bool {
	n := 0
	for b := range 256 {
		for n < x.n && int(x.name(n)[0]) <= b {
			n++
		}
		if got := x.fanout[4*b : 4*b+4]; !bytes.Equal(got, []byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}) {
			return false
		}
	}
	return true
}

// FuzzPack opens, plans and reads arbitrary packs: it ends, without a panic, and
// every object that the index lists once is either read or skipped.
func FuzzPack(f *testing.F) {
	for version := 1; version <= 2; version++ {
		data, idx := honestFiles(f, func(w *gittest.PackWriter) { w.Index.Version = version })
		f.Add(data, idx)
	}
	data, idx := honestFiles(f, func(w *gittest.PackWriter) {
		w.AddRefDelta(w.Entries[3].Name, gittest.Delta(1, 1))
		w.Entries[1].Name, w.Entries[2].Name = w.Entries[2].Name, w.Entries[1].Name
	})
	f.Add(data, idx)
	f.Fuzz(func(t *testing.T, data, idx []byte) {
		s := storeOf(t, data, idx)
		defer s.Close()
		if len(s.packs) == 0 {
			return // refused
		}
		fates := make(map[ID]int)
		r := s.NewReader()
		everything := Types(Commit, Tree, Blob, Tag)
		for _, family := range s.Families(everything) {
			skipped, err := r.Family(t.Context(), family, everything, func(o *Object) error {
				if o.Clean = len(o.Data)%3 > 0; o.Clean {
					o.Fill()
				}
				fates[o.ID()]++
				return sameAgain(s, o)
			})
			if err != nil {
				t.Fatal(err)
			}
			s.skipped = append(s.skipped, skipped...)
		}
		for _, sk := range s.Skipped() {
			fates[sk.ID]++
		}
		x := s.packs[0].index
		for i := range x.n {
			if id := NewID(x.name(i)); fates[id] == 0 {
				t.Fatalf("%s is neither read nor skipped", id)
			}
		}
	})
}

func storeOf(t *testing.T, data, idx []byte) *Store {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "pack"), 0o755); err != nil {
		t.Fatal(err)
	}
	for ext, data := range map[string][]byte{".pack": data, ".idx": idx} {
		if err := os.WriteFile(filepath.Join(dir, "pack", "pack-fuzz"+ext), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Open(dir, Options{MaxSize: 1 << 20, Memory: 1 << 10})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// sameAgain reads an object on its own: where that can be done it must be the same.
// Of two objects of one name it may be the other.
func sameAgain(s *Store, o *Object) error {
	if o.Window != nil {
		return nil
	}
	o.Fill()
	again, err := s.NewReader().Read(o.ID())
	if errors.Is(err, ErrNotFound) || err == nil && bytes.Equal(again.Data, o.Data) && again.Type == o.Type {
		return nil
	}
	place, _ := s.packs[0].index.find(o.ID().Bytes())
	if o.plan == nil || s.packs[0].index.offset(place) != o.plan.objects[o.number].offset {
		return nil
	}
	return fmt.Errorf("%s is %q, and read again %q: %v", o.ID(), o.Data, again.Data, err)
}

// honestFiles returns a small pack and its index.
func honestFiles(t testing.TB, change func(*gittest.PackWriter)) (pack, idx []byte) {
	t.Helper()
	var w gittest.PackWriter
	tree := append([]byte("100644 a\x00"), bytes.Repeat([]byte{7}, 20)...)
	w.Add(gittest.PackTree, tree)
	w.Add(gittest.PackCommit, fmt.Appendf(nil, "tree %x\n\nmessage\n", w.Entries[0].Name))
	blob := w.Add(gittest.PackBlob, []byte(strings.Repeat("a line of the base\n", 10)))
	on := w.AddOfsDelta(blob, gittest.Delta(190, 103, gittest.Copy(0, 100), gittest.Insert("new")))
	w.AddRefDelta(on.Name, gittest.Delta(103, 3, gittest.Copy(100, 3)))
	change(&w)
	path := w.Write(t, t.TempDir())
	for ext, data := range map[string]*[]byte{"pack": &pack, "idx": &idx} {
		read, err := os.ReadFile(strings.TrimSuffix(path, "pack") + ext)
		if err != nil {
			t.Fatal(err)
		}
		*data = read
	}
	return pack, idx
}
