package detectors

// jointReach is the most bytes that may stand between two pieces of a string, and
// splitReach those that a key ID in pieces may take.
const jointReach, splitReach = 64, 48

// leastSplitHead is how much of a key ID its first piece must hold: its prefix.
const leastSplitHead = 4

var (
	quoteClass = classOf("\"'`\\")
	spaceClass = classOf(" \t\r\n")
	// joiners are the operators that join strings in the common languages, and what
	// tells a line that it goes on.
	joiners = classOf(`+.&|<>~^_\`)
	// sigils stand before the quote of a string.
	sigils = classOf("fFbBrRuULsS@$")
)

// joint returns where the next piece starts of a string whose piece ends at
// data[at]: behind `" + "` and its like, in one line or over several, or behind a
// backslash at a line's end. how is empty where the string does not go on.
func joint(data []byte, at int) (next int, how string) {
	data = data[:min(len(data), at+jointReach)]
	if next := folded(data, at); next > at {
		return next, "folding"
	}
	at, ok := quote(data, at)
	if !ok {
		return 0, ""
	}
	at = skip(data, spaceClass, at)
	at = skip(data, spaceClass, skip(data, joiners, at))
	at = skip(data, spaceClass, skip(data, joiners, at)) // "_" of Basic behind "&"
	if at+1 < len(data) && sigils[data[at]] && quoteClass[data[at+1]] {
		at++
	}
	if at, ok = quote(data, at); ok && at < len(data) && base64Class[data[at]] {
		return at, "concatenation"
	}
	return 0, ""
}

// folded returns where the line goes on that a backslash at data[at] folds, or at.
func folded(data []byte, at int) int {
	if byteAt(data, at) != '\\' {
		return at
	}
	next := skip(data, classOfReturn, at+1)
	if next >= len(data) || data[next] != '\n' {
		return at
	}
	if next = skip(data, spaceClass, next+1); next < len(data) && base64Class[data[next]] {
		return next
	}
	return at
}

var classOfReturn = classOf("\r")

func skip(data []byte, c *class, at int) int {
	for at < len(data) && c[data[at]] {
		at++
	}
	return at
}

// quote returns where the text goes on behind a quote at data[at], which may be
// escaped itself.
func quote(data []byte, at int) (int, bool) {
	if at < len(data) && data[at] == '\\' {
		at++
	}
	if at >= len(data) || !quoteClass[data[at]] || data[at] == '\\' {
		return at, false
	}
	return at + 1, true
}

// pieces returns the pieces of the string whose first is data[start:end], put
// together. Runs of more than atMost characters in all are no concern of anyone.
func pieces(data []byte, start, end, atMost int) part {
	p := part{from: Span{start, end}}
	for i := start; i < end; i++ {
		p.add(data[i], i, i+1)
	}
	for len(p.text) <= atMost {
		next, how := joint(data, end)
		if how == "" {
			break
		}
		p.how = []string{how}
		for end = next; end < len(data) && base64Class[data[end]] && len(p.text) <= atMost; end++ {
			p.add(data[end], end, end+1)
		}
		p.from.End = end
	}
	return p
}

// splitKeyID reports whether a key ID in pieces starts at data[start], whose first
// piece ends at end. It reads no more than what a change looks at.
func splitKeyID(data []byte, start, end int) bool {
	data = data[:min(len(data), start+splitReach+1)]
	p := pieces(data, start, end, keyIDLen)
	return p.how != nil && p.from.End-p.from.Start <= splitReach && ValidKeyID(string(p.text))
}

// longestSplit is the longest string that is put together: a session token.
const longestSplit = 2 << 10

// joinParts returns the strings in pieces that come to a key ID, a secret or a
// session token.
func joinParts(text []byte) []part {
	var parts []part
	for at := 1; at < len(text); at++ {
		if !quoteClass[text[at]] || !base64Class[text[at-1]] {
			continue
		}
		if _, how := joint(text, at); how == "" {
			continue
		}
		start := at
		for start > 0 && base64Class[text[start-1]] && at-start < longestSplit {
			start--
		}
		p := pieces(text, start, at, longestSplit)
		if n := len(p.text); n == secretLen || n >= leastToken || ValidKeyID(string(p.text)) {
			parts = append(parts, p)
		}
		at = p.from.End - 1
	}
	return parts
}
