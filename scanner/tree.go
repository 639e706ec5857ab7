package scanner

import (
	"bytes"
	"errors"

	"github.com/revokey-dev/revokey/scanner/odb"
)

// treeEntry is a line of a tree.
type treeEntry struct {
	mode string // octal, as git writes it: 40000 a tree, 160000 a submodule's commit
	name string
	id   odb.ID
}

func (e treeEntry) isTree() bool      { return e.mode == "40000" }
func (e treeEntry) isSubmodule() bool { return e.mode == "160000" }

// errTree is what a tree that is not one gives.
var errTree = errors.New("malformed tree")

// parseTree calls entry for each line of a tree: MODE SP NAME NUL and 20 bytes of name.
func parseTree(data []byte, entry func(treeEntry)) error {
	for len(data) > 0 {
		space := bytes.IndexByte(data, ' ')
		end := bytes.IndexByte(data, 0)
		if space < 0 || end < space || len(data) < end+21 {
			return errTree
		}
		entry(treeEntry{
			mode: string(data[:space]),
			name: string(data[space+1 : end]),
			id:   odb.NewID(data[end+1 : end+21]),
		})
		data = data[end+21:]
	}
	return nil
}
