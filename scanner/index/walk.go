package index

import (
	"bytes"
	"fmt"

	"github.com/revokey-dev/revokey/scanner/odb"
)

// Walk gives use the entries in their order, and returns its first error. Of a folder
// ("" or ending in a slash) whose tree git has written already it first asks skip, which
// may be nil: if that says true, nothing below is given to use.
func (x *Index) Walk(skip func(folder []byte, tree odb.ID) bool, use func(Entry) error) error {
	w := walk{cursor: x.cursor(), skip: skip, use: use}
	if skip == nil || len(x.folders) == 0 {
		return w.plain()
	}
	return w.folder(0, nil, 0)
}

type walk struct {
	*cursor
	skip func([]byte, odb.ID) bool
	use  func(Entry) error
}

func (w *walk) plain() error {
	for e, ok := w.peek(); ok; e, ok = w.peek() {
		if err := w.give(e); err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) give(e entry) error {
	err := w.use(e.Entry)
	w.take(e)
	return err
}

// folder walks what stands below a path, of which the cache-tree has the n-th folder.
func (w *walk) folder(n int, path []byte, depth int) error {
	f := w.x.folders[n]
	if depth > maxDepth {
		return fmt.Errorf("%w: folders nest deeper than %d", errDamaged, maxDepth)
	}
	if f.count >= 0 && w.skip(path, f.tree) {
		return w.pass(path, f.count)
	}
	inner := w.x.foldersIn(n)
	for e, ok := w.peek(); ok && bytes.HasPrefix(e.Path, path); e, ok = w.peek() {
		name, _, isBelow := bytes.Cut(e.Path[len(path):], []byte{'/'})
		child, known := inner[string(name)]
		if !isBelow || !known {
			if err := w.give(e); err != nil {
				return err
			}
			continue
		}
		below := bytes.Clone(e.Path[:len(path)+len(name)+1])
		if err := w.folder(child, below, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// pass goes past the entries of a folder, which must be just those.
func (w *walk) pass(path []byte, count int) error {
	last, ok := w.cursor.skip(count)
	next, more := w.peek()
	if !ok || count > 0 && !bytes.HasPrefix(last.Path, path) || more && bytes.HasPrefix(next.Path, path) {
		return fmt.Errorf("%w below %q", ErrFolders, path)
	}
	return nil
}
