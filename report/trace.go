package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/revokey-dev/revokey/revoke"
)

// Trace returns what was done with a key, for people.
func Trace(t revoke.Trace) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s of account %s, from %s to %s, in %s\n", t.KeyID, Printable(t.Account), t.Since.Format(traceTime), t.Until.Format(traceTime), count(len(t.Regions), "region"))
	if t.Events == 0 {
		b.WriteString("CloudTrail has no management event of it\n")
	} else {
		fmt.Fprintf(&b, "%s, the first %s, the last %s\n", count(t.Events, "event"), t.First.Format(traceTime), t.Last.Format(traceTime))
	}
	traceCalls(&b, t.Calls)
	if len(t.Sources) > 0 {
		b.WriteString("\nfrom:\n")
		table(&b, func(w *tabwriter.Writer) {
			for _, s := range t.Sources {
				fmt.Fprintf(w, "  %s\t%d\t%s to %s\t%s\n", Printable(s.Address), s.Count, s.First.Format(traceTime), s.Last.Format(traceTime), Printable(s.Agent))
			}
		})
	}
	traceErrors(&b, t)
	for _, m := range t.Sessions {
		role := ""
		if m.Role != "" {
			role = " of " + m.Role
		}
		fmt.Fprintf(&b, "\n%s\n", Printable(fmt.Sprintf("it made the session %s%s by %s on %s: %s", m.KeyID, role, m.By, m.Made.Format(traceTime), count(m.Events, "event"))))
		traceCalls(&b, m.Calls)
	}
	for _, m := range t.Missing {
		fmt.Fprintf(&b, "\nnot traced: %s\n", Printable(m))
	}
	return b.String()
}

const traceTime = "2006-01-02 15:04:05"

func table(b *strings.Builder, rows func(*tabwriter.Writer)) {
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	rows(w)
	w.Flush()
}

func traceCalls(b *strings.Builder, calls []revoke.TracedCall) {
	if len(calls) == 0 {
		return
	}
	b.WriteString("\ncalls:\n")
	table(b, func(w *tabwriter.Writer) {
		for _, c := range calls {
			refused := ""
			if c.Refused > 0 {
				refused = fmt.Sprintf("%d refused", c.Refused)
			}
			gravity := ""
			if c.Gravity != revoke.Ordinary {
				gravity = strings.ToUpper(string(c.Gravity))
			}
			fmt.Fprintf(w, "  %s\t%s\t%d\t%s\t%s\t%s\n", gravity, Printable(strings.TrimSuffix(c.Service, ".amazonaws.com")+":"+c.Name), c.Count, refused,
				c.Last.Format(time.DateTime), Printable(strings.Join(c.Regions, " ")))
		}
	})
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
