package odb

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// FuzzLoose reads whatever it is as a loose object: by name, as a part of a family, and in
// windows. What is read is what zlib and the header say, and all else is skipped.
func FuzzLoose(f *testing.F) {
	for _, text := range []string{"blob 3\x00abc", "tree 0\x00", "blob 4\x00abc", "blob 2\x00abc", "blob 9223372036854775807\x00", "blob -1\x00", "none 3\x00abc", "tag 03\x00abc", "blob"} {
		f.Add(deflated([]byte(text)), false)
	}
	large := append([]byte("blob 300000\x00"), bytes.Repeat([]byte("abc"), 100_000)...)
	f.Add(deflated(large), true)
	f.Add(deflated(large)[:300], true)
	f.Add(append(deflated([]byte("blob 3\x00abc")), "behind"...), true)
	f.Add([]byte{}, true)
	id, _ := ParseID("1234567890123456789012345678901234567890")
	f.Fuzz(func(t *testing.T, data []byte, small bool) {
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, "12"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "12", id.String()[2:]), data, 0o600); err != nil {
			t.Fatal(err)
		}
		opts := Options{MaxSize: 16 << 20}
		if small {
			opts.Memory = 1
		}
		s, err := Open(dir, opts)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		want, ok := plainly(data)
		obj, err := s.NewReader().Read(id)
		if (err == nil) != ok || err == nil && !bytes.Equal(append(fmt.Appendf(nil, "%s %d\x00", obj.Type, len(obj.Data)), obj.Data...), canonical(want)) {
			t.Fatalf("read %v %.100q, %v; zlib %.100q, %v", obj.Type, obj.Data, err, want, ok)
		}
		readFamilies(t, s, id, ok)
	})
}

// readFamilies holds that the object is skipped if, and only if, it is damaged.
func readFamilies(t *testing.T, s *Store, id ID, whole bool) {
	t.Helper()
	everything := Types(Commit, Tree, Blob, Tag)
	for _, family := range s.Families(everything) {
		skipped, err := s.NewReader().Family(t.Context(), family, everything, func(o *Object) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		for _, sk := range skipped {
			if sk.ID == id && whole {
				t.Fatalf("skipped, and it is whole: %v", sk.Err)
			}
			whole = true // it is told of
		}
	}
	if !whole {
		t.Fatal("it is damaged, and not skipped")
	}
}

func deflated(data []byte) []byte {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	_, _ = z.Write(data)
	_ = z.Close()
	return b.Bytes()
}

// plainly returns what the stream holds by the standard library, if it is a loose object.
func plainly(data []byte) (content []byte, ok bool) {
	z, err := zlib.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, false
	}
	content, err = io.ReadAll(io.LimitReader(z, 16<<20))
	if err != nil {
		return content, false
	}
	canon := canonical(content)
	return content, canon != nil
}

// canonical returns the content with its header as git writes it, nil for no object.
func canonical(content []byte) []byte {
	head, body, _ := bytes.Cut(content, []byte{0})
	kind, number, _ := strings.Cut(string(head), " ")
	size, err := strconv.Atoi(number)
	if err != nil || size != len(body) || len(head) >= maxLooseHeader {
		return nil
	}
	if map[string]bool{"commit": true, "tree": true, "blob": true, "tag": true}[kind] {
		return append(fmt.Appendf(nil, "%s %d\x00", kind, size), body...)
	}
	return nil
}
