package scanner

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"testing"

	"github.com/revokey-dev/revokey/scanner/odb"
)

// FuzzState gives whatever it is a right checksum, and reads it: what is taken for a
// state must be written again as it was.
func FuzzState(f *testing.F) {
	id := odb.NewID(make([]byte, 20))
	s := state{
		rules: "1", known: odb.Known{Packs: []odb.ID{id}, Objects: id.Bytes()}, hits: []odb.ID{id},
		commits: commitRows{hash: 20, rows: make([]byte, 52)}, tags: []odb.ID{id}, objects: []odb.ID{id},
		trees: []odb.ID{id, id}, entries: [][]holds{{{0, 0, false}}, {{0, 0, true}}}, names: []nameRef{{id, 7, 3}},
	}
	f.Add(encoded(f, &s))
	f.Add(encoded(f, &state{}))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) >= 4 {
			body := data[:len(data)-4]
			data = binary.LittleEndian.AppendUint32(body, crc32.Checksum(body, crcTable()))
		}
		s, err := parseState(data)
		if err != nil {
			return
		}
		again, err := parseState(encoded(t, s))
		if err != nil || len(again.trees) != len(s.trees) || len(again.names) != len(s.names) {
			t.Fatalf("written again it is another: %v", err)
		}
	})
}

func encoded(t testing.TB, s *state) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := s.encode(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
