package report

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"time"
)

// csvWriter writes RFC 4180, a line for each place of each credential.
type csvWriter struct {
	csv    *csv.Writer
	headed bool
}

// csvColumns are the names of the columns: more may come, at the end.
func csvColumns() []string {
	return []string{
		"status", "kind", "key_id", "account", "path", "member", "line", "column", "where", "commit", "author", "time",
		"at_head", "reachable", "first_seen", "last_seen", "fingerprint", "arn", "reason",
	}
}

func newCSVWriter(w io.Writer) *csvWriter { return &csvWriter{csv: csv.NewWriter(w)} }

func (c *csvWriter) head() error {
	if c.headed {
		return nil
	}
	c.headed = true
	return c.csv.Write(csvColumns())
}

func (c *csvWriter) Finding(r Record) error {
	if err := c.head(); err != nil {
		return err
	}
	occurrences := r.Occurrences
	if len(occurrences) == 0 {
		occurrences = []Occurrence{{}}
	}
	for _, o := range occurrences {
		if err := c.csv.Write(csvRow(r, o)); err != nil {
			return err
		}
	}
	return nil
}

func (c *csvWriter) Close(Summary) error {
	if err := c.head(); err != nil {
		return err
	}
	c.csv.Flush()
	return c.csv.Error()
}

func csvRow(r Record, o Occurrence) []string {
	row := []string{
		r.Verdict.Status.String(), string(r.Kind), Value(r.KeyID), Value(r.Account), Value(o.Path), Value(o.Member),
		strconv.Itoa(o.Line), strconv.Itoa(o.Column), string(o.Where), Value(o.Commit), Value(o.Author), csvTime(o.Time),
		strconv.FormatBool(o.current()), strconv.FormatBool(o.Reachable), csvTime(r.FirstSeen), csvTime(r.LastSeen),
		r.Fingerprint, r.Verdict.ARN, r.Verdict.Reason,
	}
	for i := range row {
		row[i] = Cell(row[i])
	}
	return row
}

func csvTime(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.Format(time.RFC3339)
}

// Cell returns a cell of CSV that a spreadsheet takes for text: what would be a formula
// gets an apostrophe before it. The characters are those of OWASP's "CSV injection", and
// their full-width twins, which Excel takes for the same in some languages.
func Cell(s string) string {
	s = Plain(s)
	if strings.IndexAny(strings.TrimLeft(s, " "), "=+-@＝＋－＠") == 0 {
		return "'" + s
	}
	return s
}
