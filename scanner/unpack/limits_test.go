package unpack_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"github.com/revokey-dev/revokey/scanner/unpack"
)

// cost is what the walk of a hostile archive came to.
type cost struct {
	members   int
	bytes     int64
	largest   int
	allocated uint64
	limits    []string // what it says of limits
	others    int      // other things that were skipped
}

// costOf walks a hostile archive. It is not parallel: it measures memory.
func costOf(t *testing.T, data []byte, limits unpack.Limits) cost {
	t.Helper()
	var c cost
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	skipped, err := unpack.Walk(t.Context(), data, limits, func(m unpack.Member) error {
		c.members++
		c.bytes += int64(len(m.Data))
		c.largest = max(c.largest, len(m.Data))
		return nil
	})
	runtime.ReadMemStats(&after)
	must(t, err)
	c.allocated = after.TotalAlloc - before.TotalAlloc
	for _, s := range skipped {
		if errors.Is(s.Err, unpack.ErrLimit) {
			c.limits = append(c.limits, s.Err.Error())
		} else {
			c.others++
		}
	}
	return c
}

// says checks that a limit is named, and that no more was taken than the limits allow.
func (c cost) says(t *testing.T, limit string, maxBytes int64, maxAllocated uint64) {
	t.Helper()
	if !slices.ContainsFunc(c.limits, func(s string) bool { return strings.Contains(s, limit) }) {
		t.Errorf("no limit says %q: %q", limit, c.limits)
	}
	if c.bytes > maxBytes {
		t.Errorf("%d bytes were given, of which %d are allowed", c.bytes, maxBytes)
	}
	if c.allocated > maxAllocated {
		t.Errorf("%d MiB were allocated, of which %d are allowed", c.allocated>>20, maxAllocated>>20)
	}
}

const mib = 1 << 20

func zeros(n int) []byte { return make([]byte, n) }

func TestNestedTooDeep(t *testing.T) {
	data := []byte("at the bottom")
	for i := range 10 {
		data = zipOf(t, file{fmt.Sprint(10-i, ".zip"), string(data)})
	}
	c := costOf(t, data, unpack.Limits{})
	c.says(t, "nested in 8 archives", mib, 8*mib)
	if c.members != 8 {
		t.Errorf("%d members", c.members)
	}
	if c = costOf(t, data, unpack.Limits{Depth: 10}); c.members != 10 || len(c.limits) != 0 {
		t.Errorf("deep enough: %+v", c)
	}
	costOf(t, data, unpack.Limits{Depth: 1}).says(t, "nested in 1 archives", mib, mib)
}

// TestNestedBomb is ten layers of ten copies each: 10^10 files at the bottom.
func TestNestedBomb(t *testing.T) {
	data := zeros(mib)
	for range 10 {
		var copies []file
		for i := range 10 {
			copies = append(copies, file{fmt.Sprint(i), string(data)})
		}
		data = zipOf(t, copies...)
	}
	c := costOf(t, data, unpack.Limits{Depth: -1, MemberSize: 8 * mib})
	c.says(t, "more than 1000 times its size", 1000*int64(len(data))+mib, 200*mib)
	c = costOf(t, data, unpack.Limits{Depth: -1, Ratio: -1, TotalSize: 50 * mib, Members: 40})
	c.says(t, "it has more than 40 members", 50*mib, 200*mib)
}

// TestBombs are a few KiB that hold a GiB.
func TestBombs(t *testing.T) {
	content := zeros(16 * mib)
	for name, data := range map[string][]byte{
		"gzip in gzip": gzipOf(t, gzipOf(t, content)),
		"zip":          zipOf(t, file{"zeros", string(content)}),
		"xz":           xzOf(t, content),
		"zstd":         zstdOf(t, content),
		"tar.xz":       xzOf(t, tarOf(t, file{"zeros", string(content)})),
	} {
		t.Run(name, func(t *testing.T) {
			costOf(t, data, unpack.Limits{Ratio: 100}).says(t, "more than 100 times its size", 100*int64(len(data))+mib, 128*mib)
			costOf(t, data, unpack.Limits{Ratio: -1, TotalSize: 4 * mib}).says(t, "more than 4 MiB in all", 4*mib, 40*mib)
			c := costOf(t, data, unpack.Limits{Ratio: -1, MemberSize: 3 * mib})
			c.says(t, "larger than 3 MiB", 4*mib, 40*mib)
			if c := costOf(t, data, unpack.Limits{Ratio: -1}); c.largest != 16*mib || len(c.limits)+c.others != 0 {
				t.Errorf("with limits that allow it: %+v", c)
			}
		})
	}
}

func TestBzip2Bomb(t *testing.T) {
	data := by(t, zeros(16*mib), "bzip2")
	costOf(t, data, unpack.Limits{}).says(t, "more than 1000 times its size", 2*mib, 16*mib)
	if c := costOf(t, data, unpack.Limits{Ratio: -1}); c.largest != 16*mib {
		t.Errorf("with limits that allow it: %+v", c)
	}
}

// overlapping is a zip file whose n entries share the data of the first: as 42.zip is
// said to, and https://www.bamsoftware.com/hacks/zipbomb/ does.
func overlapping(t *testing.T, n int, member []byte) []byte {
	t.Helper()
	data := zipOf(t, file{"a", string(member)})
	at := bytes.Index(data, []byte("PK\x01\x02"))
	end := bytes.Index(data, []byte("PK\x05\x06"))
	entry, tail := data[at:end], data[end:]
	tail = patched(patched(patched(tail, 8, uint16(n)), 10, uint16(n)), 12, uint32(n*len(entry)))
	return slices.Concat(data[:at], bytes.Repeat(entry, n), tail)
}

func TestOverlappingMembers(t *testing.T) {
	data := overlapping(t, 2000, zeros(mib))
	c := costOf(t, data, unpack.Limits{})
	c.says(t, "times its size", 1000*int64(len(data)), 100*mib)
	if c.members < 10 {
		t.Errorf("%d members", c.members)
	}
}

// TestOverlappingNothing has members that cost much to read and give nothing: empty
// blocks of deflate, 5 bytes each.
func TestOverlappingNothing(t *testing.T) {
	nothing := append(bytes.Repeat([]byte{0, 0, 0, 0xff, 0xff}, 200_000), 1, 0, 0, 0xff, 0xff)
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.CreateRaw(&zip.FileHeader{Name: "a", Method: zip.Deflate, CompressedSize64: uint64(len(nothing))})
	must(t, err)
	write(t, w, string(nothing))
	must(t, z.Close())
	data := b.Bytes()
	at, end := bytes.LastIndex(data, []byte("PK\x01\x02")), bytes.LastIndex(data, []byte("PK\x05\x06"))
	const n = 20_000
	tail := patched(patched(patched(data[end:], 8, uint16(n)), 10, uint16(n)), 12, uint32(n*(end-at)))
	data = slices.Concat(data[:at], bytes.Repeat(data[at:end], n), tail)
	costOf(t, data, unpack.Limits{TotalSize: 20 * mib}).says(t, "overlap, or hold nothing", 0, 16*mib)
}

func TestMillionMembers(t *testing.T) {
	entry := overlapping(t, 1, nil)
	at, end := bytes.Index(entry, []byte("PK\x01\x02")), bytes.Index(entry, []byte("PK\x05\x06"))
	data := slices.Concat(entry[:at], bytes.Repeat(entry[at:end], 1_000_000), entry[end:])
	costOf(t, data, unpack.Limits{}).says(t, "more than 100000 members", 0, mib)
	costOf(t, gzipOf(t, manyInTar(t, 5000)), unpack.Limits{Members: 1000}).says(t, "more than 1000 members", mib, 8*mib)
}

func manyInTar(t *testing.T, n int) []byte {
	t.Helper()
	return tarOf(t, slices.Repeat([]file{{"same", "1"}}, n)...)
}

// TestNothingCanBeRead ends before a report of all that cannot be read costs more than
// the archive.
func TestNothingCanBeRead(t *testing.T) {
	data := encryptedZip(t)
	at, end := bytes.Index(data, []byte("PK\x01\x02")), bytes.LastIndex(data, []byte("PK\x01\x02"))
	tail := data[bytes.Index(data, []byte("PK\x05\x06")):]
	const n = 5000
	tail = patched(patched(patched(tail, 8, uint16(n)), 10, uint16(n)), 12, uint32(n*(end-at)))
	data = slices.Concat(data[:at], bytes.Repeat(data[at:end], n), tail)
	c := costOf(t, data, unpack.Limits{})
	c.says(t, "1000 members cannot be read", 0, 16*mib)
	if c.others != 1000 {
		t.Errorf("%d were skipped", c.others)
	}
}

func TestTarOfHugeDeclaredSizes(t *testing.T) {
	head := tarOf(t, file{"huge", ""})[:512]
	copy(head[124:136], "77777777777\x00")
	setChecksum(head)
	c := costOf(t, append(head, "only this"...), unpack.Limits{})
	if c.bytes != 9 || c.others != 1 || c.allocated > mib {
		t.Errorf("%+v", c)
	}
	// Sparse files have holes that the tar does not hold.
	var b bytes.Buffer
	must(t, tar.NewWriter(&b).WriteHeader(&tar.Header{Name: "sparse", Mode: 0o644, Size: 512, Format: tar.FormatGNU}))
	sparse := append(b.Bytes()[:512], zeros(512)...)
	sparse[156] = 'S'
	copy(sparse[386:], fmt.Sprintf("%011o\x00%011o\x00", int64(7<<30), 512))
	copy(sparse[483:], fmt.Sprintf("%011o\x00", int64(7<<30)+512))
	setChecksum(sparse[:512])
	costOf(t, append(sparse, zeros(1024)...), unpack.Limits{}).says(t, "times its size", 2*mib, 8*mib)
	costOf(t, append(sparse, zeros(1024)...), unpack.Limits{Ratio: -1, MemberSize: 2 * mib}).says(t, "larger than 2 MiB", 0, 8*mib)
}

// TestHugeWindows are a few bytes that ask for gigabytes to be unpacked in.
func TestHugeWindows(t *testing.T) {
	var b bytes.Buffer
	w, err := xz.WriterConfig{DictCap: 4096}.NewWriter(&b)
	must(t, err)
	write(t, w, strings.Repeat("one", 100))
	must(t, w.Close())
	// The dictionary's size is the byte behind the filter's ID and the size of its properties.
	data := b.Bytes()
	header := data[12 : 12+4*(int(data[12])+1)]
	header[bytes.Index(header, []byte{0x21, 1})+2] = 40
	setCRC(header)
	c := costOf(t, data, unpack.Limits{})
	if c.bytes != 300 || c.allocated > 8*mib {
		t.Errorf("xz: %+v", c)
	}
	var z bytes.Buffer
	e, err := zstd.NewWriter(&z, zstd.WithWindowSize(1<<29), zstd.WithSingleSegment(false))
	must(t, err)
	write(t, e, "one")
	must(t, e.Flush())
	write(t, e, "two")
	must(t, e.Close())
	costOf(t, z.Bytes(), unpack.Limits{}).says(t, "a window of more than 128 MiB", 0, 8*mib)
}

// TestManyBlocks are small blocks that each ask for a large dictionary.
func TestManyBlocks(t *testing.T) {
	block := xzOf(t, []byte("one")) // with a dictionary of 8 MiB
	data := bytes.Repeat(block, 100_000)
	start := time.Now()
	c := costOf(t, data, unpack.Limits{})
	c.says(t, "too many compressed pieces", mib, 6<<30)
	t.Logf("%d blocks of %d, %d MiB allocated, %v", c.bytes/3, len(data)/len(block), c.allocated>>20, time.Since(start))
	frames := bytes.Repeat(zstdOf(t, []byte("one")), 100_000)
	if c := costOf(t, frames, unpack.Limits{}); c.bytes != 300_000 || c.allocated > 16*mib {
		t.Errorf("zstd: %+v", c)
	}
}

// TestHeldMemory nests members that are as large as allowed.
func TestHeldMemory(t *testing.T) {
	inner := gzipOf(t, zeros(12*mib))
	outer := zipOf(t, file{"a.zip", string(storedZip(t, file{"pad", string(zeros(6 * mib))}, file{"x.gz", string(inner)}))})
	limits := unpack.Limits{MemberSize: 16 * mib, Ratio: -1}
	costOf(t, outer, limits).says(t, "larger than 16 MiB, with what it is nested in", 20*mib, 100*mib)
}

// TestManyWindows are small members that each ask for a large window.
func TestManyWindows(t *testing.T) {
	var z bytes.Buffer
	e, err := zstd.NewWriter(&z, zstd.WithWindowSize(1<<27), zstd.WithSingleSegment(false))
	must(t, err)
	write(t, e, "one")
	must(t, e.Flush())
	must(t, e.Close())
	var files []file
	for i := range 400 {
		files = append(files, file{fmt.Sprint(i), z.String()})
	}
	costOf(t, gzipOf(t, tarOf(t, files...)), unpack.Limits{}).says(t, "too many compressed pieces", mib, 2<<30)
}
