package inflate_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/revokey-dev/revokey/scanner/gittest"
	"github.com/revokey-dev/revokey/scanner/odb/inflate"
)

// TestGitPack decodes every stream of a pack that git wrote, at every level.
func TestGitPack(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	for i := range 30 {
		repo.Write("text", string(words(1, 2000))+string(words(uint64(i), 100*i)))
		repo.Write(fmt.Sprintf("file%d", i), string(words(uint64(i), 40*i)))
		repo.Write("binary", string(noise(uint64(i), 10*i)))
		repo.Commit(fmt.Sprintf("change %d", i))
	}
	d := new(inflate.Decoder)
	for level := range 10 {
		repo.Git("-c", fmt.Sprintf("pack.compression=%d", level), "repack", "-adqF")
		pack, streams := packed(t, repo)
		if len(streams) < 100 {
			t.Fatalf("the pack has %d streams", len(streams))
		}
		for _, s := range streams {
			src := pack[s.offset:]
			want, end, err := oracle(src, 1<<20)
			if err != nil || len(want) != s.size {
				t.Fatalf("the test is wrong: stream at %d of %d bytes: %d, %v", s.offset, s.size, len(want), err)
			}
			got, n, err := decode(t, d, s.size, src)
			if err != nil || n != end || !bytes.Equal(got, want) {
				t.Fatalf("level %d: stream at %d: took %d bytes, want %d, %v", level, s.offset, n, end, err)
			}
		}
	}
}

// A packStream is a stream in a pack, and how much it inflates to.
type packStream struct{ offset, size int }

// packed returns a repository's only pack, and where its streams are.
func packed(t testing.TB, repo *gittest.Repo) (pack []byte, streams []packStream) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(repo.Dir, ".git/objects/pack/*.pack"))
	if err != nil || len(names) != 1 {
		t.Fatalf("packs: %q, %v", names, err)
	}
	if pack, err = os.ReadFile(names[0]); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(repo.Git("verify-pack", "-v", names[0])) {
		var name, kind string
		var size, length, offset int
		if n, _ := fmt.Sscan(line, &name, &kind, &size, &length, &offset); n == 5 {
			streams = append(streams, streamAt(pack, offset))
		}
	}
	return pack, streams
}

// streamAt reads the header of the object at offset: see gitformat-pack(5).
func streamAt(pack []byte, offset int) packStream {
	const ofsDelta, refDelta = 6, 7
	kind, size := pack[offset]>>4&7, int(pack[offset]&15)
	for shift := 4; pack[offset]&0x80 != 0; shift += 7 {
		offset++
		size |= int(pack[offset]&0x7f) << shift
	}
	offset++
	switch kind {
	case ofsDelta:
		for pack[offset]&0x80 != 0 {
			offset++
		}
		offset++
	case refDelta:
		offset += 20
	}
	return packStream{offset, size}
}
