package main

import (
	"fmt"

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
