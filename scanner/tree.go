package scanner

import (
	"bytes"
	"errors"

	"github.com/revokey-dev/revokey/scanner/odb"
)

// treeEntry is a line of a tree.
type treeEntry struct {
	name string
	at   int // where the name starts in the tree
	id   odb.ID
	tree bool // by its mode
}

// errTree is what a tree that is not one gives.
var errTree = errors.New("malformed tree")

// eachEntry calls entry for each line of a tree, MODE SP NAME NUL and the name of
// an object, of hash bytes: with MODE SP NAME, and with where the object's name starts.
func eachEntry(data []byte, hash int, entry func(head []byte, at int)) error {
	for start := 0; start < len(data); {
		end := bytes.IndexByte(data[start:], 0)
		at := start + end + 1
		if end < 0 || at+hash > len(data) {
			return errTree
		}
		entry(data[start:at-1], at)
		start = at + hash
	}
	return nil
}

// newEntry returns the line of a tree whose head, an octal mode and a name, ends with
// the NUL before the object's name, which starts at at.
func newEntry(head, id []byte, at int) treeEntry {
	kind, name := cutHead(head)
	return treeEntry{name: string(name), at: at - 1 - len(name), id: odb.NewID(id), tree: kind == kindTree}
}

// The kinds of entries that hold no file, as bits of their modes.
const (
	kindMask      = 0o170000
	kindTree      = 0o040000
	kindSubmodule = 0o160000
)

// cutHead cuts the head of a line into the kind of its mode and the name. The mode is an
// octal number, as git reads it: leading zeros, and permissions of folders, which some
// programs write, say nothing.
func cutHead(head []byte) (kind uint32, name []byte) {
	mode, name, _ := bytes.Cut(head, []byte{' '})
	for _, digit := range mode {
		kind = kind<<3 | uint32(digit&7)
	}
	return kind & kindMask, name
}

// isSubmodule reports whether the line names a commit of another repository.
func isSubmodule(head []byte) bool {
	kind, _ := cutHead(head)
	return kind == kindSubmodule
}
