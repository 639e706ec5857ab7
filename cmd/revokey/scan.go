package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/revokey-dev/revokey/detectors"
	"github.com/revokey-dev/revokey/report"
	"github.com/revokey-dev/revokey/scanner"
	"github.com/revokey-dev/revokey/scanner/unpack"
)

// scanOptions are those of `revokey scan`.
type scanOptions struct {
	path    string
	files   bool
	stdin   bool
	staged  bool
	message string // the file of a commit's message
	gate    gateOptions
	verify  verifyMode
	ask     askOptions
	revoke  bool
	found   carryOptions // what is then done
	maxSize int64        // bytes; 0: as large as can be read
	history scanner.HistoryOptions
	scan    scanner.Options
	aws     awsOptions
	silence silenceOptions
	output  outputOptions
}

func scanCommand(std streams) *cli.Command {
	return &cli.Command{
		Name:      "scan",
		Usage:     "look for keys in a repository's whole history",
		ArgsUsage: pathArgs,
		Description: `Reads every object of the repository at PATH (default: here): all versions of all
files, commit and tag messages, stashes, and what no branch reaches any more.
Nothing leaves this machine unless --verify is given: it asks AWS STS who each
found pair is. Each such question is logged in the CloudTrail of the account that
owns the key, and becomes the key's last use.`,
		Flags: append(append([]cli.Flag{
			&cli.BoolFlag{Name: "files", Usage: "scan the files on disk at PATH instead, git or not"},
			&cli.BoolFlag{Name: "stdin", Usage: "scan standard input instead"},
			&cli.BoolFlag{Name: "staged", Usage: "scan what is staged instead: what the next commit would bring"},
			&cli.StringFlag{Name: "range", Usage: "scan what the commits of `A..B` bring instead"},
			&cli.BoolFlag{Name: "ci", Usage: "scan the commits that this CI run is about instead; see docs/ci.md"},
			&cli.GenericFlag{Name: "verify", Value: newVerifyMode(), Usage: "ask AWS which of the keys are live: `MODE` is on (as --verify alone), own (--verify=own: of accounts given by --account only) or off", Category: "AWS"},
			&cli.BoolFlag{Name: "revoke", Usage: "plan the deactivation of what was found; --apply carries it out", Category: "Revoke"},
			&cli.IntFlag{Name: "workers", Usage: "read `N` parts at a time", DefaultText: "one a processor"},
			&cli.Int64Flag{Name: "max-size", Usage: "skip, and name, what is larger than `MIB` mebibytes", DefaultText: "no limit; 256 where git stores versions as deltas"},
			&cli.Int64Flag{Name: "memory", Value: 64, Usage: "let each worker hold on to `MIB` mebibytes of decoded objects; what is larger is read piece by piece"},
			&cli.StringFlag{Name: "state", Usage: "remember in `FILE` what was scanned, and read only what is new since"},
			&cli.Int64Flag{Name: "max-archive-size", Usage: "unpack no more than `MIB` mebibytes of one archive", DefaultText: "1024, and no more than 1000 times its size"},
			&cli.BoolFlag{Name: "no-archives", Usage: "do not look into archives and compressed files"},
			&cli.BoolFlag{Name: "check-names", Usage: "hash every object, and name those that are not what they are called"},
			&cli.BoolFlag{Name: "allow-partial", Usage: "take what a shallow or partial clone lacks for granted"},
			&cli.BoolFlag{Name: "fetch-missing", Usage: "let git fetch what a shallow or partial clone lacks; git then runs with the repository's configuration"},
			&cli.BoolFlag{Name: "count-missing", Usage: "count what a partial clone lacks: reads every tree"},
		}, append(silenceFlags(), outputFlags()...)...), slices.Concat(askFlags(), carryFlags(), journalFlags(), awsFlags())...),
		Action: func(c *cli.Context) error {
			o, err := scanOptionsOf(c)
			if err != nil {
				return err
			}
			if c.Bool("fetch-missing") {
				o.history.Fetch = std.err
			}
			return runScan(c.Context, o, std)
		},
	}
}

func scanOptionsOf(c *cli.Context) (scanOptions, error) {
	o := scanOptions{
		path:    ".",
		files:   c.Bool("files"),
		stdin:   c.Bool("stdin"),
		staged:  c.Bool("staged"),
		verify:  *c.Generic("verify").(*verifyMode),
		silence: silenceOptionsOf(c),
		maxSize: c.Int64("max-size") << 20,
		revoke:  c.Bool("revoke"),
	}
	o.scan = scanner.Options{
		Workers:    c.Int("workers"),
		NoArchives: c.Bool("no-archives"),
		Archives:   archiveLimits(c, o.maxSize),
	}
	o.history = scanner.HistoryOptions{
		Workers:      o.scan.Workers,
		MaxSize:      o.maxSize,
		Memory:       c.Int64("memory") << 20,
		AllowPartial: c.Bool("allow-partial"),
		CountMissing: c.Bool("count-missing"),
		CheckNames:   c.Bool("check-names"),
		State:        c.String("state"),
	}
	o.history.Rules = fmt.Sprint(o.scan.NoArchives, o.scan.Archives)
	takeGitEnvironment(&o.history)
	if c.Args().Present() {
		o.path = c.Args().First()
	}
	switch {
	case c.NArg() > 0 && o.verify == verifyOn && isVerifyMode(c.Args().First()):
		return o, usagef("--verify takes its mode behind an equals sign").withHint("--verify=%s; a folder of that name is ./%[1]s", c.Args().First())
	case c.NArg() > 1:
		return o, usagef("scan takes one path, not %d", c.NArg())
	case (o.staged || c.IsSet("range") || c.Bool("ci")) && (c.Bool("fetch-missing") || c.Bool("count-missing") || c.Bool("check-names")):
		return o, usagef("--fetch-missing, --count-missing and --check-names go with the whole history of a repository")
	case o.stdin && (o.files || c.Args().Present()):
		return o, usagef("--stdin goes with neither --files nor a path")
	case o.sources(c) > 1:
		return o, usagef("only one of --files, --stdin, --staged, --range and --ci can be scanned at a time")
	case o.sources(c) > 0 && o.history.State != "":
		return o, usagef("--state goes with the history of a repository, not with a part of it, --stdin or --files")
	case o.scan.Workers < 0 || c.IsSet("max-size") && o.maxSize <= 0 || o.history.Memory <= 0 || c.IsSet("max-archive-size") && o.scan.Archives.TotalSize <= 0:
		return o, usagef("--workers, --max-size, --max-archive-size and --memory take numbers above 0")
	}
	if err := o.gate.set(c); err != nil {
		return o, err
	}
	var err, askErr, outputErr error
	if o.aws, err = awsOptionsOf(c); err == nil {
		o.ask, askErr = askOptionsOf(c, o.verify == verifyOwn, o.aws)
	}
	o.output, outputErr = outputOptionsOf(c)
	var foundErr error
	o.found, foundErr = foundOptionsOf(c)
	return o, errors.Join(err, askErr, outputErr, foundErr)
}

// archiveLimits are the defaults, or what the user sets, which then is the one limit
// of an archive's size. A member is limited as an object or a file is.
func archiveLimits(c *cli.Context, maxSize int64) unpack.Limits {
	limits := unpack.Limits{MemberSize: maxSize}
	if c.IsSet("max-archive-size") {
		limits.TotalSize, limits.Ratio = c.Int64("max-archive-size")<<20, -1
	}
	return limits
}

func runScan(ctx context.Context, o scanOptions, std streams) error {
	j, err := o.judge(ctx, std)
	if err != nil {
		return err
	}
	src, err := o.open(ctx, std)
	if err != nil {
		return err
	}
	defer src.close() //nolint:errcheck // of what was read
	agreements, err := o.silence.load(o.root(src))
	if err != nil {
		return err
	}
	suspects, scanned, err := search(ctx, src.Source, o.scan, std)
	if err != nil {
		return err
	}
	sum := report.NewSummary(scanned)
	interrupted := o.settle(ctx, j, suspects, &sum, std)
	suspects = quiet(agreements, suspects, &sum)
	records := summarise(suspects, &sum)
	next := nextOf(std, o.output, "", o.aws)
	o.output.next = next.ofMany(sum)
	if err := o.output.write(std, records, sum); err != nil {
		return errors.Join(interrupted, err, outcome(sum))
	}
	if interrupted == nil && !o.revoke && !o.output.quiet {
		next.tell(std, records, j != nil)
	}
	if o.revoke && interrupted == nil {
		return errors.Join(src.done(), o.revokeFound(ctx, suspects, sum, std))
	}
	return errors.Join(interrupted, src.done(), outcome(sum))
}

// root returns where the agreements of what is scanned are, "" for nowhere: a commit's message
// is of the repository that it is written in.
func (o scanOptions) root(src source) string {
	if o.message != "" {
		root, _ := scanner.RootOf(o.path)
		return root
	}
	return src.Name()
}

// judge returns who is to ask AWS; nil if nobody is. It comes before the scan, so that
// no long one is in vain where the operator's profile is none.
func (o scanOptions) judge(ctx context.Context, std streams) (*judge, error) {
	if o.verify == verifyOff {
		return nil, nil
	}
	o.aws.sayEndpoint(std)
	return newJudge(ctx, o.aws, o.ask, std)
}

// settle sets the verdict of each suspect, and returns why not all have one. Without a
// judge that is what their accounts tell.
func (o scanOptions) settle(ctx context.Context, j *judge, suspects []suspect, sum *report.Summary, std streams) error {
	if j == nil {
		for i := range suspects {
			suspects[i].spare(o.aws.canaries)
		}
		return nil
	}
	sum.AWSEndpoint = o.aws.endpoint
	return j.all(ctx, suspects, std)
}

// source is a source that may hold files open, and remember what was scanned.
type source struct {
	scanner.Source
	close func() error
	done  func() error // called once its findings are written
}

func (o scanOptions) open(ctx context.Context, std streams) (source, error) {
	nothing := func() error { return nil }
	switch {
	case o.stdin:
		return source{scanner.NewStream(std.in, o.maxSize), nothing, nothing}, nil
	case o.files:
		files, err := scanner.OpenFiles(o.path, o.maxSize)
		return source{files, nothing, nothing}, err
	case o.message != "":
		return o.openMessage()
	case o.staged:
		return o.openStaged(ctx)
	case o.gate.ranged:
		return o.openRange(ctx)
	}
	history, err := scanner.OpenHistory(ctx, o.path, o.history)
	if err != nil {
		return source{}, err
	}
	return source{history, history.Close, history.SaveState}, nil
}

// search scans the source.
func search(ctx context.Context, src scanner.Source, opts scanner.Options, std streams) ([]suspect, scanner.Summary, error) {
	p := newProgress(std, "scanning", "")
	defer p.done()
	opts.Progress = func(s scanner.Progress) {
		p.read(s.Parts, s.AllParts, s.Bytes)
		if s.Parts == s.AllParts {
			std.detail("read", "blobs", s.Blobs, "bytes", s.Bytes, "parts", s.AllParts, "seconds", p.seconds())
			p.turn("looking up where it stands, and since when")
		}
	}
	var suspects []suspect
	sum, err := scanner.New(detectors.All(), opts).Scan(ctx, src, func(f scanner.Finding) error {
		suspects = append(suspects, suspectOf(f))
		return nil
	})
	if err != nil {
		return nil, sum, fmt.Errorf("scanning: %w", err)
	}
	std.detail("looked up where it stands", "findings", len(suspects), "seconds", p.seconds())
	return suspects, sum, nil
}
