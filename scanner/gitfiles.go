package scanner

import (
	"io/fs"
	"os"
	"path"

	"github.com/go-git/go-billy/v5"
	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/storage/filesystem"
	"github.com/go-git/go-git/v5/storage/filesystem/dotgit"

	"github.com/revokey-dev/revokey/scanner/regular"
)

// The most that is read of a file of a git directory, in bytes: of one that names
// something, where git itself takes no more than 1 MiB (read_gitfile); of one that lists
// names: 10 million refs and more; of a config.
const (
	maxPointer = 1 << 20
	maxList    = 1 << 30
	maxConfig  = 16 << 20
)

// storage returns what go-git reads refs and the index by.
func (r repo) storage() *filesystem.Storage {
	files := dotgit.NewRepositoryFilesystem(gitFiles{osfs.New(r.gitDir)}, gitFiles{osfs.New(r.common)})
	return filesystem.NewStorage(files, cache.NewObjectLRUDefault())
}

// gitFiles are the files of a git directory, of which regular ones of a bounded size are
// read and no others.
type gitFiles struct{ billy.Filesystem }

// Open opens a file to be read.
func (g gitFiles) Open(name string) (billy.File, error) {
	info, err := g.Stat(name)
	if err != nil {
		return nil, err
	}
	limit := int64(maxPointer)
	if at := path.Clean(name); at == "packed-refs" || at == "index" {
		limit = maxList
	}
	switch {
	case !info.Mode().IsRegular():
		return nil, &fs.PathError{Op: "open", Path: name, Err: regular.ErrIrregular}
	case info.Size() > limit:
		return nil, &fs.PathError{Op: "open", Path: name, Err: regular.ErrTooLarge}
	}
	return g.Filesystem.OpenFile(name, os.O_RDONLY, 0)
}
