package detectors

import "strings"

// published are the key IDs that AWS's documentation prints and that do not
// hold the word EXAMPLE. Halves keep the literals out of this file.
var published = map[string]bool{
	"AKIA" + "32P3D2JDNMVAJLGF": true, // botocore's models
	"AKIA" + "J5C56P35AEBRX2QQ": true, // awscli's examples
}

// ClassifyKeyID returns the class of a key ID. It is meant to be sure, not to
// catch all: no word list looks inside an ID, since a real one may hold any
// word by chance.
//
// Example: the ID holds EXAMPLE, as AWS's documentation writes them (a random
// ID does so once in 3.4e9), or is one of the few others printed there.
//
// Placeholder: the 16 characters after the prefix are of at most 4 kinds
// (a random ID: 1.3e-10), or hold six in a row of the alphabet, of the digits
// 2 to 7 or of a keyboard's row, forwards or backwards (66 such sequences in
// 11 places: 6.8e-7). Together less than one in a million.
func ClassifyKeyID(keyID string) Class {
	if !ValidKeyID(keyID) {
		return Real
	}
	if published[keyID] || strings.Contains(keyID, "EXAMPLE") {
		return Example
	}
	return classifyFiller(keyID[4:])
}

// classifySecret returns the class of a secret. Those that AWS publishes end in
// EXAMPLEKEY; for placeholders the rules of ClassifyKeyID hold, with chances
// that are smaller still.
func classifySecret(secret string) Class {
	if strings.HasSuffix(secret, "EXAMPLEKEY") {
		return Example
	}
	return classifyFiller(secret)
}

func classifyFiller(s string) Class {
	if distinct(s) <= 4 || sequential(s) {
		return Placeholder
	}
	return Real
}

func distinct(s string) int {
	var seen [256]bool
	n := 0
	for i := range len(s) {
		if !seen[s[i]] {
			seen[s[i]] = true
			n++
		}
	}
	return n
}

// sequences are what fingers and minds produce in order.
var sequences = []string{lower, "0123456789", "qwertyuiop", "asdfghjkl", "zxcvbnm"}

// sequential reports whether s holds six characters in the order of one of
// sequences or in its reverse, in either case of letters.
func sequential(s string) bool {
	s = strings.ToLower(s)
	for i := 0; i+6 <= len(s); i++ {
		six := s[i : i+6]
		for _, order := range sequences {
			if strings.Contains(order, six) || strings.Contains(order, reverse(six)) {
				return true
			}
		}
	}
	return false
}

func reverse(s string) string {
	b := []byte(s)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}
