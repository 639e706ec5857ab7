package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/urfave/cli/v2"

	"github.com/revokey-dev/revokey/detectors"
	"github.com/revokey-dev/revokey/report"
	"github.com/revokey-dev/revokey/revoke"
)

// rotateOptions are those of `revokey keys create` and `rotate`.
type rotateOptions struct {
	aim    revoke.RotationAim
	print  bool // the new key, on standard output
	resume bool
	json   bool
}

func rotateFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "to-secret", Usage: "put the new key into the secret `NAME` (or ARN) of Secrets Manager, made if it is new", Category: "Create and rotate"},
		&cli.StringFlag{Name: "secret-region", Usage: "`REGION` of the secret (default: the ARN's, or the profile's)", Category: "Create and rotate"},
		&cli.StringFlag{Name: "secret-fields", Usage: "`ID,SECRET`: the fields of the secret's JSON (default: those it has, or access_key_id,secret_access_key)", Category: "Create and rotate"},
		&cli.StringFlag{Name: "to-profile", Usage: "put the new key into the profile `NAME` of the shared credentials file, made if it is new", Category: "Create and rotate"},
		&cli.BoolFlag{Name: "print", Usage: "create: print the new key, and store it nowhere; needs --yes where standard output is no terminal", Category: "Create and rotate"},
		&cli.BoolFlag{Name: "overwrite", Usage: "replace what is there even if it is another key than the one that is rotated", Category: "Create and rotate"},
		&cli.BoolFlag{Name: "delete-inactive", Usage: "make room, where the user has two keys, by deleting the inactive one for good", Category: "Create and rotate"},
		&cli.BoolFlag{Name: "resume", Usage: "after a crash: ask AWS what became of each call under way, and plan for what was left", Category: "Create and rotate"},
	}
}

// rotateFlagGiven returns the first flag that only create and rotate take, or "".
func rotateFlagGiven(c *cli.Context) string {
	for _, f := range rotateFlags() {
		if name := f.Names()[0]; c.IsSet(name) {
			return name
		}
	}
	return ""
}

func (o keysOptions) rotates() bool { return o.verb == "create" || o.verb == "rotate" }

// readRotation reads the flags of create and rotate.
func (o *keysOptions) readRotation(c *cli.Context) error {
	o.rotate = rotateOptions{print: c.Bool("print"), resume: c.Bool("resume"), json: c.Bool("json")}
	o.carry.apply, o.carry.json = c.Bool("apply"), c.Bool("json")
	to := revoke.Destination{
		Secret: c.String("to-secret"), Region: c.String("secret-region"), Profile: c.String("to-profile"), Overwrite: c.Bool("overwrite"),
	}
	if fields := c.String("secret-fields"); fields != "" {
		var found bool
		if to.KeyIDField, to.SecretField, found = strings.Cut(fields, ","); !found || to.KeyIDField == "" || to.SecretField == "" || strings.Contains(to.SecretField, ",") {
			return usagef("--secret-fields takes two names, such as access_key_id,secret_access_key")
		}
	}
	o.rotate.aim = revoke.RotationAim{Account: o.account, To: to, DeleteInactive: c.Bool("delete-inactive")}
	if err := o.checkRotation(c); err != nil {
		return err
	}
	switch {
	case len(o.keyIDs) == 1:
		o.rotate.aim.KeyID = o.keyIDs[0]
		o.rotate.aim.Account, _ = detectors.AccountID(o.keyIDs[0])
	case len(o.users) == 1:
		o.rotate.aim.User = o.users[0]
	}
	var err error
	o.aws, err = awsOptionsOf(c)
	return err
}

func (o keysOptions) checkRotation(c *cli.Context) error {
	to, places := o.rotate.aim.To, 0
	for _, given := range []bool{to.Secret != "", to.Profile != "", o.rotate.print} {
		if given {
			places++
		}
	}
	if c.Bool("csv") || o.all {
		return usagef("--csv and --all go with lists")
	}
	if o.rotate.resume {
		if len(o.keyIDs)+len(o.users)+places > 0 {
			return usagef("--resume does what the interrupted run meant to: it takes no key ID, --user or place")
		}
		return nil
	}
	switch {
	case o.verb == "rotate" && (len(o.keyIDs) != 1 || len(o.users) > 0 || o.account != ""):
		return usagef("keys rotate takes one key ID").withHint("`revokey keys list --user NAME` lists a user's")
	case o.verb == "create" && (len(o.keyIDs) > 0 || len(o.users) != 1 || o.users[0] == ""):
		return usagef("keys create takes --user NAME, one, and no key ID")
	case o.verb == "rotate" && o.rotate.print:
		return usagef("--print goes with keys create: a rotated key is stored before the old one is off").withHint("pass --to-secret NAME or --to-profile NAME")
	case places != 1:
		return usagef("where is the new key to go: --to-secret NAME or --to-profile NAME")
	case o.account != "" && !isAccount(o.account):
		return usagef("account %q is not a number of 12 digits", o.account)
	case to.Secret == "" && (to.Region != "" || to.KeyIDField != ""):
		return usagef("--secret-region and --secret-fields go with --to-secret")
	}
	return checkKeyIDs(o.keyIDs)
}

func (o keysOptions) runRotation(ctx context.Context, std streams) error {
	o.aws.sayEndpoint(std)
	if o.rotate.print && o.carry.apply && !std.shown && !o.carry.yes {
		return usagef("nothing was changed: --print would write a secret to what is no terminal").withHint("pass --to-secret or --to-profile, or --yes if that is what you want")
	}
	w, err := newWorker(ctx, o.carry, o.aws, o.rotate.resume, std)
	if err != nil {
		return err
	}
	defer w.close()
	if o.rotate.resume {
		return w.resume(ctx)
	}
	plan, err := w.PlanRotation(ctx, o.rotate.aim)
	if err != nil {
		return fmt.Errorf("planning: %w", err)
	}
	if o.rotate.print {
		plan.Show = func(cred aws.Credentials) error { return printKey(std, cred, o.rotate.json) }
	}
	return w.rotate(ctx, plan)
}

// printKey prints the new key, because the user asked for it.
func printKey(std streams, cred aws.Credentials, asJSON bool) error {
	if asJSON { // in lines of its own, before the rest
		return json.NewEncoder(std.out).Encode(map[string]string{"access_key_id": cred.AccessKeyID, "secret_access_key": cred.SecretAccessKey})
	}
	_, err := fmt.Fprintf(std.out, "aws_access_key_id = %s\naws_secret_access_key = %s\n", cred.AccessKeyID, cred.SecretAccessKey)
	return err
}

// rotateOn plans for what is left of an interrupted rotation.
func (w *worker) rotateOn(ctx context.Context, run revoke.Entry) error {
	w.std.say("a rotation was interrupted on %s; what is left of it:", run.Time.Format(journalTime))
	plan, err := w.RotateOn(ctx, run, func(aws.Credentials) error {
		return errors.New("a key to be printed is not made again by --resume: create it anew")
	})
	if err != nil {
		return fmt.Errorf("planning: %w", err)
	}
	err = w.rotate(ctx, plan)
	if plan.Over && w.o.apply {
		w.std.say("the interrupted rotation is closed")
		err = errors.Join(err, w.CloseRun(run))
	}
	return err
}

// rotate tells the plan, carries it out if it is to be, and returns what is left open.
func (w *worker) rotate(ctx context.Context, plan revoke.Rotation) error {
	fmt.Fprint(w.text, w.style().Hang(report.Rotation(plan, time.Now()), 12))
	if plan.Refusal != "" || !w.o.apply {
		if plan.Refusal == "" {
			w.std.say("nothing was changed")
			w.std.next("add --apply to do it", w.std.line.with("--apply"))
		}
		return errors.Join(w.printRotation(plan), errIncomplete)
	}
	if err := confirm(rotationQuestion(plan), w.o.yes, false, w.std); err != nil {
		return err
	}
	results, err := w.Rotate(ctx, plan)
	w.results = results
	if len(w.journal.Interrupted()) > 0 {
		w.std.hint("`revokey keys rotate --resume --apply` goes on from here")
	}
	if err != nil {
		err = fmt.Errorf("rotating: %w", err)
	} else if slices.ContainsFunc(results, func(r revoke.Result) bool { return r.Outcome != revoke.Verified }) {
		err = errIncomplete
	}
	return errors.Join(w.printRotation(plan), err)
}

func rotationQuestion(p revoke.Rotation) string {
	switch {
	case p.MakeRoom != "":
		return fmt.Sprintf("Delete %s for good, and go on?", p.MakeRoom)
	case p.Aim.KeyID != "":
		return fmt.Sprintf("Replace %s, and deactivate it?", p.Aim.KeyID)
	}
	return fmt.Sprintf("Create a key of user %s?", report.Printable(p.Aim.User))
}

func (w *worker) printRotation(plan revoke.Rotation) error {
	if !w.o.json {
		return nil
	}
	return report.WriteJSON(w.std.out, struct {
		Schema  string          `json:"schema"`
		Plan    revoke.Rotation `json:"plan"`
		Results []revoke.Result `json:"results"`
	}{revoke.RotationSchema, plan, append([]revoke.Result{}, w.results...)})
}
