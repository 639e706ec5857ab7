package scanner

import (
	"bytes"
	"strings"

	"github.com/revokey-dev/revokey/scanner/odb"
)

// keptTrees bounds the bytes of trees that are kept for use again.
const keptTrees = 64 << 20

// forest reads trees, and keeps them. One goroutine uses it at a time.
type forest struct {
	reader *odb.Reader
	hash   int
	trees  map[odb.ID][]byte
	size   int
}

func newForest(store *odb.Store) *forest {
	return &forest{reader: store.NewReader(), hash: store.HashLen(), trees: make(map[odb.ID][]byte)}
}

// tree returns the content of a tree; the zero ID's is empty.
func (f *forest) tree(id odb.ID) ([]byte, error) {
	if id.IsZero() {
		return nil, nil
	}
	if data, ok := f.trees[id]; ok {
		return data, nil
	}
	obj, err := f.reader.Read(id)
	if err == nil && obj.Type != odb.Tree {
		err = errTree
	}
	if err != nil {
		return nil, err
	}
	if f.size += len(obj.Data); f.size > keptTrees {
		clear(f.trees)
		f.size = len(obj.Data)
	}
	data := bytes.Clone(obj.Data)
	f.trees[id] = data
	return data, nil
}

// commit returns a commit's tree, and its content, which is valid until the next call. As
// git does, it takes the first line that names a tree: what else a header holds is anybody's.
func (f *forest) commit(id odb.ID) (tree odb.ID, data []byte, err error) {
	obj, err := f.reader.Read(id)
	if err != nil {
		return tree, nil, err
	}
	header(obj.Data, func(key, value []byte) {
		if string(key) == "tree" && tree.IsZero() {
			tree = idOf(value)
		}
	})
	if obj.Type != odb.Commit || tree.Len() != f.hash {
		return tree, nil, errCommit
	}
	return tree, obj.Data, nil
}

// snapshot is the files of one commit, by path.
type snapshot struct {
	forest  *forest
	root    odb.ID                          // zero: there are none
	folders map[string]map[string]treeEntry // "" or ending in a slash
}

func newSnapshot(f *forest, root odb.ID) *snapshot {
	return &snapshot{forest: f, root: root, folders: make(map[string]map[string]treeEntry)}
}

// folder returns what a folder, "" or ending in a slash, holds. One that cannot be read
// holds nothing: what stands there now is then new.
func (s *snapshot) folder(path string) map[string]treeEntry {
	if entries, ok := s.folders[path]; ok {
		return entries
	}
	entries := make(map[string]treeEntry)
	s.folders[path] = entries
	data, err := s.forest.tree(s.treeAt(path))
	if err != nil {
		return entries
	}
	_ = eachEntry(data, s.forest.hash, func(head []byte, at int) {
		e := newEntry(head, data[at:at+s.forest.hash], at)
		if isSubmodule(head) {
			return
		}
		entries[e.name] = e
	})
	return entries
}

// treeAt returns the tree of a folder, "" or ending in a slash; zero where there is none.
func (s *snapshot) treeAt(path string) odb.ID {
	if path == "" {
		return s.root
	}
	if e, ok := s.at(path[:len(path)-1]); ok && e.tree {
		return e.id
	}
	return odb.ID{}
}

// at returns what stands at a path.
func (s *snapshot) at(path string) (treeEntry, bool) {
	cut := strings.LastIndexByte(path, '/') + 1
	e, ok := s.folder(path[:cut])[path[cut:]]
	return e, ok
}

// blobAt returns the file at a path; zero where there is none.
func (s *snapshot) blobAt(path string) odb.ID {
	if e, ok := s.at(path); ok && !e.tree {
		return e.id
	}
	return odb.ID{}
}

// blobAt returns the file at a path below a tree; zero where there is none.
func (f *forest) blobAt(tree odb.ID, path string) (found odb.ID) {
	name, below, isBelow := strings.Cut(path, "/")
	data, err := f.tree(tree)
	if err != nil {
		return odb.ID{}
	}
	var inner odb.ID
	_ = eachEntry(data, f.hash, func(head []byte, at int) {
		kind, entry := cutHead(head)
		if string(entry) == name && kind != kindSubmodule && (kind == kindTree) == isBelow {
			inner = odb.NewID(data[at : at+f.hash])
		}
	})
	if !isBelow || inner.IsZero() {
		return inner
	}
	return f.blobAt(inner, below)
}
