package forge

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"
)

// Filter says which repositories are wanted. The zero Filter wants all: a key in an
// archived repository, or in a fork, works as well as any. What a forge does not tell
// (a size, a date, a visibility) leaves nothing out.
type Filter struct {
	NoArchived  bool
	NoForks     bool
	Visibility  []string  // of these only: "public", "internal", "private"
	Topics      []string  // with one of these at least
	MaxSize     int64     // in bytes; 0 is no limit
	PushedSince time.Time // changed then or later

	// Include and Exclude are globs on the name, in which "**" spans slashes and case
	// means nothing. They match from the end: "legacy-*" is every repository so called,
	// "ORG/*" those of an owner, "github.com/**" those of a host. What both match is excluded.
	Include, Exclude []string
}

// Check returns an error that names what makes f no filter, such as a glob that cannot be read.
func (f Filter) Check() error {
	for _, glob := range slices.Concat(f.Include, f.Exclude) {
		if !doublestar.ValidatePattern(glob) {
			return fmt.Errorf("reading the glob %q: syntax error", glob)
		}
	}
	for _, v := range f.Visibility {
		if !slices.Contains([]string{"public", "internal", "private"}, v) {
			return fmt.Errorf("no such visibility %q; known are public, internal and private", v)
		}
	}
	if f.MaxSize < 0 {
		return fmt.Errorf("a size of %d bytes", f.MaxSize)
	}
	return nil
}

// LeavesOut returns why r is not wanted, "" if it is.
func (f Filter) LeavesOut(r Repository) string {
	switch {
	case f.NoArchived && r.Archived:
		return "archived"
	case f.NoForks && r.Fork:
		return "a fork"
	case len(f.Visibility) > 0 && r.Visibility != "" && !slices.Contains(f.Visibility, r.Visibility):
		return "its visibility is " + r.Visibility
	case len(f.Topics) > 0 && !slices.ContainsFunc(r.Topics, func(t string) bool { return slices.Contains(f.Topics, t) }):
		return "none of the topics"
	case f.MaxSize > 0 && r.Size > f.MaxSize:
		return fmt.Sprintf("larger than %d bytes", f.MaxSize)
	case !r.Pushed.IsZero() && r.Pushed.Before(f.PushedSince):
		return "not changed since " + f.PushedSince.Format(time.DateOnly)
	case len(f.Include) > 0 && !matchesAny(f.Include, r.Name):
		return "not included"
	case matchesAny(f.Exclude, r.Name):
		return "excluded"
	}
	return ""
}

func matchesAny(globs []string, name string) bool {
	name = strings.ToLower(strings.TrimPrefix(name, "/"))
	return slices.ContainsFunc(globs, func(glob string) bool {
		ok, err := doublestar.Match("**/"+strings.ToLower(strings.TrimPrefix(glob, "/")), name)
		return ok && err == nil
	})
}
