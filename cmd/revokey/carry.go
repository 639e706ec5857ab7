package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/revokey-dev/revokey/report"
	"github.com/revokey-dev/revokey/revoke"
)

// carryOptions say what is done to keys, and how far.
type carryOptions struct {
	apply, yes bool
	aim        revoke.Aim
	journal    string
	json       bool
	rootKeys   []string // that may be deleted without being asked about
	all        bool     // tell all of each step, however many there are
	stdinTaken bool     // by something else than the answer to a question
}

func carryFlags() []cli.Flag {
	return []cli.Flag{
		applyFlag("carry the plan out", "Revoke"),
		&cli.BoolFlag{Name: "contain", Usage: "also deny the key's user (of a session key, its user or role) every session issued before now", Category: "Revoke"},
		&cli.BoolFlag{Name: "deny-all", Usage: "contain by denying the user or role everything, whatever it uses", Category: "Revoke"},
		&cli.BoolFlag{Name: "delete", Usage: "delete keys for good instead, if they have been inactive for long enough", Category: "Revoke"},
		&cli.BoolFlag{Name: "delete-root-keys", Usage: "delete root keys, for good, from the organization's management account; each is asked about by itself", Category: "Revoke"},
		&cli.StringSliceFlag{Name: "confirm-root", Usage: "the `KEYID` of a root key that may be deleted without being asked about; --yes does not do (repeatable)", Category: "Revoke"},
		&cli.BoolFlag{Name: "with-leaked-key", Usage: "have each key switch itself off, where there is nobody else to: AWS's quarantine denies that", Category: "Revoke"},
		&cli.StringFlag{Name: "inactive-for", Value: "14d", Usage: "how long a key has to be inactive before it is deleted, by the journal: a `TIME` such as 14d or 36h", Category: "Revoke"},
	}
}

// applyFlag is the one without which nothing is changed at AWS.
func applyFlag(usage string, category ...string) cli.Flag {
	return &cli.BoolFlag{Name: "apply", Usage: usage, Category: strings.Join(category, "")}
}

// errYesAlone refuses an answer to what is not asked.
func errYesAlone() error {
	return usagef("nothing was changed: --yes goes with --apply").withHint("add --apply to go ahead without being asked")
}

func journalFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "yes", Usage: "do not ask; needed where there is no terminal to answer at"},
		journalFlag(),
	}
}

func journalFlag() cli.Flag {
	return &cli.StringFlag{Name: "journal", Usage: "`FILE` that records each call (default: revokey/journal.jsonl in the user's state folder)"}
}

func carryOptionsOf(c *cli.Context) (carryOptions, error) {
	o := carryOptions{apply: c.Bool("apply"), yes: c.Bool("yes"), all: c.Bool("all"), journal: c.String("journal")}
	o.aim.Delete = c.Bool("delete")
	if c.Bool("contain") {
		o.aim.Contain = revoke.DenySessions
	}
	if c.Bool("deny-all") {
		o.aim.Contain = revoke.DenyEverything
	}
	o.aim.DeleteRoot, o.rootKeys = c.Bool("delete-root-keys"), c.StringSlice("confirm-root")
	o.aim.BySelf = c.Bool("with-leaked-key")
	inactive, err := parseTime(c.String("inactive-for"))
	switch {
	case err != nil || inactive < 0:
		return o, usagef("--inactive-for takes a time such as 14d or 36h, not %q", c.String("inactive-for"))
	case c.IsSet("inactive-for") && !o.aim.Delete:
		return o, usagef("--inactive-for goes with --delete")
	case o.aim.BySelf && (o.aim.Delete || o.aim.DeleteRoot || o.aim.Contain != ""):
		return o, usagef("--with-leaked-key can but deactivate: it goes with neither --delete, --delete-root-keys nor --contain")
	case o.aim.Delete && o.aim.Contain != "":
		return o, usagef("--delete and --contain do not go together: contain first, delete when nobody has missed the key")
	case o.aim.Delete:
		o.aim.InactiveFor = inactive
	}
	return o, nil
}

// parseTime reads a duration that may be in days.
func parseTime(s string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.Atoi(days)
		if err != nil || n > 36500 {
			return 0, errors.New("no number of days")
		}
		return time.Duration(n) * 24 * time.Hour, nil
	}
	if s == "0" {
		return 0, nil
	}
	return time.ParseDuration(s)
}

// worker plans and carries out, and tells the user.
type worker struct {
	*revoke.Revoker
	o       carryOptions
	std     streams
	text    io.Writer // what people read
	journal *revoke.Journal
	bar     *progress
	results []revoke.Result

	settled, steps int // of the plan that is being carried out
}

// begin shows the progress of what is to come, until end.
func (w *worker) begin(what, unit string) { w.bar = newProgress(w.std, what, unit) }

func (w *worker) end(what string, n int) {
	w.bar.done()
	w.std.detail(what, "steps", n, "seconds", w.bar.seconds())
}

// style is that of what people read.
func (w *worker) style() report.Style {
	if w.text != w.std.out {
		return report.Style{}
	}
	style := w.std.style()
	if w.o.all {
		style.Full = 0
	}
	return style
}

// newWorker opens the journal where something may be recorded or asked of it.
func newWorker(ctx context.Context, o carryOptions, aws awsOptions, journaled bool, std streams) (*worker, error) {
	w := &worker{o: o, std: std, text: std.out, bar: idle(std)}
	if o.json {
		w.text = std.err
	}
	opts := revoke.RevokerOptions{Aim: o.aim, Workers: aws.workers(), OnProgress: w.tell, OnPlan: func(n, all int) {
		w.bar.step(n, all)
	}}
	if o.apply || o.aim.Delete || journaled {
		var err error
		if w.journal, err = openJournal(o.journal, std); err != nil {
			return nil, err
		}
		opts.Journal = w.journal
	}
	var err error
	if w.Revoker, err = aws.revoker(ctx, opts); err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

func (w *worker) close() {
	if w.journal != nil {
		w.journal.Close()
	}
}

// tell tells what became of one key.
func (w *worker) tell(r revoke.Result) {
	w.bar.beside(func() { fmt.Fprint(w.text, w.style().Hang(report.Result(r), 4)) })
	if r.Outcome != revoke.Requested {
		w.settled++
	}
	w.bar.step(w.settled, w.steps)
}

func (w *worker) plan(ctx context.Context, targets []revoke.Target) (revoke.Plan, error) {
	w.begin("planning", "keys")
	plan, err := w.Plan(ctx, targets)
	w.end("planned", len(plan.Steps))
	if err != nil {
		return plan, fmt.Errorf("planning: %w", err)
	}
	fmt.Fprint(w.text, report.Plan(plan, w.style()))
	return plan, nil
}

// sameWorld refuses a plan that somebody agreed to where it would not be the same
// any more.
func (w *worker) sameWorld(now, agreed revoke.Plan) error {
	d := now.Since(agreed)
	for _, note := range d.Noted {
		w.std.say("since the plan was made: %s", report.Printable(note))
	}
	if len(d.Blocking) == 0 {
		return nil
	}
	for _, change := range d.Blocking {
		w.std.say("changed since the plan was made on %s: %s", agreed.MadeAt.Format("2006-01-02 15:04 MST"), report.Printable(change))
	}
	return usagef("nothing was changed: the world is not the one that the plan was made for").withHint("make a new plan, and look at it")
}

// carryOut carries the plan out, if it is to be, and returns what is left open.
func (w *worker) carryOut(ctx context.Context, plan revoke.Plan) error {
	if !w.o.apply || callsOf(plan) == 0 && len(plan.Resumes) == 0 {
		return errors.Join(w.printJSON(plan), planned(plan, w.std))
	}
	if n := callsOf(plan); n > 0 {
		if err := w.confirmRoots(plan); err != nil {
			return err
		}
		if err := confirm(question(plan), w.o.yes, w.o.stdinTaken, w.std); err != nil {
			return err
		}
	}
	w.begin("waiting for proof", "steps")
	w.settled, w.steps = 0, len(plan.Steps)
	results, err := w.Apply(ctx, plan)
	w.end("carried out", len(results))
	w.results = results
	if err != nil {
		w.std.hint("`revokey revoke --resume` goes on from here")
		return errors.Join(w.printJSON(plan), fmt.Errorf("carrying out the plan: %w", err))
	}
	w.follow(results)
	return errors.Join(w.printJSON(plan), applied(results, plan))
}

// follow tells what to type after keys were switched off: what was done with them, and how to
// take it back.
func (w *worker) follow(results []revoke.Result) {
	i := slices.IndexFunc(results, func(r revoke.Result) bool {
		return r.Action == revoke.Deactivate && (r.Outcome == revoke.Verified || r.Outcome == revoke.Requested)
	})
	if i < 0 {
		return
	}
	operator := w.std.line.only(operatorFlags()...)
	trace := append([]string{"revokey", "trace", results[i].KeyID}, operator...)
	undo := append([]string{"revokey", "undo", "last"}, append(w.std.line.only("journal"), operator...)...)
	w.std.next("see what was done with it while it worked; or take all of this back", typed(trace...), typed(undo...))
}

// confirmRoots asks about each root key by itself: its ID has to be typed, or given
// by --confirm-root.
func (w *worker) confirmRoots(plan revoke.Plan) error {
	in := bufio.NewReader(w.std.in)
	for _, s := range plan.Steps {
		if !s.Root || s.Refusal != "" || slices.Contains(w.o.rootKeys, s.KeyID) {
			continue
		}
		if !w.std.asks || w.o.stdinTaken {
			return usagef("nothing was changed: %s is a root key, and there is no terminal to confirm its deletion at", s.KeyID).
				withHint("pass --confirm-root %s", s.KeyID)
		}
		fmt.Fprintf(w.std.err, "Delete the root key of account %s for good? Type its ID: ", s.Account)
		answer, _ := in.ReadString('\n')
		if strings.TrimSpace(answer) != s.KeyID {
			w.std.say("nothing was changed")
			return errIncomplete
		}
	}
	return nil
}

// question asks for what the plan does.
func question(p revoke.Plan) string {
	count := map[revoke.Action]int{}
	for _, s := range p.Steps {
		if s.Refusal == "" {
			count[s.Action]++
		}
	}
	switch all, gone := callsOf(p), count[revoke.Delete]; {
	case gone == all:
		return fmt.Sprintf("Delete %s for good?", countOf(all, "key"))
	case gone > 0:
		return fmt.Sprintf("Make these %d calls, of which %d delete for good?", all, gone)
	case count[revoke.Contain] > 0:
		return fmt.Sprintf("Make these %d calls?", all)
	default:
		return fmt.Sprintf("Deactivate %s?", countOf(all, "key"))
	}
}

// revocationSchema names the schema of what `revoke --format json` prints. Fields
// may be added to it.
const revocationSchema = "revokey.revocation/v1"

func (w *worker) printJSON(plan revoke.Plan) error {
	if !w.o.json {
		return nil
	}
	return report.WriteJSON(w.std.out, struct {
		Schema  string          `json:"schema"`
		Plan    revoke.Plan     `json:"plan"`
		Results []revoke.Result `json:"results"`
	}{revocationSchema, plan, append([]revoke.Result{}, w.results...)})
}

// resume settles what a crash left open, and goes on with what was left to do.
func (w *worker) resume(ctx context.Context) error {
	settled, err := w.Settle(ctx)
	var open error
	for _, s := range settled {
		fmt.Fprint(w.text, w.style().Hang(report.Settled(s), 4))
		if s.Outcome == revoke.InDoubt {
			open = errIncomplete
		}
	}
	if err != nil {
		return fmt.Errorf("asking AWS what became of the calls: %w", err)
	}
	runs := w.journal.Interrupted()
	if len(runs) == 0 {
		w.std.say("no run was interrupted")
		return open
	}
	for _, run := range runs {
		open = errors.Join(open, w.goOn(ctx, run))
	}
	return open
}

func (w *worker) goOn(ctx context.Context, run revoke.Entry) error {
	if run.Rotation != nil {
		return w.rotateOn(ctx, run)
	}
	if run.Aim == nil {
		w.std.say("a run that was to let keys work again was interrupted on %s: %d steps", run.Time.Format(journalTime), len(run.Steps))
		w.std.hint("`revokey undo --apply`, or `revokey keys activate KEYID --apply`, takes up what is left")
		return errors.Join(errIncomplete, w.CloseRun(run))
	}
	w.std.say("a run of %d steps was interrupted on %s; it meant to:", len(run.Steps), run.Time.Format(journalTime))
	w.begin("planning", "keys")
	plan, err := w.PlanAgain(ctx, run)
	w.end("planned", len(plan.Steps))
	if err != nil {
		return fmt.Errorf("planning: %w", err)
	}
	fmt.Fprint(w.text, report.Plan(plan, w.style()))
	return w.carryOut(ctx, plan)
}

const journalTime = "2006-01-02 15:04:05 MST"

func journalPath(path string) (string, error) {
	if path != "" {
		return path, nil
	}
	return revoke.DefaultJournalPath()
}

func openJournal(path string, std streams) (*revoke.Journal, error) {
	path, err := journalPath(path)
	if err != nil {
		return nil, err
	}
	j, err := revoke.OpenJournal(path)
	if err != nil {
		return nil, err
	}
	if n := j.Torn(); n > 0 {
		std.say("the journal's last line was unfinished, as a crash leaves it: %d bytes were dropped", n)
	}
	unfinished := j.Unfinished()
	for _, e := range unfinished {
		std.say("the journal does not know whether AWS carried out: %s %s at %s", e.Action, cmp.Or(e.KeyID, "a key of user "+report.Printable(e.User)), e.Time.Format(journalTime))
	}
	if len(unfinished) > 0 || len(j.Interrupted()) > 0 {
		std.hint("a run was interrupted: `revokey revoke --resume` asks AWS how far it came")
	}
	return j, nil
}

// applied is what the results come to: nothing where all are proven, else what is
// left open, or that a key still works.
func applied(results []revoke.Result, plan revoke.Plan) error {
	var err error
	for i, r := range results {
		switch {
		case r.Outcome == revoke.Refused && plan.Steps[i].Refusal != "":
			err = errors.Join(err, leftOpen(plan.Steps[i]))
		case r.Outcome == revoke.Requested, r.Outcome == revoke.Refused, r.Outcome == revoke.Failed && r.Action != revoke.Deactivate && !plan.Steps[i].Root:
			err = errors.Join(err, errIncomplete)
		case r.Outcome == revoke.Failed:
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

// agreed reads the plan that is to be carried out as it is; nil if there is none.
func (o revokeOptions) agreed() (*revoke.Plan, error) {
	if o.plan == "" || !o.carry.apply {
		return nil, nil
	}
	f, err := os.Open(o.plan)
	if err != nil {
		return nil, fmt.Errorf("reading the plan: %w", err)
	}
	defer f.Close()
	plan, err := revoke.ReadPlan(f)
	if err != nil {
		return nil, fmt.Errorf("reading the plan in %q: %w", o.plan, err)
	}
	for _, s := range plan.Steps {
		if s.Name != "" && serviceName.MatchString(s.Name) && s.KeyID == s.Name {
			continue
		}
		if err := checkKeyIDs([]string{s.KeyID}); err != nil {
			return nil, fmt.Errorf("reading the plan in %q: a step names no key ID", o.plan)
		}
	}
	return &plan, nil
}

// savePlan writes the plan whole or not at all.
func savePlan(path string, plan revoke.Plan) error {
	text, err := json.MarshalIndent(plan, "", "  ")
	if err != nil {
		return fmt.Errorf("saving the plan: %w", err)
	}
	err = saveFile(path, private, func(w io.Writer) error {
		_, err := w.Write(append(text, '\n'))
		return err
	})
	if err != nil {
		return fmt.Errorf("saving the plan to %q: %w", path, withoutPath(err))
	}
	return nil
}
