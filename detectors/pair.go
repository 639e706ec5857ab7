package detectors

import (
	"math/bits"
	"slices"
)

// A mark is a part of a credential that was seen in the data.
type mark struct {
	Span
	kind  Kind // of a key ID; SecretKey; sessionToken; smtpPassword
	class Class
	name  name
}

// sessionToken is the kind of mark that never is a match of its own.
const sessionToken Kind = "session-token"

// smtpPassword is likewise the kind of mark of an SES password.
const smtpPassword Kind = "smtp-password"

func (m *mark) isKeyID() bool { return m.kind == AccessKey || m.kind == BearerID }

// text returns a copy of what the mark stands on.
func (m *mark) text(data []byte) string { return string(data[m.Start:m.End]) }

// mates holds the partner of each mark that has one, both ways.
type mates map[*mark]*mark

func (m mates) join(a, b *mark) { m[a], m[b] = b, a }

// pair gives each key ID in marks at most one of the other marks and each of
// those at most one key ID. marks are in order. Three rounds, each over what the
// one before left: names that differ alike (key_id_2 and secret_2), then marks
// in one block of the text, then all that are in reach of each other. Key IDs
// that sign nothing get none.
func pair(data []byte, marks []*mark) mates {
	marks = slices.DeleteFunc(slices.Clone(marks), func(m *mark) bool { return m.kind == BearerID })
	m := make(mates)
	m.byLabel(marks)
	m.byPlace(data, marks, func(g gap) bool { return g.sameBlock() })
	m.byPlace(data, marks, func(g gap) bool { return !g.header })
	return m
}

// byLabel joins a key ID and a secret whose label no other of their kind has.
func (m mates) byLabel(marks []*mark) {
	ids, others := make(map[string][]*mark), make(map[string][]*mark)
	for _, x := range marks {
		switch {
		case x.name.label == "" || x.name.rank < keyish:
		case x.isKeyID():
			ids[x.name.label] = append(ids[x.name.label], x)
		default:
			others[x.name.label] = append(others[x.name.label], x)
		}
	}
	for label, a := range ids {
		if b := others[label]; len(a) == 1 && len(b) == 1 && fit(a[0], b[0]) && apart(a[0], b[0]) <= farApart {
			m.join(a[0], b[0])
		}
	}
}

// fit reports whether a and b may be one credential: a key ID and another mark,
// and no real key ID with a secret that surely is not.
func fit(a, b *mark) bool {
	return a.isKeyID() != b.isKeyID() && (keyID(a, b).class != Real || other(a, b).class == Real)
}

// apart returns the number of bytes between two marks.
func apart(a, b *mark) int { return max(a.Start-b.End, b.Start-a.End) }

const (
	// alone is the cost of leaving a mark without a partner: any pair in reach
	// is cheaper than two marks alone.
	alone = 38
	// candidates is how many marks back a partner is looked for.
	candidates = 16
)

// byPlace joins the marks that are still free so that the sum of the costs of
// the pairs, and of the marks left alone, is least. Pairs neither cross nor
// enclose each other; allowed says which gaps a pair may span.
func (m mates) byPlace(data []byte, marks []*mark, allowed func(gap) bool) {
	free := m.free(marks)
	partner := cheapest(data, free, allowed)
	for i := len(free) - 1; i >= 0; i-- {
		if j := partner[i]; j >= 0 {
			m.join(free[j], free[i])
			i = j
		}
	}
}

// cheapest returns, for each mark, the index of the one before it that it is
// joined with in the cheapest pairing of the marks up to it, or -1.
func cheapest(data []byte, marks []*mark, allowed func(gap) bool) []int {
	partner := make([]int, len(marks))
	least := make([]int, len(marks)+1) // least[i] is the cost of the first i
	gaps := make([]gap, len(marks))    // gaps[i] stands before the i-th
	for i, b := range marks {
		partner[i], least[i+1] = -1, least[i]+alone
		if i > 0 {
			gaps[i] = gapBetween(data, marks[i-1].End, b.Start)
		}
		var g gap
		for j := i - 1; j >= max(0, i-candidates); j-- {
			if g = gaps[j+1].then(g); g.far {
				break
			}
			a := marks[j]
			if !fit(a, b) || !allowed(g) || !inReach(a, b, g) {
				continue
			}
			if c := least[j] + cost(a, b, g) + alone*(i-j-1); c < least[i+1] {
				partner[i], least[i+1] = j, c
			}
		}
	}
	return partner
}

// share gives a key ID that has no partner the one that it has where it stands
// another time: a key has one secret. m may be nil.
func (m mates) share(data []byte, marks []*mark) {
	known := make(map[string]*mark)
	for _, x := range marks {
		if x.isKeyID() && m[x] != nil && known[x.text(data)] == nil {
			known[x.text(data)] = m[x]
		}
	}
	if len(known) == 0 {
		return
	}
	for _, x := range marks {
		if x.isKeyID() && m[x] == nil {
			m[x] = known[x.text(data)]
		}
	}
}

func (m mates) free(marks []*mark) []*mark {
	var free []*mark
	for _, x := range marks {
		if m[x] == nil {
			free = append(free, x)
		}
	}
	return free
}

// reach says, by the rank of a secret's name, how far from the key ID it may
// stand: the less the name says, the nearer.
var reach = [...]struct{ bytes, lines int }{
	otherwise: {128, 1},
	bare:      {256, 3},
	keyish:    {1 << 10, 10},
	secretish: {farApart, farApart},
	awsSecret: {farApart, farApart},
}

// deepest is how many levels may be left, and how many entered, on the way
// from a key ID to its secret. Two elements of a deep list, each with the one
// half, are not one credential. Where both are true ones three are seen.
const deepest = 4

func inReach(a, b *mark, g gap) bool {
	r := reach[other(a, b).name.rank]
	return apart(a, b) <= r.bytes && g.lines <= r.lines && max(g.closes, g.opens) <= deepest
}

// keyID returns the one of a and b that is a key ID, and other the other.
func keyID(a, b *mark) *mark {
	if a.isKeyID() {
		return a
	}
	return b
}

func other(a, b *mark) *mark {
	if a.isKeyID() {
		return b
	}
	return a
}

// cost weighs a pair: levels of nesting between the two, then what their names
// say, then distance. It is less than twice alone.
func cost(a, b *mark, g gap) int {
	c := min(12, 2*(g.closes+g.opens)) + min(4, 2*g.blanks) + min(4, 2*g.items)
	c += 2*bits.Len(uint(g.lines)) + apart(a, b)>>9
	for _, x := range []*mark{a, b} {
		c += 2 * int(awsSecret-x.name.rank)
	}
	if a.name.label != b.name.label {
		c += 4
	}
	return c
}
