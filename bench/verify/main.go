// Verify measures `revokey scan --verify` against an STS on loopback that answers
// everybody after a while.
//
// # Usage
//
//	cd bench
//	go run ./verify [-keys N] [-rate N] [-latency DURATION] [-n N]
//
// It builds revokey from the tree around it, mints keys into a file, and runs, n
// times: a scan that asks about all of them; one that is interrupted half way; and
// `revokey verify --resume` of what that one reported. It prints the medians: the
// seconds, beside the least that the rate allows; the peak of memory, also with a
// tenth of the keys; the time from the interruption to the end; and how many
// questions were asked.
//
// # Limitations
//
// The STS checks no signature. The memory is known on Linux only.
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
	"slices"
	"time"

	"github.com/revokey-dev/revokey/bench/internal/mint"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(os.Stderr, "verify: %v\n", err)
		os.Exit(2)
	}
}

// options are what the flags say.
type options struct {
	keys, n int
	rate    float64
	latency time.Duration
	tree    string
}

func parse(args []string, stderr io.Writer) (o options, err error) {
	fs := flag.NewFlagSet("verify", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.IntVar(&o.keys, "keys", 1000, "ask about `N` keys")
	fs.IntVar(&o.n, "n", 3, "measure `N` times")
	fs.Float64Var(&o.rate, "rate", 50, "ask `N` times a second at most")
	fs.DurationVar(&o.latency, "latency", 100*time.Millisecond, "answer after `DURATION`")
	fs.StringVar(&o.tree, "tree", "..", "the `folder` of revokey's source")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	if o.keys < 10 || o.n < 1 || o.rate <= 0 || fs.NArg() > 0 {
		return o, errors.New("-keys takes 10 or more, -n and -rate numbers above 0, and there are no arguments")
	}
	return o, nil
}

// bench is one run of the program.
type bench struct {
	options
	dir    string
	server *server
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	b := &bench{}
	if b.options, err = parse(args, stderr); err != nil {
		return err
	}
	if b.dir, err = os.MkdirTemp("", "revokey-verify-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	build := exec.CommandContext(ctx, "go", "build", "-o", b.file("revokey"), "./cmd/revokey")
	build.Dir, build.Stderr = b.tree, stderr
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if err := build.Run(); err != nil {
		return fmt.Errorf("building revokey: %w", err)
	}
	b.server = serve(b.latency)
	defer b.server.Close()
	if err := errors.Join(b.mint("all", b.keys), b.mint("tenth", b.keys/10)); err != nil {
		return err
	}
	return b.report(ctx, stdout, stderr)
}

func (b *bench) file(name string) string { return filepath.Join(b.dir, name) }

// mint writes a file of keys.
func (b *bench) mint(name string, keys int) error {
	f, err := os.Create(b.file(name))
	if err != nil {
		return err
	}
	r := rand.New(rand.NewPCG(1, uint64(keys)))
	for i := range keys {
		id, secret := mint.Key(r)
		fmt.Fprintf(f, "[p%d]\naws_access_key_id = %s\naws_secret_access_key = %s\n", i, id, secret)
	}
	return f.Close()
}

// figures are those of one round.
type figures struct {
	seconds, tenthSeconds, stopped, memory, tenthMemory float64
	asked, known, resumed                               int
}

func (b *bench) report(ctx context.Context, stdout, stderr io.Writer) error {
	var all []figures
	for i := range b.n {
		f, err := b.round(ctx)
		if err != nil {
			return err
		}
		fmt.Fprintf(stderr, "verify: round %d of %d: %+v\n", i+1, b.n, f)
		all = append(all, f)
	}
	last := all[len(all)-1]
	seconds := median(all, func(f figures) float64 { return f.seconds })
	least := float64(b.keys) / b.rate
	fmt.Fprintf(stdout, "%d keys, %g a second, answers after %v; medians of %d rounds\n\n| what | |\n|---|---|\n", b.keys, b.rate, b.latency, b.n)
	fmt.Fprintf(stdout, "| questions asked | %d |\n", last.asked)
	fmt.Fprintf(stdout, "| scan with all verdicts | %.2f s, %.2f × of the %.2f s that the rate allows |\n", seconds, seconds/least, least)
	fmt.Fprintf(stdout, "| memory, with a tenth of the keys | %.0f MiB, %.0f MiB |\n", median(all, func(f figures) float64 { return f.memory })/(1<<20), median(all, func(f figures) float64 { return f.tenthMemory })/(1<<20))
	fmt.Fprintf(stdout, "| from Ctrl-C to the end | %.2f s |\n", median(all, func(f figures) float64 { return f.stopped }))
	fmt.Fprintf(stdout, "| verdicts written then, and asked for by --resume | %d, %d |\n", last.known, last.resumed)
	return nil
}

func median(all []figures, of func(figures) float64) float64 {
	var values []float64
	for _, f := range all {
		values = append(values, of(f))
	}
	slices.Sort(values)
	return values[len(values)/2]
}
