package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// file is one of the tree.
type file struct {
	path   string
	lines  []string
	data   []byte // of a binary file, which has no lines
	locked bool   // changed by the open topic branch: main leaves it alone
	gone   bool   // deleted
}

func (f *file) binary() bool { return f.data != nil }

func (f *file) content() []byte {
	if f.binary() {
		return f.data
	}
	return []byte(strings.Join(f.lines, "\n") + "\n")
}

// edit changes some runs of lines, or a part of a binary file.
func (f *file) edit(w *writer) {
	if f.binary() {
		at := w.r.IntN(4) * len(f.data) / 4
		copy(f.data[at:], w.binary()[:min(len(f.data)/4, 1<<10)])
		return
	}
	for range 1 + w.r.IntN(5) {
		at := w.r.IntN(len(f.lines) + 1)
		end := min(at+w.run(), len(f.lines))
		added := make([]string, w.run())
		for i := range added {
			added[i] = w.line()
		}
		f.lines = slices.Replace(f.lines, at, end, added...)
	}
}

// The starts of the lines that hold a key.
const (
	keyLine    = "aws_access_key_id = "
	secretLine = "aws_secret_access_key = "
)

// plant puts a key somewhere into the file.
func (f *file) plant(r *rand.Rand, id, secret string) {
	f.lines = slices.Insert(f.lines, r.IntN(len(f.lines)+1), keyLine+id, secretLine+secret)
}

// weed removes the key from the file, where an edit has not yet.
func (f *file) weed(id string) {
	if at := slices.Index(f.lines, keyLine+id); at >= 0 {
		end := min(at+2, len(f.lines))
		if end == at+2 && !strings.HasPrefix(f.lines[at+1], secretLine) {
			end--
		}
		f.lines = slices.Delete(f.lines, at, end)
	}
}

// newPath is a path that no file has yet: number makes sure of it.
func newPath(w *writer, number int, dirs []string) string {
	extension := []string{"go", "py", "js", "md", "yaml", "tf", "json", "txt"}[w.r.IntN(8)]
	return fmt.Sprintf("%s%s_%d.%s", dirs[w.r.IntN(len(dirs))], w.word(), number, extension)
}

// newDirs are folders of up to three levels for n files, the root among them.
func newDirs(w *writer, n int) []string {
	dirs := []string{""}
	for range n / 20 {
		parent := dirs[w.r.IntN(len(dirs))]
		if strings.Count(parent, "/") < 3 {
			dirs = append(dirs, parent+w.word()+"/")
		}
	}
	return dirs
}
