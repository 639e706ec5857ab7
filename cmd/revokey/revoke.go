package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/revokey-dev/revokey/detectors"
	"github.com/revokey-dev/revokey/report"
	"github.com/revokey-dev/revokey/revoke"
)

// revokeOptions are those of `revokey revoke`.
type revokeOptions struct {
	from    string
	keyIDs  []string
	apply   bool
	yes     bool
	journal string
	aws     awsOptions
}

func journalFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "yes", Usage: "do not ask; needed where there is no terminal to answer at"},
		&cli.StringFlag{Name: "journal", Usage: "`FILE` that records each call (default: revokey/journal.jsonl in the user's state folder)"},
	}
}

func revokeCommand(std streams) *cli.Command {
	return &cli.Command{
		Name:      "revoke",
		Usage:     "plan the deactivation of keys; --apply carries it out",
		ArgsUsage: "[KEYID…]",
		Description: `Prints the plan: for each key its owner, its last use, and the call to make, or why
it is left alone. Changes nothing without --apply. Deactivates with the operator's
own credentials, in the accounts given by --account only, then looks until AWS
refuses the key. Each call is recorded before and after; ` + "`revokey undo`" + ` takes it back.`,
		Flags: append(append([]cli.Flag{
			&cli.StringFlag{Name: "from", Usage: "a `FILE` of findings, in JSON or JSON lines (-: standard input)"},
			&cli.BoolFlag{Name: "apply", Usage: "carry the plan out"},
		}, journalFlags()...), awsFlags()...),
		Action: func(c *cli.Context) error {
			o, err := revokeOptionsOf(c)
			if err != nil {
				return err
			}
			return runRevoke(c.Context, o, std)
		},
	}
}

func revokeOptionsOf(c *cli.Context) (revokeOptions, error) {
	o := revokeOptions{
		from:    c.String("from"),
		keyIDs:  c.Args().Slice(),
		apply:   c.Bool("apply"),
		yes:     c.Bool("yes"),
		journal: c.String("journal"),
	}
	if (o.from == "") == (len(o.keyIDs) == 0) {
		return o, usagef("revoke takes key IDs, or --from FINDINGS")
	}
	if err := checkKeyIDs(o.keyIDs); err != nil {
		return o, err
	}
	var err error
	o.aws, err = awsOptionsOf(c)
	return o, err
}

// checkKeyIDs refuses what is not a key ID, without repeating it: a secret put
// there by mistake must not be printed.
func checkKeyIDs(ids []string) error {
	for i, id := range ids {
		if !detectors.ValidKeyID(id) {
			return usagef("argument %d is not a key ID (AKIA and 16 of A-Z and 2-7)", i+1)
		}
	}
	return nil
}

func runRevoke(ctx context.Context, o revokeOptions, std streams) error {
	targets, err := o.targets(ctx, std)
	if err != nil {
		return err
	}
	if len(targets) == 0 {
		std.say("there are no keys to revoke in %q", o.from)
		return nil
	}
	opts := revoke.RevokerOptions{OnProgress: func(r revoke.Result) {
		fmt.Fprintln(std.out, report.Result(r))
	}}
	if o.apply {
		if opts.Journal, err = openJournal(o.journal, std); err != nil {
			return err
		}
		defer opts.Journal.Close()
	}
	r, err := o.aws.revoker(ctx, opts)
	if err != nil {
		return err
	}
	plan, err := r.Plan(ctx, targets)
	if err != nil {
		return fmt.Errorf("planning: %w", err)
	}
	fmt.Fprint(std.out, report.Plan(plan))
	if !o.apply {
		return planned(plan, std)
	}
	return o.carryOut(ctx, r, plan, std)
}

// targets returns the keys to act on: of a findings file all but the examples.
func (o revokeOptions) targets(ctx context.Context, std streams) ([]revoke.Target, error) {
	var targets []revoke.Target
	for _, id := range o.keyIDs {
		account, _ := detectors.AccountID(id)
		targets = append(targets, revoke.Target{KeyID: id, Account: account})
	}
	if o.from == "" {
		return targets, nil
	}
	suspects, err := readSuspects(ctx, o.from, false, std)
	for _, s := range suspects {
		if s.KeyID != nil && s.Kind == detectors.AccessKey && s.Verdict.Status != revoke.Example {
			targets = append(targets, revoke.Target{KeyID: *s.KeyID, Account: report.Value(s.Account), Leaked: s.pair()})
		}
	}
	return targets, err
}

func openJournal(path string, std streams) (*revoke.Journal, error) {
	if path == "" {
		var err error
		if path, err = revoke.DefaultJournalPath(); err != nil {
			return nil, err
		}
	}
	j, err := revoke.OpenJournal(path)
	if err != nil {
		return nil, err
	}
	if n := j.Torn(); n > 0 {
		std.say("the journal's last line was unfinished, as a crash leaves it: %d bytes were dropped", n)
	}
	for _, e := range j.Unfinished() {
		std.say("the journal does not know whether AWS carried out: %s %s at %s: look at the key", e.Action, e.KeyID, e.Time.Format("2006-01-02 15:04:05 MST"))
	}
	return j, nil
}

// planned says what the plan comes to. A key that it would deactivate is live.
func planned(p revoke.Plan, std streams) error {
	n := callsOf(p)
	if n > 0 {
		std.say("%d of %d keys would be deactivated; nothing was changed", n, len(p.Steps))
		std.hint("add --apply to do it")
		return errLive
	}
	var err error
	for _, s := range p.Steps {
		err = errors.Join(err, leftOpen(s))
	}
	if err == nil {
		std.say("nothing is left to do")
	}
	return err
}

func callsOf(p revoke.Plan) int {
	n := 0
	for _, s := range p.Steps {
		if s.Refusal == "" {
			n++
		}
	}
	return n
}

// leftOpen is what it comes to that a step leaves its key as it is: nothing where
// IAM shows it off already, or where it is a canary's, which nobody must touch.
func leftOpen(s revoke.Step) error {
	switch s.Verdict.Status {
	case revoke.Inactive, revoke.Deleted, revoke.Canary:
		return nil
	case revoke.Live:
		return errLive
	}
	return errIncomplete
}

func (o revokeOptions) carryOut(ctx context.Context, r *revoke.Revoker, plan revoke.Plan, std streams) error {
	n := callsOf(plan)
	if n == 0 {
		return planned(plan, std)
	}
	if err := confirm(fmt.Sprintf("Deactivate %d keys?", n), o.yes, o.from == "-", std); err != nil {
		return err
	}
	results, err := r.Apply(ctx, plan)
	if err != nil {
		return fmt.Errorf("carrying out the plan: %w", err)
	}
	return applied(results, plan)
}

// applied is what the results come to: nothing where all are proven off, else
// what is left open, or that a key still works.
func applied(results []revoke.Result, plan revoke.Plan) error {
	var err error
	for i, r := range results {
		switch r.Outcome {
		case revoke.Refused:
			err = errors.Join(err, leftOpen(plan.Steps[i]))
		case revoke.Requested:
			err = errors.Join(err, errIncomplete)
		case revoke.Failed:
			err = errors.Join(err, errLive)
		}
	}
	return err
}

// confirm asks, unless yes is given already; where nobody can answer it refuses.
func confirm(question string, yes, stdinTaken bool, std streams) error {
	if yes {
		return nil
	}
	if !std.asks || stdinTaken {
		return usagef("nothing was changed: there is no terminal to confirm at").withHint("add --yes to go ahead without being asked")
	}
	fmt.Fprintf(std.err, "%s [y/N] ", question)
	answer, _ := bufio.NewReader(std.in).ReadString('\n') // no answer is a no
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	std.say("nothing was changed")
	return errIncomplete
}
