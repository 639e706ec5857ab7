package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/revokey-dev/revokey/revoke"
)

// Trace returns what was done with a key, for people.
func Trace(t revoke.Trace, s Style) string {
	var b strings.Builder
	b.WriteString(s.Hang(fmt.Sprintf("%s of account %s, from %s to %s, in %s", t.KeyID, Printable(t.Account), t.Since.Format(traceTime), t.Until.Format(traceTime), count(len(t.Regions), "region")), 2))
	if t.Events == 0 {
		b.WriteString("CloudTrail has no management event of it\n")
	} else {
		b.WriteString(s.Hang(fmt.Sprintf("%s, the first %s, the last %s", count(t.Events, "event"), t.First.Format(traceTime), t.Last.Format(traceTime)), 2))
	}
	s.traceCalls(&b, t.Calls)
	if len(t.Sources) > 0 {
		b.WriteString("\nfrom:\n")
		var rows [][]string
		for _, from := range t.Sources {
			rows = append(rows, []string{"  " + Printable(from.Address), fmt.Sprint(from.Count), from.First.Format(traceTime) + " to " + from.Last.Format(traceTime), Printable(from.Agent)})
		}
		b.WriteString(s.table(s.fitted(rows, 3), 3, 2))
	}
	traceErrors(&b, t)
	for _, m := range t.Sessions {
		role := ""
		if m.Role != "" {
			role = " of " + m.Role
		}
		b.WriteString("\n" + s.Hang(Printable(fmt.Sprintf("it made the session %s%s by %s on %s: %s", m.KeyID, role, m.By, m.Made.Format(traceTime), count(m.Events, "event"))), 2))
		s.traceCalls(&b, m.Calls)
	}
	for _, m := range t.Missing {
		b.WriteString("\n" + s.Hang("not traced: "+Printable(m), 2))
	}
	return b.String()
}

const traceTime = "2006-01-02 15:04:05"

func (s Style) traceCalls(b *strings.Builder, calls []revoke.TracedCall) {
	if len(calls) == 0 {
		return
	}
	b.WriteString("\ncalls:\n")
	var rows [][]string
	for _, c := range calls {
		refused := ""
		if c.Refused > 0 {
			refused = fmt.Sprintf("%d refused", c.Refused)
		}
		gravity := ""
		if c.Gravity != revoke.Ordinary {
			gravity = Printable(strings.ToUpper(string(c.Gravity)))
		}
		rows = append(rows, []string{
			"  " + gravity, Printable(strings.TrimSuffix(c.Service, ".amazonaws.com") + ":" + c.Name), fmt.Sprint(c.Count), refused,
			c.Last.Format(time.DateTime), Printable(strings.Join(c.Regions, " ")),
		})
	}
	b.WriteString(s.table(s.fitted(rows, 5), 5, 4))
}

func traceErrors(b *strings.Builder, t revoke.Trace) {
	if len(t.Errors) == 0 {
		return
	}
	var codes []string
	for code := range t.Errors {
		codes = append(codes, code)
	}
	slices.SortFunc(codes, func(a, b string) int { return cmp.Or(t.Errors[b]-t.Errors[a], strings.Compare(a, b)) })
	b.WriteString("\nerrors:")
	for _, code := range codes {
		fmt.Fprintf(b, " %s %d", Printable(code), t.Errors[code])
	}
	b.WriteByte('\n')
}
