package index

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/revokey-dev/revokey/scanner/odb"
)

// ErrUnknown is returned by [Parse] for an index of a version, or with an extension, that
// must be understood to read it and is not.
var ErrUnknown = errors.New("not known to this version of revokey")

// ErrFolders is returned by [Index.Walk] where the cache-tree does not fit the entries:
// what it says of folders cannot be used.
var ErrFolders = errors.New("the cache-tree of the index does not fit its entries")

// errDamaged is returned for what is no index.
var errDamaged = errors.New("the index is damaged")

// The kinds of entries, by their modes; a regular file has any other.
const (
	ModeTree      = 0o040000 // a folder that is left out of a sparse work tree
	ModeSymlink   = 0o120000
	ModeSubmodule = 0o160000
)

// Entry is one path of the index.
type Entry struct {
	Path  []byte // valid until the use function returns; that of a tree ends with a slash
	Mode  uint32
	ID    odb.ID
	Stage int // 0; 1 to 3 are the versions of a conflict

	// IntentToAdd says that only the path is to be known yet (git add -N): the next
	// commit will not hold it.
	IntentToAdd bool
}

// Index is a decoded index. It is not changed by its methods.
type Index struct {
	data    []byte // what holds the entries, from the first on
	version uint32
	hash    int
	n       int     // entries in data
	list    []Entry // all of them, where data does not tell: of a split index
	split   bool
	folders []folder // the cache-tree; nil: there is none
}

// Parse reads an index, whose names of objects have hash bytes, and keeps data. shared
// returns the content of a file of that name beside it, on which a split index is built.
func Parse(data []byte, hash int, shared func(name string) ([]byte, error)) (*Index, error) {
	x, extensions, err := parseEntries(data, hash)
	if err != nil {
		return nil, err
	}
	for len(extensions) > 0 {
		name, content, rest, err := cutExtension(extensions)
		if err != nil {
			return nil, err
		}
		if err := x.extend(name, content, shared); err != nil {
			return nil, err
		}
		extensions = rest
	}
	return x, nil
}

// headerLen is how many bytes stand before the first entry: "DIRC", the version and the
// number of entries.
const headerLen = 12

// parseEntries reads all but the extensions, which it returns.
func parseEntries(data []byte, hash int) (x *Index, extensions []byte, err error) {
	if len(data) < headerLen+hash || string(data[:4]) != "DIRC" {
		return nil, nil, errDamaged
	}
	x = &Index{version: binary.BigEndian.Uint32(data[4:]), hash: hash}
	if x.version < 2 || x.version > 4 {
		return nil, nil, fmt.Errorf("version %d of the index is %w", x.version, ErrUnknown)
	}
	n := binary.BigEndian.Uint32(data[8:])
	x.data, x.n = data[headerLen:len(data)-hash], int(n)
	end, err := x.entriesEnd()
	if err != nil {
		return nil, nil, err
	}
	x.data, extensions = x.data[:end:end], x.data[end:]
	return x, extensions, nil
}

// cutExtension cuts off the first extension: its name, its length, its content.
func cutExtension(data []byte) (name string, content, rest []byte, err error) {
	if len(data) < 8 {
		return "", nil, nil, errDamaged
	}
	size := uint64(binary.BigEndian.Uint32(data[4:]))
	if size > uint64(len(data)-8) {
		return "", nil, nil, errDamaged
	}
	return string(data[:4]), data[8 : 8+size], data[8+size:], nil
}

// extend takes in an extension. One whose name starts with a capital can be left out.
func (x *Index) extend(name string, content []byte, shared func(string) ([]byte, error)) (err error) {
	switch {
	case name == "TREE":
		x.folders, err = parseFolders(content, x.hash)
	case name == "link":
		x.split = true
		x.list, err = x.join(content, shared)
	case name == "sdir": // there may be entries that are trees
	case name[0] < 'A' || name[0] > 'Z':
		err = fmt.Errorf("the extension %q of the index is %w", name, ErrUnknown)
	}
	return err
}

// Len returns the number of entries.
func (x *Index) Len() int {
	if x.split {
		return len(x.list)
	}
	return x.n
}

// statLen is how many bytes of an entry stand before its object's name: times, device,
// inode, mode, owner and size of the file.
const (
	statLen = 40
	modeAt  = 24
)

// The flags of an entry.
const (
	flagExtended = 0x4000 // more flags follow, of versions 3 and 4
	flagStage    = 0x3000
	flagLen      = 0x0fff // the length of the name; as much as that, or more, if all are set

	extendedIntentToAdd = 0x2000
)

// entriesEnd returns where the entries end, each of which it checks to lie in the data.
func (x *Index) entriesEnd() (at int, err error) {
	long := 0
	for range x.n {
		if at, long = x.next(at, long); at < 0 {
			return 0, errDamaged
		}
	}
	return at, nil
}

// next returns where the entry at an offset ends, or -1 where it does not, and the length
// of its name. before is that of the entry before it.
func (x *Index) next(at, before int) (end, long int) {
	name, long := x.nameAt(at)
	if name < 0 {
		return -1, 0
	}
	kept := 0 // bytes of the name before
	if x.version == 4 {
		if kept, name = varint(x.data, name); name < 0 || kept > before {
			return -1, 0
		}
		kept = before - kept
	}
	if long < 0 {
		if long = bytes.IndexByte(x.data[name:], 0); long < 0 {
			return -1, 0
		}
		long += kept
	}
	end = name + long - kept + 1
	if x.version != 4 {
		end = at + (name-at+long+8)&^7 // 1 to 8 bytes of NUL, so that it can be divided by 8
	}
	if long < kept || end > len(x.data) || x.data[name+long-kept] != 0 {
		return -1, 0
	}
	return end, long
}

// nameAt returns where the name of the entry at an offset starts, or -1, and its length,
// -1 where NUL ends it.
func (x *Index) nameAt(at int) (name, long int) {
	name = at + statLen + x.hash + 2
	if name > len(x.data) {
		return -1, 0
	}
	flags := binary.BigEndian.Uint16(x.data[name-2:])
	if flags&flagExtended != 0 && x.version > 2 {
		if name += 2; name > len(x.data) {
			return -1, 0
		}
	}
	if long = int(flags & flagLen); long == flagLen {
		long = -1
	}
	return name, long
}

// varint reads a number as packs write offsets, and returns where it ends, or -1.
func varint(data []byte, at int) (n, end int) {
	for i := 0; at+i < len(data) && i < 5; i++ {
		b := data[at+i]
		if i > 0 {
			n++
		}
		n = n<<7 | int(b&0x7f)
		if b&0x80 == 0 {
			return n, at + i + 1
		}
	}
	return 0, -1
}
