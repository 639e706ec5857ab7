package forge

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"slices"
	"strings"
)

const (
	maxName  = 1024
	maxPages = 100_000 // of one listing: ten million repositories
)

// errEndless ends a listing that goes in circles.
var errEndless = errors.New("its pages lead in a circle")

// vetted passes on what a forge lists, each once, and refuses what is no repository of
// this account's forge. It cuts off, with an error, what the context ends.
func (a *account) vetted(ctx context.Context, listing iter.Seq2[Repository, error]) iter.Seq2[Repository, error] {
	return func(yield func(Repository, error) bool) {
		ids, names := map[string]bool{}, map[string]bool{}
		for r, err := range listing {
			if err == nil && ctx.Err() != nil {
				err = context.Cause(ctx)
			}
			if err != nil {
				var refused *Refused
				if !errors.As(err, &refused) {
					yield(Repository{}, fmt.Errorf("listing the repositories of %s: %w", a.host, err))
					return
				}
				if !yield(Repository{}, err) {
					return
				}
				continue
			}
			if ids[r.ID] {
				continue
			}
			why := a.vet(&r)
			if why == "" && names[r.Name] {
				why = "another repository has its name"
			}
			if why != "" {
				err, r = &Refused{printable(r.Name, maxName), why}, Repository{}
			} else {
				ids[r.ID], names[r.Name] = true, true
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

// vet tells what makes r no repository of this account's forge, "" for nothing, and
// takes from it what is not needed and could be harmful.
func (a *account) vet(r *Repository) string {
	u, err := url.Parse(r.URL)
	if err != nil {
		return "its URL cannot be read"
	}
	u.User = nil
	if why := checkClone(u, a.o.Insecure); why != "" {
		return why
	}
	if !a.ours(u) {
		return fmt.Sprintf("it is to be cloned from another host, %q; if that is the same forge, name the source by it", printable(u.Host, 100))
	}
	if r.ID == "" || len(r.ID) > maxName || strings.ContainsFunc(r.ID, unprintable) {
		return "it has no ID"
	}
	for part := range strings.SplitSeq(r.Name, "/") {
		if why := badSegment(part); why != "" {
			return "its name " + why
		}
	}
	if len(r.Name) > maxName {
		return "its name is too long"
	}
	u.Host = plainHost(u)
	r.Forge, r.Host, r.URL = a.kind, u.Host, u.String()
	r.Name = u.Host + "/" + r.Name
	r.tidy()
	return ""
}

// tidy drops what would harm whoever shows it.
func (r *Repository) tidy() {
	if web, err := url.Parse(r.Web); err != nil || (web.Scheme != "https" && web.Scheme != "http") || web.User != nil || strings.ContainsFunc(r.Web, unprintable) {
		r.Web = ""
	}
	if !slices.Contains([]string{"public", "internal", "private"}, r.Visibility) {
		r.Visibility = ""
	}
	r.Topics = slices.DeleteFunc(slices.Clone(r.Topics), func(t string) bool { return t == "" || strings.ContainsFunc(t, unprintable) })
	r.Size = max(r.Size, 0)
	if y := r.Pushed.Year(); y < 1970 || y > 9999 {
		r.Pushed = r.Pushed.AddDate(-y+1, 0, 0) // not one that JSON takes
	}
}
