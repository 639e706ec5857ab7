package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/revokey-dev/revokey/detectors"
	"github.com/revokey-dev/revokey/report"
	"github.com/revokey-dev/revokey/revoke"
)

// operatorFlags are those that say who asks AWS, and whose accounts are ours: what was typed of
// them goes with each command that follows.
func operatorFlags() []string {
	return []string{"account", "profile", "own-organization", "role-name", "external-id", "session-name", "source-identity", "aws-endpoint", "config"}
}

// named is how many keys a command line names; more go by a file of findings.
const named = 4

// nextStep is what to do about what a report tells.
type nextStep struct {
	line commandLine
	out  outputOptions
	from string // the findings, in a file that later commands read; "": there is none
	aws  awsOptions

	again string // the command that has them in findings.jsonl; "": this one, with --output
}

// nextOf returns the step that follows a report of findings: from is what they were read from.
func nextOf(std streams, o outputOptions, from string, aws awsOptions) nextStep {
	n := nextStep{line: std.line, out: o, from: from, aws: aws}
	for _, t := range o.targets {
		if t.file != "" && (t.format == "json" || t.format == "jsonl") {
			n.from = t.file
		}
	}
	if n.from == "-" {
		n.from = ""
	}
	return n
}

// command returns a command on keys, as the operator of this one: accounts that are not known
// as ours are added.
func (n nextStep) command(words []string, accounts []string) string {
	words = append([]string{"revokey"}, words...)
	words = append(words, n.line.only(operatorFlags()...)...)
	for _, a := range accounts {
		if !n.ours(a) {
			words = append(words, "--account", a)
		}
	}
	return typed(words...)
}

func (n nextStep) ours(account string) bool {
	return n.aws.organization || slices.Contains(n.aws.accounts, account)
}

// ofMany returns what tells of each finding what to type about it, where more than one key
// works: else the one command below the report says it.
func (n nextStep) ofMany(sum report.Summary) func(report.Record) string {
	if sum.ByStatus[revoke.Live]+sum.ByStatus[revoke.ActiveWrongSecret] < 2 {
		return nil
	}
	return n.about
}

// about returns the command to type about one finding, "" for nothing: such as for a key of an
// account that may be anybody's.
func (n nextStep) about(r report.Record) string {
	if !switchable(r) || !n.ours(report.Value(r.Account)) {
		return ""
	}
	return n.command([]string{"revoke", *r.KeyID}, accountsOf(r))
}

// switchable reports whether the key of the finding works, or may, and revoke can do something
// about it.
func switchable(r report.Record) bool {
	works := r.Verdict.Status == revoke.Live || r.Verdict.Status == revoke.ActiveWrongSecret
	return works && r.KeyID != nil && r.Kind == detectors.AccessKey
}

// accountsOf returns the accounts of findings, but for what a file of findings calls one and is none.
func accountsOf(records ...report.Record) []string {
	var accounts []string
	for _, r := range records {
		if a := report.Value(r.Account); isAccount(a) && !slices.Contains(accounts, a) {
			accounts = append(accounts, a)
		}
	}
	slices.Sort(accounts)
	return accounts
}

// tell tells what to type next, if anything is left to do. verified: AWS has been asked.
func (n nextStep) tell(std streams, records []report.Record, verified bool) {
	var open, ours, others []report.Record
	unknown := 0
	for _, r := range records {
		switch {
		case r.Verdict.Status == revoke.Unknown:
			unknown++
		case r.Verdict.Status == revoke.NotChecked && r.KeyID != nil && r.Kind != detectors.BearerID:
			open = append(open, r)
		case switchable(r) && n.ours(report.Value(r.Account)):
			ours = append(ours, r)
		case switchable(r):
			others = append(others, r)
		}
	}
	switch {
	case len(ours) > 0:
		n.say(std, "see what switching off would do; it changes nothing without --apply", n.revoke(ours)...)
	case len(others) > 0:
		accounts := accountsOf(others...)
		what := "if their accounts are yours"
		if len(accounts) == 1 {
			what = fmt.Sprintf("if the account %s is yours", accounts[0])
		}
		n.say(std, what+", see what switching off would do; it changes nothing without --apply", n.revoke(others)...)
	case unknown > 0:
		n.say(std, "what is unknown may work: ask again, when what kept AWS from answering is mended", n.line.with())
	case len(open) > 0 && !verified:
		n.say(std, "ask AWS which of them work; each question shows in the CloudTrail of the key's owner", n.verify())
	}
	if len(ours) > 0 && len(others) > 0 {
		std.note("%d more that AWS accepts: of %s, not known as yours; add --account ID where one is", len(others), strings.Join(accountsOf(others...), ", "))
	}
}

// say tells it below a report for people; where reports are for programs, on the terminal alone.
func (n nextStep) say(std streams, what string, commands ...string) {
	switch {
	case slices.Contains(n.out.targets, outputTarget{format: "text"}):
		std.nextOn(std.out, what, commands)
	case std.watched || std.log != nil:
		std.next(what, commands...)
	}
}

// verify returns the command that asks AWS about what this one found.
func (n nextStep) verify() string {
	if n.from != "" {
		return n.command([]string{"verify", "--from", n.from}, nil)
	}
	return n.line.with("--verify")
}

// revoke returns the commands that plan for the findings.
func (n nextStep) revoke(records []report.Record) []string {
	accounts := accountsOf(records...)
	if n.from != "" {
		return []string{n.command([]string{"revoke", "--from", n.from}, accounts)}
	}
	if len(records) <= named {
		words := []string{"revoke"}
		for _, r := range records {
			words = append(words, *r.KeyID)
		}
		return []string{n.command(words, accounts)}
	}
	again := cmp.Or(n.again, n.line.without("verify").with("--output", "jsonl=findings.jsonl"))
	return []string{again, n.command([]string{"revoke", "--from", "findings.jsonl"}, accounts)}
}
