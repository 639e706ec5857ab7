package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/revokey-dev/revokey/report"
	"github.com/revokey-dev/revokey/revoke"
	"github.com/revokey-dev/revokey/scanner"
	"github.com/revokey-dev/revokey/sweep"
)

func sweepResultsCommand(std streams) *cli.Command {
	return &cli.Command{
		Name:  "results",
		Usage: "report what the last sweep found, as far as it is",
		Description: `Prints what ` + "`revokey sweep`" + ` prints at its end: one finding a credential, with all
repositories that hold it. In json or jsonl, ` + "`revokey revoke --from`" + ` goes on from there.`,
		Flags: slices.Concat([]cli.Flag{
			&cli.StringFlag{Name: "run", Usage: "of the sweep of that `NAME`", DefaultText: "the last"},
			configFlag(),
		}, queueFlags(), sweepSilenceFlags(), outputFlags()),
		Action: func(c *cli.Context) error {
			if c.Args().Present() {
				return usagef("sweep results takes no arguments")
			}
			q, err := queueOptionsOf(c)
			if err != nil {
				return err
			}
			out, err := outputOptionsOf(c)
			if err != nil {
				return err
			}
			return runSweepResults(c.Context, q, c.String("run"), sweepSilenceOf(c), out, std)
		},
	}
}

func runSweepResults(ctx context.Context, o queueOptions, name string, quiet silenceOptions, out outputOptions, std streams) error {
	q, err := o.openLedger(ctx)
	if err != nil {
		return err
	}
	defer q.close()
	runs, err := runsNamed(ctx, q.ledger, name)
	if err != nil {
		return err
	}
	r := sweepReport{silence: quiet, out: out, whole: true}
	return r.tell(ctx, q.ledger, runs, std)
}

// runsNamed returns the run of that name, or the last; of a sweep in shards, that of each shard.
func runsNamed(ctx context.Context, l sweep.Ledger, name string) ([]sweep.Run, error) {
	all, err := l.Runs(ctx)
	if err != nil {
		return nil, err
	}
	if name == "" && len(all) > 0 {
		name = all[0].Whole()
	}
	var runs []sweep.Run
	for _, r := range all {
		if r.Whole() == name || r.ID == name {
			runs = append(runs, r)
		}
	}
	switch {
	case len(all) == 0:
		return nil, &hintedError{errNoSweep, "`revokey sweep SOURCE` makes one; --state-dir, --queue and --store say where it is kept"}
	case len(runs) == 0:
		return nil, usagef("there is no sweep %q", name)
	}
	return runs, nil
}

// errNoSweep is why there is nothing to tell.
var errNoSweep = errors.New("there was no sweep yet")

// sweepReport is how a sweep is reported.
type sweepReport struct {
	silence  silenceOptions
	out      outputOptions
	aws      awsOptions // of the sweep that ends with the report
	verified bool       // that sweep asked AWS
	whole    bool       // of all shards, by a command that does not sweep itself
}

// tell reports what a run found, or the shards of one.
func (r sweepReport) tell(ctx context.Context, l sweep.Ledger, runs []sweep.Run, std streams) error {
	agreements, err := r.silence.load("")
	if err != nil {
		return err
	}
	g := gathering{index: make(map[string]int)}
	sum := report.NewSummary(scanner.Summary{})
	for _, run := range runs {
		if err := g.gather(ctx, l, run, &sum); err != nil {
			return fmt.Errorf("gathering what was found: %w", err)
		}
	}
	if err := g.finish(ctx, l, runs[0].Whole(), &sum); err != nil {
		return err
	}
	if of := runs[0]; r.whole && len(runs) < of.Shard.Total {
		skip(&sum, fmt.Sprintf("%d of %d shards", of.Shard.Total-len(runs), of.Shard.Total), "they have not begun")
	}
	suspects := quiet(agreements, g.suspects(), &sum)
	records := summarise(suspects, &sum)
	next := r.next(std)
	r.out.started, r.out.next = runs[0].Started, next.ofMany(sum)
	if err := r.out.write(std, records, sum); err != nil {
		return errors.Join(err, outcome(sum))
	}
	r.tellNext(next, records, std)
	return errors.Join(notAsked(suspects, std), outcome(sum))
}

// next returns the step that follows: where it needs the findings in a file, they come from what is kept.
func (r sweepReport) next(std streams) nextStep {
	n := nextOf(std, r.out, "", r.aws)
	words := []string{"revokey", "sweep", "results"}
	for _, f := range slices.Concat(queueFlags(), sweepSilenceFlags()) {
		words = append(words, std.line.only(f.Names()[0])...)
	}
	n.again = typed(append(words, "--output", "jsonl=findings.jsonl")...)
	return n
}

// tellNext tells it. What a sweep that is over left open is nothing to ask about again: its clones are gone.
func (r sweepReport) tellNext(n nextStep, records []report.Record, std streams) {
	if r.whole {
		records = slices.DeleteFunc(slices.Clone(records), func(r report.Record) bool { return !switchable(r) })
	}
	n.tell(std, records, r.verified)
}

// notAsked tells of credentials that nobody was asked about because the time for that was over.
func notAsked(suspects []suspect, std streams) error {
	n := 0
	for _, s := range suspects {
		if strings.HasSuffix(s.Verdict.Reason, errTimeIsUp.Error()) {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	std.say("%s: %s", countOf(n, "credential"), errTimeIsUp)
	std.hint("the next sweep with --verify asks about them; --verify-timeout gives it more time")
	return errIncomplete
}

// gathering joins the findings of repositories by credential.
type gathering struct {
	records []report.Record
	index   map[string]int

	all, scanned, empty int // repositories
}

// gather reads all results of a run.
func (g *gathering) gather(ctx context.Context, l sweep.Ledger, run sweep.Run, sum *report.Summary) error {
	all := 0
	for r, err := range l.Results(ctx, run.ID) {
		if err != nil {
			return err
		}
		all++
		if r.Outcome == sweep.Scanned || r.Outcome == sweep.Unchanged {
			g.scanned++
			if r.Scan.Blobs == 0 {
				g.empty++
			}
		}
		countResult(r, sum)
		if err := g.add(ctx, l, r); err != nil {
			return fmt.Errorf("%s: %w", r.Repository.Name, err)
		}
	}
	for _, r := range run.Refused {
		skip(sum, r.What, r.Reason)
	}
	missing := run.Jobs - all
	switch {
	case missing > 0:
		skip(sum, countOfRepositories(missing), "the sweep has not come to them yet: `revokey sweep --resume` goes on")
	case run.Listed && run.Ended.IsZero():
		skip(sum, "what the sweep is at", "it did not end: `revokey sweep --resume` goes on")
	}
	if !run.Listed {
		skip(sum, "repositories that were not listed", "the listing did not end: `revokey sweep --resume` lists them again")
	}
	g.all += max(all, run.Jobs)
	return nil
}

// finish notes what all was swept, sets the verdicts, and puts all in order.
func (g *gathering) finish(ctx context.Context, l sweep.Ledger, whole string, sum *report.Summary) error {
	note := fmt.Sprintf("%d of %s swept", g.scanned, countOfRepositories(g.all))
	if g.empty > 0 {
		note += fmt.Sprintf(", of which %d hold nothing", g.empty)
	}
	sum.Notes = append(sum.Notes, note)
	return g.judge(ctx, l, whole)
}

func skip(sum *report.Summary, what, reason string) {
	sum.SkippedCount++
	sum.Skipped = append(sum.Skipped, report.Skipped{What: what, Reason: reason})
}

// countResult adds what was read, and what was not: a repository is always named.
func countResult(r sweep.Result, sum *report.Summary) {
	sum.Blobs += r.Scan.Blobs
	sum.Bytes += r.Scan.Bytes
	if r.Outcome == sweep.Scanned {
		sum.AWSEndpoint = cmp.Or(sum.AWSEndpoint, r.Scan.Endpoint)
	}
	if r.Outcome == sweep.NotScanned || r.Outcome == sweep.Dead {
		skip(sum, r.Repository.Name, r.Reason)
		return
	}
	sum.SkippedCount += r.Scan.SkippedCount
	for _, s := range r.Scan.Skipped[:min(len(r.Scan.Skipped), 5)] {
		sum.Skipped = append(sum.Skipped, report.Skipped{What: r.Repository.Name + ": " + s.What, Reason: s.Reason})
	}
}

// add adds the findings of a repository.
func (g *gathering) add(ctx context.Context, l sweep.Ledger, r sweep.Result) error {
	if r.Findings.Entries == 0 {
		return nil
	}
	in, err := l.ReadFindings(ctx, sweep.KeyOf(r.Repository), r.Findings)
	if err != nil {
		return err
	}
	defer in.Close()
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<30)
	n := 0
	for lines.Scan() {
		var rec report.Record
		if err := json.Unmarshal(lines.Bytes(), &rec); err != nil {
			return err
		}
		g.join(rec, r)
		n++
	}
	if err := lines.Err(); err != nil {
		return err
	}
	if n != r.Findings.Count {
		return fmt.Errorf("%d of %d findings are there", n, r.Findings.Count)
	}
	return nil
}

// identity is what makes findings of two repositories the same.
func identity(r report.Record) string {
	claims, _ := json.Marshal(r.Claims) // words and times alone
	return fmt.Sprintln(r.Kind, report.Value(r.KeyID), report.Value(r.SecretSHA256), report.Value(r.SMTPPasswordSHA256), string(claimsOf(r, claims)))
}

// claimsOf returns what else tells credentials apart that have neither an ID nor a secret.
func claimsOf(r report.Record, claims []byte) []byte {
	if r.KeyID != nil || r.SecretSHA256 != nil {
		return nil
	}
	return claims
}

// join adds the finding of a repository to that of the same credential.
func (g *gathering) join(rec report.Record, r sweep.Result) {
	name := r.Repository.Name
	for i := range rec.Occurrences {
		rec.Occurrences[i].Repository, rec.Occurrences[i].Mirror = &name, nonEmpty(r.Scan.Mirror)
	}
	for i := range rec.Candidates {
		rec.Candidates[i].Occurrence.Repository, rec.Candidates[i].Occurrence.Mirror = &name, nonEmpty(r.Scan.Mirror)
	}
	rec.Repository, rec.Repositories = &name, []string{name}
	if r.Outcome == sweep.Unchanged && !rec.Verdict.CheckedAt.IsZero() {
		forgetVerdict(&rec) // what was true in an earlier sweep may not be any more
	}
	id := identity(rec)
	if i, ok := g.index[id]; ok {
		merge(&g.records[i], rec)
		return
	}
	g.index[id] = len(g.records)
	g.records = append(g.records, rec)
}

func forgetVerdict(r *report.Record) {
	r.Verdict, r.Owner = revoke.Verdict{}, nil
	for i := range r.Candidates {
		r.Candidates[i].Proven = false
	}
}

func nonEmpty(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// merge adds what another repository tells of the credential.
func merge(to *report.Record, from report.Record) {
	to.Occurrences = append(to.Occurrences, from.Occurrences...)
	to.Repositories = append(to.Repositories, from.Repositories...)
	to.AtHead = to.AtHead || from.AtHead
	to.FirstSeen = pick(to.FirstSeen, from.FirstSeen, time.Time.Before)
	to.LastSeen = pick(to.LastSeen, from.LastSeen, time.Time.After)
	if tellsMore(from.Verdict, to.Verdict) {
		to.Verdict, to.Owner = from.Verdict, from.Owner
	}
	to.SessionTokenSHA256 = cmp.Or(to.SessionTokenSHA256, from.SessionTokenSHA256)
	for _, c := range from.Candidates {
		to.Candidates = mergeCandidate(to.Candidates, c)
	}
}

// tellsMore reports whether the verdict a is to be told where b is another of the same credential, such as
// with other candidates for its secret: one that works with any of them is live.
func tellsMore(a, b revoke.Verdict) bool {
	rank := func(v revoke.Verdict) int {
		switch v.Status {
		case revoke.Live:
			return 0
		case revoke.ActiveWrongSecret:
			return 1
		case revoke.Unknown:
			return 3
		case revoke.NotChecked:
			return 4
		}
		return 2
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), b.CheckedAt.Compare(a.CheckedAt)) < 0
}

// mergeCandidate adds a candidate, if it is new, and there is room: for one that is proven there always is.
func mergeCandidate(all []report.Candidate, c report.Candidate) []report.Candidate {
	i := slices.IndexFunc(all, func(d report.Candidate) bool { return d.SecretSHA256 == c.SecretSHA256 })
	switch {
	case i >= 0:
		all[i].Proven = all[i].Proven || c.Proven
	case len(all) < scanner.MaxCandidates:
		return append(all, c)
	case c.Proven:
		all[len(all)-1] = c
	}
	return all
}

// pick returns the one of two times that is better, nil being none.
func pick(a, b *time.Time, better func(time.Time, time.Time) bool) *time.Time {
	if a == nil || b != nil && better(*b, *a) {
		return b
	}
	return a
}

// halves joins what stood alone in one repository to the pair that another one holds, as a scan does
// within one.
func (g *gathering) halves() {
	byID, bySecret := make(map[string]int), make(map[string]int)
	for i, r := range g.records {
		if r.KeyID != nil && r.SecretSHA256 != nil {
			if _, ok := byID[*r.KeyID]; !ok {
				byID[*r.KeyID] = i
			}
			if _, ok := bySecret[*r.SecretSHA256]; !ok {
				bySecret[*r.SecretSHA256] = i
			}
		}
	}
	gone := make(map[int]bool)
	for i, r := range g.records {
		to, ok := -1, false
		switch {
		case r.Verdict.Status == revoke.Live: // with a secret of its own, or so its owner says
		case r.KeyID != nil && r.SecretSHA256 == nil:
			to, ok = byID[*r.KeyID], has(byID, *r.KeyID)
		case r.KeyID == nil && r.SecretSHA256 != nil:
			to, ok = bySecret[*r.SecretSHA256], has(bySecret, *r.SecretSHA256)
		}
		if ok && g.records[to].Kind == r.Kind || ok && r.KeyID == nil {
			r.Candidates, r.Verdict = nil, revoke.Verdict{}
			merge(&g.records[to], r)
			gone[i] = true
		}
	}
	kept := g.records[:0:0]
	for i, r := range g.records {
		if !gone[i] {
			kept = append(kept, r)
		}
	}
	g.records = kept
}

func has(m map[string]int, key string) bool {
	_, ok := m[key]
	return ok
}

// judge sets the verdicts that this run has of what is unchanged, and puts all in order.
func (g *gathering) judge(ctx context.Context, l sweep.Ledger, whole string) error {
	keys, err := l.Store.Keys(ctx, sweep.Asked, whole)
	if err != nil {
		return err
	}
	asked := make(map[string]bool, len(keys))
	for _, k := range keys {
		asked[k] = true
	}
	v := sweep.Verdicts{Ledger: l, Run: whole}
	for i := range g.records {
		r := &g.records[i]
		if r.KeyID == nil || !asked[whole+"."+*r.KeyID] {
			continue
		}
		answer, ok, err := v.Answer(ctx, *r.KeyID, credentialName(*r))
		asked := *r
		asked.Candidates = slices.Clone(r.Candidates)
		if err == nil && ok {
			err = takeAnswer(&asked, answer)
		}
		if err != nil {
			return err
		}
		if ok && tellsMore(asked.Verdict, r.Verdict) {
			*r = asked
		}
	}
	g.halves()
	for i := range g.records {
		r := &g.records[i]
		slices.SortStableFunc(r.Occurrences, func(a, b report.Occurrence) int {
			return cmp.Compare(report.Value(a.Repository), report.Value(b.Repository))
		})
		slices.Sort(r.Repositories)
		r.Repositories = slices.Compact(r.Repositories)
		r.Repository = &r.Repositories[0]
		r.Fingerprint = ""
		if prints := r.Fingerprints(); len(prints) > 0 {
			r.Fingerprint = prints[0]
		}
	}
	slices.SortStableFunc(g.records, func(a, b report.Record) int {
		return cmp.Or(cmp.Compare(report.Value(a.KeyID), report.Value(b.KeyID)), cmp.Compare(report.Value(a.SecretSHA256), report.Value(b.SecretSHA256)), cmp.Compare(identity(a), identity(b)))
	})
	return nil
}

func (g *gathering) suspects() []suspect {
	suspects := make([]suspect, 0, len(g.records))
	for _, r := range g.records {
		suspects = append(suspects, suspect{Record: r})
	}
	return suspects
}

// outcomeWords returns how many repositories came to what, for people.
func outcomeWords(counts map[string]int) string {
	text := ""
	for _, word := range slices.Sorted(maps.Keys(counts)) {
		if text != "" {
			text += ", "
		}
		text += fmt.Sprintf("%d %s", counts[word], word)
	}
	return text
}
