package index

import (
	"bytes"
	"strconv"

	"github.com/revokey-dev/revokey/scanner/odb"
)

// maxDepth is how deep folders may nest, as git allows by core.maxTreeDepth.
const maxDepth = 2048

// folder is one of the cache-tree: git writes trees of which nothing was staged only once.
type folder struct {
	name  []byte
	count int // entries below it; -1: something was staged, its tree is not known
	tree  odb.ID
	end   int // the number of the first folder that is not below it
}

// parseFolders reads the extension "TREE": folder behind folder, each before those below
// it, as NAME NUL COUNT SP FOLDERS LF and, if the count is known, the name of the tree.
func parseFolders(data []byte, hash int) ([]folder, error) {
	var all []folder
	var open []pending
	for len(data) > 0 {
		f, inner, rest, ok := parseFolder(data, hash)
		if !ok {
			return nil, errDamaged
		}
		data = rest
		all = append(all, f)
		open = append(open, pending{len(all) - 1, inner})
		for len(open) > 0 && open[len(open)-1].left == 0 {
			all[open[len(open)-1].folder].end = len(all)
			if open = open[:len(open)-1]; len(open) > 0 {
				open[len(open)-1].left--
			}
		}
		if len(open) == 0 && len(data) > 0 {
			return nil, errDamaged // a second root
		}
	}
	if len(open) > 0 {
		return nil, errDamaged
	}
	return all, nil
}

// pending is a folder of which some of those below are still to come.
type pending struct{ folder, left int }

func parseFolder(data []byte, hash int) (f folder, inner int, rest []byte, ok bool) {
	name, rest, ok := bytes.Cut(data, []byte{0})
	if !ok {
		return f, 0, nil, false
	}
	line, rest, ok := bytes.Cut(rest, []byte{'\n'})
	count, folders, spaced := bytes.Cut(line, []byte{' '})
	f = folder{name: name}
	var countErr, innerErr error
	f.count, countErr = strconv.Atoi(string(count))
	inner, innerErr = strconv.Atoi(string(folders))
	if !ok || !spaced || countErr != nil || innerErr != nil || inner < 0 {
		return f, 0, nil, false
	}
	if f.count < 0 {
		return f, inner, rest, true
	}
	if len(rest) < hash {
		return f, 0, nil, false
	}
	f.tree = odb.NewID(rest[:hash])
	return f, inner, rest[hash:], true
}

// foldersIn returns the folders directly below the n-th, by their names.
func (x *Index) foldersIn(n int) map[string]int {
	inner := make(map[string]int)
	for child := n + 1; child < x.folders[n].end; child = x.folders[child].end {
		inner[string(x.folders[child].name)] = child
	}
	return inner
}
