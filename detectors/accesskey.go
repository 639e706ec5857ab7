package detectors

import (
	"cmp"
	"slices"
)

// accessKey finds key IDs, the secrets and session tokens that belong to them,
// and secrets alone.
type accessKey struct{}

var _ Detector = accessKey{}

func (accessKey) ID() string { return "aws-access-key" }

// Quiet reports whether there is neither a key ID nor what may be a secret: a
// session token is nothing without an ID.
func (accessKey) Quiet(data []byte) bool {
	if len(data) < keyIDLen {
		return true
	}
	return len(findKeyIDs(data)) == 0 && len(findSecrets(data)) == 0
}

// Changed looks from end to end of the run of base64 that the change is in or
// touches, of which key IDs and secrets are made, and at the bytes beside it that
// tell whether it is one. Nearly always that run is shorter than a key ID, which
// is told first: histories hold millions of changes.
func (d accessKey) Changed(data []byte, start, end int) bool {
	from, to := around(data, start, end)
	return hasRun(data[from:to], base64Class, keyIDLen) && !d.Quiet(data[from:to])
}

// around returns the part of data that decides on a change. A run that is longer
// than a secret is cut: it is none.
func around(data []byte, start, end int) (from, to int) {
	from, to = max(start-beside, 0), min(end+beside, len(data))
	for stop := max(from-secretLen-1, 0); from > stop && base64Class[data[from-1]]; {
		from--
	}
	for stop := min(to+secretLen+1, len(data)); to < stop && base64Class[data[to]]; {
		to++
	}
	return max(from-beside, 0), min(to+beside, len(data))
}

// beside is how many bytes before and behind a secret can tell that it is none;
// see glued and escaped.
const beside = 4

func (accessKey) Detect(data []byte) []Match {
	marks := credentialMarks(data)
	if len(marks) == 0 {
		return nil
	}
	secrets, tokens := pair(data, marks), pairTokens(data, marks)
	secrets.share(data, marks)
	tokens.share(data, marks)
	known := paired(data, marks, secrets)
	var found []Match
	for _, m := range marks {
		if m.isKeyID() {
			found = append(found, keyMatch(data, m, secrets[m], tokens[m]))
		} else if m.name.rank == awsSecret && !known[m.text(data)] {
			found = append(found, secretMatch(data, m))
		}
	}
	return found
}

// paired returns the secrets that have a key ID.
func paired(data []byte, marks []*mark, secrets mates) map[string]bool {
	known := make(map[string]bool)
	for _, m := range marks {
		if !m.isKeyID() && secrets[m] != nil {
			known[m.text(data)] = true
		}
	}
	return known
}

// credentialMarks returns the key IDs and what may be a secret, in order and
// named.
func credentialMarks(data []byte) []*mark {
	marks := inOrder(append(findKeyIDs(data), findSecrets(data)...))
	end := 0
	for _, m := range marks {
		m.name = nameBefore(data, end, m.Start)
		end = m.End
	}
	return slices.DeleteFunc(marks, func(m *mark) bool {
		return m.kind == SecretKey && (m.name.never || m.class == Placeholder && m.name.rank < secretish)
	})
}

// pairTokens gives session tokens to the temporary credentials in marks.
func pairTokens(data []byte, marks []*mark) mates {
	var temporary []*mark
	for _, m := range marks {
		if m.isKeyID() && string(data[m.Start:m.Start+4]) == "ASIA" {
			temporary = append(temporary, m)
		}
	}
	if len(temporary) == 0 {
		return nil
	}
	return pair(data, inOrder(append(temporary, findTokens(data)...)))
}

func inOrder(marks []*mark) []*mark {
	slices.SortFunc(marks, func(a, b *mark) int { return cmp.Compare(a.Start, b.Start) })
	return marks
}

// keyMatch returns the match of a key ID with its secret and session token,
// either of which may be nil.
func keyMatch(data []byte, id, secret, token *mark) Match {
	m := Match{Kind: id.kind, Class: id.class, KeyID: id.text(data), At: id.Span}
	if secret != nil {
		m.Secret, m.SecretAt = NewSecret(secret.text(data)), secret.Span
	}
	if token != nil {
		m.SessionToken, m.SessionTokenAt = NewSecret(token.text(data)), token.Span
	}
	return m
}

func secretMatch(data []byte, m *mark) Match {
	secret := NewSecret(m.text(data))
	return Match{Kind: SecretKey, Class: m.class, Secret: secret, At: m.Span, SecretAt: m.Span}
}
