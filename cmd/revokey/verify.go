package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/urfave/cli/v2"

	"github.com/revokey-dev/revokey/detectors"
	"github.com/revokey-dev/revokey/report"
	"github.com/revokey-dev/revokey/scanner"
)

// verifyOptions are those of `revokey verify`.
type verifyOptions struct {
	from   string // "": one credential on standard input
	resume bool
	ask    askOptions
	aws    awsOptions
	output outputOptions
}

func verifyCommand(std streams) *cli.Command {
	return &cli.Command{
		Name:  "verify",
		Usage: "ask AWS which keys are live",
		Description: `Asks about the findings of a file that ` + "`revokey scan --format jsonl`" + ` wrote: it
holds no secret, so each is read again from its place in the repository. Without
--from, asks about the credential on standard input, in any form that a scan
finds: never on the command line, where others could read it.

An interrupted run reports what it has learnt; --resume asks for the rest.`,
		Flags: append(append([]cli.Flag{
			&cli.StringFlag{Name: "from", Usage: "a `FILE` of findings, in JSON or JSON lines (-: standard input)"},
			&cli.BoolFlag{Name: "resume", Usage: "keep the verdicts that the findings of --from have, and ask for what is missing; for a report of your own"},
			&cli.BoolFlag{Name: "own", Usage: "ask about keys of accounts given by --account only", Category: "AWS"},
			&cli.BoolFlag{Name: "explain", Usage: "tell what was asked, of whom, what came back, and what follows"},
		}, outputFlags()...), append(askFlags(), awsFlags()...)...),
		Action: func(c *cli.Context) error {
			o, err := verifyOptionsOf(c)
			if err != nil {
				return err
			}
			return runVerify(c.Context, o, std)
		},
	}
}

func verifyOptionsOf(c *cli.Context) (o verifyOptions, err error) {
	o = verifyOptions{from: c.String("from"), resume: c.Bool("resume")}
	switch {
	case c.Args().Present():
		return o, usagef("verify takes no arguments").withHint("a credential goes to standard input, where others cannot read it")
	case o.resume && o.from == "":
		return o, usagef("--resume goes with --from REPORT")
	}
	if o.aws, err = awsOptionsOf(c); err != nil {
		return o, err
	}
	if o.ask, err = askOptionsOf(c, c.Bool("own"), o.aws); err != nil {
		return o, err
	}
	o.ask.explain = c.Bool("explain")
	o.output, err = outputOptionsOf(c)
	return o, err
}

func runVerify(ctx context.Context, o verifyOptions, std streams) error {
	suspects, err := o.suspects(ctx, std)
	if err != nil {
		return err
	}
	o.aws.sayEndpoint(std)
	j, err := newJudge(ctx, o.aws, o.ask, std)
	if err != nil {
		return err
	}
	interrupted := j.all(ctx, suspects, std)
	sum := report.NewSummary(scanner.Summary{})
	sum.AWSEndpoint = o.aws.endpoint
	records := summarise(suspects, &sum)
	next := nextOf(std, o.output, o.from, o.aws)
	o.output.next = next.ofMany(sum)
	if err := o.output.write(std, records, sum); err != nil {
		return errors.Join(interrupted, err, outcome(sum))
	}
	if interrupted == nil {
		next.tell(std, records, true)
	}
	return errors.Join(interrupted, outcome(sum))
}

// nearStdin is how much of standard input is searched for hints at the partition.
const nearStdin = 64 << 10

func (o verifyOptions) suspects(ctx context.Context, std streams) ([]suspect, error) {
	if o.from != "" {
		return readSuspects(ctx, o.from, o.resume, std)
	}
	if std.asks {
		std.say("reading a key ID and its secret from the terminal; end with Ctrl-D")
	}
	var near head
	suspects, _, err := search(ctx, scanner.NewStream(io.TeeReader(std.in, &near), 0), scanner.Options{Workers: 1}, std)
	if err == nil && len(suspects) == 0 {
		return nil, usagef("there is no credential on standard input").
			withHint("give the key ID and the secret, one a line, or pass --from FINDINGS")
	}
	for i := range suspects {
		suspects[i].near = near
	}
	return suspects, err
}

// head keeps the first [nearStdin] bytes that are written to it.
type head []byte

// Write takes all of p.
func (h *head) Write(p []byte) (int, error) {
	*h = append(*h, p[:min(len(p), nearStdin-len(*h))]...)
	return len(p), nil
}

// readSuspects reads findings, and their secrets again from where they stand. With
// resume those that have a verdict keep it, and their secrets are not needed.
func readSuspects(ctx context.Context, file string, resume bool, std streams) ([]suspect, error) {
	records, _, err := readReport(file, std.in)
	if err != nil {
		return nil, err
	}
	recaller := scanner.NewRecaller(detectors.All())
	defer recaller.Close()
	p := newProgress(std, "reading secrets again", "credentials")
	defer p.done()
	suspects := make([]suspect, 0, len(records))
	for i, r := range records {
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		s := suspect{Record: r}
		if resume {
			s.settled = s.Resume()
		} else {
			s.Reset()
		}
		switch {
		case s.settled:
		case r.SecretSHA256 != nil:
			s.recall(ctx, recaller, std)
		default:
			s.recallCandidates(ctx, recaller, std)
		}
		suspects = append(suspects, s)
		p.step(i+1, len(records))
	}
	std.detail("read the findings, and their secrets again", "file", file, "findings", len(records), "seconds", p.seconds())
	return suspects, nil
}

// readReport reads findings from a file, or from standard input for "-", and their summary: nil
// where they come without one.
func readReport(file string, stdin io.Reader) (records []report.Record, sum *report.Summary, err error) {
	in := stdin
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, nil, unreadable(file, err)
		}
		defer f.Close()
		in = f
	}
	if records, sum, err = report.ReadReport(in); err != nil {
		return nil, nil, unreadable(file, err)
	}
	return records, sum, nil
}

func unreadable(file string, err error) error {
	err = fmt.Errorf("reading findings from %q: %w", file, withoutPath(err))
	return &hintedError{err, "`revokey scan --format jsonl --output FILE` writes such a file"}
}

// recall reads the secret from the first place that still holds it, with the
// session token if there was one.
func (s *suspect) recall(ctx context.Context, r *scanner.Recaller, std streams) {
	reason := errors.New("the findings name no place")
	for _, o := range s.Occurrences {
		m, err := recallFrom(ctx, r, s.Record, o)
		if err != nil {
			reason = err
			continue
		}
		s.secret, s.token = m.Secret, m.SessionToken
		if m.SessionToken.SHA256() == report.Value(s.SessionTokenSHA256) {
			return
		}
	}
	if s.lost = s.secret.IsZero(); s.lost {
		std.say("the secret of %s cannot be read again: %s", report.Printable(report.Title(s.Record)), report.Printable(reason.Error()))
	}
}

// recallCandidates reads what may be the secret from where it stood.
func (s *suspect) recallCandidates(ctx context.Context, r *scanner.Recaller, std streams) {
	var reason error
	s.lost = len(s.Candidates) > 0
	for _, c := range s.Candidates {
		var secret detectors.Secret // zero where it is gone
		place, err := c.Occurrence.Place()
		if err == nil {
			var repository string
			if repository, err = readableFrom(s.Record, c.Occurrence); err == nil {
				secret, err = r.RecallSecret(ctx, repository, place, c.SecretSHA256)
			}
		}
		reason = cmp.Or(reason, err)
		s.lost = s.lost && secret.IsZero()
		s.candidates = append(s.candidates, secret)
	}
	if s.lost {
		std.say("no secret that may be that of %s can be read again: %s", report.Printable(report.Title(s.Record)), report.Printable(reason.Error()))
	}
}

func recallFrom(ctx context.Context, r *scanner.Recaller, rec report.Record, o report.Occurrence) (detectors.Match, error) {
	place, err := o.Place()
	if err != nil {
		return detectors.Match{}, err
	}
	repository, err := readableFrom(rec, o)
	if err != nil {
		return detectors.Match{}, err
	}
	return r.Recall(ctx, repository, place, report.Value(rec.KeyID), *rec.SecretSHA256)
}

// errNoMirror is why what a sweep found cannot be read again.
var errNoMirror = errors.New("the sweep that found it kept no mirror of the repository on this machine: sweep with --cache, or scan a clone of it")

// readableFrom returns the repository, or folder, from which the occurrence can be read again.
func readableFrom(rec report.Record, o report.Occurrence) (string, error) {
	switch {
	case o.Repository == nil:
		return report.Value(rec.Repository), nil
	case o.Mirror == nil || !isThere(*o.Mirror):
		return "", errNoMirror
	}
	return *o.Mirror, nil
}

func isThere(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
