// Generate makes a repository of a chosen size, for measuring without a network.
//
// # Usage
//
//	cd bench
//	go run ./generate [flags] DIR
//
// DIR becomes a bare repository: text files of mixed sizes whose lines are edited,
// renames, deletions, topic branches with their merges, annotated tags, a binary
// file now and then; packed by git repack -adfq. The same flags make the same
// objects. A commit costs about seven objects, trees included.
//
// -keys K plants K keys across the history, in files that are changed again
// later; of half of them, that change removes the key. They are minted from the
// seed: AWS never issued them. None is printed.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"

	"github.com/revokey-dev/revokey/bench/internal/git"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintf(os.Stderr, "generate: %v\n", err)
		os.Exit(2)
	}
}

// options are what the flags say.
type options struct {
	commits, files, keys int
	seed                 uint64
	dir                  string
}

func parse(args []string, stderr io.Writer) (o options, err error) {
	fs := flag.NewFlagSet("generate", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() {
		fmt.Fprintln(stderr, "usage: go run ./generate [flags] DIR")
		fs.PrintDefaults()
	}
	fs.IntVar(&o.commits, "commits", 1000, "make `N` commits")
	fs.IntVar(&o.files, "files", 200, "let the tree grow to `N` files")
	fs.IntVar(&o.keys, "keys", 0, "plant `N` keys across the history")
	fs.Uint64Var(&o.seed, "seed", 1, "make everything from this `seed`")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	switch {
	case fs.NArg() != 1:
		return o, errors.New("it takes the folder to make")
	case o.commits < 10 || o.files < 10 || o.keys < 0:
		return o, errors.New("it takes at least 10 commits and 10 files, and no number below 0")
	}
	o.dir = fs.Arg(0)
	return o, nil
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	if _, err := os.Lstat(o.dir); err == nil {
		return fmt.Errorf("%q is there already", o.dir)
	}
	if _, err := git.Output(ctx, "", "init", "--quiet", "--bare", "--initial-branch=main", "--", o.dir); err != nil {
		return err
	}
	fmt.Fprintf(stderr, "generate: writing %d commits\n", o.commits)
	if err := fastImport(ctx, o); err != nil {
		return err
	}
	fmt.Fprintln(stderr, "generate: packing")
	if _, err := git.Output(ctx, o.dir, "repack", "-adfq"); err != nil {
		return err
	}
	count, err := git.Output(ctx, o.dir, "count-objects", "-v")
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%s: %d commits, %d keys planted\n%s\n", o.dir, o.commits, o.keys, count)
	return nil
}

// fastImport has git import the history while it is made.
func fastImport(ctx context.Context, o options) error {
	cmd := git.Command(ctx, o.dir, "fast-import", "--quiet")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting git fast-import: %w", err)
	}
	w := bufio.NewWriterSize(in, 1<<20)
	newHistory(o, w).write()
	writeErr := errors.Join(w.Flush(), in.Close())
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("running git fast-import: %w: %s", err, firstLine(err, stderr.String()))
	}
	return writeErr
}

// firstLine is what a failed git said first: the rest is its crash report, which
// holds what it was given.
func firstLine(err error, said string) string {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return ""
	}
	line, _, _ := strings.Cut(said, "\n")
	return line
}
