package scanner

import (
	"context"
	"fmt"
	"slices"

	"github.com/revokey-dev/revokey/detectors"
	"github.com/revokey-dev/revokey/scanner/odb"
)

// changing is a source of what changes: of what is staged, or of a range of commits. A
// credential that stood at the same path before is not its own.
type changing interface {
	// before returns the blobs that stood at the path.
	before(path string) []odb.ID
	// reading returns the part that reads blobs.
	reading(ids []odb.ID) Part
	// cutShort reports whether a blob stands at more paths than its hits tell.
	cutShort(id odb.ID) bool
	// settle tells more of the place of a hit that stays.
	settle(at *Occurrence)
}

// introduced leaves out the hits in what stood at the same path before, and notes how
// many credentials that were. What stood there and cannot be read leaves none out.
func (s *Scanner) introduced(ctx context.Context, src Source, hits []hit, sum *Summary) ([]hit, error) {
	c, ok := src.(changing)
	if !ok || len(hits) == 0 {
		return hits, nil
	}
	old := make(map[string][]detectors.Match)
	var kept []hit
	known := make(map[credential]bool)
	short := make(map[odb.ID]bool)
	for _, h := range hits {
		if id := h.at.Object; c.cutShort(id) && !short[id] {
			short[id] = true
			sum.skip(Skipped{What: "object " + id.String(), Reason: fmt.Sprintf("it stands at more than %d paths, of which only so many were looked at", maxPlaces)})
		}
		if h.at.Path != "" {
			if _, looked := old[h.at.Path]; !looked {
				matches, err := s.matchesBefore(ctx, c, h.at.Path)
				if err != nil {
					return nil, err
				}
				old[h.at.Path] = matches
			}
		}
		if slices.ContainsFunc(old[h.at.Path], func(m detectors.Match) bool { return covers(m, h.match) }) {
			known[credential{h.match.KeyID, h.match.Secret.SHA256()}] = true
			continue
		}
		c.settle(&h.at)
		kept = append(kept, h)
	}
	if n := len(known); n > 0 {
		sum.Notes = append(sum.Notes, fmt.Sprintf("%d of the credentials stood at the same path before, and are not reported: `revokey scan` reports them", n))
	}
	return kept, nil
}

// matchesBefore returns what is found in what stood at a path.
func (s *Scanner) matchesBefore(ctx context.Context, c changing, path string) ([]detectors.Match, error) {
	ids := c.before(path)
	if len(ids) == 0 {
		return nil, nil
	}
	seen, err := s.read(ctx, c.reading(ids))
	matches := make([]detectors.Match, 0, len(seen.hits))
	for _, h := range seen.hits {
		matches = append(matches, h.match)
	}
	return matches, err
}

// covers reports whether all that is known of a credential now was so before.
func covers(before, now detectors.Match) bool {
	same := func(before, now string) bool { return now == "" || now == before }
	secret := func(before, now detectors.Secret) bool { return same(before.SHA256(), now.SHA256()) }
	return same(before.KeyID, now.KeyID) && secret(before.Secret, now.Secret) &&
		secret(before.SessionToken, now.SessionToken) && secret(before.SMTPPassword, now.SMTPPassword)
}
