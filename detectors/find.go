package detectors

// findKeyIDs returns the key IDs in data: the runs of base32 characters that
// are one, neither longer nor shorter. What stands beside the run does not
// matter, so that IDs glued to an underscore or a lower-case letter count.
func findKeyIDs(data []byte) []*mark {
	var found []*mark
	for start, end := range runs(data, base32Class, keyIDLen) {
		if end-start != keyIDLen {
			continue
		}
		if kind, ok := kindOf(string(data[start : start+4])); ok {
			class := ClassifyKeyID(string(data[start:end]))
			found = append(found, &mark{Span: Span{start, end}, kind: kind, class: class})
		}
	}
	return found
}

// findSecrets returns what may be a secret in data: the runs of exactly 40
// base64 characters that are no part of something longer and look random, or
// are known not to be real. A run that holds a key ID is none: a path in a
// signed request may be as long.
func findSecrets(data []byte) []*mark {
	var found []*mark
	for start, end := range runs(data, base64Class, secretLen) {
		if end-start != secretLen || glued(data, start, end) || escaped(data, start, end) {
			continue
		}
		run := data[start:end]
		if isHex(run) { // first, for it is cheap, and histories are full of object names
			continue
		}
		class := classifySecret(string(run))
		if class == Real && !looksRandom(run) || findKeyIDs(run) != nil {
			continue
		}
		found = append(found, &mark{Span: Span{start, end}, kind: SecretKey, class: class})
	}
	return found
}

// glued reports whether data[start:end] is a part of something longer: of an
// identifier, a domain, a JWT, or of base64 that its padding shows to be longer
// or shorter than a secret. ":-" is how a shell writes a default.
func glued(data []byte, start, end int) bool {
	before, after := byteAt(data, start-1), byteAt(data, end)
	switch before {
	case '_', '.', '$':
		return true
	case '-':
		return byteAt(data, start-2) != ':'
	}
	switch after {
	case '_', '-', '=', '(':
		return true
	case '.':
		return kindOfChar(byteAt(data, end+1)) != isSymbol
	}
	return false
}

// escaped reports whether an escape, which is not decoded here, stands at either
// end of data[start:end], so that the run is a part of the value only: "%2F",
// "\/" or "\u002f".
func escaped(data []byte, start, end int) bool {
	before, after, next := byteAt(data, start-1), byteAt(data, end), byteAt(data, end+1)
	return before == '%' || after == '%' ||
		before == '\\' && data[start] == '/' ||
		after == '\\' && (next == '/' || next == 'u')
}

// byteAt returns data[i], or a line's end beyond the ends of data.
func byteAt(data []byte, i int) byte {
	if i < 0 || i >= len(data) {
		return '\n'
	}
	return data[i]
}
