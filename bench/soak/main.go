// Soak runs revokey for a long time, as an unlucky team would: scans, verdicts, revocations,
// containments, what takes them back, new keys and rotations, in a random order, against an
// AWS on loopback that throttles, fails, hangs and loses its answers; and kills it now and then.
//
// # Usage
//
//	cd bench
//	go run ./soak [-for DURATION] [-seed N] [-keep]
//
// It builds revokey from the tree around it. Behind every run the output must hold no secret
// and no trace of a panic, and the journal's chain must hold. At the end, when AWS is well
// again and `--resume` has gone on with what was interrupted, it looks whether
//
//   - the journal and AWS agree about every key: its status, that it is there, that it is
//     contained; no key is there that the journal does not know, and none was made twice;
//   - a scan with the state finds what a scan without it does, and that is what was leaked;
//   - STS and the verdicts agree;
//   - no file but those that are to hold keys holds a secret.
//
// It prints what it did, and ends with 1 where anything does not agree.
//
// # Limitations
//
// One run at a time: the journal is held by one process. Processes are killed, machines are
// not: what a disk forgets without power is not seen.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	wrong, err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintf(os.Stderr, "soak: %v\n", err)
		os.Exit(2)
	case wrong > 0:
		os.Exit(1)
	}
}

// options are what the flags say.
type options struct {
	last time.Duration
	seed uint64
	keep bool
	tree string
}

func parse(args []string, stderr io.Writer) (o options, err error) {
	fs := flag.NewFlagSet("soak", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.DurationVar(&o.last, "for", 30*time.Minute, "go on for `DURATION`")
	fs.Uint64Var(&o.seed, "seed", uint64(time.Now().UnixNano()), "choose as `N` has it; the times at which processes are killed stay chance")
	fs.BoolVar(&o.keep, "keep", false, "leave the folder")
	fs.StringVar(&o.tree, "tree", "..", "the `folder` of revokey's source")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	if fs.NArg() > 0 || o.last <= 0 {
		return o, errors.New("-for takes a time above 0, and there are no arguments")
	}
	return o, nil
}

// run soaks, and returns how many things were wrong.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (wrong int, err error) {
	o, err := parse(args, stderr)
	if err != nil {
		return 0, err
	}
	dir, err := os.MkdirTemp("", "revokey-soak-")
	if err != nil {
		return 0, err
	}
	defer func() {
		if !o.keep && wrong == 0 {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	build := exec.CommandContext(ctx, "go", "build", "-o", filepath.Join(dir, "revokey"), "./cmd/revokey")
	build.Dir, build.Stderr = o.tree, stderr
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if err := build.Run(); err != nil {
		return 0, fmt.Errorf("building revokey: %w", err)
	}
	s, err := newSoak(dir, rand.New(rand.NewPCG(o.seed, 1)), stderr)
	if err != nil {
		return 0, err
	}
	defer s.close()
	fmt.Fprintf(stderr, "soak: %v in %s, seed %d\n", o.last, dir, o.seed)
	end, told := time.Now().Add(o.last), time.Now()
	for time.Now().Before(end) && ctx.Err() == nil {
		s.any(ctx)
		if time.Since(told) > time.Minute {
			told = time.Now()
			fmt.Fprintf(stderr, "soak: %v left: %s\n", time.Until(end).Round(time.Second), s)
		}
	}
	s.settle(ctx)
	s.agree(ctx)
	fmt.Fprintln(stdout, s)
	return s.wrong, ctx.Err()
}
