package scanner

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/revokey-dev/revokey/scanner/odb"
	"github.com/revokey-dev/revokey/scanner/window"
)

// Files is the files below a folder, or one file, as they are on disk.
type Files struct {
	root    string // absolute
	maxSize int64
	paths   []string // relative to root
	skipped []Skipped
	links   int
}

var _ Source = (*Files)(nil)

// filesPerPart is how many files are one part.
const filesPerPart = 64

// OpenFiles lists the files at path. Folders named .git are left out, symbolic
// links are not followed. Files of more than maxSize bytes are skipped; 0 is no
// limit: large files are read in windows.
func OpenFiles(path string, maxSize int64) (*Files, error) {
	root, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	f := &Files{root: root, maxSize: maxSize}
	info, err := os.Stat(root)
	if err != nil {
		return nil, fmt.Errorf("listing files: %w", err)
	}
	if !info.IsDir() {
		f.root, f.paths = filepath.Dir(root), []string{filepath.Base(root)}
		return f, nil
	}
	return f, filepath.WalkDir(root, f.list)
}

// list adds one entry of a folder. An entry that cannot be read is skipped.
func (f *Files) list(path string, d fs.DirEntry, err error) error {
	relative, _ := filepath.Rel(f.root, path) // both are absolute
	switch {
	case err != nil:
		f.skipped = append(f.skipped, Skipped{What: relative, Reason: err.Error()})
		if d != nil && d.IsDir() {
			return filepath.SkipDir
		}
	case d.IsDir() && d.Name() == ".git":
		return filepath.SkipDir
	case d.Type()&fs.ModeSymlink != 0:
		f.links++
	case d.Type().IsRegular() && d.Name() != ".git":
		f.paths = append(f.paths, relative)
	}
	return nil
}

// Name returns the folder that the paths are relative to.
func (f *Files) Name() string { return f.root }

// Parts returns the files in runs.
func (f *Files) Parts() []Part {
	var parts []Part
	for paths := range slices.Chunk(f.paths, filesPerPart) {
		parts = append(parts, func(ctx context.Context, visit func(*Blob) error) ([]Skipped, error) {
			return f.read(ctx, paths, visit)
		})
	}
	return parts
}

func (f *Files) read(ctx context.Context, paths []string, visit func(*Blob) error) ([]Skipped, error) {
	var skipped []Skipped
	var buf []byte
	visit = unlessDone(ctx, visit)
	for _, path := range paths {
		as := Blob{Where: InFile, Path: filepath.ToSlash(path)}
		damage, err := visitFile(filepath.Join(f.root, path), f.maxSize, &buf, as, visit)
		if err != nil {
			return skipped, err
		}
		if damage != nil {
			skipped = append(skipped, Skipped{What: path, Reason: damage.Error()})
		}
	}
	return skipped, nil
}

// visitFile gives visit a file, in windows where it is large. buf is made larger where
// it has to be. damage is why the file was not read to its end.
func visitFile(path string, limit int64, buf *[]byte, as Blob, visit func(*Blob) error) (damage, err error) {
	file, damage := os.Open(path)
	if damage != nil {
		return damage, nil
	}
	defer file.Close()
	info, damage := file.Stat()
	if damage != nil {
		return damage, nil
	}
	if limit > 0 && info.Size() > limit {
		return errTooLarge, nil
	}
	if room := min(max(info.Size()+1, window.Least), readerWindow); int64(len(*buf)) < room {
		*buf = make([]byte, room)
	}
	return eachWindow(file, limit, *buf, as, visit)
}

// Locate returns nothing: a file's place is its path.
func (f *Files) Locate(context.Context, []odb.ID, int) (map[odb.ID][]Place, error) { return nil, nil }

// Remarks returns what could not be listed.
func (f *Files) Remarks() ([]Skipped, []string) {
	var notes []string
	if f.links > 0 {
		notes = append(notes, fmt.Sprintf("%d symbolic links were not followed", f.links))
	}
	if len(f.paths) == 0 && len(f.skipped) == 0 {
		notes = append(notes, "there are no files: there is nothing to scan")
	}
	return f.skipped, notes
}
