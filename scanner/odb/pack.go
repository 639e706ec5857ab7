package odb

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// pack is a pack, which is mapped, and its index, which is read: what objects are
// called must be known to the end, even if the files are cut short under us.
// See https://git-scm.com/docs/gitformat-pack.
type pack struct {
	path     string // of the .pack file
	data     []byte
	index    *index
	end      int64 // of the objects: the pack's checksum follows
	promisor bool
	planned  bool // its objects stand in a plan
	known    bool // all of its objects are

	mapped []byte // the file that index is of, in a store that is read directly
}

// openPacks opens the packs below an objects directory but for those that has knows
// by path. One that vanishes before it is open was repacked: what is there then is
// listed again.
func (s *Store) openPacks(dir string, has func(path string) bool) (packs []*pack, skipped []Skipped, err error) {
	for range maxRelists {
		var more []*pack
		more, skipped, err = s.openListed(dir, func(path string) bool {
			return has(path) || slices.ContainsFunc(packs, func(p *pack) bool { return p.path == path })
		})
		packs = append(packs, more...)
		if !slices.ContainsFunc(skipped, func(s Skipped) bool { return errors.Is(s.Err, errVanished) }) {
			break
		}
	}
	return packs, skipped, err
}

// maxRelists is how often in a row a directory is listed whose packs vanish.
const maxRelists = 5

// errVanished is the reason for a pack that was listed and is not there.
var errVanished = errors.New("the pack vanished: scan again")

func (s *Store) openListed(dir string, has func(path string) bool) (packs []*pack, skipped []Skipped, err error) {
	entries, err := os.ReadDir(filepath.Join(dir, "pack"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	for _, e := range entries {
		path := filepath.Join(dir, "pack", e.Name())
		if !strings.HasPrefix(e.Name(), "pack-") || filepath.Ext(e.Name()) != ".pack" || has(path) {
			continue
		}
		p, err := s.openPack(path)
		if err != nil {
			skipped = append(skipped, Skipped{Path: path, Err: err})
			continue
		}
		packs = append(packs, p)
	}
	return packs, skipped, err
}

func (s *Store) openPack(path string) (p *pack, err error) {
	defer caught(&err)
	base := strings.TrimSuffix(path, ".pack")
	_, statErr := os.Stat(base + ".promisor")
	p = &pack{path: path, promisor: statErr == nil}
	indexData, err := s.readIndex(p, base+".idx")
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return nil, errVanished
		}
		return nil, errors.New("the pack has no index: make it with `git index-pack`")
	}
	if err == nil {
		p.data, err = mapFile(path)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errVanished
	}
	if err == nil {
		err = p.check(indexData, s.hash)
	}
	if err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

// check checks the pack's header and makes the index usable.
func (p *pack) check(indexData []byte, hash int) (err error) {
	if len(p.data) < 12+hash || !bytes.HasPrefix(p.data, []byte("PACK")) {
		return errors.New("not a pack")
	}
	if v := binary.BigEndian.Uint32(p.data[4:]); v != 2 && v != 3 {
		return fmt.Errorf("pack version %d is not known to this version of revokey", v)
	}
	p.end = int64(len(p.data) - hash)
	p.index, err = parseIndex(indexData, hash)
	return err
}

// errChecksum is told of a pack, and its objects are read all the same.
var errChecksum = errors.New("it does not end with the checksum that its index names: it was cut short, or has the index of another pack (git fsck tells more)")

// endsWith reports whether the pack ends with the checksum; one that was cut short
// under us does not. The goroutine has called [debug.SetPanicOnFault].
func (p *pack) endsWith(sum ID) (ends bool) {
	var fault error
	defer caught(&fault)
	return bytes.Equal(p.data[p.end:], sum.bytes())
}

func (p *pack) close() error { return errors.Join(unmap(p.data), unmap(p.mapped)) }

// The kinds that an object in a pack can have besides the four types.
const (
	ofsDelta = 6
	refDelta = 7
)

// header is what stands before an object's stream.
type header struct {
	kind   uint8  // a Type, ofsDelta or refDelta
	size   int64  // of what the stream inflates to: the object or the delta
	base   int64  // ofsDelta: where the base starts
	name   []byte // refDelta: the base's name
	stream int64  // where the zlib stream starts
	at     int64  // where the head starts
}

// header reads the header of the object at an offset.
func (p *pack) header(offset int64) (h header, err error) {
	if offset < 12 || offset >= p.end {
		return h, fmt.Errorf("offset %d is outside the pack (is it truncated?)", offset)
	}
	data := p.data[offset:p.end]
	b := data[0]
	h.kind, h.size = b>>4&7, int64(b&15)
	n := 1
	for shift := 4; b&0x80 != 0; shift += 7 {
		if n >= len(data) || shift > 56 {
			return h, errors.New("malformed size")
		}
		b = data[n]
		h.size |= int64(b&0x7f) << shift
		n++
	}
	data = data[n:]
	h.at, h.stream = offset, offset+int64(n)
	switch h.kind {
	case uint8(Commit), uint8(Tree), uint8(Blob), uint8(Tag):
		return h, nil
	case ofsDelta:
		return h, h.readOffset(offset, data)
	case refDelta:
		return h, h.readName(data, p.index.hash)
	}
	return h, fmt.Errorf("unknown kind of object %d", h.kind)
}

// readOffset reads how far before the delta its base stands.
func (h *header) readOffset(offset int64, data []byte) error {
	back := int64(0)
	for n := 0; n < len(data) && n < 9; n++ {
		back = back<<7 | int64(data[n]&0x7f)
		if data[n]&0x80 == 0 {
			h.base, h.stream = offset-back, h.stream+int64(n)+1
			if back <= 0 || h.base < 12 {
				return errors.New("the base of a delta is outside the pack")
			}
			return nil
		}
		back++
	}
	return errors.New("malformed offset of a base")
}

func (h *header) readName(data []byte, hash int) error {
	if len(data) < hash {
		return errors.New("pack ends in the name of a base")
	}
	h.name, h.stream = data[:hash], h.stream+int64(hash)
	return nil
}
