// Bench measures revokey's scan of a repository beside git's own reading of it.
//
// # Usage
//
//	cd bench
//	go run . [flags] REPO...
//
// It builds revokey from the tree around it, runs everything once to warm up, then
// all of it in turn, -n times, and prints for each repository the medians with
// their spread: seconds of CPU (user and system, the process and its children),
// seconds of wall time, and the peak of memory that is not a mapped file. The
// repositories are only read; what it writes is in a temporary folder.
//
// The physical limit is what limit/limit.c takes: inflating, once, the streams
// of all blobs, commits and tags. It is left out where there is no C compiler or
// no libdeflate (apt-get install -y libdeflate-dev).
//
// -planted N adds a scan of a copy in which N keys are planted across the history
// (see plant), and compares the report with what was planted.
//
// # Limitations
//
// The memory is known on Linux only, where it is sampled every two milliseconds.
// Objects of alternates are read by both sides but neither counted nor part of
// the limit, and so are loose objects in the limit.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		os.Exit(2)
	}
}

// options are what the flags say.
type options struct {
	n       int
	log     bool
	json    bool
	planted int
	tree    string
	revokey string
	repos   []string
}

// bench is one run of the program.
type bench struct {
	opts   options
	tools  *tools
	stderr io.Writer
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	opts, err := parse(args, stderr)
	if err != nil {
		return err
	}
	t, err := build(ctx, opts.tree, opts.revokey, stderr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.remove()) }()
	b := &bench{opts: opts, tools: t, stderr: stderr}
	results := []*result{}
	for i, name := range opts.repos {
		r, err := b.measure(ctx, name, i)
		if err != nil {
			return fmt.Errorf("measuring %q: %w", name, err)
		}
		results = append(results, r)
		if !opts.json {
			r.markdown(stdout)
		}
	}
	if !opts.json {
		return nil
	}
	e := json.NewEncoder(stdout)
	e.SetIndent("", "  ")
	return e.Encode(results)
}

func parse(args []string, stderr io.Writer) (o options, err error) {
	fs := flag.NewFlagSet("bench", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() {
		fmt.Fprintln(stderr, "usage: go run . [flags] REPO...")
		fs.PrintDefaults()
	}
	fs.IntVar(&o.n, "n", 5, "measure `N` times after one run to warm up")
	fs.BoolVar(&o.log, "log", false, "measure git log -p --all too, which is slow")
	fs.BoolVar(&o.json, "json", false, "print JSON instead of Markdown")
	fs.IntVar(&o.planted, "planted", 0, "scan a copy with `N` keys planted too")
	fs.StringVar(&o.tree, "tree", "..", "the `folder` of revokey's source")
	fs.StringVar(&o.revokey, "revokey", "", "measure this `binary` instead of building one")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	o.repos = fs.Args()
	switch {
	case len(o.repos) == 0:
		return o, errors.New("no repository given (usage: go run . [flags] REPO...)")
	case o.n < 1 || o.planted < 0:
		return o, errors.New("-n takes a number above 0, -planted none below")
	}
	if o.revokey != "" {
		o.revokey, err = filepath.Abs(o.revokey)
	}
	return o, err
}

// measure measures everything on one repository.
func (b *bench) measure(ctx context.Context, name string, number int) (*result, error) {
	repo, err := openRepository(ctx, name, number)
	if err != nil {
		return nil, err
	}
	b.logf("%s: %s objects", name, thousands(repo.objects))
	list, err := b.subjects(ctx, repo)
	if err != nil {
		return nil, err
	}
	samples, notes, err := b.rounds(ctx, list)
	if err != nil {
		return nil, err
	}
	r := &result{
		Repository: repo.name, Objects: repo.objects, PackBytes: repo.packBytes,
		Processors: runtime.NumCPU(), Rounds: b.opts.n, Notes: notes,
	}
	r.add(list, samples)
	if repo.planted != nil {
		r.Planted, err = b.checkPlanted(repo.planted)
	}
	return r, err
}

func (b *bench) logf(format string, args ...any) {
	fmt.Fprintf(b.stderr, "bench: "+format+"\n", args...)
}
