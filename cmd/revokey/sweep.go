package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/revokey-dev/revokey/scanner"
	"github.com/revokey-dev/revokey/sweep"
	"github.com/revokey-dev/revokey/sweep/fetch"
	"github.com/revokey-dev/revokey/sweep/forge"
)

// sweepOptions are those of `revokey sweep`.
type sweepOptions struct {
	words   []string // what to sweep
	resume  bool
	run     string // its name; "": one is made
	filter  forge.Filter
	forge   forge.Options
	since   time.Time
	shard   sweep.Shard
	queue   queueOptions
	work    workOptions
	silence silenceOptions
	output  outputOptions
}

// workOptions are those of whoever works jobs off.
type workOptions struct {
	workers  int // repositories at a time
	attempts int
	fetch    fetch.Options
	scan     sweepScanOptions
	memory   int64
	verify   verifyMode
	ask      askOptions
	aws      awsOptions
	metrics  string
	insecure bool
	scanning time.Duration // of one repository at most; 0: no limit
}

// sweepScanOptions decide on what is found. They travel with the run, so that all workers scan alike.
type sweepScanOptions struct {
	MaxSize        int64 `json:"max_size"`
	NoArchives     bool  `json:"no_archives"`
	MaxArchiveSize int64 `json:"max_archive_size"`
}

const sweepDescription = `Scans every repository of an organisation, and reports each credential once, with all
the repositories that hold it.

A SOURCE is github:ORG, gitlab:GROUP/SUBGROUP, gitea:https://HOST/OWNER, bitbucket:WORKSPACE,
azure:ORG/PROJECT, codecommit:REGION, list:FILE (one URL or folder a line; -: standard input), a
folder (all repositories below it), or a repository's URL. Tokens come from the environment, or
from git's credential helper; see docs/forges.md.

What was done is kept in --state-dir: after a crash or Ctrl-C, ` + "`revokey sweep --resume`" + ` goes on; the
next sweep looks at what has changed only. With --queue the work is done by any number of
` + "`revokey worker`" + ` on other machines. See docs/sweep.md.`

func sweepCommand(std streams) *cli.Command {
	return &cli.Command{
		Name:        "sweep",
		Usage:       "scan an organisation's repositories, on this machine or on many",
		ArgsUsage:   "SOURCE…",
		Description: sweepDescription,
		Flags: slices.Concat([]cli.Flag{
			&cli.BoolFlag{Name: "resume", Usage: "go on with the last sweep, if it did not end; without a SOURCE, with its own"},
			&cli.StringFlag{Name: "run", Usage: "the `NAME` of this sweep, if it is to be known by one", DefaultText: "its time"},
			&cli.StringFlag{Name: "since", Usage: "do not even ask for repositories that were swept before, and of which the forge tells no push since `TIME`: 24h, 7d, 2026-11-01"},
			&cli.StringFlag{Name: "shard", Usage: "sweep the `I/N`th part of the repositories only, I from 0; auto: as this engine's variables say"},
			&cli.IntFlag{Name: "shard-total", Usage: "how many parts there are, for an engine that does not tell (Kubernetes)"},
		}, filterFlags(), queueFlags(), workFlags(), sweepSilenceFlags(), outputFlags(), askFlags(), awsFlags()),
		Action: func(c *cli.Context) error {
			o, err := sweepOptionsOf(c, std)
			if err != nil {
				return err
			}
			return runSweep(c.Context, o, std)
		},
		Subcommands: []*cli.Command{sweepStatusCommand(std), sweepResultsCommand(std)},
	}
}

func filterFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "include", Usage: "only repositories whose name matches `GLOB`: ORG/*, web-* (repeatable)", Category: "Repositories"},
		&cli.StringSliceFlag{Name: "exclude", Usage: "no repositories whose name matches `GLOB` (repeatable)", Category: "Repositories"},
		&cli.BoolFlag{Name: "no-archived", Usage: "leave archived ones out", Category: "Repositories"},
		&cli.BoolFlag{Name: "no-forks", Usage: "leave forks out", Category: "Repositories"},
		&cli.StringSliceFlag{Name: "visibility", Usage: "only `KIND` ones: public, internal, private (repeatable)", Category: "Repositories"},
		&cli.StringSliceFlag{Name: "topic", Usage: "only those with `TOPIC` (repeatable)", Category: "Repositories"},
		&cli.StringFlag{Name: "pushed-since", Usage: "only those that were changed since `TIME`: 24h, 7d, 2026-11-01", Category: "Repositories"},
		&cli.BoolFlag{Name: "wikis", Usage: "their wikis too", Category: "Repositories"},
		&cli.BoolFlag{Name: "snippets", Usage: "gists and snippets too", Category: "Repositories"},
	}
}

func workFlags() []cli.Flag {
	return []cli.Flag{
		&cli.IntFlag{Name: "workers", Usage: "work on `N` repositories at a time", DefaultText: "four a processor, at most 32; of a sweep with --queue none: others do it", Category: "Work"},
		&cli.IntFlag{Name: "attempts", Value: 5, Usage: "give a repository up after `N` attempts", Category: "Work"},
		&cli.StringFlag{Name: "cache", Usage: "keep mirrors in the folder `DIR`: what changed is fetched and scanned, and not all that is there", Category: "Work"},
		&cli.StringFlag{Name: "temp", Usage: "put temporary clones into the folder `DIR`", DefaultText: "the system's", Category: "Work"},
		&cli.Int64Flag{Name: "max-repository-size", Usage: "list, and do not fetch, what has more than `MIB` mebibytes", DefaultText: "no limit", Category: "Work"},
		&cli.DurationFlag{Name: "fetch-timeout", Value: 30 * time.Minute, Usage: "give up a fetch after `DURATION`", Category: "Work"},
		&cli.DurationFlag{Name: "stall-timeout", Value: time.Minute, Usage: "give up a fetch of which nothing comes for `DURATION`", Category: "Work"},
		&cli.DurationFlag{Name: "scan-timeout", Value: 2 * time.Hour, Usage: "list, and do not go on to scan, a repository that takes longer than `DURATION`; 0: no limit", Category: "Work"},
		&cli.Int64Flag{Name: "min-free", Value: 512, Usage: "fetch only while the disk has `MIB` mebibytes left", Category: "Work"},
		&cli.Int64Flag{Name: "memory", Value: 32, Usage: "let each reader hold on to `MIB` mebibytes of decoded objects", Category: "Work"},
		&cli.Int64Flag{Name: "max-size", Usage: "skip, and name, objects of more than `MIB` mebibytes", DefaultText: "no limit", Category: "Work"},
		&cli.Int64Flag{Name: "max-archive-size", Usage: "unpack no more than `MIB` mebibytes of one archive", DefaultText: "1024", Category: "Work"},
		&cli.BoolFlag{Name: "no-archives", Usage: "do not look into archives and compressed files", Category: "Work"},
		&cli.BoolFlag{Name: "insecure", Usage: "allow plain http to other hosts than this one", Category: "Work"},
		&cli.StringFlag{Name: "metrics-listen", Usage: "serve metrics and health at `ADDRESS`, such as 127.0.0.1:9464", Category: "Work"},
		&cli.GenericFlag{Name: "verify", Value: newVerifyMode(), Usage: "ask AWS which of the keys are live: `MODE` is on (as --verify alone), own or off", Category: "AWS"},
	}
}

func sweepOptionsOf(c *cli.Context, std streams) (o sweepOptions, err error) {
	o = sweepOptions{words: c.Args().Slice(), resume: c.Bool("resume"), run: c.String("run"), silence: sweepSilenceOf(c)}
	if len(o.words) == 0 && !o.resume {
		return o, usagef("there is nothing to sweep").withHint("name a source: `revokey sweep github:ORG`, or a folder")
	}
	if o.queue, err = queueOptionsOf(c); err != nil {
		return o, err
	}
	if o.work, err = workOptionsOf(c); err != nil {
		return o, err
	}
	if !c.IsSet("workers") && o.queue.url != "" {
		o.work.workers = 0
	}
	if o.filter, err = filterOf(c); err != nil {
		return o, err
	}
	if o.resume && len(o.words) == 0 && slices.ContainsFunc(append(filterNames(), "since"), c.IsSet) {
		return o, usagef("a sweep goes on with the filters that it began with").withHint("leave them out, or name the SOURCE too")
	}
	if o.since, err = parseSince(c, "since"); err != nil {
		return o, err
	}
	if s := c.String("shard"); s != "" {
		if o.shard, err = sweep.ParseShard(s, c.Int("shard-total"), os.Getenv); err != nil {
			return o, usagef("%s", err)
		}
	}
	switch {
	case o.run != "" && !sweep.ValidRunID(o.run):
		return o, usagef("a sweep's name has letters, digits, - and _ only, not %q", o.run)
	case o.shard.Total > 1 && o.queue.url != "":
		return o, usagef("--shard is for sweeps without a --queue, which shares the work out itself")
	case o.shard.Total > 1 && o.queue.store != "" && o.run == "":
		return o, usagef("shards that share a store have to know what sweep they are of").withHint("give all of them the same --run NAME, such as the engine's job ID")
	}
	o.forge = forge.Options{Wikis: c.Bool("wikis"), Snippets: c.Bool("snippets"), Insecure: c.Bool("insecure"), Stdin: std.in}
	o.output, err = outputOptionsOf(c)
	return o, err
}

func filterOf(c *cli.Context) (forge.Filter, error) {
	f := forge.Filter{
		NoArchived: c.Bool("no-archived"), NoForks: c.Bool("no-forks"), Visibility: c.StringSlice("visibility"),
		Topics: c.StringSlice("topic"), Include: c.StringSlice("include"), Exclude: c.StringSlice("exclude"),
	}
	var err error
	if f.PushedSince, err = parseSince(c, "pushed-since"); err != nil {
		return f, err
	}
	if err := f.Check(); err != nil {
		return f, usagef("%s", err)
	}
	return f, nil
}

// filterNames are the flags that say which repositories are wanted.
func filterNames() []string {
	var names []string
	for _, f := range filterFlags() {
		names = append(names, f.Names()[0])
	}
	return names
}

// wanted is which repositories are, as it is kept with a run.
type wanted struct {
	Filter   forge.Filter `json:"filter"`
	Wikis    bool         `json:"wikis,omitempty"`
	Snippets bool         `json:"snippets,omitempty"`
}

func (o sweepOptions) filterText() string {
	data, err := json.Marshal(wanted{o.filter, o.forge.Wikis, o.forge.Snippets})
	if err != nil {
		panic("revokey: internal error: " + err.Error()) // numbers, times and words alone
	}
	return string(data)
}

// takeFilter takes that of a run.
func (o *sweepOptions) takeFilter(r sweep.Run) error {
	if r.Filter == "" {
		return nil
	}
	var w wanted
	if err := json.Unmarshal([]byte(r.Filter), &w); err != nil {
		return fmt.Errorf("reading the filters of the sweep: %w", err)
	}
	o.filter, o.forge.Wikis, o.forge.Snippets = w.Filter, w.Wikis, w.Snippets
	return nil
}

// parseSince reads a time of a flag: a date, or how long ago.
func parseSince(c *cli.Context, flag string) (time.Time, error) {
	s := c.String(flag)
	if s == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	if d, err := parseTime(s); err == nil && d > 0 {
		return time.Now().Add(-d), nil
	}
	return time.Time{}, usagef("--%s takes a date such as 2026-11-01, or how long ago, such as 24h or 7d, not %q", flag, s)
}

func workOptionsOf(c *cli.Context) (o workOptions, err error) {
	o = workOptions{
		workers: c.Int("workers"), attempts: c.Int("attempts"), memory: c.Int64("memory") << 20,
		verify: *c.Generic("verify").(*verifyMode), metrics: c.String("metrics-listen"), insecure: c.Bool("insecure"), scanning: c.Duration("scan-timeout"),
		scan: sweepScanOptions{MaxSize: c.Int64("max-size") << 20, NoArchives: c.Bool("no-archives"), MaxArchiveSize: c.Int64("max-archive-size") << 20},
	}
	if !c.IsSet("workers") {
		o.workers = defaultWorkers()
	}
	o.fetch = fetch.Options{
		Cache: c.String("cache"), Temp: c.String("temp"), MaxSize: c.Int64("max-repository-size") << 20, MinFree: c.Int64("min-free") << 20,
		Timeout: c.Duration("fetch-timeout"), Stall: c.Duration("stall-timeout"), Parallel: o.workers, Insecure: o.insecure,
	}
	switch {
	case o.workers < 0 || o.attempts < 1 || o.memory <= 0 || o.fetch.Timeout <= 0 || o.fetch.Stall <= 0 || o.scanning < 0 || o.fetch.MinFree < 0 || o.fetch.MaxSize < 0 || o.scan.MaxSize < 0 || o.scan.MaxArchiveSize < 0:
		return o, usagef("--workers, --attempts, --memory, the sizes and the times take numbers above 0")
	}
	if o.aws, err = awsOptionsOf(c); err != nil {
		return o, err
	}
	o.ask, err = askOptionsOf(c, o.verify == verifyOwn, o.aws)
	return o, err
}

// history returns how a repository is scanned.
func (o sweepScanOptions) history(memory int64) scanner.HistoryOptions {
	h := scanner.HistoryOptions{MaxSize: o.MaxSize, Memory: memory}
	s := o.scanner()
	h.Rules = fmt.Sprint(s.NoArchives, s.Archives)
	return h
}

func (o sweepScanOptions) scanner() scanner.Options {
	s := scanner.Options{NoArchives: o.NoArchives}
	s.Archives.MemberSize = o.MaxSize
	if o.MaxArchiveSize > 0 {
		s.Archives.TotalSize, s.Archives.Ratio = o.MaxArchiveSize, -1
	}
	return s
}

// text returns the options as they travel with a run.
func (o sweepScanOptions) text() string {
	data, err := json.Marshal(o)
	if err != nil {
		panic("revokey: internal error: " + err.Error()) // numbers and words alone
	}
	return string(data)
}

// sweepFolder is where sweeps are kept by default.
func sweepFolder() (string, error) {
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "revokey", "sweep"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", usagef("there is no home for the sweep's state").withHint("name a folder with --state-dir DIR")
	}
	return filepath.Join(home, ".local", "state", "revokey", "sweep"), nil
}

// sweepSilenceFlags are those by which people agree to be quiet about what a sweep finds. They are the
// user's alone: that of a repository here, say, is not about all others.
func sweepSilenceFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "ignore-file", Usage: "take what is no finding from `FILE`", Category: "Silence"},
		&cli.StringFlag{Name: "baseline", Usage: "take what is known from `FILE`", Category: "Silence"},
		&cli.BoolFlag{Name: "honor-foreign-allows", Usage: "heed comments for other tools too: gitleaks:allow and the like", Category: "Silence"},
		&cli.BoolFlag{Name: "allow-live", Usage: "be silent even about a live key, where that is agreed", Category: "Silence"},
		&cli.BoolFlag{Name: "distrust-repositories", Usage: "heed no comment that asks for silence", Category: "Silence"},
	}
}

func sweepSilenceOf(c *cli.Context) silenceOptions {
	return silenceOptions{
		ignoreFile: c.String("ignore-file"), baseline: c.String("baseline"), foreign: c.Bool("honor-foreign-allows"),
		live: c.Bool("allow-live"), distrust: c.Bool("distrust-repositories"),
	}
}
