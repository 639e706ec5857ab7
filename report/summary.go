package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/revokey-dev/revokey/revoke"
)

// Statuses returns all statuses, the worst first: the order of reports.
func Statuses() []revoke.Status { return slices.Clone(statuses) }

// Silenced is a credential that somebody agreed to be quiet about.
type Silenced struct {
	Fingerprint string  `json:"fingerprint"`
	Kind        string  `json:"kind"`
	KeyID       *string `json:"key_id"`
	By          string  `json:"by"`     // which agreement: inline, ignore-file, baseline
	Reason      string  `json:"reason"` // as it stands there
}

// Answer says in a line how many credentials there are, how they stand, and how much was read.
func (s Summary) Answer() string {
	text := count(s.Findings, "credential")
	separator := ": "
	for _, status := range statuses {
		if n := s.ByStatus[status]; n > 0 {
			text += fmt.Sprintf("%s%d %s", separator, n, status)
			separator = ", "
		}
	}
	if s.Blobs > 0 {
		text += fmt.Sprintf("; read %d blobs and messages, %s", s.Blobs, size(s.Bytes))
	}
	return text
}

// Silence counts a finding that is not reported because of an agreement.
func (s *Summary) Silence(r Record, by, reason string) {
	s.SilencedCount++
	s.Silenced = append(s.Silenced, Silenced{r.Fingerprint, string(r.Kind), r.KeyID, by, reason})
}

// silencedText says how many findings are not reported, and by which agreements.
func (s Summary) silencedText() string {
	by := make(map[string]int)
	for _, q := range s.Silenced {
		by[q.By]++
	}
	var parts []string
	for name, n := range by {
		parts = append(parts, fmt.Sprintf("%d by %s", n, name))
	}
	slices.Sort(parts)
	return fmt.Sprintf("silenced: %s (%s)", count(s.SilencedCount, "credential"), strings.Join(parts, ", "))
}

// SilencedText says how many findings are not reported, and by which agreements; ""
// where there are none.
func (s Summary) SilencedText() string {
	if s.SilencedCount == 0 {
		return ""
	}
	return s.silencedText()
}

// troubles returns a line for each thing that was not scanned, and for those that are
// not named.
func (s Summary) troubles() []string {
	var lines []string
	for _, skipped := range s.Skipped {
		lines = append(lines, "not scanned: "+Printable(skipped.What)+": "+Printable(skipped.Reason))
	}
	if more := s.SkippedCount - int64(len(s.Skipped)); more > 0 {
		lines = append(lines, fmt.Sprintf("not scanned: and %d more", more))
	}
	return lines
}

// counts is the summary in numbers, for formats that have a place for such.
func (s Summary) counts() map[string]any {
	return map[string]any{
		"findings": s.Findings, "silenced": s.SilencedCount, "notScanned": s.SkippedCount, "blobs": s.Blobs, "bytes": s.Bytes,
	}
}
