package detectors

import (
	"bytes"
	"cmp"
	"slices"
)

// accessKey finds key IDs, the secrets and session tokens that belong to them,
// and secrets alone.
type accessKey struct{}

var _ Detector = accessKey{}

func (accessKey) ID() string { return "aws-access-key" }

// Quiet reports whether there is no key ID, plain or encoded, nor what may be a
// secret, nor what any other credential starts with: all that is found in a text
// has one of those. A session token is nothing without an ID.
func (accessKey) Quiet(data []byte) bool {
	return len(data) < keyIDLen ||
		!hasKeyID(data) && !hasDashed(data) && !hasEncodedKeyID(data) && !hasSuspect(data) && !hasWide(data)
}

// hasSuspect reports whether there is a long run in data that may be a secret or
// hold something encoded.
func hasSuspect(data []byte) bool {
	for start, end := range longRuns(data) {
		if suspects(data, start, end) {
			return true
		}
		if bytes.ContainsAny(data[start:end], `\%&`) && hidesSecret(data, start, end) {
			return true
		}
	}
	return false
}

// suspects reports whether one of the runs of base64 in data[start:end], a run of
// escapeClass, may be a secret, or hold something.
func suspects(data []byte, start, end int) bool {
	for from := start; from < end; from++ {
		to := runEnd(data[:end], base64Class, from)
		if to-from >= longRun && suspect(data, from, to) {
			return true
		}
		from = to
	}
	return false
}

func suspect(data []byte, start, end int) bool {
	run := data[start:end]
	if isHex(run) { // as the names of git's objects, of which histories are full: no base64 of text
		return hasHexKeyID(run)
	}
	if _, ok := secretAt(data, behindPrefix(data, start, end), end); ok || startsGzip(run) || startsAPIKey(run) {
		return true
	}
	return hidesText(data, start, end) || hidesWrapped(data, start, end)
}

// Changed looks from end to end of the run that the change is in or touches, of
// which all is made that is looked for but for three things: a key ID in pieces,
// a name with a dash and UTF-16, which quick looks show. Nearly always that run is
// shorter than what may be encoded, which is told first: histories hold millions
// of changes.
func (d accessKey) Changed(data []byte, start, end int) bool {
	if bytes.IndexByte(around(data, start, end, 2*beside), 0) >= 0 && hasWide(around(data, start, end, MaxAround)) ||
		hasDashed(around(data, start, end, dashReach)) || hasKeyID(around(data, start, end, splitReach+1)) {
		return true
	}
	from, to := touched(data, start, end)
	if !hasRun(data[from:to], escapeClass, leastRun) {
		return false
	}
	near := around(data, start, end, MaxAround)
	return hasEncodedKeyID(near) || hasSuspect(near) || hasDashed(near) || hasKeyID(near)
}

// around returns data[start:end] with n bytes on both sides.
func around(data []byte, start, end, n int) []byte {
	return data[max(start-n, 0):min(end+n, len(data))]
}

// leastRun is the length of the shortest run that is looked at: that of the 26
// characters of an AppSync key, and of a key ID in base64.
const leastRun = 26

// touched returns the bounds of the run that a change is in or touches, with the
// end of the line of base64 before it. A run is followed no further than it matters.
func touched(data []byte, start, end int) (from, to int) {
	from = runStart(data, max(start-beside, 0), max(start-MaxAround, 0))
	if line := lineEndBefore(data, from); line < from {
		from = runStart(data, line, max(line-longRun, 0))
	}
	to = min(end+beside+1, len(data))
	for stop := min(end+MaxAround, len(data)); to < stop && escapeClass[data[to]]; {
		to++
	}
	return from, to
}

// lineEndBefore returns where the line ends that stands before the one that starts,
// behind its indentation, at data[at]; at where there is none, or where it ends as
// base64 does not.
func lineEndBefore(data []byte, at int) int {
	line, stop := at, max(at-wrapReach, 0)
	for line > stop && (data[line-1] == ' ' || data[line-1] == '\t') {
		line--
	}
	if line == stop || data[line-1] != '\n' {
		return at
	}
	for line > stop && spaceClass[data[line-1]] {
		line--
	}
	return line
}

// runStart returns the start of the run of escapeClass that ends at data[at], not
// before stop.
func runStart(data []byte, at, stop int) int {
	for at > stop && escapeClass[data[at-1]] {
		at--
	}
	return at
}

// beside is how many bytes before and behind a secret can tell that it is none;
// see glued and escaped.
const beside = 8

// mostNested is how many encodings are undone, one within the other.
const mostNested = 4

func (d accessKey) Detect(data []byte) []Match {
	if d.Quiet(data) {
		return nil
	}
	room := mostDecoded
	found := matchesIn(&view{text: data}, mostNested, &room)
	for _, v := range wideViews(data) {
		found = merged(found, matchesIn(v, mostNested, &room))
	}
	return found
}

// matchesIn returns what is found in a view and in what it is under when its
// encodings are undone, as far as there is room for what is decoded. What is found in
// the plainer text counts: there more is known.
func matchesIn(v *view, depth int, room *int) []Match {
	found := plainMatches(v)
	if depth == 0 {
		return found
	}
	if parts := slices.Concat(joinParts(v.text), stringParts(v.text), escapeParts(v.text), base64Parts(v.text, room)); len(parts) > 0 {
		w := v.with(parts)
		deeper := matchesIn(w, depth-1, room)
		if v.under == nil {
			completed(deeper, found, w)
		}
		return merged(deeper, found)
	}
	return found
}

// completed gives the key IDs in deeper, which were found in w, what they have in the
// plain text where base64 took that for its own: a random session token may look as if
// text was in it. Secrets that do hold text are left.
func completed(deeper, found []Match, w *view) {
	type place struct {
		Span
		id string
	}
	at := make(map[place]*Match)
	for i := range found {
		if m := &found[i]; m.KeyID != "" {
			at[place{m.At, m.KeyID}] = m
		}
	}
	taken := takenBy(deeper)[AccessKey]
	for i := range deeper {
		m := &deeper[i]
		p := at[place{m.At, m.KeyID}]
		if p == nil {
			continue
		}
		if m.Secret.IsZero() && !p.Secret.IsZero() && w.swallows(p.SecretAt) && !isText(decoded([]byte(p.Secret.Unwrap()))) && !overlaps(taken, p.SecretAt, "") {
			m.Secret, m.SecretAt = p.Secret, p.SecretAt
		}
		if m.SessionToken.IsZero() && !overlaps(taken, p.SessionTokenAt, "") {
			m.SessionToken, m.SessionTokenAt = p.SessionToken, p.SessionTokenAt
		}
	}
}

// merged returns the matches of a, and those of b that stand elsewhere, in order.
// A part that a gives to one key ID is not given to another of b. A key ID is left out for
// another one alone: in what a takes for a token none stands by chance.
func merged(a, b []Match) []Match {
	taken, ids := takenBy(a), idsOf(a)
	for _, m := range b {
		kind := m.family()
		if m.KeyID == "" && overlaps(taken[kind], m.At, "") || overlaps(ids[kind], m.At, "") {
			continue
		}
		if overlaps(taken[kind], m.SecretAt, m.KeyID) {
			m.Secret, m.SecretAt = Secret{}, Span{}
		}
		if overlaps(taken[kind], m.SessionTokenAt, m.KeyID) {
			m.SessionToken, m.SessionTokenAt = Secret{}, Span{}
		}
		if overlaps(taken[kind], m.SMTPPasswordAt, m.KeyID) {
			m.SMTPPassword, m.SMTPPasswordAt = Secret{}, Span{}
		}
		a = append(a, m)
	}
	return inOrderOfStart(a)
}

// family is the kind of which no two matches share a byte.
func (m *Match) family() Kind {
	if m.Kind == SecretKey || m.Kind == BearerID {
		return AccessKey
	}
	return m.Kind
}

// owned is a part of a match, and the key ID that it is of.
type owned struct {
	Span
	keyID string
}

// takenBy returns the parts of matches by family, in order.
func takenBy(matches []Match) map[Kind][]owned {
	taken := make(map[Kind][]owned)
	for _, m := range matches {
		for _, s := range []Span{m.At, m.SecretAt, m.SessionTokenAt, m.SMTPPasswordAt} {
			if s.End > 0 {
				taken[m.family()] = append(taken[m.family()], owned{s, m.KeyID})
			}
		}
	}
	for _, parts := range taken {
		slices.SortFunc(parts, func(a, b owned) int { return cmp.Compare(a.Start, b.Start) })
	}
	return taken
}

// idsOf returns where the key IDs of matches stand, by family and in order.
func idsOf(matches []Match) map[Kind][]owned {
	alone := make([]Match, 0, len(matches))
	for _, m := range matches {
		if m.KeyID != "" {
			alone = append(alone, Match{Kind: m.Kind, KeyID: m.KeyID, At: m.At})
		}
	}
	return takenBy(alone)
}

// overlaps reports whether s shares a byte with one of parts, which are in order,
// that is not of keyID. Few parts stand one over the other.
func overlaps(parts []owned, s Span, keyID string) bool {
	const few = 8
	i, _ := slices.BinarySearchFunc(parts, s.End, func(p owned, end int) int { return cmp.Compare(p.Start, end) })
	return slices.ContainsFunc(parts[max(0, i-few):i], func(p owned) bool {
		return p.End > s.Start && p.Start < s.End && (keyID == "" || p.keyID != keyID)
	})
}

func inOrderOfStart(matches []Match) []Match {
	slices.SortStableFunc(matches, func(a, b Match) int { return cmp.Compare(a.At.Start, b.At.Start) })
	return matches
}

// plainMatches returns what is found in a view as its text stands.
func plainMatches(v *view) []Match {
	marks := credentialMarks(v.text)
	found := otherMatches(v)
	if len(marks) == 0 {
		return found
	}
	data := v.text
	secrets, extra := pair(data, marks), pairTokens(data, marks)
	passwords := pairPasswords(data, marks)
	secrets.share(data, marks)
	extra.share(data, marks)
	passwords.share(data, marks)
	known := paired(data, marks, secrets)
	for _, m := range marks {
		if m.isKeyID() {
			found = append(found, keyMatch(v, m, secrets[m], extra[m], passwords[m]))
		} else if m.name.rank == awsSecret && !known[m.text(data)] {
			if match := secretMatch(v, m); match.standsAlone() {
				found = append(found, match)
			}
		}
	}
	return inOrderOfStart(found)
}

// standsAlone reports whether a secret without a key ID is one that
// [accessKey.Quiet] sees by itself, so that it is found whatever else there is.
func (m Match) standsAlone() bool {
	return !slices.Contains(m.Encoding, "concatenation") && !slices.Contains(m.Encoding, "folding") &&
		(m.Encoding == nil || m.At.End-m.At.Start <= escapeReach)
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

// pairPasswords gives SES passwords to the long-term key IDs in marks.
func pairPasswords(data []byte, all []*mark) mates {
	var marks []*mark
	for _, m := range all {
		if m.kind == AccessKey && data[m.Start+1] == 'K' {
			marks = append(marks, m)
		}
	}
	if len(marks) == 0 {
		return nil
	}
	marks = inOrder(append(marks, findPasswords(data)...))
	end := 0
	for _, m := range marks {
		if m.kind == smtpPassword {
			m.name = nameBefore(data, end, m.Start)
		}
		end = m.End
	}
	return pair(data, slices.DeleteFunc(marks, func(m *mark) bool {
		return m.kind == smtpPassword && (m.name.never || m.name.rank < bare)
	}))
}

func inOrder(marks []*mark) []*mark {
	slices.SortFunc(marks, func(a, b *mark) int { return cmp.Compare(a.Start, b.Start) })
	return marks
}

// keyMatch returns the match of a key ID with its secret, session token and SES
// password, each of which may be nil.
func keyMatch(v *view, id, secret, token, password *mark) Match {
	m := Match{Kind: id.kind, Class: id.class, KeyID: id.text(v.text), Claims: presigned(v.text, id.Span)}
	m.At, m.Encoding = v.origin(id.Span)
	m.Secret, m.SecretAt = m.part(v, secret)
	m.SessionToken, m.SessionTokenAt = m.part(v, token)
	m.SMTPPassword, m.SMTPPasswordAt = m.part(v, password)
	return m
}

// part returns a part of a match and where it stands, and notes its encoding where
// it is the deepest so far.
func (m *Match) part(v *view, part *mark) (Secret, Span) {
	if part == nil {
		return Secret{}, Span{}
	}
	at, how := v.origin(part.Span)
	if len(how) > len(m.Encoding) {
		m.Encoding = how
	}
	return NewSecret(part.text(v.text)), at
}

func secretMatch(v *view, m *mark) Match {
	match := Match{Kind: SecretKey, Class: m.class}
	match.Secret, match.SecretAt = match.part(v, m)
	match.At = match.SecretAt
	return match
}
