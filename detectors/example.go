package detectors

import (
	"slices"
	"strings"
)

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
// 11 places: 6.8e-7), or carry the account 000000000000, under which LocalStack
// mints its keys (9.1e-13). Together less than one in a million.
func ClassifyKeyID(keyID string) Class {
	if !ValidKeyID(keyID) {
		return Real
	}
	if published[keyID] || strings.Contains(keyID, "EXAMPLE") {
		return Example
	}
	if account, _ := AccountID(keyID); account == "000000000000" {
		return Placeholder
	}
	return classifyFiller(keyID[4:])
}

// publishedHeads are the first halves of the secrets that AWS's documentation
// prints. People change the tails, to have an example that scanners report.
var publishedHeads = []string{"wJalrXUtnFEMI/K7MDENG", "je7MtGbClwBF/2Zp9Utk"}

// classifySecret returns the class of a secret. Those that AWS publishes end in
// EXAMPLEKEY, and so do most that are made from them; for placeholders the rules
// of ClassifyKeyID hold, with chances that are smaller still.
func classifySecret(secret string) Class {
	if strings.HasSuffix(secret, "EXAMPLEKEY") || startsWithAny(secret, publishedHeads) {
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

func startsWithAny(s string, heads []string) bool {
	return slices.ContainsFunc(heads, func(head string) bool { return strings.HasPrefix(s, head) })
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

// sequences are what fingers and minds produce in order: the place of each
// letter, in either case, or digit in one of them, from 1.
var sequences = []*[256]int{
	placesIn(lower), placesIn("0123456789"), placesIn("qwertyuiop"), placesIn("asdfghjkl"), placesIn("zxcvbnm"),
}

func placesIn(order string) *[256]int {
	var place [256]int
	for i := range len(order) {
		place[order[i]] = i + 1
		place[strings.ToUpper(order)[i]] = i + 1
	}
	return &place
}

// sequential reports whether s holds six characters in the order of one of
// sequences or in its reverse.
func sequential(s string) bool {
	for _, place := range sequences {
		up, down := 1, 1
		for i := 1; i < len(s); i++ {
			a, b := place[s[i-1]], place[s[i]]
			up = inStep(up, a > 0 && b == a+1)
			down = inStep(down, b > 0 && a == b+1)
			if up == 6 || down == 6 {
				return true
			}
		}
	}
	return false
}

// inStep returns the length of a sequence of n with one more, if it goes on.
func inStep(n int, on bool) int {
	if on {
		return n + 1
	}
	return 1
}
