package main

import (
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/revokey-dev/revokey/report"
	"github.com/revokey-dev/revokey/revoke"
)

// incidentOptions are those of `revokey report --incident`.
type incidentOptions struct {
	keyID, from, journal, format string
	traces                       []string
}

func reportCommand(std streams) *cli.Command {
	return &cli.Command{
		Name:  "report",
		Usage: "put together what is known of leaked keys, and of what was done about them",
		Description: `From findings: where they leaked, and since when. From the journal: each call, by whom
and when, AWS's request ID, the proof, and what was taken back. From traces: what was
done with them. Nothing is asked of AWS. --html makes a page of all findings, in one
file that needs no network; --incident the record of one key.`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "html", Usage: "write a page of all findings to `FILE` (-: standard output)"},
			&cli.StringFlag{Name: "incident", Usage: "print the record of the `KEYID`"},
			&cli.StringFlag{Name: "from", Usage: "a `FILE` of findings, in JSON or JSON lines (-: standard input)"},
			&cli.StringSliceFlag{Name: "trace", Usage: "a `FILE` that `revokey trace --json` wrote (repeatable)"},
			&cli.StringFlag{Name: "format", Value: "markdown", Usage: "`FORMAT` of the record: markdown, json"},
			&cli.StringFlag{Name: "link", Usage: "let the page's places lead to `TEMPLATE`, such as https://git.example.com/{repository}/blob/{commit}/{path}#L{line} (default: what the forge wants that is the repositories' remote)"},
			journalFlag(),
		},
		Action: func(c *cli.Context) error {
			switch {
			case c.Args().Present():
				return usagef("report takes no arguments").withHint("`--trace FILE` may be given several times")
			case c.IsSet("html") == c.IsSet("incident"):
				return usagef("report takes --html FILE, or --incident KEYID")
			case c.IsSet("html"):
				o, err := pageOptionsOf(c)
				if err != nil {
					return err
				}
				return runPage(o, std)
			}
			o, err := incidentOptionsOf(c)
			if err != nil {
				return err
			}
			return runIncident(o, std)
		},
	}
}

func incidentOptionsOf(c *cli.Context) (incidentOptions, error) {
	o := incidentOptions{c.String("incident"), c.String("from"), c.String("journal"), c.String("format"), c.StringSlice("trace")}
	switch {
	case o.format != "markdown" && o.format != "json":
		return o, usagef("unknown format %q: it is markdown or json", o.format)
	case c.IsSet("link"):
		return o, usagef("--link goes with --html")
	case checkKeyIDs([]string{o.keyID}) != nil:
		return o, usagef("--incident takes a key ID")
	}
	return o, nil
}

func runIncident(o incidentOptions, std streams) error {
	finding, err := o.finding(std)
	if err != nil {
		return err
	}
	path, err := journalPath(o.journal)
	if err != nil {
		return err
	}
	entries, check, err := revoke.ReadJournal(path)
	if err != nil {
		return err
	}
	in := report.NewIncident(o.keyID, finding, entries, time.Now())
	in.Journal = &check
	traces, err := readTraces(o.traces)
	if err != nil {
		return err
	}
	for i := range traces {
		if traces[i].KeyID == o.keyID {
			in.Trace = &traces[i]
		}
	}
	if len(traces) > 0 && in.Trace == nil {
		return usagef("no --trace is of %s: the first is of %s", o.keyID, traces[0].KeyID)
	}
	if finding == nil && len(in.Calls) == 0 && in.Trace == nil {
		return usagef("nothing is known of %s: it is in neither the findings nor the journal", o.keyID).withHint("pass --from FINDINGS, --journal FILE or --trace FILE")
	}
	if o.format == "json" {
		err = report.WriteJSON(std.out, in)
	} else {
		err = in.WriteMarkdown(std.out)
	}
	if err == nil && check.Broken != "" {
		return fmt.Errorf("the journal is broken: %s", check.Broken)
	}
	return err
}

// finding returns the record of the key, nil if there is none.
func (o incidentOptions) finding(std streams) (*report.Record, error) {
	if o.from == "" {
		return nil, nil
	}
	records, _, err := readReport(o.from, std.in)
	if err != nil {
		return nil, err
	}
	for i, r := range records {
		if report.Value(r.KeyID) == o.keyID {
			return &records[i], nil
		}
	}
	return nil, nil
}
