package main

import (
	"context"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/revokey-dev/revokey/scanner"
)

// gateOptions say which commits are scanned, where that is not the whole history.
type gateOptions struct {
	ranged  bool // a range of commits
	commits scanner.RangeOptions
}

// set reads the flags of `revokey scan`.
func (g *gateOptions) set(c *cli.Context) error {
	if c.IsSet("range") {
		g.ranged, g.commits.Range = true, c.String("range")
		if g.commits.Range == "" {
			return usagef("--range takes A..B, and got nothing: is a variable empty?")
		}
	}
	if c.Bool("ci") {
		return g.setCI(os.LookupEnv)
	}
	return nil
}

// sources counts the flags that say what to scan instead of the history.
func (o scanOptions) sources(c *cli.Context) int {
	n := 0
	for _, chosen := range []bool{o.files, o.stdin, o.staged, c.IsSet("range"), c.Bool("ci")} {
		if chosen {
			n++
		}
	}
	return n
}

// gitEnvironment is what git tells by its variables.
func gitEnvironment() scanner.GitEnvironment {
	return scanner.GitEnvironment{
		Dir:        os.Getenv("GIT_DIR"),
		IndexFile:  os.Getenv("GIT_INDEX_FILE"),
		Objects:    os.Getenv("GIT_OBJECT_DIRECTORY"),
		Alternates: alternatesIn(os.Getenv("GIT_ALTERNATE_OBJECT_DIRECTORIES")),
		Quarantine: os.Getenv("GIT_QUARANTINE_PATH"),
		Merging:    mergingIn(os.Environ()),
	}
}

// mergingIn returns the commits that are being merged: of each there is a variable, with
// what the user calls it, of which the name tells the commit.
func mergingIn(environ []string) (commits []string) {
	for _, v := range environ {
		name, _, _ := strings.Cut(v, "=")
		if commit, ok := strings.CutPrefix(name, "GITHEAD_"); ok {
			commits = append(commits, commit)
		}
	}
	return commits
}

func (o scanOptions) openStaged(ctx context.Context) (source, error) {
	staged, err := scanner.OpenStaged(ctx, o.path, scanner.StagedOptions{
		Git: gitEnvironment(), MaxSize: o.maxSize, Memory: o.history.Memory,
	})
	if err != nil {
		return source{}, err
	}
	return source{staged, staged.Close, done}, nil
}

func (o scanOptions) openRange(ctx context.Context) (source, error) {
	opts := o.gate.commits
	opts.Git, opts.MaxSize, opts.Memory, opts.AllowPartial = gitEnvironment(), o.maxSize, o.history.Memory, o.history.AllowPartial
	commits, err := scanner.OpenRange(ctx, o.path, opts)
	if err != nil {
		return source{}, err
	}
	return source{commits, commits.Close, done}, nil
}

// done is called where nothing is left to do.
func done() error { return nil }
