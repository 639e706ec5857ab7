package odb_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/revokey-dev/revokey/scanner/gittest"
	"github.com/revokey-dev/revokey/scanner/odb"
	"github.com/revokey-dev/revokey/scanner/window"
)

// joined is what the windows of objects hold together, by name.
type joined struct {
	t       *testing.T
	content map[string][]byte
	windows int
	again   func() int // how many bytes are to come again
}

func (j *joined) visit(o *odb.Object) error {
	id := o.ID().String()
	before, offset := j.content[id], int64(0)
	if o.Window != nil {
		j.windows++
		offset = o.Window.Offset
		o.Window.Again = j.again()
	}
	if offset > int64(len(before)) || offset > 0 && !bytes.HasPrefix(o.Data, before[offset:]) {
		j.t.Errorf("%s: the window at %d does not go on from %d", id, offset, len(before))
	}
	j.content[id] = append(before[:offset:offset], o.Data...)
	return nil
}

// readJoined reads all blobs of the directory.
func readJoined(t *testing.T, objects string, opts odb.Options) (*joined, []odb.Skipped) {
	t.Helper()
	store, err := odb.Open(objects, opts)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	r := rand.New(rand.NewPCG(1, 1))
	j := &joined{t: t, content: make(map[string][]byte), again: func() int { return r.IntN(window.Overlap + 1) }}
	var skipped []odb.Skipped
	reader, blobs := store.NewReader(), odb.Types(odb.Blob)
	for _, f := range store.Families(blobs) {
		s, err := reader.Family(t.Context(), f, blobs, j.visit)
		if err != nil {
			t.Fatal(err)
		}
		skipped = append(skipped, s...)
	}
	return j, append(skipped, store.Skipped()...)
}

// noise returns bytes that do not deflate.
func noise(size int) []byte {
	r := rand.New(rand.NewPCG(uint64(size), 3))
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// little makes windows as small as they can be.
var little = odb.Options{Memory: 1}

// TestWindows reads blobs of all sizes around those of windows, loose and packed.
func TestWindows(t *testing.T) {
	t.Parallel()
	objects := t.TempDir()
	var w gittest.PackWriter
	want := make(map[string][]byte)
	for _, size := range []int{0, 1, window.Least - 1, window.Least, window.Least + 1, 2*window.Least - 1, 2 * window.Least, 1_000_000} {
		want[odb.NewID(gittest.WriteLoose(t, objects, gittest.PackBlob, noise(size))).String()] = noise(size)
		e := w.Add(gittest.PackBlob, bytes.ToUpper(noise(size+1)))
		want[odb.NewID(e.Name).String()] = e.Content
	}
	w.Write(t, objects)
	for _, check := range []bool{false, true} {
		got, skipped := readJoined(t, objects, odb.Options{Memory: 1, CheckNames: check})
		if len(skipped) > 0 || got.windows == 0 {
			t.Errorf("%d windows, skipped %v", got.windows, skipped)
		}
		for id, content := range want {
			if !bytes.Equal(got.content[id], content) {
				t.Errorf("%s: read %d bytes, want %d, or others", id, len(got.content[id]), len(content))
			}
		}
	}
}

// TestLargeLies has large blobs that are not what their heads, sums or names say: they
// are skipped once, and it is told why.
func TestLargeLies(t *testing.T) {
	t.Parallel()
	const size = 500_000
	good := gittest.Zlib(noise(size))
	sum := bytes.Clone(good)
	sum[len(sum)-1]++
	middle := bytes.Clone(good)
	copy(middle[size/2:], bytes.Repeat([]byte{0xff}, 20_000))
	for label, lie := range map[string]struct {
		size   int64
		stream []byte
		word   string
	}{
		"longer":        {size - 1, good, "past its length"},
		"shorter":       {size + 1, good, "before its length"},
		"checksum":      {size, sum, "wrong checksum"},
		"middle":        {size, middle, ""},
		"no stream":     {size, bytes.Repeat([]byte{0xff}, size), "zlib"},
		"told too much": {1 << 59, good, "cut off"},
		"another name":  {size, good, "its name"},
	} {
		var w gittest.PackWriter
		e := w.AddRaw(gittest.RawObject{Kind: gittest.PackBlob, Size: lie.size, Stream: lie.stream, Name: name(1)})
		whole := w.Add(gittest.PackBlob, text(1))
		objects := t.TempDir()
		w.Write(t, objects)
		got, skipped := readJoined(t, objects, odb.Options{Memory: 1, CheckNames: true})
		if len(skipped) != 1 || skipped[0].ID != odb.NewID(e.Name) || !strings.Contains(skipped[0].Err.Error(), lie.word) {
			t.Errorf("%s: skipped %v, want the one, with %q", label, skipped, lie.word)
		}
		if !bytes.Equal(got.content[odb.NewID(whole.Name).String()], whole.Content) {
			t.Errorf("%s: what stands behind it is not read", label)
		}
	}
}

// TestLargeBase has deltas on a blob that is over the limit of windows: it is decoded as
// a whole, as it has to be.
func TestLargeBase(t *testing.T) {
	t.Parallel()
	var w gittest.PackWriter
	base := w.Add(gittest.PackBlob, noise(500_000))
	on := w.AddOfsDelta(base, gittest.Delta(500_000, 300_000, gittest.Copy(7, 300_000)))
	objects := t.TempDir()
	w.Write(t, objects)
	got, skipped := readJoined(t, objects, little)
	for _, e := range []*gittest.PackEntry{base, on} {
		if !bytes.Equal(got.content[odb.NewID(e.Name).String()], e.Content) || got.windows > 0 {
			t.Errorf("%x: not read as a whole; skipped %v", e.Name, skipped)
		}
	}
	got, skipped = readJoined(t, objects, odb.Options{Memory: 1, MaxSize: 400_000})
	if len(got.content) > 0 || len(skipped) != 2 || !errors.Is(skipped[0].Err, odb.ErrTooLarge) || !errors.Is(skipped[1].Err, odb.ErrTooLarge) {
		t.Errorf("over the limit: skipped %v", skipped)
	}
}

// TestHugeBase has deltas on a blob that is too large to be decoded as a whole: it is
// read in windows, they are skipped.
func TestHugeBase(t *testing.T) {
	t.Parallel()
	var w gittest.PackWriter
	const size = odb.DefaultMaxSize + 1<<20
	base := w.AddRaw(gittest.RawObject{Kind: gittest.PackBlob, Size: size, Stream: zeros(size), Name: name(1)})
	delta := gittest.Delta(size, 100, gittest.Copy(7, 100))
	on := w.AddRaw(gittest.RawObject{Kind: gittest.PackRefDelta, Base: base.Name, Size: int64(len(delta)), Stream: gittest.Zlib(delta), Name: name(2)})
	objects := t.TempDir()
	w.Write(t, objects)
	store, err := odb.Open(objects, odb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	read, skipped := readInOrder(t, store)
	if len(skipped) != 1 || skipped[0].ID != odb.NewID(on.Name) || !errors.Is(skipped[0].Err, odb.ErrTooLarge) {
		t.Errorf("skipped %v, want the delta", skipped)
	}
	if read != size {
		t.Errorf("read %d bytes of the base, want %d", read, size)
	}
}

// readInOrder reads the one blob of a store, and returns its length.
func readInOrder(t *testing.T, store *odb.Store) (read int64, skipped []odb.Skipped) {
	t.Helper()
	r := store.NewReader()
	for _, f := range store.Families(all) {
		s, err := r.Family(t.Context(), f, all, func(o *odb.Object) error {
			if o.Window == nil || o.Window.Offset != read {
				return fmt.Errorf("got %+v behind %d", o.Window, read)
			}
			read += int64(len(o.Data))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		skipped = append(skipped, s...)
	}
	return read, skipped
}

// TestVisit reads single objects, from whichever copy is sound.
func TestVisit(t *testing.T) {
	t.Parallel()
	objects := t.TempDir()
	var w gittest.PackWriter
	content := noise(600_000)
	bad := gittest.Zlib(content)
	bad[len(bad)-1]++
	loose := gittest.WriteLoose(t, objects, gittest.PackBlob, content)
	w.AddRaw(gittest.RawObject{Kind: gittest.PackBlob, Size: int64(len(content)), Stream: bad, Name: loose})
	w.Write(t, objects)
	store, err := odb.Open(objects, little)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	j := &joined{t: t, content: make(map[string][]byte), again: func() int { return 0 }}
	r := store.NewReader()
	if damage, err := r.Visit(odb.NewID(loose), j.visit); damage != nil || err != nil {
		t.Error(damage, err)
	}
	if !bytes.Equal(j.content[odb.NewID(loose).String()], content) {
		t.Error("not what was written")
	}
	if damage, err := r.Visit(odb.NewID(name(3)), j.visit); damage != odb.ErrNotFound || err != nil {
		t.Errorf("absent: %v, %v", damage, err)
	}
	boom := errors.New("boom")
	if _, err := r.Visit(odb.NewID(loose), func(*odb.Object) error { return boom }); err != boom {
		t.Errorf("visit's error: %v", err)
	}
}

// TestHugeBlob reads a blob of 2 GiB, loose and packed, in the memory of a few windows.
func TestHugeBlob(t *testing.T) {
	size := int64(2 << 30)
	if testing.Short() || !slow {
		size = odb.DefaultMemory + 1<<20
	}
	repo := gittest.New(t)
	text := &repeated{text: []byte("All work and no play makes Jack a dull boy.\n")}
	id := repo.GitFrom(io.LimitReader(text, size), "-c", "core.looseCompression=1", "hash-object", "-w", "--stdin")
	for _, packed := range []bool{false, true} {
		if packed {
			repo.GitIn(id+"\n", "pack-objects", "-q", filepath.Join(repo.Dir, ".git", "objects", "pack", "pack"))
			repo.Git("prune-packed", "-q")
		}
		store := open(t, repo)
		before := allocated()
		read, skipped := readInOrder(t, store)
		if read != size || len(skipped) > 0 {
			t.Errorf("packed %v: read %d bytes, want %d; skipped %v", packed, read, size, skipped)
		}
		// All that was ever allocated: one window, and the tables of the decoder.
		if used, limit := allocated()-before, uint64(odb.DefaultMemory/8); used > limit {
			t.Errorf("packed %v: allocated %d MiB, want at most %d", packed, used>>20, limit>>20)
		}
	}
}

// repeated gives a text again and again.
type repeated struct {
	text []byte
	at   int
}

func (r *repeated) Read(p []byte) (int, error) {
	for n := 0; n < len(p); {
		c := copy(p[n:], r.text[r.at:])
		n, r.at = n+c, (r.at+c)%len(r.text)
	}
	return len(p), nil
}
