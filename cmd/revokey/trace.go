package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/revokey-dev/revokey/detectors"
	"github.com/revokey-dev/revokey/report"
	"github.com/revokey-dev/revokey/revoke"
)

// traceOptions are those of `revokey trace`.
type traceOptions struct {
	keyID string
	json  bool
	trace revoke.TraceOptions
	aws   awsOptions
}

func traceCommand(std streams) *cli.Command {
	return &cli.Command{
		Name:      "trace",
		Usage:     "look in CloudTrail at what was done with a key",
		ArgsUsage: "KEYID",
		Description: `Asks CloudTrail's event history, in every enabled region of the key's account, what
was done with the key and with the sessions that it made: first what leaves a way in
or costs money. The history holds management events of 90 days, 5 to 15 minutes late;
what was read of buckets and tables is not in it. CloudTrail answers twice a second
in a region. Exit code 1: something was done; 2: not all could be asked.`,
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "since", Usage: "begin at `TIME`: 2026-01-31, 2026-01-31T12:00:00Z, or as long ago as 36h or 14d (default: 90 days ago)"},
			&cli.StringSliceFlag{Name: "region", Usage: "ask in this `REGION` only (repeatable; default: all that are enabled)"},
			&cli.BoolFlag{Name: "json", Usage: "print it as JSON"},
		}, awsFlags()...),
		Action: func(c *cli.Context) error {
			o, err := traceOptionsOf(c)
			if err != nil {
				return err
			}
			return runTrace(c.Context, o, std)
		},
	}
}

func traceOptionsOf(c *cli.Context) (traceOptions, error) {
	o := traceOptions{keyID: c.Args().First(), json: c.Bool("json")}
	o.trace.Regions = c.StringSlice("region")
	if c.NArg() != 1 {
		return o, usagef("trace takes one key ID")
	}
	var err error
	if o.trace.Since, err = parseMoment(c.String("since"), time.Now()); err != nil {
		return o, usagef("--since takes a time such as 2026-01-31, 36h or 14d, not %q", c.String("since"))
	}
	if err := checkKeyIDs([]string{o.keyID}); err != nil {
		return o, err
	}
	o.aws, err = awsOptionsOf(c)
	return o, err
}

// parseMoment reads a date, a time, or how long ago that is; "" is the zero time.
func parseMoment(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	ago, err := parseTime(s)
	if err == nil && ago <= 0 {
		err = errors.New("not in the past")
	}
	return now.Add(-ago), err
}

func runTrace(ctx context.Context, o traceOptions, std streams) error {
	o.aws.sayEndpoint(std)
	r, err := o.aws.revoker(ctx, revoke.RevokerOptions{})
	if err != nil {
		return err
	}
	bar := newProgress(std, "tracing", "event histories")
	o.trace.OnProgress = func(n, all int) { bar.step(n, all) }
	account, _ := detectors.AccountID(o.keyID)
	trace, err := r.Trace(ctx, o.keyID, account, o.trace)
	bar.done()
	std.detail("traced", "regions", len(trace.Regions), "events", trace.Events, "seconds", bar.seconds())
	if err != nil && len(trace.Regions) == 0 {
		return fmt.Errorf("tracing %s: %w", o.keyID, err)
	}
	if o.json {
		err = errors.Join(err, report.WriteJSON(std.out, trace))
	} else {
		fmt.Fprint(std.out, report.Trace(trace, std.style()))
		if trace.Events > 0 {
			o.follow(std)
		}
	}
	return errors.Join(err, traced(trace))
}

// follow tells what to type after it is known that something was done with the key.
func (o traceOptions) follow(std streams) {
	contain := append([]string{"revokey", "revoke", o.keyID, "--contain"}, std.line.only(operatorFlags()...)...)
	std.next("plan to end the sessions that it made too; put the record of it together", typed(contain...), typed("revokey", "report", "--incident", o.keyID))
}

// traced is what a trace comes to.
func traced(t revoke.Trace) error {
	var err error
	if len(t.Missing) > 0 {
		err = errIncomplete
	}
	if t.Events > 0 {
		err = errors.Join(err, errFindings)
	}
	return err
}

// readTrace reads what `revokey trace --json` wrote.
func readTrace(path string) (*revoke.Trace, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the trace: %w", err)
	}
	var t revoke.Trace
	if err := json.Unmarshal(data, &t); err != nil || t.Schema != revoke.TraceSchema {
		return nil, fmt.Errorf("reading the trace: %q holds none", path)
	}
	return &t, nil
}
