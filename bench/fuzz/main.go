// Fuzz runs every fuzz test of revokey, each for a while, and tells what came of it.
//
// # Usage
//
//	cd bench
//	go run ./fuzz [-time 60s] [-workers N] [-only REGEXP] [-skip REGEXP] [-tree DIR]
//
// It finds the targets itself: every function Fuzz… in a test of the tree's module. It prints a
// table of Markdown: how often each was called, how many inputs gave new coverage, and what
// failed. What failed is shown whole on standard error, and go test has put the input into the
// package's testdata/fuzz, where it is run by every later test.
//
// The exit code is 0 where nothing failed, 1 where something did, and 2 for trouble.
//
// A nightly job runs `go run ./fuzz -time 60s`: about a minute a target.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	failed, err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintf(os.Stderr, "fuzz: %v\n", err)
		os.Exit(2)
	case failed > 0:
		os.Exit(1)
	}
}

// options are what the flags say.
type options struct {
	time       time.Duration
	workers    int
	only, skip *regexp.Regexp
	tree       string
}

func parse(args []string, stderr io.Writer) (o options, err error) {
	fs := flag.NewFlagSet("fuzz", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.DurationVar(&o.time, "time", time.Minute, "fuzz each target for `DURATION`")
	fs.IntVar(&o.workers, "workers", 0, "fuzz with `N` processes at a time (default: one a processor)")
	fs.StringVar(&o.tree, "tree", "..", "the `folder` of revokey's source")
	only := fs.String("only", "", "leave out the targets that `REGEXP` does not match, as PACKAGE.NAME")
	skip := fs.String("skip", "", "leave out the targets that `REGEXP` matches")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	if o.time <= 0 || o.workers < 0 || fs.NArg() > 0 {
		return o, errors.New("-time takes more than 0, -workers no less, and there are no arguments")
	}
	if o.only, err = regexp.Compile(*only); err != nil {
		return o, fmt.Errorf("-only: %w", err)
	}
	if *skip != "" {
		if o.skip, err = regexp.Compile(*skip); err != nil {
			return o, fmt.Errorf("-skip: %w", err)
		}
	}
	return o, nil
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) (failed int, err error) {
	o, err := parse(args, stderr)
	if err != nil {
		return 0, err
	}
	targets, err := find(ctx, o)
	if err != nil {
		return 0, err
	}
	if len(targets) == 0 {
		return 0, errors.New("no target is left")
	}
	fmt.Fprintf(stdout, "| target | seconds | calls | new inputs | |\n|---|---|---|---|---|\n")
	for _, t := range targets {
		r := t.fuzz(ctx, o)
		if ctx.Err() != nil {
			return failed, ctx.Err()
		}
		fmt.Fprintf(stdout, "| %s | %.0f | %s | %s | %s |\n", t, r.seconds, r.calls, r.inputs, r.outcome())
		if r.failed {
			failed++
			fmt.Fprintf(stderr, "fuzz: %s failed:\n%s\n", t, r.said)
		}
	}
	fmt.Fprintf(stdout, "\n%d targets, %d failed\n", len(targets), failed)
	return failed, nil
}
