package scanner

import (
	"cmp"
	"slices"

	"github.com/revokey-dev/revokey/detectors"
)

// credential is what makes two matches the same finding.
type credential struct{ keyID, secret string }

// group gathers hits by credential. Hits with a secret come first, so that a
// key ID, or a secret, that elsewhere stands alone can join its pair. Several
// secrets beside one ID are several findings: which is right, AWS knows.
func group(hits []hit) []Finding {
	slices.SortStableFunc(hits, func(a, b hit) int { // the same whatever was read first
		return cmp.Or(a.at.Object.Compare(b.at.Object), cmp.Compare(a.at.Path, b.at.Path), cmp.Compare(a.at.Member, b.at.Member), cmp.Compare(a.at.Offset, b.at.Offset))
	})
	g := grouping{index: make(map[credential]int), byKeyID: make(map[string]int), bySecret: make(map[string]int)}
	for _, h := range hits {
		if h.match.KeyID != "" && !h.match.Secret.IsZero() {
			g.add(h, credential{h.match.KeyID, h.match.Secret.SHA256()})
		}
	}
	for _, h := range hits {
		if h.match.KeyID == "" || h.match.Secret.IsZero() {
			g.add(h, g.pairOf(h.match))
		}
	}
	slices.SortFunc(g.findings, compareFindings)
	return g.findings
}

type grouping struct {
	findings []Finding
	index    map[credential]int
	byKeyID  map[string]int // the first finding with the key ID
	bySecret map[string]int // and with the secret
}

func (g *grouping) add(h hit, c credential) {
	i, ok := g.index[c]
	if !ok {
		i = g.open(h.match, c)
	}
	f := &g.findings[i]
	f.Occurrences = append(f.Occurrences, h.at)
	if f.SessionToken.IsZero() {
		f.SessionToken = h.match.SessionToken
	}
	if f.SMTPPassword.IsZero() {
		f.SMTPPassword = h.match.SMTPPassword
	}
	if f.Claims == (detectors.Claims{}) {
		f.Claims = h.match.Claims
	}
}

func (g *grouping) open(m detectors.Match, c credential) int {
	i := len(g.findings)
	account := ""
	if m.Class == detectors.Real {
		account, _ = detectors.AccountID(m.KeyID)
		account = cmp.Or(account, m.Claims.Account)
	}
	g.findings = append(g.findings, Finding{
		Kind: m.Kind, Class: m.Class, KeyID: m.KeyID, Secret: m.Secret, Account: account,
	})
	g.index[c] = i
	if _, ok := g.byKeyID[c.keyID]; !ok && c.keyID != "" {
		g.byKeyID[c.keyID] = i
	}
	if _, ok := g.bySecret[c.secret]; !ok && c.secret != "" {
		g.bySecret[c.secret] = i
	}
	return i
}

// pairOf returns the pair that half a credential belongs to, or the half itself.
func (g *grouping) pairOf(m detectors.Match) credential {
	half := credential{m.KeyID, m.Secret.SHA256()}
	i, ok := g.byKeyID[half.keyID]
	if !ok {
		i, ok = g.bySecret[half.secret]
	}
	if !ok {
		return half
	}
	return credential{g.findings[i].KeyID, g.findings[i].Secret.SHA256()}
}

func compareFindings(a, b Finding) int {
	return cmp.Or(cmp.Compare(a.KeyID, b.KeyID), cmp.Compare(a.Secret.SHA256(), b.Secret.SHA256()))
}
