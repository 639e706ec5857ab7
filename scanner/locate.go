package scanner

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/revokey-dev/revokey/scanner/odb"
)

// locate gives each occurrence its places, one occurrence for each.
func locate(ctx context.Context, src Source, findings []Finding, workers int) error {
	places, err := src.Locate(ctx, objectsOf(findings), workers)
	for i := range findings {
		f := &findings[i]
		f.Repository = src.Name()
		f.Occurrences = spread(f.Occurrences, places)
		f.summarise()
	}
	return err
}

// objectsOf returns the distinct objects that the findings stand in.
func objectsOf(findings []Finding) []odb.ID {
	seen := make(map[odb.ID]bool)
	var objects []odb.ID
	for _, f := range findings {
		for _, o := range f.Occurrences {
			if !o.Object.IsZero() && !seen[o.Object] {
				seen[o.Object] = true
				objects = append(objects, o.Object)
			}
		}
	}
	return objects
}

// spread repeats each occurrence at each place of its object, in a fixed order:
// by path, member, time, commit, object and offset. One that was met twice, as a damaged copy
// of a large object was read before a whole one, comes once.
func spread(occurrences []Occurrence, places map[odb.ID][]Place) []Occurrence {
	var located []Occurrence
	for _, o := range occurrences {
		if len(places[o.Object]) == 0 {
			located = append(located, o)
		}
		for _, p := range places[o.Object] {
			o.Place = p
			located = append(located, o)
		}
	}
	slices.SortStableFunc(located, compareOccurrences)
	return slices.CompactFunc(located, func(a, b Occurrence) bool {
		return compareOccurrences(a, b) == 0 && slices.Equal(a.Encoding, b.Encoding)
	})
}

func compareOccurrences(a, b Occurrence) int {
	return cmp.Or(
		cmp.Compare(a.Path, b.Path), cmp.Compare(a.Member, b.Member), a.Time.Compare(b.Time), a.Commit.Compare(b.Commit),
		a.Object.Compare(b.Object), cmp.Compare(a.Offset, b.Offset))
}

// summarise sets what the occurrences together say.
func (f *Finding) summarise() {
	f.FirstSeen, f.LastSeen, f.AtHead = time.Time{}, time.Time{}, false
	for _, o := range f.Occurrences {
		if !o.Time.IsZero() && (f.FirstSeen.IsZero() || o.Time.Before(f.FirstSeen)) {
			f.FirstSeen = o.Time
		}
		if o.LastSeen.After(f.LastSeen) {
			f.LastSeen = o.LastSeen
		}
		f.AtHead = f.AtHead || o.AtHead
	}
}
