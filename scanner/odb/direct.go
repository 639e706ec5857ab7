package odb

import (
	"os"
	"runtime/debug"

	"github.com/revokey-dev/revokey/scanner/regular"
)

// OpenDirect opens a store as [Open] does, for a caller that reads a few objects whose
// names it knows: packs are listed, but their indexes are mapped and not read, and
// loose objects are not listed. Only [Reader.Read], [Reader.Visit], [Store.Has] and what
// tells of the store as a whole may be used.
func OpenDirect(dir string, opts Options) (*Store, error) { return open(dir, opts, true) }

// readIndex returns the content of a pack's index: of a store that is read directly, it
// is mapped.
func (s *Store) readIndex(p *pack, path string) (data []byte, err error) {
	if !s.direct {
		return readIndexOf(p.path, path)
	}
	p.mapped, err = mapFile(path)
	return p.mapped, err
}

// readIndexOf reads the index of a pack, if it is not larger than one of so large a pack can
// be: nothing in a pack has fewer than 9 bytes, and nothing in an index more than 48.
func readIndexOf(pack, path string) ([]byte, error) {
	info, err := os.Stat(pack)
	if err != nil {
		return nil, err
	}
	return regular.Read(path, indexRoom+info.Size()/9*48)
}

// indexRoom is more than the parts of an index that are of one size, and leaves some to
// indexes that list an object twice.
const indexRoom = 1 << 20

// find returns where an object starts in the pack. What stands in an index that was cut
// short under us is not there.
func (p *pack) find(id ID) (at int64, ok bool) {
	if p.mapped != nil {
		defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
		defer func() { ok = recover() == nil && ok }()
	}
	place, ok := p.index.find(id.bytes())
	if !ok {
		return 0, false
	}
	return p.index.offset(place), true
}

// MapFile returns the content of a file without reading it, and what lets go of it; see
// [Reader] on files that are cut short. An empty file is nil.
func MapFile(path string) (data []byte, done func() error, err error) {
	data, err = mapFile(path)
	return data, func() error { return unmap(data) }, err
}
