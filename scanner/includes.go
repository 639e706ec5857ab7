package scanner

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	gitconfig "github.com/go-git/go-git/v5/plumbing/format/config"

	"github.com/revokey-dev/revokey/scanner/regular"
)

// maxIncludes is how deep git follows includes in includes (MAX_INCLUDE_DEPTH in config.c).
const maxIncludes = 10

// checkIncludes holds that whatever the repository's configuration may have git read is a
// regular file, or is not there: on a pipe git would wait for ever. Each
// file is looked at once.
func (r repo) checkIncludes() error {
	seen := make(map[string]bool)
	for _, path := range []string{filepath.Join(r.common, "config"), filepath.Join(r.gitDir, "config.worktree")} {
		if err := checkIncludes(path, 0, seen); err != nil {
			return fmt.Errorf("its config includes what git cannot read: %w", err)
		}
	}
	return nil
}

func checkIncludes(path string, depth int, seen map[string]bool) error {
	if seen[path] {
		return nil
	}
	seen[path] = true
	data, err := regular.Read(path, maxConfig)
	if errors.Is(err, fs.ErrNotExist) || depth > maxIncludes {
		return nil
	}
	if err != nil {
		return err
	}
	cfg, err := decodeConfig(data)
	if err != nil {
		return nil // which git says itself
	}
	for _, included := range includesIn(cfg) {
		if !filepath.IsAbs(included) {
			included = filepath.Join(filepath.Dir(path), included)
		}
		if err := checkIncludes(included, depth+1, seen); err != nil {
			return err
		}
	}
	return nil
}

// includesIn returns the paths that a configuration includes, on whatever condition.
func includesIn(cfg *gitconfig.Config) (paths []string) {
	for _, name := range []string{"include", "includeif"} {
		for _, s := range cfg.Sections {
			if !s.IsName(name) {
				continue
			}
			paths = append(paths, s.Options.GetAll("path")...)
			for _, sub := range s.Subsections {
				paths = append(paths, sub.Options.GetAll("path")...)
			}
		}
	}
	return paths
}
