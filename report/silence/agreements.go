package silence

import (
	"fmt"

	"github.com/revokey-dev/revokey/report"
	"github.com/revokey-dev/revokey/revoke"
	"github.com/revokey-dev/revokey/scanner"
)

// The words for what a silence rests on, as reports have them.
const (
	Inline     = "inline"
	IgnoreFile = "ignore-file"
	BaselineIn = "baseline"
)

// Agreements are all that somebody agreed to be quiet about. The zero Agreements is nothing.
type Agreements struct {
	Ignore   *Ignore   // nil: none
	Baseline *Baseline // nil: none
	Inline   bool      // heed comments beside credentials
	Foreign  bool      // those of other tools too
	Live     bool      // even about a live key
}

// Of returns by which agreement there is silence about a finding, and why; ok is false where
// there is none. It is about a credential as a whole, or about all of its places. A live
// key is never silenced, unless Live says so.
func (a *Agreements) Of(r report.Record) (by, reason string, ok bool) {
	if r.Verdict.Status == revoke.Live && !a.Live {
		return "", "", false
	}
	if a.Ignore != nil {
		if reason, ok := a.Ignore.credential(r); ok {
			return IgnoreFile, reason, true
		}
	}
	if a.Baseline != nil {
		if reason, ok := a.Baseline.credential(r); ok {
			return BaselineIn, reason, true
		}
	}
	return a.places(r)
}

// places returns the agreement about all places, the first one's.
func (a *Agreements) places(r report.Record) (by, reason string, ok bool) {
	heads := a.commentsAtHead(r)
	for i, o := range r.Occurrences {
		thisBy, thisReason, ok := a.place(o, heads)
		if !ok {
			return "", "", false
		}
		if i == 0 {
			by, reason = thisBy, thisReason
		}
	}
	return by, reason, len(r.Occurrences) > 0
}

func (a *Agreements) place(o report.Occurrence, heads map[file]comment) (by, reason string, ok bool) {
	if reason, ok := a.comment(o); ok {
		return Inline, reason, true
	}
	if o.Path == nil {
		return "", "", false
	}
	if a.Ignore != nil {
		if reason, ok := a.Ignore.path(*o.Path); ok {
			return IgnoreFile, reason, true
		}
	}
	head := heads[fileOf(o)]
	return Inline, head.reason, head.ok
}

// comment returns the reason of the comment beside a place, if it counts: ours needs one.
func (a *Agreements) comment(o report.Occurrence) (string, bool) {
	switch {
	case o.Allow == nil || !a.Inline:
		return "", false
	case o.Allow.By == scanner.AllowWord:
		return o.Allow.Reason, o.Allow.Reason != ""
	case !a.Foreign:
		return "", false
	}
	return o.Allow.By + " " + o.Allow.Reason, true
}

// file is a path, or a member of an archive there.
type file struct{ path, member string }

func fileOf(o report.Occurrence) file { return file{report.Value(o.Path), report.Value(o.Member)} }

// comment is what a file's comments beside a credential come to.
type comment struct {
	reason string
	ok     bool
}

// commentsAtHead returns what stands beside the credential in HEAD's version of each file: who
// wrote it agreed to the versions before, which nobody can change. Where the credential stands
// twice in that version, both have to have a comment.
func (a *Agreements) commentsAtHead(r report.Record) map[file]comment {
	heads := make(map[file]comment)
	for _, o := range r.Occurrences {
		if !o.AtHead {
			continue
		}
		reason, ok := a.comment(o)
		if before, seen := heads[fileOf(o)]; seen && (!before.ok || ok) {
			continue
		}
		heads[fileOf(o)] = comment{reason, ok}
	}
	return heads
}

// Remarks returns what to tell of comments in the records that were not heard, and of what has
// ended. A file's versions count once.
func (a *Agreements) Remarks(records []report.Record) []string {
	var remarks []string
	if a.Ignore != nil {
		remarks = append(remarks, a.Ignore.Ended...)
	}
	if !a.Inline {
		return remarks
	}
	lacking, foreign := unheard(records)
	if len(lacking) > 0 {
		first := fmt.Sprintf("%s line %d: a comment says %s without a reason, and has no effect: write it behind the word", report.Value(lacking[0].Path), lacking[0].Line, scanner.AllowWord)
		if n := len(lacking) - 1; n > 0 {
			first += fmt.Sprintf("; so in %s more", files(n))
		}
		remarks = append(remarks, first)
	}
	if len(foreign) > 0 && !a.Foreign {
		remarks = append(remarks, fmt.Sprintf("%s with comments for other tools, such as %s: --honor-foreign-allows heeds them", files(len(foreign)), foreign[0].Allow.By))
	}
	return remarks
}

// unheard returns an occurrence of each file with a comment of ours that gives no reason, and of
// each with one for another tool.
func unheard(records []report.Record) (lacking, foreign []report.Occurrence) {
	type seen struct {
		file
		ours bool
	}
	known := make(map[seen]bool)
	for _, r := range records {
		for _, o := range r.Occurrences {
			if o.Allow == nil || o.Allow.By == scanner.AllowWord && o.Allow.Reason != "" {
				continue
			}
			at := seen{fileOf(o), o.Allow.By == scanner.AllowWord}
			switch {
			case known[at]:
			case at.ours:
				lacking = append(lacking, o)
			default:
				foreign = append(foreign, o)
			}
			known[at] = true
		}
	}
	return lacking, foreign
}

func files(n int) string {
	if n == 1 {
		return "1 file"
	}
	return fmt.Sprintf("%d files", n)
}
