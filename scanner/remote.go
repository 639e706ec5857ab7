package scanner

import (
	"fmt"
	"os"
	"path/filepath"

	gitconfig "github.com/go-git/go-git/v5/plumbing/format/config"
)

// RemoteURL returns the URL of the remote from which the repository at path, or in the
// nearest folder above it, was cloned: of "origin", or of the only one there is; "" where
// there is none. It is as the repository's own configuration has it, and may hold
// credentials. No include and no insteadOf is followed.
func RemoteURL(path string) (string, error) {
	r, err := findRepo(path)
	if err != nil {
		return "", err
	}
	f, err := os.Open(filepath.Join(r.common, "config"))
	if err != nil {
		return "", fmt.Errorf("opening config: %w", err)
	}
	defer f.Close()
	cfg := gitconfig.New()
	if err := gitconfig.NewDecoder(f).Decode(cfg); err != nil {
		return "", fmt.Errorf("reading %q: %w", f.Name(), err)
	}
	remotes := cfg.Section("remote").Subsections
	for _, s := range remotes {
		if s.Name == "origin" || len(remotes) == 1 {
			return s.Option("url"), nil
		}
	}
	return "", nil
}
