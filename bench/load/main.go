// Load measures scans of repositories that are large in one way each: time, memory and open
// files against size.
//
// # Usage
//
//	cd bench
//	go run ./load [-only REGEXP] [-scale F] [-revokey BINARY] [-dir DIR] [-tree DIR]
//
// It builds revokey from the tree around it, makes each repository by writing a pack of its own,
// scans it once to warm up and once more to measure, and prints a table of Markdown. What is looked
// for is checked: the exit code, and how many credentials are found. -scale 0.01 makes all of it a
// hundredth as large. With -dir the repositories stay there.
//
// Some are large as no honest one is: a commit with a million parents, ten million paths by trees
// that share their subtrees.
//
// # Limitations
//
// Memory and open files are looked at every 2 ms, and known on Linux only. A peak that is shorter is missed.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(os.Stderr, "load: %v\n", err)
		os.Exit(2)
	}
}

// options are what the flags say.
type options struct {
	only    *regexp.Regexp
	scale   float64
	revokey string
	dir     string
	tree    string
}

func parse(args []string, stderr io.Writer) (o options, err error) {
	fs := flag.NewFlagSet("load", flag.ContinueOnError)
	fs.SetOutput(stderr)
	only := fs.String("only", "", "leave out what `REGEXP` does not match")
	fs.Float64Var(&o.scale, "scale", 1, "make everything `F` times as large")
	fs.StringVar(&o.revokey, "revokey", "", "measure this `binary` instead of building one")
	fs.StringVar(&o.dir, "dir", "", "keep the repositories in `DIR`")
	fs.StringVar(&o.tree, "tree", "..", "the `folder` of revokey's source")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	if o.scale <= 0 || fs.NArg() > 0 {
		return o, errors.New("-scale takes more than 0, and there are no arguments")
	}
	o.only, err = regexp.Compile(*only)
	return o, err
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	temporary, err := os.MkdirTemp("", "revokey-load-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temporary)
	if o.dir == "" {
		o.dir = temporary
	}
	if o.revokey == "" {
		o.revokey = filepath.Join(temporary, "revokey")
		build := exec.CommandContext(ctx, "go", "build", "-o", o.revokey, "./cmd/revokey")
		build.Dir, build.Env, build.Stderr = o.tree, append(os.Environ(), "CGO_ENABLED=0"), stderr
		if err := build.Run(); err != nil {
			return fmt.Errorf("building revokey: %w", err)
		}
	}
	fmt.Fprintln(stdout, "| repository | objects | pack, MiB | wall s | CPU s | memory MiB | open files | exit code | credentials |\n|---|---|---|---|---|---|---|---|---|")
	for _, c := range cases() {
		if !o.only.MatchString(c.name) {
			continue
		}
		if err := o.measure(ctx, c, stdout, stderr); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	return nil
}

// measure makes a repository, scans it in each mode, and prints a row for each.
func (o options) measure(ctx context.Context, c shape, stdout, stderr io.Writer) error {
	n := max(int(float64(c.n)*o.scale), 1)
	dir := filepath.Join(o.dir, fmt.Sprintf("%s-%d.git", regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(c.name, "-"), n))
	if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
		fmt.Fprintf(stderr, "load: making %s of %d\n", c.name, n)
		if err := build(ctx, dir, c, n); err != nil {
			return err
		}
	}
	for _, m := range append([]mode{{"", nil}}, c.modes...) {
		s, err := o.scan(ctx, dir, m.args)
		if err != nil {
			return err
		}
		if want := c.want(n); m.args == nil && (s.exit != c.exit || s.found != want) {
			return fmt.Errorf("exit code %d, %d credentials, want %d and %d:\n%s", s.exit, s.found, c.exit, want, s.said)
		}
		fmt.Fprintf(stdout, "| %s%s | %d | %.0f | %.2f | %.2f | %.0f | %d | %d | %d |\n", fmt.Sprintf(c.row, n), m.label, s.objects, s.packMiB, s.wall, s.cpu, s.memoryMiB, s.files, s.exit, s.found)
	}
	return nil
}
