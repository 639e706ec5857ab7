package scanner

import (
	"context"

	"github.com/revokey-dev/revokey/detectors"
	"github.com/revokey-dev/revokey/scanner/odb"
)

// Candidate is a secret that may belong to a key ID that was found without one: STS can
// tell.
type Candidate struct {
	Secret   detectors.Secret
	Distance Distance
	At       Occurrence
}

// Distance says how far from a key ID a candidate for its secret stands. The words are a
// contract.
type Distance string

// The distances, nearest first.
const (
	SameFolder     Distance = "same-folder"     // in another file of the folder, in the commit that brought the ID
	SameFile       Distance = "same-file"       // in the same file, in a parent or child of that commit
	SameRepository Distance = "same-repository" // anywhere, under a name that says that it is AWS's
)

const (
	// MaxCandidates is how many candidates a finding has.
	MaxCandidates = 3
	// maxSearched is for how many findings candidates are looked for.
	maxSearched = 100
	// maxNeighbours is how many files are looked into for one place.
	maxNeighbours = 50
	// maxNeighbour is how many bytes such a file may have.
	maxNeighbour = 256 << 10
)

// neighbour is a blob near a place.
type neighbour struct {
	id       odb.ID
	at       Place
	distance Distance
}

// neighbourly is a source that knows what stands near a place.
type neighbourly interface {
	neighbours(ctx context.Context, at Occurrence) []neighbour
	blob(id odb.ID) []byte // nil where it is none, or is too large; valid until the next call
}

// addCandidates looks further for the secrets of key IDs that were found without one.
func addCandidates(ctx context.Context, src Source, findings []Finding) {
	paired := make(map[string]bool) // secrets that have an ID
	for _, f := range findings {
		paired[f.Secret.SHA256()] = paired[f.Secret.SHA256()] || f.KeyID != ""
	}
	near, _ := src.(neighbourly)
	searched := 0
	for i := range findings {
		f := &findings[i]
		if !f.wantsSecret() || searched == maxSearched {
			continue
		}
		searched++
		c := candidates{taken: paired, seen: make(map[string]bool)}
		if near != nil && len(f.Occurrences) > 0 {
			c.addNear(ctx, near, f.Occurrences[0])
		}
		c.addAlone(findings)
		f.Candidates = c.found
	}
}

// wantsSecret reports whether a finding is a long-term key's ID alone: a session's needs
// a token too.
func (f *Finding) wantsSecret() bool {
	return f.Kind == detectors.AccessKey && f.Class == detectors.Real && f.Secret.IsZero() && f.KeyID[:4] == "AKIA"
}

// candidates collects them, nearest first.
type candidates struct {
	taken map[string]bool // secrets of other IDs
	seen  map[string]bool
	found []Candidate
}

func (c *candidates) addNear(ctx context.Context, src neighbourly, at Occurrence) {
	for _, n := range src.neighbours(ctx, at) {
		if len(c.found) == MaxCandidates || context.Cause(ctx) != nil {
			return
		}
		data := src.blob(n.id)
		for _, m := range detectors.Secrets(data) {
			o := hitsIn(&Blob{Where: InBlob, Data: data}, beginning(), []detectors.Match{m})[0].at
			o.Object, o.Place = n.id, n.at
			c.add(Candidate{Secret: m.Secret, Distance: n.distance, At: o})
		}
	}
}

// addAlone adds the secrets that were found without an ID.
func (c *candidates) addAlone(findings []Finding) {
	for _, f := range findings {
		if f.Kind == detectors.SecretKey && f.Class == detectors.Real && len(f.Occurrences) > 0 {
			c.add(Candidate{Secret: f.Secret, Distance: SameRepository, At: f.Occurrences[0]})
		}
	}
}

func (c *candidates) add(candidate Candidate) {
	sum := candidate.Secret.SHA256()
	if len(c.found) < MaxCandidates && !c.taken[sum] && !c.seen[sum] {
		c.seen[sum] = true
		c.found = append(c.found, candidate)
	}
}
