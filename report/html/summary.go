package html

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/revokey-dev/revokey/report"
	"github.com/revokey-dev/revokey/revoke"
)

// headline is what is told first.
type headline struct {
	Title, Text string
	Class       string
	Tiles       []tile
	Worst       []*credential
	Next        []command
	Warnings    []string
}

// tile is a number that the page begins with.
type tile struct {
	Class, Name string
	N           int
}

// command is what to type, and what it does.
type command struct{ Line, Text string }

// word is a word of a command. A flag is not broken at its hyphens.
type word struct {
	Text string
	Flag bool
}

// Words returns the words of the command, between which a space stands.
func (c command) Words() []word {
	var words []word
	for _, w := range strings.Split(c.Line, " ") {
		words = append(words, word{w, strings.HasPrefix(w, "-")})
	}
	return words
}

// maxWorst is how many of the worst are told of at once.
const maxWorst = 5

func (b *builder) headline(all []*credential) headline {
	count := make(map[string]int)
	for _, c := range all {
		count[c.Class]++
	}
	h := headline{Class: "off", Title: "No credential works, as far as was asked"}
	switch {
	case count["live"] > 0:
		h.Class, h.Title = "live", plural(count["live"], "live credential")
	case count["open"] > 0:
		h.Class, h.Title = "open", plural(count["open"], "credential")+" may work"
	case len(all) == 0:
		h.Title = "No credentials"
	}
	for _, t := range []tile{
		{"live", "live", 0}, {"open", "not ruled out", 0}, {"done", "switched off", 0}, {"off", "dead when asked", 0}, {"other", "canaries, examples", 0},
	} {
		if t.N = count[t.Class]; t.N > 0 || t.Class == "live" {
			h.Tiles = append(h.Tiles, t)
		}
	}
	h.Text = b.extent(all)
	for _, c := range all[:min(len(all), maxWorst)] {
		if c.Class == "live" || c.Class == "open" {
			h.Worst = append(h.Worst, c)
		}
	}
	h.Next, h.Warnings = b.next(all, count), b.warnings(all)
	return h
}

// extent says how much there is, and since when.
func (b *builder) extent(all []*credential) string {
	first, last := "", ""
	repositories := make(map[string]bool)
	for _, c := range all {
		if c.Repository != "" {
			repositories[c.Repository] = true
		}
		if c.Leaked != "" && (first == "" || c.Leaked < first) {
			first = c.Leaked
		}
		last = max(last, c.Leaked)
	}
	text := plural(len(all), "credential")
	if n := len(repositories); n > 0 {
		text += " in " + plural(n, "repository")
	}
	switch {
	case first != "" && first == last:
		text += ", leaked on " + first
	case first != "":
		text += ", leaked between " + first + " and " + last
	}
	return text + "."
}

func plural(n int, what string) string {
	switch {
	case n == 1:
		return "1 " + what
	case strings.HasSuffix(what, "y"):
		return fmt.Sprintf("%d %sies", n, strings.TrimSuffix(what, "y"))
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// next are the commands to type next. None of them changes anything at AWS by itself.
func (b *builder) next(all []*credential, count map[string]int) []command {
	from := "--from FINDINGS"
	if name := b.page.From; name != "" && name[0] != '-' && b.veil.redact(name) == name {
		from = "--from " + report.ShellWord(name)
	}
	switch {
	case count["live"] > 0:
		accounts, text := b.accounts(all)
		plan := strings.Join(append([]string{"revokey revoke", from}, accounts...), " ")
		return []command{
			{plan, "Prints the plan, and changes nothing at AWS." + text},
			{plan + " --apply", "Carries it out, and looks until AWS refuses each key."},
		}
	case count["open"] > 0:
		return []command{{"revokey verify " + from, "Asks AWS which of them work. Each question is logged in the CloudTrail of the key’s owner."}}
	}
	return []command{{"revokey hook install", "Refuses the next one at each commit and push."}}
}

var accountID = regexp.MustCompile(`^[0-9]{12}$`)

// accounts returns --account for the accounts of live keys that are the operator's own,
// for their IAM has answered, or the journal tells of them. An account that a finding
// alone names may be anybody's: whose it is must be said by whoever types.
func (b *builder) accounts(all []*credential) (flags []string, text string) {
	var own, others []string
	for _, c := range all {
		if c.Class != "live" || !accountID.MatchString(c.Account) || slices.Contains(own, c.Account) {
			continue
		}
		if c.record.Owner != nil || len(c.Calls) > 0 {
			own = append(own, c.Account)
		} else if !slices.Contains(others, c.Account) {
			others = append(others, c.Account)
		}
	}
	others = slices.DeleteFunc(others, func(a string) bool { return slices.Contains(own, a) })
	for _, a := range own {
		flags = append(flags, "--account "+a)
	}
	if len(flags) == 0 {
		flags = []string{"--account ACCOUNT"}
	}
	if len(others) > 0 {
		text = " Live keys are also of " + strings.Join(others[:min(len(others), maxWorst)], ", ") + more(len(others)-min(len(others), maxWorst)) + ": name those accounts that are yours."
	}
	if len(own) == 0 && len(others) > 0 {
		text = strings.Replace(text, "also ", "", 1)
	}
	return flags, text
}

// commandsFor are the commands about one credential.
func (b *builder) commandsFor(c *credential) []command {
	account := "--account ACCOUNT"
	if accountID.MatchString(c.Account) && (c.record.Owner != nil || len(c.Calls) > 0) {
		account = "--account " + c.Account
	}
	var commands []command
	if c.Class == "live" && c.ID != "" {
		commands = append(commands, command{"revokey revoke " + c.ID + " " + account, "The plan for this key alone; --apply carries it out."})
	}
	if (c.Class == "live" || c.Class == "done") && c.ID != "" && c.Trace == nil {
		commands = append(commands, command{fmt.Sprintf("revokey trace %s %s --json > %s.json", c.ID, account, c.ID), "What was done with it; the page shows it by --trace " + c.ID + ".json."})
	}
	return commands
}

// warnings are what must not be missed.
func (b *builder) warnings(all []*credential) []string {
	var w []string
	p := b.page
	if p.Summary != nil && p.Summary.SkippedCount > 0 {
		w = append(w, "The scan is incomplete: "+plural(int(p.Summary.SkippedCount), "thing")+" not scanned, told of below.")
	}
	if p.Check != nil && p.Check.Broken != "" {
		w = append(w, "The journal is broken, and what stands after that in it is not shown: "+b.clean(p.Check.Broken)+".")
	}
	if p.Summary != nil && p.Summary.AWSEndpoint != "" {
		w = append(w, "AWS calls went to "+b.clean(p.Summary.AWSEndpoint)+", not to AWS.")
	}
	var endpoints []string
	for _, c := range all {
		for _, call := range c.Calls {
			if call.Endpoint != "" && !slices.Contains(endpoints, call.Endpoint) {
				endpoints = append(endpoints, call.Endpoint)
				w = append(w, "Calls of the journal went to "+b.clean(call.Endpoint)+", not to AWS.")
			}
		}
	}
	for _, c := range all {
		if c.Trace != nil && len(c.Trace.Missing) > 0 {
			w = append(w, "The trace of "+c.ID+" is not whole.")
		}
		if slices.ContainsFunc(c.Calls, func(call report.Call) bool { return call.Outcome == "" || call.Outcome == revoke.InDoubt }) {
			w = append(w, "What became of a call about "+c.ID+" is in doubt: `revokey revoke --resume` asks AWS.")
		}
	}
	return w
}
