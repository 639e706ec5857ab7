package report

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/revokey-dev/revokey/revoke"
)

// Keys returns a table of keys for people.
func Keys(keys []revoke.UserKey, now time.Time) string {
	var b strings.Builder
	table(&b, func(w *tabwriter.Writer) {
		fmt.Fprintln(w, "KEY\tUSER\tSTATUS\tAGE\tLAST USED")
		for _, k := range keys {
			used := "never"
			if k.LastUsed != nil {
				used = fmt.Sprintf("%s (%s in %s)", ago(now.Sub(k.LastUsed.Time)), k.LastUsed.Service, k.LastUsed.Region)
			}
			if k.Note != "" {
				used = k.Note
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", k.KeyID, Printable(k.User), Printable(k.Status), span(now.Sub(k.Created)), Printable(used))
		}
	})
	return b.String()
}

// Audit returns what is worth a look, for people.
func Audit(found []revoke.Audited) string {
	var b strings.Builder
	table(&b, func(w *tabwriter.Writer) {
		for _, a := range found {
			fmt.Fprintf(w, "%s\t%s\t%s\n", a.Concern, Printable(a.User), Printable(a.Text))
		}
	})
	return b.String()
}
