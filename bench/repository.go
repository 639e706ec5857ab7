package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/revokey-dev/revokey/bench/internal/git"
)

// repository is one that is measured.
type repository struct {
	name      string // as it was given
	dir       string // the same, absolute
	number    int    // its place on the command line
	objects   int
	packBytes int64
	hashBytes int
	indexes   []string          // of its packs
	planted   map[string]string // key IDs planted in its copy, with their commits
}

// openRepository asks git what there is. Objects of alternates are not counted.
func openRepository(ctx context.Context, name string, number int) (*repository, error) {
	dir, err := filepath.Abs(name)
	if err != nil {
		return nil, err
	}
	r := &repository{name: name, dir: dir, number: number, hashBytes: 20}
	format, err := git.Output(ctx, dir, "rev-parse", "--show-object-format")
	if err != nil {
		return nil, err
	}
	if format == "sha256" {
		r.hashBytes = 32
	}
	if err := r.count(ctx); err != nil {
		return nil, err
	}
	objects, err := git.Output(ctx, dir, "rev-parse", "--path-format=absolute", "--git-path", "objects")
	if err != nil {
		return nil, err
	}
	r.indexes, err = filepath.Glob(filepath.Join(quoteGlob(objects), "pack", "*.idx"))
	return r, err
}

func (r *repository) count(ctx context.Context) error {
	out, err := git.Output(ctx, r.dir, "count-objects", "-v")
	if err != nil {
		return err
	}
	for line := range strings.Lines(out) {
		var key string
		var n int64
		if _, err := fmt.Sscanf(line, "%s %d", &key, &n); err != nil {
			continue // an alternate
		}
		switch key {
		case "count:", "in-pack:":
			r.objects += int(n)
		case "size-pack:":
			r.packBytes = n << 10
		}
	}
	return nil
}

// quoteGlob quotes what Glob would take for a pattern.
func quoteGlob(path string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(path)
}
