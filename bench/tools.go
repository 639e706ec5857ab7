package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/revokey-dev/revokey/bench/internal/git"
)

// tools are the programs that are measured, or help to.
type tools struct {
	dir     string // a temporary folder, for all that is written
	revokey string
	state   bool   // revokey scan has --state
	partial bool   // revokey scan has --allow-partial
	limit   string // "" where it cannot be compiled
	plant   string
}

// build builds the tools from the tree into a temporary folder. revokey, if not
// "", is a binary to take instead of the tree's.
func build(ctx context.Context, tree, revokey string, log io.Writer) (*tools, error) {
	if _, err := os.Stat(filepath.Join(tree, "bench", "go.mod")); err != nil {
		return nil, fmt.Errorf("looking for revokey's tree: %w (run this in bench/, or say where with -tree)", err)
	}
	dir, err := os.MkdirTemp("", "revokey-bench-")
	if err != nil {
		return nil, err
	}
	t := &tools{dir: dir, revokey: revokey, plant: filepath.Join(dir, "plant")}
	if err := t.build(ctx, tree, log); err != nil {
		return nil, errors.Join(err, t.remove())
	}
	return t, nil
}

// remove removes the temporary folder.
func (t *tools) remove() error { return os.RemoveAll(t.dir) }

func (t *tools) build(ctx context.Context, tree string, log io.Writer) error {
	if t.revokey == "" {
		t.revokey = filepath.Join(t.dir, "revokey")
		fmt.Fprintln(log, "bench: building revokey")
		if err := goBuild(ctx, tree, t.revokey, "./cmd/revokey"); err != nil {
			return err
		}
	}
	if err := goBuild(ctx, filepath.Join(tree, "bench"), t.plant, "./plant"); err != nil {
		return err
	}
	help, err := git.Run(exec.CommandContext(ctx, t.revokey, "scan", "--help"))
	if err != nil {
		return err
	}
	t.state = strings.Contains(string(help), "--state ")
	t.partial = strings.Contains(string(help), "--allow-partial ")
	limit := filepath.Join(t.dir, "limit")
	if err := compileLimit(ctx, filepath.Join(tree, "bench", "limit", "limit.c"), limit); err != nil {
		fmt.Fprintf(log, "bench: no physical limit: %v\nbench: it needs a C compiler and libdeflate (apt-get install -y libdeflate-dev)\n", err)
		return nil
	}
	t.limit = limit
	return nil
}

// goBuild builds without cgo, as releases are built.
func goBuild(ctx context.Context, dir, out, pkg string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-o", out, pkg)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	_, err := git.Run(cmd)
	return err
}

func compileLimit(ctx context.Context, source, out string) error {
	_, err := git.Run(exec.CommandContext(ctx, "cc", "-O2", "-o", out, source, "-ldeflate"))
	return err
}
