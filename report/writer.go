package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"

	"github.com/revokey-dev/revokey/revoke"
	"github.com/revokey-dev/revokey/scanner"
)

// Writer writes findings in one format.
type Writer interface {
	// Finding takes the next finding.
	Finding(Record) error
	// Close writes what is left and the summary. It does not close what is
	// written to.
	Close(Summary) error
}

// Summary is what a report says besides its findings.
type Summary struct {
	Blobs        int64                 `json:"blobs"` // pieces of content that were read
	Bytes        int64                 `json:"bytes"` // of content, decoded
	Findings     int                   `json:"findings"`
	ByStatus     map[revoke.Status]int `json:"by_status"`
	SkippedCount int64                 `json:"skipped_count"` // 0: the scan is complete
	Skipped      []Skipped             `json:"skipped"`       // the first of them
	Notes        []string              `json:"notes"`
	AWSEndpoint  string                `json:"aws_endpoint,omitempty"` // where AWS calls went, if not to AWS
	Version      string                `json:"version,omitempty"`      // of revokey
	Started      time.Time             `json:"-"`                      // zero: not told

	// Silenced are the credentials that are no findings because of an agreement, and are
	// in no other number.
	SilencedCount int        `json:"silenced_count"`
	Silenced      []Silenced `json:"silenced"`
}

// Skipped is something that was not scanned, and why.
type Skipped struct {
	What   string `json:"what"`
	Reason string `json:"reason"`
}

// NewSummary returns the summary of a scan; the caller adds findings by [Summary.Count].
func NewSummary(s scanner.Summary) Summary {
	sum := Summary{
		Blobs: s.Blobs, Bytes: s.Bytes, SkippedCount: s.SkippedCount, Notes: append([]string{}, s.Notes...),
		Skipped: []Skipped{}, Silenced: []Silenced{}, ByStatus: make(map[revoke.Status]int),
	}
	for _, skipped := range s.Skipped {
		sum.Skipped = append(sum.Skipped, Skipped(skipped))
	}
	return sum
}

// Count adds a finding to the summary.
func (s *Summary) Count(r Record) {
	s.Findings++
	s.ByStatus[r.Verdict.Status]++
}

// Formats returns the names of the formats; docs/formats.md tells of each.
func Formats() []string {
	return []string{"text", "json", "jsonl", "sarif", "junit", "gitlab", "github", "github-summary", "rdjsonl", "csv"}
}

// NewWriter returns a writer of the named format.
func NewWriter(format string, w io.Writer) (Writer, error) {
	switch format {
	case "text":
		return NewTextWriter(w, Style{}), nil
	case "json":
		return &jsonWriter{w: w}, nil
	case "jsonl":
		return linesWriter{newEncoder(w)}, nil
	case "sarif":
		return &sarifWriter{w: w}, nil
	case "junit":
		return &junitWriter{w: w}, nil
	case "gitlab":
		return &gitlabWriter{w: w}, nil
	case "github":
		return &annotationsWriter{w: w}, nil
	case "github-summary":
		return &stepSummaryWriter{w: w}, nil
	case "rdjsonl":
		return rdjsonlWriter{newEncoder(w)}, nil
	case "csv":
		return newCSVWriter(w), nil
	}
	return nil, fmt.Errorf("unknown format %q: it is one of %s", format, strings.Join(Formats(), ", "))
}

// reportSchema names the schema of the "json" format.
const reportSchema = "revokey.report/v1"

// document is a report in the "json" format.
type document struct {
	Schema   string   `json:"schema"`
	Findings []Record `json:"findings"`
	Summary  Summary  `json:"summary"`
}

type jsonWriter struct {
	w        io.Writer
	findings []Record
}

func (j *jsonWriter) Finding(r Record) error {
	j.findings = append(j.findings, r)
	return nil
}

func (j *jsonWriter) Close(s Summary) error {
	return WriteJSON(j.w, document{reportSchema, append([]Record{}, j.findings...), s})
}

// WriteJSON writes a value in lines, as safe for the log of a CI as the reports are.
func WriteJSON(w io.Writer, value any) error {
	enc := newEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(value)
}

// newEncoder returns an encoder that leaves "<" in "NAME <MAIL>" as it is.
func newEncoder(w io.Writer) *json.Encoder {
	enc := json.NewEncoder(logSafe{w})
	enc.SetEscapeHTML(false)
	return enc
}

// logSafe writes JSON that a terminal, and the log of a CI, can show. In strings alone stand
// "##", which begins a command in a log ("##vso[task.setvariable …]"), and what no glyph shows
// but json leaves as it is: control characters above ASCII, marks that reorder text. They are
// escaped, which changes no value. Its writes are whole values.
type logSafe struct{ w io.Writer }

func (l logSafe) Write(p []byte) (int, error) {
	safe := bytes.ReplaceAll(p, []byte("##"), []byte(`#\u0023`))
	if bytes.ContainsFunc(safe, hidden) {
		safe = escapeHidden(safe)
	}
	if _, err := l.w.Write(safe); err != nil {
		return 0, err
	}
	return len(p), nil
}

// hidden reports whether a character, of those that json leaves in a string, shows nothing.
func hidden(r rune) bool { return r >= 0x7f && !unicode.IsPrint(r) }

func escapeHidden(text []byte) []byte {
	var b bytes.Buffer
	for _, r := range string(text) {
		if !hidden(r) {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.Bytes()
}

// linesWriter writes one finding a line, and nothing else: the summary goes
// to people, on standard error.
type linesWriter struct{ enc *json.Encoder }

func (l linesWriter) Finding(r Record) error { return l.enc.Encode(r) }

func (l linesWriter) Close(Summary) error { return nil }
