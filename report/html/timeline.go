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

// event is one thing that is known of a credential's life.
type event struct {
	Time   time.Time
	Label  string // a few words of ours
	Detail string
	Gap    string // since the event before
	After  danger // from it to the next
	fixed  bool   // After is set by it
}

// danger is whether the credential could be misused. The words are the page's classes.
type danger string

const (
	before  danger = "before"  // nobody had it who should not
	exposed danger = "exposed" // it lay open, and worked
	open    danger = "open"    // it lay open, and nothing shows that it was off
	off     danger = "off"     // AWS, or its owner's IAM, showed it off
)

// eventsOf returns what is known of the credential, the earliest first.
func eventsOf(r report.Record, in report.Incident, trace *revoke.Trace) []event {
	var events []event
	add := func(t time.Time, label, detail string) *event {
		if t.IsZero() {
			return &event{}
		}
		events = append(events, event{Time: t.UTC(), Label: label, Detail: detail})
		return &events[len(events)-1]
	}
	if o := r.Owner; o != nil {
		add(o.Created, "created", "as IAM tells")
		if u := o.LastUsed; u != nil {
			add(u.Time, "last used", fmt.Sprintf("before revokey asked: %s in %s, as IAM tells", u.Service, u.Region))
		}
	}
	add(report.Value(r.FirstSeen), "leaked", "the first commit that brought it").set(leaked(r, in, trace))
	if !r.AtHead && hasPath(r) {
		add(report.Value(r.LastSeen), "gone from HEAD", "HEAD does not hold it; the last commit that does, on any branch, is of this time")
	}
	if trace != nil {
		add(trace.First, "first call", "the first event of it in CloudTrail")
		add(trace.Last, "last call", "the last event of it in CloudTrail")
	}
	verified(add, r.Verdict)
	for _, c := range in.Calls {
		called(add, c)
	}
	slices.SortStableFunc(events, func(a, b event) int { return a.Time.Compare(b.Time) })
	join(events)
	return events
}

// leaked is what follows from a leak: most of all, whether the credential is known to
// have worked.
func leaked(r report.Record, in report.Incident, trace *revoke.Trace) danger {
	switch {
	case r.Verdict.Status == revoke.Canary || r.Verdict.Status == revoke.Example:
		return before
	case r.Verdict.Status == revoke.Live || r.Verdict.Status == revoke.ActiveWrongSecret || len(in.Calls) > 0 || trace != nil && trace.Events > 0:
		return exposed
	}
	return open
}

// hasPath reports whether HEAD's tree could hold the credential.
func hasPath(r report.Record) bool {
	return slices.ContainsFunc(r.Occurrences, func(o report.Occurrence) bool { return o.Path != nil })
}

// set says what follows from an event.
func (e *event) set(d danger) { e.After, e.fixed = d, true }

type adder func(t time.Time, label, detail string) *event

func verified(add adder, v revoke.Verdict) {
	if v.Status == revoke.NotChecked {
		return
	}
	e := add(v.CheckedAt, "verified", strings.TrimSuffix(v.Status.String()+": "+v.Reason, ": "))
	switch v.Status {
	case revoke.Live, revoke.ActiveWrongSecret:
		e.set(exposed)
	case revoke.Unknown, revoke.NeedsToken:
		e.set(open)
	case revoke.NotAccepted, revoke.Inactive, revoke.Deleted, revoke.Expired:
		e.set(off)
	}
}

// pasts are the actions once they are done.
var pasts = map[revoke.Action]string{
	revoke.Deactivate: "deactivated", revoke.Activate: "activated again", revoke.Contain: "contained", revoke.Release: "no longer contained",
	revoke.Delete: "deleted", revoke.Create: "created", revoke.Store: "stored",
}

func past(a revoke.Action) string { return cmp.Or(pasts[a], string(a)) }

func called(add adder, c report.Call) {
	switch c.Outcome {
	case revoke.Done:
		e := add(c.Asked, past(c.Action), "by "+c.Operator)
		if c.Action == revoke.Activate {
			e.set(exposed)
		}
	case revoke.NotDone:
		add(c.Asked, "not "+past(c.Action), c.Error)
		return
	default:
		add(c.Asked, string(c.Action)+": in doubt", "AWS was not heard")
		return
	}
	if c.ProvenAt == nil {
		return
	}
	e := add(*c.ProvenAt, proven(c), fmt.Sprintf("%.1f s after AWS took the call; %s", c.Seconds, c.ProofsNote))
	if c.Action == revoke.Deactivate || c.Action == revoke.Delete {
		e.set(off)
	}
}

// proven says what the proof of a call shows.
func proven(c report.Call) string {
	switch {
	case c.Action != revoke.Deactivate && c.Action != revoke.Delete:
		return past(c.Action) + ": proven"
	case c.Proof == revoke.BySTS:
		return "refused by AWS"
	}
	return "off, as IAM shows"
}

// join fills in what lies between the events.
func join(events []event) {
	state := before
	for i := range events {
		if events[i].fixed {
			state = events[i].After
		}
		events[i].After = state
		if i > 0 && events[i].Time.After(events[i-1].Time) {
			events[i].Gap = span(events[i].Time.Sub(events[i-1].Time))
		}
	}
}

// span says how long something is in a few characters.
func span(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d d", int(d.Hours()/24))
}

// timeline is the events, and where each stands in the drawing. It is drawn in steps
// of the same width, for seconds and years stand beside each other: what lies between is
// written there.
type timeline struct {
	Events []event
	Marks  []mark
	Title  string
	Drawn  bool // one event is no line
}

// mark is an event in the drawing. Positions are percentages of its width, so that it
// fits any screen without its letters growing or shrinking.
type mark struct {
	event
	N            int // its number in the list, which tells all
	X, Next, Mid string
	Skips        bool // events before it are not drawn
}

// maxMarks is how many events fit into the drawing; the list has all.
const maxMarks = 8

func newTimeline(events []event) timeline {
	t := timeline{Events: events, Drawn: len(events) > 1}
	if !t.Drawn {
		return t
	}
	drawn := make([]int, 0, maxMarks)
	for i := range events {
		if len(events) <= maxMarks || i < 3 || i >= len(events)-(maxMarks-3) {
			drawn = append(drawn, i)
		}
	}
	width := 100 / float64(len(drawn))
	at := func(i float64) string { return fmt.Sprintf("%.4g%%", i*width) }
	var words []string
	for k, i := range drawn {
		m := mark{event: events[i], N: i + 1, X: at(float64(k) + 0.5), Next: at(float64(k) + 1.5), Mid: at(float64(k))}
		if k == len(drawn)-1 {
			m.Next = "100%"
		}
		m.Skips = k > 0 && drawn[k-1] != i-1
		t.Marks = append(t.Marks, m)
		words = append(words, m.Label+" "+m.Time.Format(time.DateOnly))
	}
	t.Title = "Timeline: " + strings.Join(words, ", ")
	return t
}
