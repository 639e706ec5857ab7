package silence

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/revokey-dev/revokey/detectors"
	"github.com/revokey-dev/revokey/report"
)

// IgnoreName is the name of the ignore file in the root of a repository.
const IgnoreName = ".revokeyignore"

// Ignore is an ignore file. One goroutine uses it at a time.
type Ignore struct {
	keys     map[string]entry // by key ID and by fingerprint
	patterns []pattern
	entries  []entry        // of the patterns
	decided  map[string]int // by path: which of them decides
	size     int            // of the patterns, as [maxPatterns] counts

	// Ended are the lines whose time is over, and which have no effect.
	Ended []string
}

// maxPatterns is how many bytes the patterns of a file may have together, each with
// patternCost for itself: ten thousand short ones. A hostile file could fill the memory with more.
const (
	maxPatterns = 1 << 20
	patternCost = 100
)

// entry is a line of an ignore file.
type entry struct{ reason string }

// ParseIgnore reads an ignore file, named name in errors: lines of
//
//	WHAT [until=YYYY-MM-DD] # REASON
//
// WHAT is a key ID, a fingerprint, or a pattern of paths as in gitignore. A line that has been
// agreed until a day has no effect after it, in UTC. A reason has to be given, but for a
// pattern that begins with "!" and takes others back. A path that ends or begins otherwise
// than it can be read writes \# and \ before a space, as in gitignore.
func ParseIgnore(name, text string, now time.Time) (*Ignore, error) {
	ig := &Ignore{keys: make(map[string]entry), decided: make(map[string]int)}
	n := 0
	for line := range strings.Lines(strings.TrimPrefix(text, "\ufeff")) {
		n++
		line = strings.TrimRight(line, "\r\n")
		if strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := ig.add(line, now, fmt.Sprintf("%s line %d", name, n)); err != nil {
			return nil, fmt.Errorf("%s line %d: %w", name, n, err)
		}
	}
	return ig, nil
}

// errReason is what most lines of other tools' files lack.
var errReason = errors.New(`no reason is given: write it behind the entry, as in "testdata/ # made up for the tests"`)

func (ig *Ignore) add(line string, now time.Time, at string) error {
	what, reason := splitReason(line)
	what, until, err := splitUntil(what)
	switch {
	case err != nil:
		return err
	case what == "":
		return errors.New("there is a reason, and nothing that it is of")
	case reason == "" && !strings.HasPrefix(what, "!"):
		return errReason
	case !until.IsZero() && !now.Before(until.AddDate(0, 0, 1)):
		ig.Ended = append(ig.Ended, fmt.Sprintf("%s has ended on %s, and has no effect any more", at, until.Format(time.DateOnly)))
		return nil
	case detectors.ValidKeyID(what) || report.IsFingerprint(what):
		ig.keys[what] = entry{reason}
		return nil
	}
	if ig.size += len(what) + patternCost; ig.size > maxPatterns {
		return errors.New("there are more patterns than can be heeded: ten thousand, or fewer long ones; a folder may stand for its files")
	}
	p, err := newPattern(what)
	if err != nil {
		return err
	}
	ig.patterns, ig.entries = append(ig.patterns, p), append(ig.entries, entry{reason})
	return nil
}

// splitReason parts a line at its first "#" that follows a space.
func splitReason(line string) (what, reason string) {
	for i := 1; i < len(line); i++ {
		if line[i] == '#' && (line[i-1] == ' ' || line[i-1] == '\t') {
			return trimEnd(line[:i]), strings.TrimSpace(line[i+1:])
		}
	}
	return trimEnd(line), ""
}

// trimEnd takes away the spaces at the end, but for one behind a backslash.
func trimEnd(s string) string {
	trimmed := strings.TrimRight(s, " \t")
	if strings.HasSuffix(trimmed, `\`) && len(trimmed) < len(s) {
		return s[:len(trimmed)+1]
	}
	return trimmed
}

// splitUntil takes the day off that a line is agreed until, zero if there is none.
func splitUntil(what string) (string, time.Time, error) {
	i := max(strings.LastIndex(what, " until="), strings.LastIndex(what, "\tuntil="))
	if i < 0 {
		return what, time.Time{}, nil
	}
	day, err := time.Parse(time.DateOnly, what[i+len(" until="):])
	if err != nil {
		return "", day, errors.New("what follows until= is not a day such as 2027-01-31")
	}
	return trimEnd(what[:i]), day, nil
}

// credential returns the reason for silence about a credential as such.
func (ig *Ignore) credential(r report.Record) (string, bool) {
	if e, ok := ig.keys[report.Value(r.KeyID)]; ok {
		return e.reason, true
	}
	return agreed(r, func(print string) (string, bool) {
		e, ok := ig.keys[print]
		return e.reason, ok
	})
}

// path returns the reason for silence about a path.
func (ig *Ignore) path(path string) (string, bool) {
	n, ok := ig.decided[path]
	if !ok {
		n = lastMatch(ig.patterns, path)
		ig.decided[path] = n // a path comes again with each version of it
	}
	if n < 0 {
		return "", false
	}
	return ig.entries[n].reason, true
}

// agreed returns the first reason, if all fingerprints of a credential have one.
func agreed(r report.Record, reasonOf func(print string) (string, bool)) (string, bool) {
	first, all := "", false
	for i, print := range r.Fingerprints() {
		reason, ok := reasonOf(print)
		if !ok {
			return "", false
		}
		if i == 0 {
			first, all = reason, true
		}
	}
	return first, all
}
