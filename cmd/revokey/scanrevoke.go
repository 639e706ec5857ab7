package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/revokey-dev/revokey/report"
	"github.com/revokey-dev/revokey/revoke"
)

// changesAWS reports whether the flag of a scan is about revoking what it finds: for
// other commands that take a scan's flags.
func changesAWS(f cli.Flag) bool {
	name := f.Names()[0]
	return name == "revoke" || name == "yes" || slices.ContainsFunc(carryFlags(), func(c cli.Flag) bool { return c.Names()[0] == name })
}

// foundOptionsOf reads what a scan is to do about what it finds.
func foundOptionsOf(c *cli.Context) (carryOptions, error) {
	if !c.Bool("revoke") {
		for _, f := range append(carryFlags(), &cli.BoolFlag{Name: "yes"}) {
			if name := f.Names()[0]; c.IsSet(name) {
				return carryOptions{}, usagef("--%s goes with --revoke", name)
			}
		}
		return carryOptions{}, nil // the command may have no such flags
	}
	o, err := carryOptionsOf(c)
	o.stdinTaken = c.Bool("stdin")
	return o, err
}

// revokeFound plans for what was found, and carries the plan out if it is to be.
// The plan follows the report, unless that is for programs.
func (o scanOptions) revokeFound(ctx context.Context, suspects []suspect, sum report.Summary, std streams) error {
	targets := targetsOf(suspects)
	if len(targets) == 0 {
		std.say("there are no keys to revoke")
		return outcome(sum)
	}
	w, err := newWorker(ctx, o.found, o.aws, false, std)
	if err != nil {
		return errors.Join(err, outcome(sum))
	}
	defer w.close()
	if slices.ContainsFunc(o.output.targets, func(t outputTarget) bool { return t.format != "text" && t.file == "" }) {
		w.text = std.err
	}
	fmt.Fprintln(w.text)
	plan, err := w.plan(ctx, targets)
	if err != nil {
		return errors.Join(err, outcome(sum))
	}
	return errors.Join(w.carryOut(ctx, plan), stillLive(suspects, plan, w.results), outcome(withoutLive(sum)))
}

// stillLive is what the verdicts come to after the revocation: a key that was live
// and was not proven off is.
func stillLive(suspects []suspect, plan revoke.Plan, results []revoke.Result) error {
	off := map[string]bool{}
	for _, s := range plan.Steps {
		off[s.KeyID] = off[s.KeyID] || ends(s.Action, s.KeyID) && s.Done()
	}
	for _, r := range results {
		off[r.KeyID] = off[r.KeyID] || ends(r.Action, r.KeyID) && r.Outcome == revoke.Verified
	}
	for _, s := range suspects {
		if s.Verdict.Status == revoke.Live && !off[report.Value(s.KeyID)] {
			return errLive
		}
	}
	return nil
}

// ends reports whether the action ends the key's own use: a session key's does what
// contains its user or role.
func ends(action revoke.Action, keyID string) bool {
	return action == revoke.Deactivate || action == revoke.Delete || action == revoke.Contain && strings.HasPrefix(keyID, "ASIA")
}

// withoutLive returns the summary without its live keys, for its outcome.
func withoutLive(sum report.Summary) report.Summary {
	sum.ByStatus = maps.Clone(sum.ByStatus)
	delete(sum.ByStatus, revoke.Live)
	return sum
}
