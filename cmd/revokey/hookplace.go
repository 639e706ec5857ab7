package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// hookPlace is where git looks for the hooks of a repository.
type hookPlace struct {
	top    string // of the work tree; the git directory where there is none
	bare   bool
	common string // the git directory that all work trees share
	dir    string // of the hooks that git runs
	scope  string // of core.hooksPath: local, global, system …; "" where it is not set
}

// findHooks asks git, with the user's configuration, where the hooks of the repository
// at path are.
func findHooks(ctx context.Context, path string) (p hookPlace, err error) {
	if p.common, err = userGit(ctx, path, "rev-parse", "--path-format=absolute", "--git-common-dir"); err != nil {
		return p, err
	}
	bare, err := userGit(ctx, path, "rev-parse", "--is-bare-repository")
	if err != nil {
		return p, err
	}
	if p.bare, p.top = bare == "true", p.common; !p.bare {
		if p.top, err = userGit(ctx, path, "rev-parse", "--show-toplevel"); err != nil {
			return p, err
		}
	}
	if p.dir, err = userGit(ctx, p.top, "rev-parse", "--git-path", "hooks"); err != nil {
		return p, err
	}
	if !filepath.IsAbs(p.dir) {
		p.dir = filepath.Join(p.top, p.dir)
	}
	if set, err := userGit(ctx, p.top, "config", "--show-scope", "--get", "core.hooksPath"); err == nil {
		p.scope, _, _ = strings.Cut(set, "\t")
	}
	return p, nil
}

// userGit runs git as the user would, and returns its output without the last newline.
func userGit(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = dir
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		message, _, _ := strings.Cut(strings.TrimSpace(string(exit.Stderr)), "\n")
		return "", fmt.Errorf("git %s: %w: %s", strings.Join(args, " "), err, message)
	}
	return strings.TrimSuffix(string(out), "\n"), err
}

// hookManager is a program that has taken the hooks of a repository over.
type hookManager string

const (
	noManager hookManager = ""
	husky     hookManager = "husky"
	lefthook  hookManager = "lefthook"
	framework hookManager = "pre-commit"
)

// manager tells which one, by where the hooks are and by its configuration.
func (p hookPlace) manager() hookManager {
	switch {
	case p.bare:
		return noManager
	case p.huskyDir() != "":
		return husky
	}
	for _, path := range p.configurations() {
		if _, err := os.Stat(path); err == nil && strings.HasPrefix(filepath.Base(path), ".pre-commit") {
			return framework
		} else if err == nil {
			return lefthook
		}
	}
	return noManager
}

// huskyDir returns the folder of the hooks that husky runs: core.hooksPath is that itself,
// or a folder "_" in it.
func (p hookPlace) huskyDir() string {
	dir := p.dir
	if filepath.Base(dir) == "_" {
		dir = filepath.Dir(dir)
	}
	if p.scope == "" || filepath.Base(dir) != ".husky" {
		return ""
	}
	return dir
}
