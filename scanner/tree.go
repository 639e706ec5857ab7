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
// the NUL before the object's name, which starts at at. The mode of a tree is 40000.
func newEntry(head, id []byte, at int) treeEntry {
	mode, name, _ := bytes.Cut(head, []byte{' '})
	return treeEntry{name: string(name), at: at - 1 - len(name), id: odb.NewID(id), tree: string(mode) == "40000"}
}

// isSubmodule reports whether the line names a commit of another repository.
func isSubmodule(head []byte) bool { return bytes.HasPrefix(head, []byte("160000 ")) }
