package scanner

import (
	"fmt"
	"path/filepath"

	"github.com/revokey-dev/revokey/scanner/regular"
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
	path = filepath.Join(r.common, "config")
	data, err := regular.Read(path, maxConfig)
	if err != nil {
		return "", fmt.Errorf("reading config: %w", err)
	}
	cfg, err := decodeConfig(data)
	if err != nil {
		return "", fmt.Errorf("reading %q: %w", path, err)
	}
	remotes := cfg.Section("remote").Subsections
	for _, s := range remotes {
		if s.Name == "origin" || len(remotes) == 1 {
			return s.Option("url"), nil
		}
	}
	return "", nil
}
