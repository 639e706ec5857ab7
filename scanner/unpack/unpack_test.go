package unpack_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/revokey-dev/revokey/scanner/unpack"
)

// walked is what a walk gave.
type walked struct {
	Members []string // "PATH=CONTENT"
	Skipped []string // "PATH: REASON"
}

func walk(t *testing.T, data []byte, limits unpack.Limits) walked {
	t.Helper()
	var w walked
	skipped, err := unpack.Walk(t.Context(), data, limits, func(m unpack.Member) error {
		w.Members = append(w.Members, m.Path+"="+shown(m.Data))
		return nil
	})
	if err != nil {
		t.Fatalf("walk: %v", err)
	}
	for _, s := range skipped {
		w.Skipped = append(w.Skipped, s.Path+": "+reasonOf(s.Err))
	}
	return w
}

// shown is content, or what stands for an archive.
func shown(data []byte) string {
	if unpack.Looks(data) {
		return "archive"
	}
	return string(data)
}

func reasonOf(err error) string {
	for _, known := range []error{unpack.ErrLimit, unpack.ErrEncrypted, unpack.ErrCorrupt, unpack.ErrUnsupported} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	return "no reason: " + err.Error()
}

func check(t *testing.T, data []byte, limits unpack.Limits, want walked) {
	t.Helper()
	if diff := cmp.Diff(want, walk(t, data, limits)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestMembers(t *testing.T) {
	t.Parallel()
	two := []file{{"a.txt", "one"}, {"dir/b.txt", "two"}}
	members := []string{"a.txt=one", "dir/b.txt=two"}
	for _, c := range []struct {
		name string
		data []byte
		want []string
	}{
		{"zip", zipOf(t, two...), members},
		{"zip, stored", storedZip(t, two...), members},
		{"zip, zstd", methodZip(t, 93, two...), members},
		{"zip, xz", methodZip(t, 95, two...), members},
		{"tar", tarOf(t, two...), members},
		{"tar of old", oldTar(t, two...), members},
		{"tar.gz", gzipOf(t, tarOf(t, two...)), members},
		{"tar.xz", xzOf(t, tarOf(t, two...)), members},
		{"tar.zst", zstdOf(t, tarOf(t, two...)), members},
		{"tars, one behind the other", gzipOf(t, append(tarOf(t, two[0]), tarOf(t, two[1])...)), members},
		{"tar and other things", gzipOf(t, slices.Concat(tarOf(t, two...), zeros(5000), []byte("rest"))), append(slices.Clone(members), "[rest]="+string(zeros(5000%512))+"rest")},
		{"gzip", gzipOf(t, []byte("one")), []string{"[gzip]=one"}},
		{"two gzips", append(gzipOf(t, []byte("one")), gzipOf(t, []byte("two"))...), []string{"[gzip]=onetwo"}},
		{"xz", xzOf(t, []byte("one")), []string{"[xz]=one"}},
		{"two xz", slices.Concat(xzOf(t, []byte("one")), make([]byte, 8), xzOf(t, []byte("two"))), []string{"[xz]=onetwo"}},
		{"zstd", zstdOf(t, []byte("one")), []string{"[zstd]=one"}},
		{"zstd behind a frame to skip", append([]byte("\x50\x2a\x4d\x18\x03\x00\x00\x00abc"), zstdOf(t, []byte("one"))...), []string{"[zstd]=one"}},
		{"empty zip", zipOf(t), nil},
		{"no archive", []byte("PKmn, and other text that is no archive"), nil},
		{"nothing", nil, nil},
		{
			"zip in tar.gz in zip",
			zipOf(t, file{"x.tar.gz", string(gzipOf(t, tarOf(t, file{"in/y.zip", string(zipOf(t, two...))})))}),
			[]string{"x.tar.gz=archive", "x.tar.gz!/in/y.zip=archive", "x.tar.gz!/in/y.zip!/a.txt=one", "x.tar.gz!/in/y.zip!/dir/b.txt=two"},
		},
		{"gzip in gzip", gzipOf(t, gzipOf(t, []byte("one"))), []string{"[gzip]=archive", "[gzip]!/[gzip]=one"}},
		{
			"names that lead elsewhere",
			tarOf(t, file{"../../etc/passwd", "1"}, file{"/abs", "2"}, file{"\x1b[31m", "3"}, file{"same", "4"}, file{"same", "5"}),
			[]string{"../../etc/passwd=1", "/abs=2", "\x1b[31m=3", "same=4", "same=5"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			check(t, c.data, unpack.Limits{}, walked{Members: c.want})
			if len(c.want) > 0 && !unpack.Looks(c.data) {
				t.Error("it does not look like an archive")
			}
		})
	}
}

func TestLongNamesAreCut(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("n", 5000)
	check(t, zipOf(t, file{long, "1"}), unpack.Limits{}, walked{Members: []string{long[:unpack.MaxName] + "=1"}})
}

func TestSkipped(t *testing.T) {
	t.Parallel()
	gz := gzipOf(t, []byte(strings.Repeat("text ", 1000)))
	flipped := storedZip(t, file{"a", "first"}, file{"b", "second"})
	flipped[bytes.Index(flipped, []byte("first"))] ^= 1
	for _, c := range []struct {
		name string
		data []byte
		want walked
	}{
		{"encrypted", encryptedZip(t), walked{Members: []string{"open=2"}, Skipped: []string{"secret: encrypted"}}},
		{"a wrong checksum", flipped, walked{Members: []string{"a=girst", "b=second"}, Skipped: []string{"a: damaged"}}},
		{"zip without its end", zipOf(t, file{"a", "1"})[:30], walked{Skipped: []string{": damaged"}}},
		{"a method of zip", strangeZip(t), walked{Skipped: []string{"a: not a format that is read"}}},
		{"gzip cut in its head", gz[:8], walked{Skipped: []string{": damaged"}}},
		{"xz cut", xzOf(t, []byte("one"))[:20], walked{Skipped: []string{"[xz]: damaged"}}},
		{"tar cut", tarOf(t, file{"a", "12345"})[:514], walked{Members: []string{"a=12"}, Skipped: []string{"a: damaged"}}},
		{"a wrong checksum behind a tar", flipEnd(gzipOf(t, tarOf(t, file{"a", "1"}))), walked{Members: []string{"a=1"}, Skipped: []string{": damaged"}}},
		{"RAR", []byte("Rar!\x1a\x07\x01\x00 and so on"), walked{Skipped: []string{": not a format that is read"}}},
		{"7z", []byte("7z\xbc\xaf\x27\x1c\x00\x04 and so on"), walked{Skipped: []string{": not a format that is read"}}},
		{"lz4", []byte("\x04\x22\x4d\x18\x64\x40\xa7 and so on"), walked{Skipped: []string{": not a format that is read"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			check(t, c.data, unpack.Limits{}, c.want)
		})
	}
}

// flipEnd damages the checksum of a gzip.
func flipEnd(data []byte) []byte {
	data[len(data)-5] ^= 1
	return data
}

// TestDamagedIsGivenAsFarAsItGoes cuts each stream in its middle.
func TestDamagedIsGivenAsFarAsItGoes(t *testing.T) {
	t.Parallel()
	text := strings.Join(lines(20_000), "\n")
	for _, data := range [][]byte{gzipOf(t, []byte(text)), xzOf(t, []byte(text)), zstdOf(t, []byte(text))} {
		got := walk(t, data[:len(data)/2], unpack.Limits{})
		if len(got.Members) != 1 || len(got.Skipped) != 1 || !strings.HasSuffix(got.Skipped[0], "damaged") {
			t.Fatalf("%d members, skipped %q", len(got.Members), got.Skipped)
		}
		_, content, _ := strings.Cut(got.Members[0], "=")
		if len(content) < 1000 || !strings.HasPrefix(text, content) {
			t.Errorf("%s: %d bytes came", got.Skipped[0], len(content))
		}
	}
}

func lines(n int) []string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf("line %d of %x", i, i*i*7919))
	}
	return all
}

func TestCallbackEndsTheWalk(t *testing.T) {
	t.Parallel()
	enough, calls := errors.New("enough"), 0
	_, err := unpack.Walk(t.Context(), zipOf(t, file{"a", "1"}, file{"b", "2"}), unpack.Limits{}, func(unpack.Member) error {
		calls++
		return enough
	})
	if !errors.Is(err, enough) || calls != 1 {
		t.Errorf("%d calls, %v", calls, err)
	}
}

func TestContextEndsTheWalk(t *testing.T) {
	t.Parallel()
	late := errors.New("late")
	ctx, cancel := context.WithCancelCause(t.Context())
	calls := 0
	_, err := unpack.Walk(ctx, gzipOf(t, tarOf(t, file{"a", "1"}, file{"b", "2"})), unpack.Limits{}, func(unpack.Member) error {
		calls++
		cancel(late)
		return nil
	})
	if !errors.Is(err, late) || calls != 1 {
		t.Errorf("%d calls, %v", calls, err)
	}
}

// TestLooksReadsTheHeadAlone is what callers that have no more rely on.
func TestLooksReadsTheHeadAlone(t *testing.T) {
	t.Parallel()
	for _, data := range [][]byte{tarOf(t, file{"a", "1"}), zipOf(t, file{"a", "1"}), gzipOf(t, []byte("1"))} {
		head := append([]byte(nil), data...)
		clear(head[min(len(head), unpack.Head):])
		if !unpack.Looks(head) {
			t.Errorf("%x does not look like an archive", head[:8])
		}
	}
}

func BenchmarkLooks(b *testing.B) {
	text := []byte(strings.Repeat("PRODUCT\t0000644 and other text, as it stands in blobs. ", 20))
	for b.Loop() {
		if unpack.Looks(text) {
			b.Fatal("text is no archive")
		}
	}
}
