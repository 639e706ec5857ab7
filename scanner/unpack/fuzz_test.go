package unpack_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/revokey-dev/revokey/scanner/unpack"
)

// FuzzWalk walks whatever comes: without a panic, within the limits, and each time the same.
func FuzzWalk(f *testing.F) {
	two := []file{{"a.txt", "one"}, {"dir/b.txt", "two"}}
	inner := zipOf(f, two...)
	seeds := [][]byte{
		inner, storedZip(f, two...), methodZip(f, 93, two...), methodZip(f, 95, two...), encryptedZip(f), strangeZip(f),
		tarOf(f, two...), oldTar(f, two...), gzipOf(f, tarOf(f, two...)), xzOf(f, []byte("one")), zstdOf(f, []byte("one")),
		storedZip(f, file{"in.zip", string(inner)}, file{"x.tar", string(tarOf(f, two...))}), gzipOf(f, gzipOf(f, inner)),
	}
	for _, seed := range seeds {
		f.Add(seed)
		f.Add(seed[:len(seed)/2])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		first, second := fuzzWalk(t, data), fuzzWalk(t, data)
		if !bytes.Equal(first, second) {
			t.Error("two walks are not the same")
		}
		if len(first) > 0 && !unpack.Looks(data) {
			t.Error("it has members, and does not look like an archive")
		}
	})
}

// fuzzWalk returns all that a walk gives.
func fuzzWalk(t *testing.T, data []byte) []byte {
	t.Helper()
	limits := unpack.Limits{Depth: 4, MemberSize: 1 << 20, TotalSize: 4 << 20, Ratio: 100, Members: 100}
	var all bytes.Buffer
	members, size := 0, 0
	skipped, err := unpack.Walk(t.Context(), data, limits, func(m unpack.Member) error {
		members, size = members+1, size+len(m.Data)
		all.WriteString(m.Path)
		all.Write(m.Data)
		return nil
	})
	if err != nil || members > 100 || size > 4<<20 {
		t.Errorf("%d members, %d bytes, %v", members, size, err)
	}
	for _, s := range skipped {
		all.WriteString(s.Path + reasonOf(s.Err))
		if !known(s.Err) {
			t.Errorf("%q: %v has no reason", s.Path, s.Err)
		}
	}
	return all.Bytes()
}

func known(err error) bool {
	return errors.Is(err, unpack.ErrLimit) || errors.Is(err, unpack.ErrEncrypted) || errors.Is(err, unpack.ErrCorrupt) || errors.Is(err, unpack.ErrUnsupported)
}
