package silence

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/revokey-dev/revokey/report"
)

// BaselineName is the name of the baseline in the root of a repository.
const BaselineName = ".revokey-baseline"

// Baseline is a list of the credentials that were there when somebody began to look. It is
// made to be merged: a line for each, in order, none of which changes while its
// credential is there: no line numbers, no times, no counts.
type Baseline struct {
	lines map[string]string // by fingerprint
}

// baselineHead tells a reader what the file is, and is the same in all of them.
const baselineHead = `# revokey baseline v1: credentials that are known, one a line: fingerprint, kind, key ID in part, path; then "# REASON", if you give one.
# ` + "`revokey baseline update`" + ` adds to it, ` + "`revokey baseline prune`" + ` takes out what is gone. Merge it with merge=union in .gitattributes.
`

// NewBaseline returns an empty baseline.
func NewBaseline() *Baseline { return &Baseline{lines: make(map[string]string)} }

// ParseBaseline reads a baseline, named name in errors. Lines may be in any order and come
// twice, as a merge leaves them. The marks of a merge that failed are an error.
func ParseBaseline(name, text string) (*Baseline, error) {
	b := NewBaseline()
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		print, _, _ := strings.Cut(line, " ")
		if !report.IsFingerprint(print) {
			return nil, fmt.Errorf("%s line %d: %w", name, n, badLine(line))
		}
		if old, ok := b.lines[print]; !ok || betterLine(line, old) {
			b.lines[print] = line
		}
	}
	return b, nil
}

// betterLine reports whether a line is to be kept rather than another of the same
// credential: the one with a reason, or else the first in order.
func betterLine(line, than string) bool {
	reasoned, thanReasoned := reasonOf(line) != "", reasonOf(than) != ""
	if reasoned != thanReasoned {
		return reasoned
	}
	return line < than
}

// reasonOf returns the reason that a line gives, "" for none.
func reasonOf(line string) string {
	_, reason, _ := strings.Cut(line, " # ")
	return reason
}

func badLine(line string) error {
	for _, mark := range []string{"<<<<<<<", "=======", ">>>>>>>", "|||||||"} {
		if strings.HasPrefix(line, mark) {
			return errors.New("a merge is not resolved: keep the lines of both sides, and run `revokey baseline prune`")
		}
	}
	return errors.New("it does not begin with a fingerprint")
}

// Len returns how many lines there are.
func (b *Baseline) Len() int { return len(b.lines) }

// Add adds a credential, and reports whether it was not there.
func (b *Baseline) Add(r report.Record) bool {
	added := false
	paths := pathsOf(r)
	for _, print := range r.Fingerprints() {
		if _, ok := b.lines[print]; ok {
			continue
		}
		added = true
		b.lines[print] = strings.TrimSpace(fmt.Sprintf("%s %s %s %s", print, r.Kind, inPart(r.KeyID), paths[print]))
	}
	return added
}

// Prune takes out what none of the records is, and returns how many lines that was.
func (b *Baseline) Prune(there []report.Record) int {
	keep := make(map[string]bool)
	for _, r := range there {
		for _, print := range r.Fingerprints() {
			keep[print] = true
		}
	}
	before := len(b.lines)
	maps.DeleteFunc(b.lines, func(print, _ string) bool { return !keep[print] })
	return before - len(b.lines)
}

// WriteTo writes the baseline in order of the fingerprints: of which nobody can tell before
// where a line will stand, so that two branches rarely add at the same place.
func (b *Baseline) WriteTo(w io.Writer) (int64, error) {
	var text strings.Builder
	text.WriteString(baselineHead)
	for _, line := range slices.Sorted(maps.Values(b.lines)) {
		text.WriteString(line + "\n")
	}
	n, err := io.WriteString(w, text.String())
	return int64(n), err
}

// credential returns the reason for silence about a credential.
func (b *Baseline) credential(r report.Record) (string, bool) {
	return agreed(r, func(print string) (string, bool) {
		line, ok := b.lines[print]
		return reasonOf(line), ok
	})
}

// inPart returns so much of a key ID that its owner knows it, and no scanner finds it.
func inPart(id *string) string {
	if id == nil || len(*id) < 12 {
		return "-"
	}
	return (*id)[:4] + "…" + (*id)[len(*id)-4:]
}

// pathsOf returns the first path of each fingerprint, in characters of one line.
func pathsOf(r report.Record) map[string]string {
	paths := make(map[string]string)
	one := r
	for _, o := range r.Occurrences {
		one.Occurrences = []report.Occurrence{o}
		for _, print := range one.Fingerprints() {
			if _, ok := paths[print]; !ok {
				paths[print] = strings.ReplaceAll(report.Printable(report.Value(o.Path)), " # ", ` \x23 `)
			}
		}
	}
	return paths
}
