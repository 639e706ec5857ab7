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
	keyIDs     []string
	last       bool // what the last run did
	apply, yes bool
	journal    string
	aws        awsOptions
}

func undoCommand(std streams) *cli.Command {
	return &cli.Command{
		Name:      "undo",
		Usage:     "take back what revoke has done",
		ArgsUsage: "[KEYID|last]",
		Description: `Goes by the journal: activates again what ` + "`revokey revoke`" + ` has deactivated, and takes
away the policies by which it contained, where nobody has touched them since: of the
key, of the last run, or of all. What was deleted is gone. Tells what it would take back,
and changes nothing without --apply.`,
		Flags: slices.Concat([]cli.Flag{applyFlag("take it back")}, journalFlags(), awsFlags()),
		Action: func(c *cli.Context) error {
			o := undoOptions{keyIDs: c.Args().Slice(), apply: c.Bool("apply"), yes: c.Bool("yes"), journal: c.String("journal")}
			if c.NArg() > 1 {
				return usagef("undo takes one key ID, or none for all")
			}
			if c.Args().First() == "last" {
				o.last, o.keyIDs = true, nil
			}
			if err := checkKeyIDs(o.keyIDs); err != nil {
				return err
			}
			if o.yes && !o.apply {
				return errYesAlone()
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
	picked := o.pick(journal)
	if len(picked) == 0 && len(o.keyIDs) == 0 {
		std.say("the journal has nothing to undo")
		return nil
	}
	for _, e := range picked {
		fmt.Fprint(std.out, std.style().Hang(report.Undoing(e), 12))
	}
	o.aws.sayEndpoint(std)
	if !o.apply && len(picked) > 0 {
		std.next("add --apply to take it back", std.line.with("--apply"))
		return errIncomplete
	}
	if err := confirm(undoQuestion(o.keyIDs, picked), o.yes, false, std); err != nil {
		return err
	}
	r, err := o.aws.revoker(ctx, revoke.RevokerOptions{Journal: journal, OnProgress: func(r revoke.Result) {
		fmt.Fprint(std.out, std.style().Hang(report.Result(r), 4))
	}})
	if err != nil {
		return err
	}
	var results []revoke.Result
	if o.last {
		results, err = r.UndoEntries(ctx, picked)
	} else {
		results, err = r.Undo(ctx, o.keyIDs...)
	}
	if err != nil {
		return fmt.Errorf("undoing: %w", err)
	}
	if keys := undoneKeys(results); len(keys) > 0 {
		again := append([]string{"revokey", "revoke"}, keys...)
		std.next("it works again for whoever has it; switch it off once nothing needs it", typed(append(again, std.line.only(operatorFlags()...)...)...))
	}
	return undone(results)
}

// pick returns what the journal has to undo of what the user named.
func (o undoOptions) pick(journal *revoke.Journal) []revoke.Entry {
	if o.last {
		return journal.LastRun()
	}
	return slices.DeleteFunc(journal.Undoable(), func(e revoke.Entry) bool {
		return len(o.keyIDs) > 0 && !slices.Contains(o.keyIDs, e.KeyID)
	})
}

// undoQuestion asks loudly: who has a leaked key can use it again.
func undoQuestion(keyIDs []string, picked []revoke.Entry) string {
	keys := map[string]bool{}
	for _, id := range keyIDs {
		keys[id] = true
	}
	for _, e := range picked {
		keys[e.KeyID] = true
	}
	return fmt.Sprintf("Let %s work again, for whoever has it?", countOf(len(keys), "leaked key"))
}

// undoneKeys returns the keys that work again, the first if they are many.
func undoneKeys(results []revoke.Result) []string {
	var ids []string
	for _, r := range results {
		works := r.Action == revoke.Activate && (r.Outcome == revoke.Verified || r.Outcome == revoke.Requested)
		if works && r.KeyID != "" && !slices.Contains(ids, r.KeyID) && len(ids) < named {
			ids = append(ids, r.KeyID)
		}
	}
	return ids
}

func undone(results []revoke.Result) error {
	if slices.ContainsFunc(results, func(r revoke.Result) bool { return r.Outcome != revoke.Verified }) {
		return errIncomplete
	}
	return nil
}
