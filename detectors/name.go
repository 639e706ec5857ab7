package detectors

import (
	"slices"
	"strings"
)

// A rank says how well a name speaks for a secret.
type rank int

const (
	otherwise rank = iota // named as something that no list here knows
	bare                  // not named at all
	keyish                // key, token, password, credential
	secretish             // secret
	awsSecret             // AWS's secret access key, in so many words
)

// A name is what the text before a value calls it.
type name struct {
	rank  rank
	never bool   // the name says that the value is no secret: commit, checksum
	label string // what is left without the words that all such names share: "prod", "2"
}

// A name is looked for in so many bytes and clauses before the value.
const nameReach, nameClauses = 120, 4

// Words that say nothing of what a value is, as in "value:" or "<string>": the
// name stands further back.
var neutral = wordSet("value val string str default type text content contents data literal " +
	"description sensitive true false optional")

// Words of things that look random and are no secret.
var harmless = wordSet("commit commits sha hash digest checksum md5 integrity signature etag " +
	"fingerprint revision rev nonce uuid guid")

// Words that the names of key IDs and secrets share, and those around them.
var generic = wordSet("aws amazon access secret key keys id accesskey secretkey keyid token session " +
	"security export set env var let const val value string default public private static final s3 iam name")

func wordSet(words string) map[string]bool {
	set := make(map[string]bool)
	for _, w := range strings.Fields(words) {
		set[w] = true
	}
	return set
}

// nameBefore reads the name of the value that starts at data[at]. It goes back
// from clause to clause, where a clause ends at a line's end, a comma, a brace
// or the like, until one says more than neutral words do, and not beyond from.
func nameBefore(data []byte, from, at int) name {
	from = max(from, at-nameReach, 0)
	for range nameClauses {
		start := clauseStart(data, from, at)
		if words := wordsOf(data[start:at]); tells(words) {
			above := wordsOf(data[clauseStart(data, from, start-1):max(from, start-1)])
			return nameOf(words, above)
		}
		if start <= from {
			break
		}
		at = start - 1
	}
	return name{rank: bare}
}

// clauseStart returns where the clause that ends before data[at] starts.
func clauseStart(data []byte, from, at int) int {
	for at > from && !clauseEnd[data[at-1]] {
		at--
	}
	return max(at, from)
}

var clauseEnd = classOf(",;&|{}\n\r")

// tells reports whether words hold one that is not neutral.
func tells(words []string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return !neutral[w] })
}

// nameOf judges a name by its words and those of the clause above it, which
// count only where they make the name AWS's, as in "aws: {secret: …}".
func nameOf(words, above []string) name {
	joined := strings.Join(words, "")
	n := name{rank: rankOf(joined), label: label(words)}
	if n.rank == secretish && strings.HasSuffix(strings.Join(above, ""), "aws") {
		n.rank = awsSecret
	}
	n.never = n.rank < secretish && slices.ContainsFunc(words, func(w string) bool { return harmless[w] })
	return n
}

func rankOf(joined string) rank {
	switch {
	case containsAny(joined, "secretaccesskey", "awssecret", "amazonsecret", "s3secret", "s3asecret"),
		near(joined, "aws", "secret", 12):
		return awsSecret
	case strings.Contains(joined, "secret"):
		return secretish
	case containsAny(joined, "key", "token", "pass", "pwd", "cred", "auth"):
		return keyish
	}
	return otherwise
}

// near reports whether the last b in s stands behind an a, with at most gap
// bytes between.
func near(s, a, b string, gap int) bool {
	j := strings.LastIndex(s, b)
	if j < 0 {
		return false
	}
	i := strings.LastIndex(s[:j], a)
	return i >= 0 && j-(i+len(a)) <= gap
}

func containsAny(s string, subs ...string) bool {
	return slices.ContainsFunc(subs, func(sub string) bool { return strings.Contains(s, sub) })
}

func label(words []string) string {
	own := slices.DeleteFunc(slices.Clone(words), func(w string) bool { return generic[w] || neutral[w] })
	return strings.Join(own, " ")
}

// wordsOf splits text into its words and numbers in lower case, also where an
// upper-case letter follows a lower-case one.
func wordsOf(text []byte) []string {
	var words []string
	start := 0
	for i := 0; i <= len(text); i++ {
		if i < len(text) && (i == start || !breaks(text[i-1], text[i])) {
			continue
		}
		if start < i && kindOfChar(text[start]) != isSymbol {
			words = append(words, strings.ToLower(string(text[start:i])))
		}
		start = i
	}
	return words
}

// breaks reports whether a word ends between a and b.
func breaks(a, b byte) bool {
	ka, kb := kindOfChar(a), kindOfChar(b)
	return ka != kb && !(ka == isUpper && kb == isLower)
}
