package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/revokey-dev/revokey/detectors"
	"github.com/revokey-dev/revokey/report"
	"github.com/revokey-dev/revokey/revoke"
)

// revokeOptions are those of `revokey revoke`.
type revokeOptions struct {
	from   string
	keyIDs []string
	plan   string // a file: written, or with apply read
	resume bool
	carry  carryOptions
	aws    awsOptions
}

func revokeCommand(std streams) *cli.Command {
	return &cli.Command{
		Name:      "revoke",
		Usage:     "plan the deactivation of keys; --apply carries it out",
		ArgsUsage: "[KEYID…]",
		Description: `Prints the plan: for each key its owner, its last use, and the call to make, or why
it is left alone. Changes nothing without --apply. Deactivates with the operator's
own credentials, in the accounts given by --account only, then looks until AWS
refuses the key. Each call is recorded before and after; ` + "`revokey undo`" + ` takes it back.

Deactivating a key does not end the sessions that it made: --contain does. A session
key (ASIA) is contained at its user or role, never deactivated.`,
		Flags: slices.Concat([]cli.Flag{
			&cli.StringFlag{Name: "from", Usage: "a `FILE` of findings, in JSON or JSON lines (-: standard input)"},
			&cli.StringFlag{Name: "plan", Usage: "save the plan in `FILE`; with --apply, carry out the one saved there, unless the world has changed since"},
			&cli.BoolFlag{Name: "resume", Usage: "after a crash: ask AWS what became of each call under way, and plan for what was left"},
			&cli.BoolFlag{Name: "json", Usage: "print plan and results as JSON"},
			allFlag("steps"),
		}, carryFlags(), journalFlags(), awsFlags()),
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
		from:   c.String("from"),
		keyIDs: c.Args().Slice(),
		plan:   c.String("plan"),
		resume: c.Bool("resume"),
	}
	var err error
	if o.carry, err = carryOptionsOf(c); err != nil {
		return o, err
	}
	o.carry.stdinTaken = o.from == "-"
	o.carry.json = c.Bool("json")
	if err := o.check(); err != nil {
		return o, err
	}
	o.aws, err = awsOptionsOf(c)
	return o, err
}

func (o revokeOptions) check() error {
	saved := o.plan != "" && o.carry.apply
	switch {
	case o.resume && (o.from != "" || len(o.keyIDs) > 0 || o.plan != ""):
		return usagef("--resume goes by the journal: it takes no key IDs, --from or --plan")
	case o.resume && o.carry.aim != (revoke.Aim{}):
		return usagef("--resume does what the interrupted run meant to: it takes no --delete or --contain")
	case saved && len(o.keyIDs) > 0:
		return usagef("--apply --plan carries out the plan in %q as it is: it takes no key IDs", o.plan)
	case saved && o.carry.aim != (revoke.Aim{}):
		return usagef("--apply --plan carries out the plan in %q as it is: it takes no --delete or --contain", o.plan)
	case !saved && !o.resume && (o.from == "") == (len(o.keyIDs) == 0):
		return usagef("revoke takes key IDs, or --from FINDINGS")
	}
	return checkKeyIDs(o.keyIDs)
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
	agreed, err := o.agreed()
	if err != nil {
		return err
	}
	targets, err := o.targets(ctx, agreed, std)
	if err != nil {
		return err
	}
	if len(targets) == 0 && !o.resume {
		std.say("there are no keys to revoke in %q", o.from)
		return nil
	}
	if agreed != nil {
		o.carry.aim = agreed.Aim
		if agreed.Endpoint != o.aws.endpoint { // nobody else is to be asked
			return usagef("nothing was changed: the plan in %q was made at %s, not at %s", o.plan, atOrAWS(agreed.Endpoint), atOrAWS(o.aws.endpoint)).
				withHint("pass --aws-endpoint accordingly, or make a new plan")
		}
	}
	w, err := newWorker(ctx, o.carry, o.aws, o.resume, std)
	if err != nil {
		return err
	}
	defer w.close()
	if o.resume {
		return w.resume(ctx)
	}
	plan, err := w.plan(ctx, targets)
	if err != nil {
		return err
	}
	if agreed != nil {
		if err := w.sameWorld(plan, *agreed); err != nil {
			return err
		}
	} else if o.plan != "" {
		if err := savePlan(o.plan, plan); err != nil {
			return err
		}
		std.say("the plan is saved: `revokey revoke --apply --plan %s` carries it out", report.Printable(o.plan))
	}
	return w.carryOut(ctx, plan)
}

func atOrAWS(endpoint string) string { return cmp.Or(endpoint, "AWS") }

// targets returns the keys to act on: of a findings file all but the examples. Of
// an agreed plan they are its own, and the findings give the pairs to prove it by.
func (o revokeOptions) targets(ctx context.Context, agreed *revoke.Plan, std streams) ([]revoke.Target, error) {
	var targets []revoke.Target
	for _, id := range o.keyIDs {
		account, _ := detectors.AccountID(id)
		targets = append(targets, revoke.Target{KeyID: id, Account: account})
	}
	if o.from != "" {
		suspects, err := readSuspects(ctx, o.from, false, std)
		if err != nil {
			return nil, err
		}
		targets = targetsOf(suspects)
	}
	if agreed == nil {
		return targets, nil
	}
	known := agreed.Targets()
	for i := range known {
		if known[i].Name != "" { // IAM is asked whose it is, in an account that has to be ours
			continue
		}
		account, _ := detectors.AccountID(known[i].KeyID)
		known[i].Account = account // a file says nothing of whose a key is
		for _, t := range targets {
			if t.KeyID == known[i].KeyID {
				known[i].Leaked = t.Leaked
			}
		}
	}
	return known, nil
}

// targetsOf returns the access keys among the suspects that are no examples.
func targetsOf(suspects []suspect) []revoke.Target {
	var targets []revoke.Target
	for _, s := range suspects {
		if t, ok := serviceTarget(s); ok {
			targets = append(targets, t)
			continue
		}
		if s.KeyID == nil || s.Kind != detectors.AccessKey || s.Verdict.Status == revoke.Example {
			continue
		}
		t := revoke.Target{KeyID: *s.KeyID, Account: report.Value(s.Account), Leaked: s.pair(), Seen: report.Seen(s.Record)}
		if s.Owner != nil {
			t.LastUsed = s.Owner.LastUsed
		}
		targets = append(targets, t)
	}
	return targets
}

// serviceName is what aliases and user names of service-specific credentials are.
var serviceName = regexp.MustCompile(`^[\w+=,.@-]{1,200}$`)

// serviceTarget returns the service-specific credential that the suspect tells: a
// long-term API key, or a service's password.
func serviceTarget(s suspect) (revoke.Target, bool) {
	if s.Kind != detectors.APIKey && s.Kind != detectors.ServicePassword || s.Claims == nil || s.Verdict.Status == revoke.Example {
		return revoke.Target{}, false
	}
	t := revoke.Target{Name: report.Value(s.Claims.User), Account: report.Value(s.Account), Seen: report.Seen(s.Record)}
	return t, serviceName.MatchString(t.Name) && t.Account != ""
}

// planned says what the plan comes to. A key that it would deactivate is live.
func planned(p revoke.Plan, std streams) error {
	n := callsOf(p)
	if n > 0 {
		std.say("%s; nothing was changed", would(p))
		std.next("add --apply to do it", std.line.with("--apply"))
		return openIn(p)
	}
	err := openIn(p)
	if err == nil {
		std.say("nothing is left to do")
	}
	return err
}

// openIn is what the plan leaves open, and what it has yet to do.
func openIn(p revoke.Plan) error {
	var err error
	for _, s := range p.Steps {
		switch {
		case s.Refusal != "":
			err = errors.Join(err, leftOpen(s))
		case s.Action == revoke.Delete && !s.Root:
			err = errors.Join(err, errIncomplete)
		default:
			err = errors.Join(err, errLive)
		}
	}
	return err
}

// would says how many calls the plan has, by kind.
func would(p revoke.Plan) string {
	count := map[revoke.Action]int{}
	for _, s := range p.Steps {
		if s.Refusal == "" {
			count[s.Action]++
		}
	}
	var parts []string
	for _, kind := range []struct {
		action      revoke.Action
		what, would string
	}{
		{revoke.Deactivate, "keys", "deactivated"}, {revoke.Delete, "keys", "deleted for good"}, {revoke.Contain, "users or roles", "contained"},
	} {
		if n := count[kind.action]; n > 0 && len(parts) == 0 && kind.action != revoke.Contain {
			parts = append(parts, fmt.Sprintf("%d of %d %s would be %s", n, keysOf(p), kind.what, kind.would))
		} else if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s would be %s", n, kind.what, kind.would))
		}
	}
	text := ""
	for i, part := range parts {
		if i > 0 {
			text += ", "
		}
		text += part
	}
	return text
}

// keysOf counts the keys of the plan.
func keysOf(p revoke.Plan) int {
	ids := map[string]bool{}
	for _, s := range p.Steps {
		ids[s.KeyID] = true
	}
	return len(ids)
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
// IAM shows it off already, or where it is a canary's, which nobody must touch. That a
// key is off says nothing of the sessions that it made.
func leftOpen(s revoke.Step) error {
	switch status := s.Verdict.Status; {
	case s.Done(), status == revoke.Canary:
		return nil
	case status == revoke.Live:
		return errLive
	case s.Action == revoke.Contain, s.Action == revoke.Delete && status == revoke.Inactive:
		return errIncomplete
	case status == revoke.Inactive, status == revoke.Deleted, status == revoke.Expired:
		return nil
	}
	return errIncomplete
}
