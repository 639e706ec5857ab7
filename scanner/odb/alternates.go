package odb

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/revokey-dev/revokey/scanner/regular"
)

// maxAlternates bounds how deep alternates of alternates are followed, as git
// does (MAX_ALTERNATE_DEPTH in its odb).
const maxAlternates = 5

// objectDirs returns dir, the directories given as more, and those of the alternates
// of all, nested ones too, each once, nearest first. An alternate that is not there is
// skipped. See https://git-scm.com/docs/gitrepository-layout (objects/info/alternates).
func objectDirs(dir string, more []string) ([]string, []Skipped, error) {
	if _, err := os.Stat(dir); err != nil {
		return nil, nil, fmt.Errorf("opening object directory: %w", err)
	}
	var skipped []Skipped
	dirs, seen := []string{dir}, map[string]bool{real(dir): true}
	for depth, level := 0, dirs; len(level) > 0; depth++ {
		var next []string
		for _, d := range level {
			alternates, err := readAlternates(d)
			if err != nil {
				skipped = append(skipped, Skipped{Path: d, Err: err})
			}
			if depth == 0 {
				alternates = slices.Concat(more, alternates)
			}
			for _, a := range alternates {
				if seen[real(a)] {
					continue
				}
				seen[real(a)] = true
				if reason := alternateTrouble(a, depth); reason != nil {
					skipped = append(skipped, Skipped{Path: a, Err: reason})
					continue
				}
				next = append(next, a)
			}
		}
		dirs, level = append(dirs, next...), next
	}
	return dirs, skipped, nil
}

func alternateTrouble(dir string, depth int) error {
	if depth >= maxAlternates {
		return fmt.Errorf("alternates nested deeper than %d", maxAlternates)
	}
	if info, err := os.Stat(dir); err != nil {
		return fmt.Errorf("opening alternate: %w", err)
	} else if !info.IsDir() {
		return errors.New("alternate is not a directory")
	}
	return nil
}

// readAlternates returns the paths in objects/info/alternates, one a line; a
// relative one is relative to the objects directory, a quoted one is C-quoted.
func readAlternates(dir string) ([]string, error) {
	f, err := regular.Open(filepath.Join(dir, "info", "alternates"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading alternates: %w", err)
	}
	defer f.Close()
	var paths []string
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		line := lines.Text()
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if unquoted, err := strconv.Unquote(line); err == nil {
			line = unquoted
		}
		if !filepath.IsAbs(line) {
			line = filepath.Join(dir, line)
		}
		paths = append(paths, filepath.Clean(line))
	}
	return paths, lines.Err()
}

// real returns the path with its symbolic links resolved, or as it is.
func real(path string) string {
	if resolved, err := filepath.EvalSymlinks(path); err == nil {
		return resolved
	}
	return path
}
