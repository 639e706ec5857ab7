package main

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/revokey-dev/revokey/report"
	"github.com/revokey-dev/revokey/revoke"
)

func journalCommand(std streams) *cli.Command {
	return &cli.Command{
		Name:      "journal",
		Usage:     "check the journal of what was done at AWS",
		ArgsUsage: "check",
		Description: `Follows the chain of hashes from line to line: whether one was changed, put in or
taken out. What was cut off at the end shows only if the hash of the last line was
noted elsewhere: it is printed. Exit code 2: the journal is broken.`,
		Flags: []cli.Flag{journalFlag()},
		Action: func(c *cli.Context) error {
			if c.NArg() != 1 || c.Args().First() != "check" {
				return usagef("journal takes one word: check")
			}
			return runJournalCheck(c.String("journal"), std)
		},
	}
}

func runJournalCheck(path string, std streams) error {
	path, err := journalPath(path)
	if err != nil {
		return err
	}
	check, err := revoke.CheckJournal(path)
	if err != nil {
		return err
	}
	fmt.Fprintf(std.out, "%s: %d entries, the last of %s\n", report.Printable(path), check.Entries, check.Last.Format(journalTime))
	fmt.Fprintf(std.out, "hash of the last: %s\n", check.Head)
	if check.Unlinked > 0 {
		fmt.Fprintf(std.out, "%d older entries hold no hash: nothing shows whether they were changed\n", check.Unlinked)
	}
	if check.Torn > 0 {
		fmt.Fprintf(std.out, "an unfinished last line of %d bytes, as a crash or a running revokey leaves it\n", check.Torn)
	}
	if check.Broken != "" {
		return fmt.Errorf("the journal is broken: %s", check.Broken)
	}
	return nil
}

// incidentOptions are those of `revokey report`.
type incidentOptions struct {
	keyID, from, journal, format, trace string
}

func reportCommand(std streams) *cli.Command {
	return &cli.Command{
		Name:  "report",
		Usage: "put together what is known of one leaked key, and of what was done about it",
		Description: `From findings: where it leaked, and since when. From the journal: each call, by whom
and when, AWS's request ID, the proof, and what was taken back. From a trace: what was
done with it. Nothing is asked of AWS.`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "incident", Usage: "the `KEYID`"},
			&cli.StringFlag{Name: "from", Usage: "a `FILE` of findings, in JSON or JSON lines (-: standard input)"},
			&cli.StringFlag{Name: "trace", Usage: "a `FILE` that `revokey trace --json` wrote"},
			&cli.StringFlag{Name: "format", Value: "markdown", Usage: "`FORMAT` of the report: markdown, json"},
			journalFlag(),
		},
		Action: func(c *cli.Context) error {
			o := incidentOptions{c.String("incident"), c.String("from"), c.String("journal"), c.String("format"), c.String("trace")}
			switch {
			case c.Args().Present() || o.keyID == "":
				return usagef("report takes --incident KEYID, and no arguments")
			case o.format != "markdown" && o.format != "json":
				return usagef("unknown format %q: it is markdown or json", o.format)
			}
			if err := checkKeyIDs([]string{o.keyID}); err != nil {
				return usagef("--incident takes a key ID")
			}
			return runIncident(o, std)
		},
	}
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
	if in.Trace, err = readTrace(o.trace); err != nil {
		return err
	}
	if finding == nil && len(in.Calls) == 0 && in.Trace == nil {
		return usagef("nothing is known of %s: it is in neither the findings nor the journal", o.keyID).withHint("pass --from FINDINGS, --journal FILE or --trace FILE")
	}
	if o.format == "json" {
		out := json.NewEncoder(std.out)
		out.SetIndent("", "  ")
		err = out.Encode(in)
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
	records, err := readFindings(o.from, std.in)
	if err != nil {
		return nil, fmt.Errorf("reading findings from %q: %w", o.from, err)
	}
	for i, r := range records {
		if report.Value(r.KeyID) == o.keyID {
			return &records[i], nil
		}
	}
	return nil, nil
}
