package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/revokey-dev/revokey/scanner"
)

// worstFirst sorts findings by how bad they are; those that are alike stay in order.
func worstFirst(records []Record) {
	slices.SortStableFunc(records, func(a, b Record) int {
		return cmp.Compare(gravity(a.Verdict.Status), gravity(b.Verdict.Status))
	})
}

// places returns one occurrence for each path or message: the one that HEAD holds, else
// the latest, as its line is the most likely to be still right. What HEAD holds comes first, then
// the others, the latest first.
func (r Record) places() []Occurrence {
	var places []Occurrence
	index := make(map[string]int)
	for _, o := range r.Occurrences {
		name := o.placeName()
		i, ok := index[name]
		if !ok {
			index[name] = len(places)
			places = append(places, o)
		} else if o.newer(places[i]) {
			places[i] = o
		}
	}
	slices.SortStableFunc(places, func(a, b Occurrence) int {
		if a.current() || b.current() {
			return compareBools(b.current(), a.current())
		}
		return Value(b.Time).Compare(Value(a.Time))
	})
	return places
}

// current reports whether the occurrence is in what a reader of a report has before him.
func (o Occurrence) current() bool { return o.AtHead || o.Where == scanner.InFile }

func (o Occurrence) newer(than Occurrence) bool {
	if c := compareBools(o.AtHead, than.AtHead); c != 0 {
		return c > 0
	}
	return Value(o.Time).After(Value(than.Time))
}

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// file returns the path of what the occurrence stands in, of an archive that of the archive;
// of what has no path a name that is like one, such as commit-message/1234abcd.
func (o Occurrence) file() string {
	if o.Path != nil {
		return *o.Path
	}
	switch {
	case o.Where == "":
		return "unknown" // a findings file need not tell
	case o.Object == nil:
		return string(o.Where)
	}
	return fmt.Sprintf("%s/%.12s", o.Where, *o.Object)
}

// line returns the line in the file, 1 where it is one of an archive's member.
func (o Occurrence) line() int {
	if o.Member != nil {
		return 1
	}
	return max(1, o.Line)
}

func (o Occurrence) column() int {
	if o.Member != nil {
		return 1
	}
	return max(1, o.Column)
}

// sentence tells of a finding in one line of our own words: what a repository says is
// not in it, but for a verdict's reason, which AWS may have written.
func sentence(r Record) string {
	text := Title(r) + ": " + r.Verdict.Status.String()
	if r.Verdict.Reason != "" {
		text += ", " + Printable(r.Verdict.Reason)
	}
	return text
}

// told tells of a place in a few words, its foreign names printable.
func (o Occurrence) told() string { return Style{}.place(o) }

// Name is what a reader looks for: the path, with an archive's member behind it, or what else the
// occurrence stands in. It is as the repository has it.
func (o Occurrence) Name() string {
	member := ""
	if o.Member != nil {
		member = "!/" + *o.Member
	}
	if o.Path != nil {
		return *o.Path + member
	}
	switch o.Where {
	case scanner.InStdin:
		return "standard input" + member
	case scanner.InTagMessage:
		return "message of tag " + Value(o.Tag)
	case scanner.InCommitMessage:
		return fmt.Sprintf("message of commit %.12s", Value(o.Object))
	case scanner.InCommitHeader:
		return fmt.Sprintf("header of commit %.12s", Value(o.Object))
	}
	return fmt.Sprintf("blob %.12s%s (no path)", Value(o.Object), member)
}

// Reach tells by what the object is held, such as "in main and 2 more"; "" where that is nothing to
// tell. Its names are as the repository has them.
func (o Occurrence) Reach() string {
	switch {
	case o.Object == nil:
		return ""
	case len(o.Refs) > 0:
		if n := len(o.Refs) - 1 + o.MoreRefs; n > 0 {
			return fmt.Sprintf("in %s and %d more", shortRef(o.Refs[0]), n)
		}
		return "in " + shortRef(o.Refs[0])
	case o.Reachable:
		return ""
	case len(o.Reflogs) > 0:
		return "only in the reflog of " + shortRef(o.Reflogs[0])
	}
	return "unreachable from any ref"
}

// shortRef returns a ref's name as git shows it: main, v1.0, origin/main.
func shortRef(name string) string {
	for _, prefix := range []string{"refs/heads/", "refs/tags/", "refs/remotes/"} {
		if short, ok := strings.CutPrefix(name, prefix); ok {
			return short
		}
	}
	return name
}
