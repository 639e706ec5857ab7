package detectors

import (
	"cmp"
	"slices"
)

// Secrets returns what may be a secret in data by its shape alone, those whose names
// say so first: for who looks for the other half of a key ID that was found without it.
func Secrets(data []byte) []Match {
	var marks []*mark
	end := 0
	for _, m := range findSecrets(data) {
		m.name = nameBefore(data, end, m.Start)
		if end = m.End; m.class == Real && !m.name.never {
			marks = append(marks, m)
		}
	}
	slices.SortStableFunc(marks, func(a, b *mark) int { return cmp.Compare(b.name.rank, a.name.rank) })
	v, found := &view{text: data}, []Match(nil)
	for _, m := range marks {
		found = append(found, secretMatch(v, m))
	}
	return found
}
