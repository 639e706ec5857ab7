package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/revokey-dev/revokey/report"
	"github.com/revokey-dev/revokey/revoke"
)

// undoOptions are those of `revokey undo`.
type undoOptions struct {
	keyIDs  []string
	yes     bool
	journal string
	aws     awsOptions
}

func undoCommand(std streams) *cli.Command {
	return &cli.Command{
		Name:      "undo",
		Usage:     "activate again what revoke has deactivated",
		ArgsUsage: "[KEYID]",
		Description: `Goes by the journal: activates the key, or without KEYID all keys, that
` + "`revokey revoke`" + ` has deactivated and nobody has touched since. Asks first.`,
		Flags: append(journalFlags(), awsFlags()...),
		Action: func(c *cli.Context) error {
			o := undoOptions{keyIDs: c.Args().Slice(), yes: c.Bool("yes"), journal: c.String("journal")}
			if c.NArg() > 1 {
				return usagef("undo takes one key ID, or none for all")
			}
			if err := checkKeyIDs(o.keyIDs); err != nil {
				return err
			}
			var err error
			if o.aws, err = awsOptionsOf(c); err != nil {
				return err
			}
			return runUndo(c.Context, o, std)
		},
	}
}

func runUndo(ctx context.Context, o undoOptions, std streams) error {
	journal, err := openJournal(o.journal, std)
	if err != nil {
		return err
	}
	defer journal.Close()
	if len(o.keyIDs) == 0 {
		for _, e := range journal.Undoable() {
			o.keyIDs = append(o.keyIDs, e.KeyID)
			fmt.Fprintf(std.out, "ACTIVATE    %s, user %s, account %s, deactivated %s\n",
				e.KeyID, report.Printable(e.User), report.Printable(e.Account), e.Time.Format("2006-01-02 15:04:05 MST"))
		}
	}
	if len(o.keyIDs) == 0 {
		std.say("the journal has nothing to undo")
		return nil
	}
	o.aws.sayEndpoint(std)
	if err := confirm(fmt.Sprintf("Activate %d leaked keys again?", len(o.keyIDs)), o.yes, false, std); err != nil {
		return err
	}
	r, err := o.aws.revoker(ctx, revoke.RevokerOptions{Journal: journal, OnProgress: func(r revoke.Result) {
		fmt.Fprintln(std.out, report.Result(r))
	}})
	if err != nil {
		return err
	}
	results, err := r.Undo(ctx, o.keyIDs...)
	if err != nil {
		return fmt.Errorf("undoing: %w", err)
	}
	return undone(results)
}

func undone(results []revoke.Result) error {
	if slices.ContainsFunc(results, func(r revoke.Result) bool { return r.Outcome != revoke.Verified }) {
		return errIncomplete
	}
	return nil
}
