package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/revokey-dev/revokey/revoke/localaws"
)

func demoCommand(std streams) *cli.Command {
	return &cli.Command{
		Name:  "demo",
		Usage: "see all of it at work, offline",
		Description: `Makes a repository whose history leaked five kinds of key, and an AWS of its own on
this machine's loopback address; then finds the keys, asks which are live, switches
those off, and takes one back. Needs no network, no AWS account and no git.`,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "keep", Usage: "leave the folder, and the server up until Enter is pressed, for trying"},
		},
		Action: func(c *cli.Context) error {
			if c.Args().Present() {
				return usagef("demo takes no arguments")
			}
			return runDemo(c.Context, c.Bool("keep"), std)
		},
	}
}

// demo is one showing.
type demo struct {
	std    streams
	dir    string
	server *localaws.Server
	url    string
	keys   demoKeys
}

// demoAccount owns the demo's keys; the canary's is one of Thinkst's.
const (
	demoAccount       = "111122223333"
	demoCanaryAccount = "534261010715"
)

func runDemo(ctx context.Context, keep bool, std streams) error {
	dir, err := os.MkdirTemp("", "revokey-demo-")
	if err != nil {
		return fmt.Errorf("making the demo's folder: %w", err)
	}
	if !keep {
		defer os.RemoveAll(dir)
	}
	d := &demo{std: std, dir: dir, server: localaws.New(localaws.Options{})}
	if d.url, err = d.server.Start(); err != nil {
		return fmt.Errorf("starting the demo's AWS: %w", err)
	}
	defer d.server.Close()
	d.addKeys()
	if err := errors.Join(d.makeRepository(), d.writeProfile()); err != nil {
		return fmt.Errorf("preparing the demo: %w", err)
	}
	if err := d.show(ctx); err != nil {
		return err
	}
	if keep {
		d.stayUp()
	} else {
		std.nextOn(std.out, "in a repository of yours; nothing leaves the machine", []string{"revokey scan"})
	}
	return nil
}

// show carries out the steps. Each is a command line that a user could type,
// and the exit code that it must end with.
func (d *demo) show(ctx context.Context) error {
	aws := []string{"--aws-endpoint", d.url, "--account", demoAccount, "--profile", demoProfile}
	from := append([]string{"--from", d.path("findings.jsonl")}, aws...)
	journal := []string{"--journal", d.path("journal.jsonl")}
	for _, step := range []struct {
		what string
		args [][]string
		code int
	}{
		{"A repository leaked five keys. Scan all of its history:",
			[][]string{{"scan", d.path("repo")}}, exitFindings},
		{"The same for programs, into a file. It holds no secret:",
			[][]string{{"scan", d.path("repo"), "--format", "jsonl", "--output", d.path("findings.jsonl")}}, exitFindings},
		{"Which of them work? Ask STS, and the IAM of the account that is ours:",
			[][]string{{"verify"}, from}, exitLive},
		{"What would be done? The plan changes nothing:",
			[][]string{{"revoke"}, from}, exitLive},
		{"Do it, as the administrator, until AWS refuses the keys:",
			[][]string{{"revoke"}, from, journal, {"--apply", "--yes"}}, exitClean},
		{"Ask again: nothing is live any more:",
			[][]string{{"verify"}, from}, exitFindings},
		{"One of them was needed after all. Take it back from the journal:",
			[][]string{{"undo", d.keys.live.ID}, aws, journal, {"--apply", "--yes"}}, exitClean},
		{"And it is live again:",
			[][]string{{"verify"}, from}, exitLive},
	} {
		if err := d.step(ctx, step.what, step.args, step.code); err != nil {
			return err
		}
	}
	return d.proveCanary()
}

func (d *demo) step(ctx context.Context, what string, parts [][]string, want int) error {
	args := []string{"revokey"}
	for _, p := range parts {
		args = append(args, p...)
	}
	fmt.Fprintf(d.std.out, "\n# %s\n$ %s\n\n", what, strings.Join(args, " "))
	std := d.std
	std.shows = true
	switch code := run(ctx, args, std); {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case code != want:
		return fmt.Errorf("the demo failed: `%s` ended with exit code %d, not %d", args[1], code, want)
	}
	return nil
}

// proveCanary looks into the server's log: the canary's key was never used.
func (d *demo) proveCanary() error {
	requests := d.server.Requests()
	for _, r := range requests {
		if r.KeyID == d.keys.canary.ID || r.Target == d.keys.canary.ID {
			return errors.New("the demo failed: the canary's key was touched")
		}
	}
	fmt.Fprintf(d.std.out, "\n# The server saw %d requests, none of which touched the canary's key.\n", len(requests))
	return nil
}

func (d *demo) stayUp() {
	fmt.Fprintf(d.std.out, `
# For trying: the folder %s stays. The demo's AWS is up until you press Enter:

export AWS_SHARED_CREDENTIALS_FILE=%s
revokey scan %s --verify --aws-endpoint %s --account %s --profile %s
`, d.dir, d.path("credentials"), d.path("repo"), d.url, demoAccount, demoProfile)
	if d.std.asks {
		fmt.Fscanln(d.std.in)
	}
}

func (d *demo) path(name string) string { return filepath.Join(d.dir, name) }
