package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// target is a fuzz test.
type target struct{ pkg, name string }

func (t target) String() string { return short(t.pkg) + "." + t.name }

// short is a package's path within its module.
func short(pkg string) string {
	parts := strings.SplitN(pkg, "/", 4) // HOST/OWNER/NAME/…
	return parts[len(parts)-1]
}

// find lists the module's targets that the flags leave, in go list's order.
func find(ctx context.Context, o options) (targets []target, err error) {
	out, err := command(ctx, o, "test", "-list", "^Fuzz", "./...")
	if err != nil {
		return nil, fmt.Errorf("listing the targets: %w\n%s", err, out)
	}
	var names []string
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		switch {
		case strings.HasPrefix(line, "Fuzz"):
			names = append(names, words[0])
		case len(words) > 1 && words[0] == "ok":
			for _, name := range names {
				if t := (target{words[1], name}); o.takes(t) {
					targets = append(targets, t)
				}
			}
			names = nil
		}
	}
	return targets, nil
}

func (o options) takes(t target) bool {
	return o.only.MatchString(t.String()) && (o.skip == nil || !o.skip.MatchString(t.String()))
}

// outcome of a target.
type result struct {
	seconds       float64
	calls, inputs string // as go test told last
	failed        bool
	late          bool // the time was over in mid-input, which is no failure
	said          string
}

func (r result) outcome() string {
	switch {
	case r.failed:
		return "FAILED"
	case r.late:
		return "ok; the time was over in mid-input"
	}
	return "ok"
}

// progress is what go test tells every 3 seconds.
var progress = regexp.MustCompile(`execs: (\d+) .*new interesting: (\d+)`)

// fuzz runs the target. Shrinking an input that is merely new can outlast the time given, and
// go test then fails with "context deadline exceeded" and no input: so few steps of it are made.
func (t target) fuzz(ctx context.Context, o options) result {
	args := []string{"test", "-run", "^$", "-fuzz", "^" + t.name + "$", "-fuzztime", o.time.String(), "-fuzzminimizetime", "5x"}
	if o.workers > 0 {
		args = append(args, "-parallel", strconv.Itoa(o.workers))
	}
	start := time.Now()
	out, err := command(ctx, o, append(args, t.pkg)...)
	r := result{seconds: time.Since(start).Seconds(), calls: "-", inputs: "-", said: string(out)}
	if all := progress.FindAllStringSubmatch(r.said, -1); len(all) > 0 {
		r.calls, r.inputs = all[len(all)-1][1], all[len(all)-1][2]
	}
	if err != nil {
		r.late = strings.Contains(r.said, "context deadline exceeded") && !strings.Contains(r.said, "Failing input")
		r.failed = !r.late
	}
	return r
}

// command runs go in the tree and returns all that it says.
func command(ctx context.Context, o options, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = o.tree
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.Bytes(), err
}
