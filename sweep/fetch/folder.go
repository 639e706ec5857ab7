package fetch

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// lookAtFolder returns a hash that changes whenever a scan of the repository in dir may come to something
// else: with its refs, its index, and which packs and loose objects there are. "", which is never the same
// as before, for one that borrows objects from elsewhere, or cannot be read.
func lookAtFolder(dir string) string {
	gitDir := dir
	if info, err := os.Stat(filepath.Join(dir, ".git")); err == nil {
		if gitDir = filepath.Join(dir, ".git"); !info.IsDir() {
			return ""
		}
	}
	if _, err := os.Stat(filepath.Join(gitDir, "commondir")); err == nil {
		return ""
	}
	if _, err := os.Stat(filepath.Join(gitDir, "objects", "info", "alternates")); err == nil {
		return ""
	}
	h := sha256.New()
	for _, name := range []string{"HEAD", "packed-refs", "config", "shallow", "index"} {
		addFile(h, filepath.Join(gitDir, name), name != "index")
	}
	err := addTree(h, filepath.Join(gitDir, "refs"), true)
	if err == nil {
		err = addTree(h, filepath.Join(gitDir, "reftable"), true)
	}
	if err == nil {
		err = addObjects(h, filepath.Join(gitDir, "objects"))
	}
	if err != nil {
		return ""
	}
	return hex.EncodeToString(h.Sum(nil))
}

// addFile adds what a file holds, or when it was changed.
func addFile(h hash.Hash, path string, content bool) {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		fmt.Fprintf(h, "%s none\n", filepath.Base(path))
		return
	}
	fmt.Fprintf(h, "%s %d %d\n", filepath.Base(path), info.Size(), info.ModTime().UnixNano())
	if content && info.Size() < 64<<20 {
		data, _ := os.ReadFile(path) // its size and time are in the hash
		h.Write(data)
	}
}

// addTree adds all files below dir, if it is there.
func addTree(h hash.Hash, dir string, content bool) error {
	if _, err := os.Stat(dir); err != nil {
		return nil
	}
	return filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		fmt.Fprintln(h, path)
		addFile(h, path, content)
		return nil
	})
}

// addObjects adds the packs, and the folders of loose objects: those change with what is in them.
func addObjects(h hash.Hash, dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			return err
		}
		fmt.Fprintf(h, "%s %d\n", e.Name(), info.ModTime().UnixNano())
	}
	packs, _ := os.ReadDir(filepath.Join(dir, "pack")) // there may be none
	for _, e := range packs {
		if info, err := e.Info(); err == nil && strings.HasPrefix(e.Name(), "pack-") {
			fmt.Fprintf(h, "%s %d\n", e.Name(), info.Size())
		}
	}
	return nil
}
