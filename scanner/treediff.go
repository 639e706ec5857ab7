package scanner

import (
	"bytes"
	"context"
	"fmt"

	"github.com/revokey-dev/revokey/scanner/odb"
)

// treeDiff finds what a tree holds and none of some others does at the same path. Only
// folders that differ from those of all others are read.
type treeDiff struct {
	*forest
	found   func(path string, id odb.ID)
	skipped []Skipped // trees that cannot be read
	read    int       // folders, in this walk
	listed  int       // files, in all walks
	full    bool
}

// Trees that share subtrees can nest to more folders, and files, than there are atoms:
// these bound the folders that one walk reads, and the files that all find.
const (
	maxTrees = 1 << 20
	maxFiles = 4 << 20
)

// errTooMany is why what is left is not looked at.
var errTooMany = fmt.Errorf("there are more than %d files, or %d folders, or %d within each other: `revokey scan` reads all objects without their places", maxFiles, maxTrees, maxDepth)

// walk compares a folder, "" or ending in a slash; the zero ID is a folder without
// anything. Of the others one that cannot be read has nothing.
func (d *treeDiff) walk(ctx context.Context, folder string, tree odb.ID, others []odb.ID) error {
	d.read = 0
	return d.folder(ctx, folder, tree, others, 0)
}

func (d *treeDiff) folder(ctx context.Context, folder string, tree odb.ID, others []odb.ID, depth int) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if d.read++; d.read > maxTrees || depth > maxDepth || d.listed > maxFiles {
		if !d.full {
			d.full = true
			d.skip(folder, tree, errTooMany)
		}
		return nil
	}
	data, err := d.tree(tree)
	if err != nil {
		d.skip(folder, tree, err)
		return nil
	}
	sides := make([]side, 0, len(others))
	for _, o := range others {
		if data, err := d.tree(o); err == nil {
			sides = append(sides, side{data: data, hash: d.hash})
		}
	}
	var inner error
	if err := eachEntry(data, d.hash, func(head []byte, at int) {
		if line := data[at-1-len(head) : at+d.hash]; inner == nil && !anyHas(sides, line) {
			inner = d.entry(ctx, folder, head, data[at:at+d.hash], sides, depth)
		}
	}); err != nil {
		d.skip(folder, tree, err)
	}
	return inner
}

// entry compares an entry of a folder with what the other sides have by its name.
func (d *treeDiff) entry(ctx context.Context, folder string, head, id []byte, sides []side, depth int) error {
	kind, name := cutHead(head)
	if kind == kindSubmodule {
		return nil
	}
	isTree := kind == kindTree
	var others []odb.ID
	for i := range sides {
		other, otherTree, ok := sides[i].find(name, isTree)
		if ok && bytes.Equal(other, id) {
			return nil
		}
		if ok && isTree && otherTree {
			others = append(others, odb.NewID(other))
		}
	}
	path := folder + string(name)
	if isTree {
		return d.folder(ctx, path+"/", odb.NewID(id), others, depth+1)
	}
	if d.listed++; d.listed <= maxFiles {
		d.found(path, odb.NewID(id))
	}
	return nil
}

// anyHas reports whether a side goes on with just that line, as most do, and goes past it.
func anyHas(sides []side, line []byte) (has bool) {
	for i := range sides {
		if s := &sides[i]; bytes.HasPrefix(s.data[s.at:], line) {
			s.at += len(line)
			has = true
		}
	}
	return has
}

func (d *treeDiff) skip(folder string, tree odb.ID, err error) {
	d.skipped = append(d.skipped, Skipped{What: fmt.Sprintf("folder %q (tree %s)", folder, tree), Reason: err.Error()})
}

// side is a tree that is gone through in its order, in step with another.
type side struct {
	data []byte
	hash int
	at   int
}

// find returns what the tree has by a name. Names are to be asked for in the order of
// trees, in which a folder stands as if its name ended in a slash. One that is asked for
// out of order, of a malformed tree, may not be found.
func (s *side) find(name []byte, isTree bool) (id []byte, otherTree, ok bool) {
	for s.at < len(s.data) {
		end := bytes.IndexByte(s.data[s.at:], 0)
		next := s.at + end + 1 + s.hash
		if end < 0 || next > len(s.data) {
			break
		}
		kind, other := cutHead(s.data[s.at : s.at+end])
		otherTree := kind == kindTree
		switch c := compareNames(other, otherTree, name, isTree); {
		case c > 0:
			return nil, false, false
		case c == 0:
			return s.data[next-s.hash : next], otherTree, true
		}
		s.at = next
	}
	return nil, false, false
}

// compareNames compares two names of trees' entries as git orders them.
func compareNames(a []byte, aTree bool, b []byte, bTree bool) int {
	n := min(len(a), len(b))
	if c := bytes.Compare(a[:n], b[:n]); c != 0 {
		return c
	}
	return int(endOf(a[n:], aTree)) - int(endOf(b[n:], bTree))
}

// endOf returns the byte at which a name differs from one that starts it.
func endOf(rest []byte, tree bool) byte {
	switch {
	case len(rest) > 0:
		return rest[0]
	case tree:
		return '/'
	}
	return 0
}
