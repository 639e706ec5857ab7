package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/revokey-dev/revokey/report"
	"github.com/revokey-dev/revokey/sweep"
	"github.com/revokey-dev/revokey/sweep/natsq"
)

// statusOptions are those of `revokey sweep status`.
type statusOptions struct {
	queue queueOptions
	run   string
	json  bool
	watch bool
}

func sweepStatusCommand(std streams) *cli.Command {
	return &cli.Command{
		Name:  "status",
		Usage: "tell how far a sweep is: the queue, the workers, the time left, and what was not scanned",
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "run", Usage: "of the sweep of that `NAME`", DefaultText: "the last"},
			&cli.BoolFlag{Name: "json", Usage: "print it as JSON"},
			&cli.BoolFlag{Name: "watch", Usage: "go on telling until the sweep ends"},
			configFlag(),
		}, queueFlags()...),
		Action: func(c *cli.Context) error {
			if c.Args().Present() {
				return usagef("sweep status takes no arguments")
			}
			q, err := queueOptionsOf(c)
			if err != nil {
				return err
			}
			return runSweepStatus(c.Context, statusOptions{q, c.String("run"), c.Bool("json"), c.Bool("watch")}, std)
		},
	}
}

func runSweepStatus(ctx context.Context, o statusOptions, std streams) error {
	tallies := make(map[string]*sweep.Tally)
	for {
		s, err := o.read(ctx, tallies)
		if err != nil {
			return err
		}
		if err := o.print(s, std); err != nil {
			return err
		}
		if !o.watch || !s.Run.Ended.IsZero() {
			if len(s.Trouble) > 0 || len(s.Run.Refused) > 0 {
				return errIncomplete
			}
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(2 * time.Second):
		}
	}
}

// read reads the status: of a sweep that runs in another process from the file that that keeps. Of a sweep in
// shards it is that of all that have begun.
func (o statusOptions) read(ctx context.Context, tallies map[string]*sweep.Tally) (s sweep.Status, err error) {
	q, err := o.queue.openLedger(ctx)
	if errors.Is(err, natsq.ErrInUse) {
		data, fileErr := os.ReadFile(o.queue.statusFile())
		if errors.Is(fileErr, fs.ErrNotExist) {
			return s, err
		}
		return s, errors.Join(fileErr, json.Unmarshal(data, &s))
	}
	if err != nil {
		return s, err
	}
	defer q.close()
	runs, err := runsNamed(ctx, q.ledger, o.run)
	if err != nil {
		return s, err
	}
	for i, r := range runs {
		if tallies[r.ID] == nil {
			tallies[r.ID] = &sweep.Tally{}
		}
		of, err := q.ledger.Status(ctx, q.Queue, r.ID, tallies[r.ID])
		if err != nil {
			return s, err
		}
		if i == 0 {
			s = of
		} else {
			s = s.With(of)
		}
	}
	return s, nil
}

func (o statusOptions) print(s sweep.Status, std streams) error {
	if o.json {
		enc := json.NewEncoder(std.out)
		enc.SetIndent("", "  ")
		return enc.Encode(s)
	}
	return printStatus(std.out, s)
}

func printStatus(to io.Writer, s sweep.Status) error {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	line := func(name, format string, args ...any) {
		fmt.Fprintf(w, "%s\t"+format+"\n", append([]any{name}, args...)...)
	}
	line("sweep", "%s%s, begun %s", s.Run.Whole(), shardWords(s), s.Run.Started.Local().Format("2006-01-02 15:04:05"))
	line("repositories", "%d of %s done%s", s.Done, countOfRepositories(s.Run.Jobs), listedWords(s))
	if len(s.Counts) > 0 {
		line("", "%s", outcomeWords(s.Counts))
	}
	if s.Queue != nil {
		line("queue", "%d waiting, %d in hand", s.Queue.Waiting, s.Queue.InHand)
	}
	switch {
	case !s.Run.Ended.IsZero():
	case len(s.Workers) == 0:
		line("workers", "none: `revokey sweep --resume` goes on, or with --queue `revokey worker`")
	case s.Rate > 0:
		line("rate", "%.1f repositories a minute", s.Rate)
	}
	if left := s.Left(); left > 0 {
		line("time left", "about %s", left.Round(time.Second))
	}
	for _, x := range s.Waiting {
		line("waiting", "until %s: %s", x.Until.Local().Format(time.TimeOnly), report.Printable(x.Why))
	}
	for _, x := range s.Workers {
		line("worker", "%s: %d done, %d in hand", report.Printable(x.Name), x.Done, len(x.Hands))
		for _, h := range x.Hands {
			line("", "%s: %s, for %s%s", report.Printable(h.Repository), h.Phase, s.At.Sub(h.Since).Round(time.Second), attemptWords(h.Attempt))
		}
	}
	for _, r := range slices.Concat(s.Trouble) {
		line(string(r.Outcome), "%s: %s", report.Printable(r.Repository.Name), report.Printable(r.Reason))
	}
	for _, r := range s.Run.Refused {
		line("refused", "%s: %s", report.Printable(r.What), report.Printable(r.Reason))
	}
	return w.Flush()
}

func shardWords(s sweep.Status) string {
	if s.Run.Group == "" {
		return ""
	}
	return fmt.Sprintf(" (%d of %d shards)", max(1, s.Shards), s.Run.Shard.Total)
}

func listedWords(s sweep.Status) string {
	switch {
	case !s.Run.Ended.IsZero():
		return ", and the sweep ended " + s.Run.Ended.Local().Format("2006-01-02 15:04:05")
	case !s.Run.Listed:
		return "; the listing has not ended"
	}
	return ""
}

func attemptWords(n int) string {
	if n < 2 {
		return ""
	}
	return fmt.Sprintf(" (attempt %d)", n)
}
