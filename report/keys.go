package report

import (
	"fmt"
	"time"

	"github.com/revokey-dev/revokey/revoke"
)

// Keys returns a table of keys for people.
func Keys(keys []revoke.UserKey, now time.Time, s Style) string {
	rows := [][]string{{"KEY", "USER", "STATUS", "AGE", "LAST USED"}}
	for _, k := range keys {
		used := "never"
		if k.LastUsed != nil {
			used = fmt.Sprintf("%s (%s in %s)", ago(now.Sub(k.LastUsed.Time)), k.LastUsed.Service, k.LastUsed.Region)
		}
		if k.Note != "" {
			used = k.Note
		}
		rows = append(rows, []string{k.KeyID, Printable(k.User), Printable(k.Status), span(now.Sub(k.Created)), Printable(used)})
	}
	return s.table(s.fitted(rows, 1, 4), 3, 4)
}

// Audit returns what is worth a look, for people.
func Audit(found []revoke.Audited, s Style) string {
	b := ""
	rows := [][]string{}
	for _, a := range found {
		rows = append(rows, []string{string(a.Concern), s.shorten(Printable(a.User), 24), ""})
	}
	widths := columnWidths(rows)
	for i, a := range found {
		b += s.Hang(fmt.Sprintf("%s%s%s%s%s", rows[i][0], pad(rows[i][0], widths[0]+2), rows[i][1], pad(rows[i][1], widths[1]+2), Printable(a.Text)), 4)
	}
	return b
}
