package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/revokey-dev/revokey/detectors"
	"github.com/revokey-dev/revokey/report"
	"github.com/revokey-dev/revokey/revoke"
)

// keysOptions are those of `revokey keys`.
type keysOptions struct {
	verb    string
	keyIDs  []string
	users   []string
	all     bool
	account string
	format  string // "text", "json", "csv"
	audit   revoke.AuditOptions
	rotate  rotateOptions
	carry   carryOptions
	aws     awsOptions
}

// keysVerbs are the words that `revokey keys` takes.
const keysVerbs = "list, audit, create, rotate, deactivate, activate, delete"

func keysCommand(std streams) *cli.Command {
	return &cli.Command{
		Name:      "keys",
		Usage:     "list, audit, create, rotate, deactivate, activate and delete the keys of your own users",
		ArgsUsage: "list|audit|create|rotate|deactivate|activate|delete [KEYID…]",
		Description: `list tells status, age and last use of the keys of --user, or of --all. audit tells,
from AWS's credential report, which keys are old, never used, unused for long or two
of one user, and who has root keys or signs in without a second factor: exit code 1.
deactivate, activate and delete change keys as ` + "`revokey revoke`" + ` does, with its
journal and its proof. delete takes keys that are inactive.

create makes a key of --user and puts its secret --to-secret or --to-profile; it prints
it only with --print. rotate makes the next key, stores it there, waits until AWS accepts
it, and deactivates the old one; --resume goes on with what was interrupted.

All five print a plan, and change nothing without --apply.`,
		Flags: slices.Concat([]cli.Flag{
			applyFlag("carry the plan of create, rotate, deactivate, activate or delete out"),
			&cli.StringSliceFlag{Name: "user", Usage: "list the keys of this `NAME` (repeatable), or create one"},
			&cli.BoolFlag{Name: "all", Usage: "list the keys of all users"},
			&cli.StringFlag{Name: "in-account", Usage: "list, audit or create in this account `ID` of ours (default: the operator's)"},
			&cli.StringFlag{Name: "max-age", Value: "90d", Usage: "audit: an active key is old after `TIME`"},
			&cli.StringFlag{Name: "max-unused", Value: "90d", Usage: "audit: an active key is unused after `TIME`"},
			&cli.BoolFlag{Name: "json", Usage: "print lists, plans and results as JSON"},
			&cli.BoolFlag{Name: "csv", Usage: "print lists as CSV"},
		}, rotateFlags(), journalFlags(), awsFlags()),
		Action: func(c *cli.Context) error {
			o, err := keysOptionsOf(c)
			if err != nil {
				return err
			}
			return runKeys(c.Context, o, std)
		},
	}
}

func keysOptionsOf(c *cli.Context) (keysOptions, error) {
	o := keysOptions{
		verb: c.Args().First(), keyIDs: c.Args().Tail(), users: c.StringSlice("user"), all: c.Bool("all"), account: c.String("in-account"),
		format: "text", carry: carryOptions{apply: c.Bool("apply"), yes: c.Bool("yes"), journal: c.String("journal")},
	}
	if c.Bool("json") {
		o.format = "json"
	}
	if c.Bool("csv") {
		o.format = "csv"
	}
	var ageErr, unusedErr error
	o.audit.MaxAge, ageErr = parseTime(c.String("max-age"))
	o.audit.MaxUnused, unusedErr = parseTime(c.String("max-unused"))
	if o.rotates() {
		return o, o.readRotation(c)
	}
	changes := slices.Contains([]string{"deactivate", "activate", "delete"}, o.verb)
	switch {
	case rotateFlagGiven(c) != "":
		return o, usagef("--%s goes with keys create and keys rotate", rotateFlagGiven(c))
	case !changes && o.verb != "list" && o.verb != "audit":
		return o, usagef("keys takes one of the words " + keysVerbs).withHint("`revokey keys list --all` is the first; `revokey keys --help` tells of each")
	case changes == (len(o.keyIDs) == 0):
		return o, usagef("keys deactivate, activate and delete take key IDs; list and audit take none")
	case o.verb == "list" && (len(o.users) == 0) == !o.all:
		return o, usagef("keys list takes --user NAME, or --all")
	case changes && o.carry.yes && !o.carry.apply:
		return o, errYesAlone()
	case !changes && o.carry.apply:
		return o, usagef("keys list and keys audit change nothing: --apply goes with the others")
	case c.Bool("json") && c.Bool("csv"):
		return o, usagef("--json and --csv do not go together")
	case ageErr != nil || unusedErr != nil || o.audit.MaxAge <= 0 || o.audit.MaxUnused <= 0:
		return o, usagef("--max-age and --max-unused take a time such as 90d")
	case o.account != "" && !isAccount(o.account):
		return o, usagef("account %q is not a number of 12 digits", o.account)
	}
	if err := checkKeyIDs(o.keyIDs); err != nil {
		return o, err
	}
	var err error
	o.aws, err = awsOptionsOf(c)
	return o, err
}

func runKeys(ctx context.Context, o keysOptions, std streams) error {
	if o.rotates() {
		return o.runRotation(ctx, std)
	}
	if o.verb == "list" || o.verb == "audit" || o.verb == "activate" { // a plan says it itself
		o.aws.sayEndpoint(std)
	}
	o.carry.aim.Delete = o.verb == "delete" // of what is inactive, however long: it is ours and named
	w, err := newWorker(ctx, o.carry, o.aws, false, std)
	if err != nil {
		return err
	}
	defer w.close()
	switch o.verb {
	case "list":
		return o.list(ctx, w)
	case "audit":
		return o.auditAll(ctx, w)
	case "activate":
		return o.activate(ctx, w)
	}
	plan, err := w.plan(ctx, o.targets())
	if err != nil {
		return err
	}
	return w.carryOut(ctx, plan)
}

func (o keysOptions) targets() []revoke.Target {
	var targets []revoke.Target
	for _, id := range o.keyIDs {
		account, _ := detectors.AccountID(id)
		targets = append(targets, revoke.Target{KeyID: id, Account: account})
	}
	return targets
}

func (o keysOptions) activate(ctx context.Context, w *worker) error {
	if !o.carry.apply {
		for _, id := range o.keyIDs {
			fmt.Fprintf(w.text, "%s: to be activated, if IAM shows it Inactive\n", id)
		}
		w.std.next("add --apply to do it", w.std.line.with("--apply"))
		return errIncomplete
	}
	if err := confirm(fmt.Sprintf("Activate %d keys?", len(o.keyIDs)), o.carry.yes, false, w.std); err != nil {
		return err
	}
	results, err := w.Activate(ctx, o.targets()...)
	if err != nil {
		return fmt.Errorf("activating: %w", err)
	}
	for _, r := range results {
		if r.Outcome != revoke.Verified {
			err = errIncomplete
		}
	}
	return err
}

func (o keysOptions) list(ctx context.Context, w *worker) error {
	w.begin("listing", "keys")
	keys, err := w.Keys(ctx, o.account, o.users...)
	w.end("listed", len(keys))
	if err != nil {
		return fmt.Errorf("listing keys: %w", err)
	}
	now := time.Now()
	switch o.format {
	case "json":
		return report.WriteJSON(w.std.out, append([]revoke.UserKey{}, keys...))
	case "csv":
		lines := [][]string{{"key_id", "account", "user", "status", "created", "last_used", "service", "region"}}
		for _, k := range keys {
			used := report.Value(k.LastUsed)
			lines = append(lines, []string{k.KeyID, k.Account, k.User, k.Status, stamp(k.Created), stamp(used.Time), used.Service, used.Region})
		}
		return writeCSV(w.std, lines)
	}
	fmt.Fprint(w.std.out, report.Keys(keys, now, w.std.style()))
	return nil
}

func (o keysOptions) auditAll(ctx context.Context, w *worker) error {
	w.begin("waiting for AWS's credential report", "")
	found, made, err := w.Audit(ctx, o.account, o.audit)
	w.end("audited", len(found))
	if err != nil {
		return fmt.Errorf("auditing: %w", err)
	}
	switch o.format {
	case "json":
		err = report.WriteJSON(w.std.out, found)
	case "csv":
		lines := [][]string{{"concern", "account", "user", "key", "since", "text"}}
		for _, a := range found {
			lines = append(lines, []string{string(a.Concern), a.Account, a.User, fmt.Sprint(a.Key), stamp(a.Since), a.Text})
		}
		err = writeCSV(w.std, lines)
	default:
		fmt.Fprint(w.std.out, report.Audit(found, w.std.style()))
	}
	w.std.say("by AWS's credential report of %s: %d to look at", made.Format(journalTime), len(found))
	if len(found) > 0 {
		err = errors.Join(err, errFindings)
	}
	return err
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// writeCSV writes lines, and takes from what others named the power to be a formula.
func writeCSV(std streams, lines [][]string) error {
	w := csv.NewWriter(std.out)
	for _, line := range lines {
		for i := range line {
			line[i] = report.Cell(line[i])
		}
		if err := w.Write(line); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}
