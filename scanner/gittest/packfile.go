package gittest

import (
	"bytes"
	"cmp"
	"compress/zlib"
	"crypto"
	_ "crypto/sha1"   // for crypto.SHA1
	_ "crypto/sha256" // for crypto.SHA256
	"encoding/binary"
	"fmt"
	"hash"
	"hash/adler32"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// The kinds of objects in a pack, by git's own numbers.
const (
	PackCommit   = 1
	PackTree     = 2
	PackBlob     = 3
	PackTag      = 4
	PackOfsDelta = 6
	PackRefDelta = 7
)

// PackWriter makes a pack and its index without git: right ones, or ones that lie
// wherever a test wants it. The zero PackWriter is ready. See
// https://git-scm.com/docs/gitformat-pack.
type PackWriter struct {
	SHA256  bool // names of 32 bytes
	Index   PackIndex
	Entries []*PackEntry // what the index lists; a test may change it before Write

	buf    bytes.Buffer // the pack without its head and its checksum
	count  uint32
	byName map[string]*PackEntry
}

// PackEntry is an object as the index lists it.
type PackEntry struct {
	Name   []byte
	Offset int64
	CRC    uint32

	Kind    int    // of the root of its chain; 0: not known
	Content []byte // nil: not known
}

// PackIndex says how the index is written, and how it lies.
type PackIndex struct {
	Version  int                  // 1 or 2; 0: 2
	Large    bool                 // version 2: all offsets stand in the table of large ones
	Unsorted bool                 // names stand in the order of Entries
	Fanout   func(table []uint32) // changes the table
	Bytes    func([]byte) []byte  // changes all before the checksums
}

// RawObject is an object whose parts need not fit each other.
type RawObject struct {
	Kind   int
	Head   []byte // in place of the head that Kind and Size give
	Size   int64  // that the head claims
	Back   int64  // PackOfsDelta: how far before itself it claims its base to be
	Base   []byte // PackRefDelta: the name of its base
	Stream []byte
	Name   []byte // nil: one that no other object has
}

const packHead = 12

var kindWord = map[int]string{PackCommit: "commit", PackTree: "tree", PackBlob: "blob", PackTag: "tag"}

// Add adds an object that is no delta.
func (w *PackWriter) Add(kind int, content []byte) *PackEntry {
	e := w.AddRaw(RawObject{Kind: kind, Size: int64(len(content)), Stream: Zlib(content), Name: w.name(kind, content)})
	e.Kind, e.Content = kind, content
	return e
}

// AddOfsDelta adds a delta on an object that was added before.
func (w *PackWriter) AddOfsDelta(base *PackEntry, delta []byte) *PackEntry {
	return w.addDelta(base, delta, RawObject{Kind: PackOfsDelta, Back: w.next() - base.Offset})
}

// AddRefDelta adds a delta on the object of a name. Where this pack has that
// already, the delta gets the name of its result.
func (w *PackWriter) AddRefDelta(base, delta []byte) *PackEntry {
	return w.addDelta(w.byName[string(base)], delta, RawObject{Kind: PackRefDelta, Base: base})
}

func (w *PackWriter) addDelta(base *PackEntry, delta []byte, raw RawObject) *PackEntry {
	var content []byte
	if base != nil && base.Content != nil {
		if result, ok := ApplyDelta(base.Content, delta); ok {
			content, raw.Name = result, w.name(base.Kind, result)
		}
	}
	raw.Size, raw.Stream = int64(len(delta)), Zlib(delta)
	e := w.AddRaw(raw)
	if content != nil {
		e.Kind, e.Content = base.Kind, content
	}
	return e
}

// AddRaw adds an object as it is given.
func (w *PackWriter) AddRaw(o RawObject) *PackEntry {
	e := &PackEntry{Name: o.Name, Offset: w.next()}
	if e.Name == nil {
		e.Name = w.name(PackBlob, fmt.Appendf(nil, "object %d", w.count))
	}
	start := w.buf.Len()
	w.buf.Write(o.head())
	w.buf.Write(o.Stream)
	e.CRC = crc32.ChecksumIEEE(w.buf.Bytes()[start:])
	w.count++
	w.list(e)
	return e
}

// Alias lists one more name in the index, at any offset.
func (w *PackWriter) Alias(name []byte, offset int64) *PackEntry {
	e := &PackEntry{Name: name, Offset: offset}
	w.Entries = append(w.Entries, e)
	return e
}

func (w *PackWriter) list(e *PackEntry) {
	if w.byName == nil {
		w.byName = make(map[string]*PackEntry)
	}
	w.byName[string(e.Name)] = e
	w.Entries = append(w.Entries, e)
}

// next is where the next object starts.
func (w *PackWriter) next() int64 { return packHead + int64(w.buf.Len()) }

func (w *PackWriter) hash() hash.Hash {
	if w.SHA256 {
		return crypto.SHA256.New()
	}
	return crypto.SHA1.New()
}

func (w *PackWriter) name(kind int, content []byte) []byte {
	h := w.hash()
	fmt.Fprintf(h, "%s %d\x00", kindWord[kind], len(content))
	h.Write(content)
	return h.Sum(nil)
}

// head is what stands before the stream.
func (o *RawObject) head() []byte {
	head := o.Head
	if head == nil {
		head = PackSize(o.Kind, o.Size)
	}
	switch o.Kind {
	case PackOfsDelta:
		return append(head, packBack(o.Back)...)
	case PackRefDelta:
		return append(head, o.Base...)
	}
	return head
}

// PackSize is the head of an object: its kind and its size.
func PackSize(kind int, size int64) []byte {
	b := []byte{byte(kind<<4) | byte(size&15)}
	for size >>= 4; size > 0; size >>= 7 {
		b[len(b)-1] |= 0x80
		b = append(b, byte(size&0x7f))
	}
	return b
}

// packBack is how a delta says how far before it its base stands.
func packBack(back int64) []byte {
	b := []byte{byte(back & 0x7f)}
	for back >>= 7; back > 0; back >>= 7 {
		back--
		b = append([]byte{0x80 | byte(back&0x7f)}, b...)
	}
	return b
}

// Write writes the pack and its index below a directory of objects and returns the
// path of the pack. Both have the right checksums at their ends.
func (w *PackWriter) Write(t testing.TB, objects string) string {
	t.Helper()
	pack := w.sealed(slices.Concat([]byte("PACK\x00\x00\x00\x02"), binary.BigEndian.AppendUint32(nil, w.count), w.buf.Bytes()))
	sum := pack[len(pack)-w.hash().Size():]
	dir := filepath.Join(objects, "pack")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, fmt.Sprintf("pack-%x", sum))
	for ext, data := range map[string][]byte{".pack": pack, ".idx": w.sealed(append(w.index(), sum...))} {
		if err := os.WriteFile(path+ext, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return path + ".pack"
}

// WriteLoose writes a loose object below a directory of objects and returns its name.
func WriteLoose(t testing.TB, objects string, kind int, content []byte) []byte {
	t.Helper()
	name := new(PackWriter).name(kind, content)
	dir := filepath.Join(objects, fmt.Sprintf("%x", name[:1]))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	object := fmt.Appendf(nil, "%s %d\x00%s", kindWord[kind], len(content), content)
	if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%x", name[1:])), Zlib(object), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

// sealed returns data with its checksum behind.
func (w *PackWriter) sealed(data []byte) []byte {
	h := w.hash()
	h.Write(data)
	return h.Sum(data)
}

func (w *PackWriter) index() []byte {
	entries := slices.Clone(w.Entries)
	if !w.Index.Unsorted {
		slices.SortStableFunc(entries, func(a, b *PackEntry) int { return bytes.Compare(a.Name, b.Name) })
	}
	var out []byte
	if w.Index.Version == 1 {
		out = w.indexV1(entries)
	} else {
		out = w.indexV2(entries)
	}
	if w.Index.Bytes != nil {
		out = w.Index.Bytes(out)
	}
	return out
}

func (w *PackWriter) indexV1(entries []*PackEntry) []byte {
	out := w.fanout(entries)
	for _, e := range entries {
		out = binary.BigEndian.AppendUint32(out, uint32(e.Offset))
		out = append(out, e.Name...)
	}
	return out
}

func (w *PackWriter) indexV2(entries []*PackEntry) []byte {
	out := append([]byte("\xfftOc\x00\x00\x00\x02"), w.fanout(entries)...)
	for _, e := range entries {
		out = append(out, e.Name...)
	}
	for _, e := range entries {
		out = binary.BigEndian.AppendUint32(out, e.CRC)
	}
	var large []byte
	for _, e := range entries {
		if !w.Index.Large && uint64(e.Offset) < 1<<31 {
			out = binary.BigEndian.AppendUint32(out, uint32(e.Offset))
			continue
		}
		out = binary.BigEndian.AppendUint32(out, 1<<31|uint32(len(large)/8))
		large = binary.BigEndian.AppendUint64(large, uint64(e.Offset))
	}
	return append(out, large...)
}

func (w *PackWriter) fanout(entries []*PackEntry) []byte {
	table := make([]uint32, 256)
	for _, e := range entries {
		table[e.Name[0]]++
	}
	for i := 1; i < len(table); i++ {
		table[i] += table[i-1]
	}
	if w.Index.Fanout != nil {
		w.Index.Fanout(table)
	}
	var out []byte
	for _, n := range table {
		out = binary.BigEndian.AppendUint32(out, n)
	}
	return out
}

// Zlib compresses data. What is too short to gain by it is only wrapped, which is
// a hundred times as fast.
func Zlib(data []byte) []byte {
	if len(data) > 64 {
		var buf bytes.Buffer
		z := zlib.NewWriter(&buf)
		z.Write(data) // a Buffer takes all
		z.Close()
		return buf.Bytes()
	}
	n := uint16(len(data))
	out := binary.LittleEndian.AppendUint16([]byte{0x78, 0x01, 1}, n)
	out = append(binary.LittleEndian.AppendUint16(out, ^n), data...)
	return binary.BigEndian.AppendUint32(out, adler32.Checksum(data))
}

// Delta is a delta with these instructions.
func Delta(base, result int64, instructions ...[]byte) []byte {
	return slices.Concat(deltaSize(base), deltaSize(result), slices.Concat(instructions...))
}

func deltaSize(n int64) []byte {
	var b []byte
	for ; n >= 0x80; n >>= 7 {
		b = append(b, 0x80|byte(n))
	}
	return append(b, byte(n))
}

// largestCopy is what the three bytes of a copy's size can say.
const largestCopy = 1<<24 - 1

// Copy is the instruction to copy from the base, or several. A copy of 0x10000 bytes
// is written as one of 0, as git does.
func Copy(offset, size int) []byte {
	var out []byte
	for size > 0 {
		n := min(size, largestCopy)
		out = append(out, copyOnce(offset, n)...)
		offset, size = offset+n, size-n
	}
	return out
}

func copyOnce(offset, size int) []byte {
	if size == 0x10000 {
		size = 0
	}
	out := []byte{0x80}
	for bit := range 7 {
		b := byte(offset >> (8 * bit))
		if bit >= 4 {
			b = byte(size >> (8 * (bit - 4)))
		}
		if b != 0 {
			out[0] |= 1 << bit
			out = append(out, b)
		}
	}
	return out
}

// Insert is the instruction to insert text, or several.
func Insert(text string) []byte {
	var out []byte
	for len(text) > 0 {
		n := min(len(text), 127)
		out = append(append(out, byte(n)), text[:n]...)
		text = text[n:]
	}
	return out
}

// ApplyDelta returns what a delta makes of its base, and whether it is a right one.
// It goes byte by byte: the twin of faster ones.
func ApplyDelta(base, delta []byte) (result []byte, ok bool) {
	from, delta, ok1 := readDeltaSize(delta)
	to, delta, ok2 := readDeltaSize(delta)
	if !ok1 || !ok2 || from != int64(len(base)) {
		return nil, false
	}
	result = []byte{}
	for len(delta) > 0 {
		op := delta[0]
		delta = delta[1:]
		n := int(op)
		source := delta
		if op&0x80 != 0 {
			var at int
			if at, n, delta, ok = readCopy(op, delta); !ok || at > len(base) {
				return nil, false
			}
			source = base[at:]
		}
		if n == 0 || n > len(source) || int64(len(result)+n) > to {
			return nil, false
		}
		result = append(result, source[:n]...)
		if op&0x80 == 0 {
			delta = delta[n:]
		}
	}
	return result, int64(len(result)) == to
}

func readDeltaSize(data []byte) (n int64, rest []byte, ok bool) {
	for i, b := range data[:min(len(data), 9)] {
		n |= int64(b&0x7f) << (7 * i)
		if b < 0x80 {
			return n, data[i+1:], true
		}
	}
	return 0, nil, false
}

func readCopy(op byte, delta []byte) (offset, size int, rest []byte, ok bool) {
	var args [7]int
	for bit := range args {
		if op>>bit&1 == 0 {
			continue
		}
		if len(delta) == 0 {
			return 0, 0, nil, false
		}
		args[bit], delta = int(delta[0]), delta[1:]
	}
	offset = args[0] | args[1]<<8 | args[2]<<16 | args[3]<<24
	size = args[4] | args[5]<<8 | args[6]<<16
	return offset, cmp.Or(size, 0x10000), delta, true
}
