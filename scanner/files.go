package scanner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/revokey-dev/revokey/scanner/odb"
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
// links are not followed. Files of more than maxSize bytes are skipped; 0 means
// [odb.DefaultMaxSize].
func OpenFiles(path string, maxSize int64) (*Files, error) {
	root, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	f := &Files{root: root, maxSize: maxSize}
	if maxSize == 0 {
		f.maxSize = odb.DefaultMaxSize
	}
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
	for _, path := range paths {
		if err := context.Cause(ctx); err != nil {
			return skipped, err
		}
		data, err := readFile(filepath.Join(f.root, path), f.maxSize)
		if err != nil {
			skipped = append(skipped, Skipped{What: path, Reason: err.Error()})
			continue
		}
		if err := visit(&Blob{Where: InFile, Path: filepath.ToSlash(path), Data: data}); err != nil {
			return skipped, err
		}
	}
	return skipped, nil
}

func readFile(path string, limit int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return readLimited(file, limit)
}

// errTooLarge is the reason for a file, or an input, over the limit.
var errTooLarge = errors.New("larger than the limit (--max-size raises it)")

func readLimited(r io.Reader, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(data)) > limit {
		return nil, errTooLarge
	}
	return data, err
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
