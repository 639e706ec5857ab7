// Plant copies a repository and adds commits with keys to the copy, at random
// places of its history.
//
// # Usage
//
//	cd bench
//	go run ./plant [flags] REPO COPY
//
// COPY is a bare mirror that shares REPO's packs by hard links; REPO is only
// read. Where COPY is one that plant made before, it is added to. Each commit is a
// side branch of its own, planted/N, on a commit picked at random from all that
// refs reach, and changes one text file of that commit's tree; with -tip, the
// commits are a chain on HEAD instead. The first -keys of them put a key into the
// file: one minted from the seed, that AWS never issued.
//
// Standard output has a line KEY-ID, COMMIT and PATH, parted by tabs, for each key.
// A secret is printed nowhere.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintf(os.Stderr, "plant: %v\n", err)
		os.Exit(2)
	}
}

// options are what the flags say.
type options struct {
	commits, keys int
	seed          uint64
	tip           bool
	repo, copy    string
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	if err := mirror(ctx, o.repo, o.copy); err != nil {
		return err
	}
	if o.commits == 0 {
		return nil
	}
	g, err := newGardener(ctx, o)
	if err != nil {
		return err
	}
	if err := g.plant(ctx); err != nil {
		return err
	}
	return g.list(ctx, stdout)
}

func parse(args []string, stderr io.Writer) (o options, err error) {
	fs := flag.NewFlagSet("plant", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() {
		fmt.Fprintln(stderr, "usage: go run ./plant [flags] REPO COPY")
		fs.PrintDefaults()
	}
	fs.IntVar(&o.commits, "commits", 50, "add `N` commits")
	fs.IntVar(&o.keys, "keys", 50, "put a key into the first `N` of them")
	fs.Uint64Var(&o.seed, "seed", 1, "pick and mint by this `seed`")
	fs.BoolVar(&o.tip, "tip", false, "chain the commits on HEAD")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	switch {
	case fs.NArg() != 2:
		return o, errors.New("it takes a repository and the folder of its copy")
	case o.keys < 0 || o.commits < o.keys:
		return o, errors.New("there can be no more keys than commits")
	}
	o.repo, o.copy = fs.Arg(0), fs.Arg(1)
	return o, nil
}
