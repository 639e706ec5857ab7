package html

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// groupTable is the credentials by something that they have in common.
type groupTable struct {
	Name   string // of what
	Groups []*group
}

// group is those that have it in common. Live and Open are how many of them work, and
// of how many that was not ruled out.
type group struct {
	N               int // its number in the table
	Name            string
	All, Live, Open int
	Oldest          string // when the first of them leaked
	Rank            int    // of an age
}

// groups sorts the credentials by account, repository, author and age, and tells each
// its groups.
func (b *builder) groups(all []*credential) []groupTable {
	tables := []groupTable{
		by("Account", all, func(c *credential) (string, int) { return c.Account, 0 }),
		by("Repository", all, func(c *credential) (string, int) { return c.Repository, 0 }),
		by("Author", all, func(c *credential) (string, int) { return c.Author, 0 }),
		by("Age", all, func(c *credential) (string, int) { return age(c, b.page.MadeAt) }),
	}
	for i := range tables[1].Groups {
		g := tables[1].Groups[i]
		g.Name = cmp.Or(b.short[g.Name], g.Name)
	}
	return tables
}

// notKnown names the group of those of which nothing is known.
const notKnown = "not known"

func by(name string, all []*credential, key func(*credential) (string, int)) groupTable {
	index := make(map[string]*group)
	t := groupTable{Name: name}
	for _, c := range all {
		k, rank := key(c)
		k = cmp.Or(k, notKnown)
		g := index[k]
		if g == nil {
			g = &group{N: len(index), Name: k, Rank: rank}
			index[k] = g
			t.Groups = append(t.Groups, g)
		}
		g.add(c)
		c.Groups = strings.TrimPrefix(fmt.Sprintf("%s %d", c.Groups, g.N), " ")
	}
	slices.SortStableFunc(t.Groups, func(x, y *group) int {
		return cmp.Or(cmp.Compare(x.Rank, y.Rank), cmp.Compare(y.Live, x.Live), cmp.Compare(y.Open, x.Open), cmp.Compare(y.All, x.All), strings.Compare(x.Name, y.Name))
	})
	return t
}

func (g *group) add(c *credential) {
	g.All++
	switch c.Class {
	case "live":
		g.Live++
	case "open":
		g.Open++
	}
	if c.Leaked != "" && (g.Oldest == "" || c.Leaked < g.Oldest) {
		g.Oldest = c.Leaked
	}
}

// age says how long ago a credential leaked.
func age(c *credential, now time.Time) (string, int) {
	first := c.record.FirstSeen
	if first == nil {
		return "", 9
	}
	const day = 24 * time.Hour
	for i, step := range []struct {
		most time.Duration
		name string
	}{{day, "a day or less"}, {7 * day, "a week or less"}, {30 * day, "30 days or less"}, {90 * day, "90 days or less"}, {365 * day, "a year or less"}} {
		if now.Sub(*first) <= step.most {
			return step.name, i
		}
	}
	return "more than a year", 5
}
