package html

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/revokey-dev/revokey/report"
	"github.com/revokey-dev/revokey/revoke"
)

// credential is one credential as the page shows it. Strings are clean.
type credential struct {
	record   report.Record
	incident report.Incident

	N                   int           // its number on the page
	Status              revoke.Status // now, as far as is known
	Switched            bool          // the journal tells of the status
	Class               string        // how the status is shown
	Rank                int           // of the status, the worst first
	ID, Title           string        // the key ID, "" where it has none; what it is
	Account, Repository string
	RepositoryName      string // short
	Author              string // of the first place: NAME <MAIL>
	Leaked, LastUsed    string // dates
	Groups              string // the numbers of its groups, one of each table
	About               string
	Facts               []fact
	Timeline            timeline
	Places              []place
	MorePlaces          int
	Calls               []report.Call
	Trace               *revoke.Trace
	Commands            []command
}

type fact struct{ Name, Value string }

// place is where a credential stands.
type place struct {
	Text, Link       string
	Line             int
	Commit, Time, By string
	Reach            string // by what it is held, unless that is nothing to tell
	Old              bool   // HEAD does not hold it there
	Note             string
	CommitLink       string
}

// classes say how a status is shown; the words are the page's classes.
var classes = map[revoke.Status]string{
	revoke.Live:              "live",
	revoke.ActiveWrongSecret: "open", revoke.Unknown: "open", revoke.NotChecked: "open", revoke.NeedsToken: "open",
	revoke.Inactive: "off", revoke.NotAccepted: "off", revoke.Expired: "off", revoke.Deleted: "off",
	revoke.Canary: "other", revoke.Example: "other",
}

// now returns the status of a credential after what the journal tells: what was proven
// since the verdict. What was activated and not proven is unknown.
func now(v revoke.Verdict, calls []report.Call) (status revoke.Status, byJournal bool) {
	status = v.Status
	for _, c := range calls {
		if c.Outcome != revoke.Done || !c.Asked.After(v.CheckedAt) {
			continue
		}
		switch {
		case c.Action == revoke.Activate && c.ProvenAt == nil:
			status, byJournal = revoke.Unknown, true
		case c.Action == revoke.Activate:
			status, byJournal = revoke.Live, true
		case c.Action == revoke.Deactivate && c.ProvenAt != nil:
			status, byJournal = revoke.Inactive, true
		case c.Action == revoke.Delete && c.ProvenAt != nil:
			status, byJournal = revoke.Deleted, true
		}
	}
	return status, byJournal
}

// credential returns the view of a record with what the journal and a trace tell of it.
func (b *builder) credential(r report.Record) *credential {
	id := report.Value(r.KeyID)
	in := report.NewIncident(id, &r, b.entries[id], b.page.MadeAt)
	title, _, _ := strings.Cut(report.Title(r), ", account ")
	c := &credential{
		record: r, incident: in, ID: id, Title: b.clean(strings.TrimPrefix(strings.TrimPrefix(title, id), " ")),
		Account: b.clean(cmp.Or(report.Value(in.Account), r.Verdict.Account)), Repository: b.clean(report.Value(r.Repository)),
		RepositoryName: b.clean(b.names[report.Value(r.Repository)]), Calls: in.Calls, Trace: b.traces[id],
	}
	c.Status, c.Switched = now(r.Verdict, in.Calls)
	c.Class, c.Rank = classes[c.Status], slices.Index(b.statuses, c.Status)
	if c.Switched && c.Class == "off" {
		c.Class = "done"
	}
	if t := report.Value(r.FirstSeen); !t.IsZero() {
		c.Leaked = t.UTC().Format(time.DateOnly)
	}
	if t := c.lastUsed(); !t.IsZero() {
		c.LastUsed = t.UTC().Format(time.DateOnly)
	}
	c.Author = b.clean(firstAuthor(r.Occurrences))
	c.Timeline = newTimeline(eventsOf(r, in, c.Trace))
	b.cleanEvents(c.Timeline)
	c.About, c.Facts, c.Commands = b.about(c), b.facts(c), b.commandsFor(c)
	c.Places, c.MorePlaces = b.places(r)
	return c
}

func (b *builder) cleanEvents(t timeline) {
	for i := range t.Events {
		t.Events[i].Detail = b.clean(t.Events[i].Detail)
	}
}

// lastUsed is the last use that IAM or CloudTrail tells of.
func (c *credential) lastUsed() time.Time {
	var last time.Time
	if o := c.record.Owner; o != nil && o.LastUsed != nil {
		last = o.LastUsed.Time
	}
	if c.Trace != nil && c.Trace.Last.After(last) {
		last = c.Trace.Last
	}
	return last
}

// AuthorName is the author without the address, if there is more.
func (c *credential) AuthorName() string {
	name, _, _ := strings.Cut(c.Author, " <")
	return name
}

// firstAuthor is who brought the credential first.
func firstAuthor(occurrences []report.Occurrence) string {
	var first report.Occurrence
	for _, o := range occurrences {
		if o.Author != nil && (first.Author == nil || report.Value(o.Time).Before(report.Value(first.Time))) {
			first = o
		}
	}
	return report.Value(first.Author)
}

// facts tell what is known of a credential in pairs.
func (b *builder) facts(c *credential) []fact {
	var facts []fact
	r := c.record
	add := func(name, value string) {
		if value != "" {
			facts = append(facts, fact{name, b.clean(value)})
		}
	}
	if c.Switched {
		add("When it was found", strings.TrimSuffix(r.Verdict.Status.String()+": "+r.Verdict.Reason, ": "))
	} else if r.Verdict.CheckedAt.IsZero() { // else the timeline has it
		add("Verdict", r.Verdict.Reason)
	}
	if !strings.Contains(r.Verdict.Reason, r.Verdict.ARN) {
		add("ARN", r.Verdict.ARN)
	}
	if o := r.Owner; o != nil {
		add("User", o.User)
		for _, s := range o.Siblings {
			add("Other key of the user", s.KeyID+", "+s.Status)
		}
		add("Quarantined by AWS", strings.Join(o.Quarantine, ", "))
		add("Not known", strings.Join(o.Notes, "; "))
	}
	add("It says", report.Value(r.Claims).String())
	add("Exposed", exposure(c))
	if r.Verdict.RequestID != "" {
		add("AWS request", r.Verdict.RequestID)
	}
	return facts
}

// about tells by what a credential is known elsewhere, in one line: each element counts
// where there are thousands.
func (b *builder) about(c *credential) string {
	var about []string
	add := func(what, value string) {
		if value != "" {
			about = append(about, what+b.clean(value))
		}
	}
	account := c.Account
	if o := c.record.Owner; o != nil && o.AccountName != "" {
		account += " (" + o.AccountName + ")"
	}
	add("account ", account)
	add("", c.Repository)
	add("fingerprint ", c.record.Fingerprint)
	return strings.Join(about, " · ")
}

// exposure says from when to when the credential could be misused.
func exposure(c *credential) string {
	since := c.incident.Exposed.Since
	if since == nil || c.Class == "other" {
		return ""
	}
	switch until := c.incident.Exposed.Until; {
	case until != nil:
		return fmt.Sprintf("from %s until %s: %s", stamp(*since), stamp(*until), span(until.Sub(*since)))
	case c.Class == "live":
		return "since " + stamp(*since) + ", and it works"
	}
	return "" // when it went off is not known
}

// stamp is how the page writes a time: always in UTC.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// maxPlaces is how many places of a credential are shown; the others are counted.
const maxPlaces = 50

// places returns where a credential stands: first what HEAD holds, then the latest.
func (b *builder) places(r report.Record) (places []place, more int) {
	all := slices.Clone(r.Occurrences)
	slices.SortStableFunc(all, func(x, y report.Occurrence) int {
		if x.AtHead != y.AtHead {
			return map[bool]int{true: -1, false: 1}[x.AtHead]
		}
		return report.Value(y.Time).Compare(report.Value(x.Time))
	})
	for _, o := range all[:min(len(all), maxPlaces)] {
		places = append(places, b.place(r, o, ""))
	}
	for _, c := range r.Candidates {
		note := "perhaps its secret"
		if c.Proven {
			note = "its secret, by STS"
		}
		places = append(places, b.place(r, c.Occurrence, note))
	}
	return places, max(0, len(all)-maxPlaces)
}

func (b *builder) place(r report.Record, o report.Occurrence, note string) place {
	p := place{Text: b.clean(o.Name()), Line: o.Line, By: b.clean(report.Value(o.Author)), Note: note, Reach: b.clean(o.Reach())}
	p.Commit = b.clean(fmt.Sprintf("%.12s", report.Value(o.Commit)))
	p.Link = b.link(r, o)
	if o.Path != nil {
		p.CommitLink = b.link(r, report.Occurrence{Commit: o.Commit})
	}
	if o.Time != nil {
		p.Time = o.Time.UTC().Format(time.DateOnly)
	}
	p.Old = !o.AtHead && o.Object != nil
	if o.Allow != nil {
		p.Note = strings.TrimPrefix(p.Note+b.clean("; a comment allows it ("+o.Allow.By+"): "+o.Allow.Reason), "; ")
	}
	return p
}

// link leads to the place, unless a secret names what is on the way.
func (b *builder) link(r report.Record, o report.Occurrence) string {
	repository := report.Value(r.Repository)
	for _, name := range []string{report.Value(o.Path), repository, b.page.Links.remote(repository)} {
		if b.veil.redact(name) != name {
			return ""
		}
	}
	return b.page.Links.to(repository, o)
}

func more(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(" and %d more", n)
}
