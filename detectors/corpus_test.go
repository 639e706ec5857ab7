package detectors_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/revokey-dev/revokey/detectors"
	"github.com/revokey-dev/revokey/detectors/detectorstest"
)

// corpusRounds is how often each case runs, with other random keys each time.
const corpusRounds = 20

// TestCorpus runs every case of testdata/corpus, whose README says how they are
// written, and with -v prints the figures of each form.
func TestCorpus(t *testing.T) {
	files, err := filepath.Glob("../testdata/corpus/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no corpus: %v", err)
	}
	var total score
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		form := strings.TrimSuffix(filepath.Base(file), ".txt")
		var sum score
		for name, body := range splitCases(t, string(text)) {
			sum.cases++
			t.Run(form+"/"+name, func(t *testing.T) {
				for seed := range uint64(corpusRounds) {
					data, want := fill(body, rand.New(rand.NewPCG(seed, 1)))
					got := credentials(detectors.All()[0].Detect([]byte(data)))
					sum.add(got, want)
					if diff := cmp.Diff(want, got); diff != "" {
						t.Fatalf("seed %d: (-want +got)\n%s\nin:\n%s", seed, diff, data)
					}
				}
			})
		}
		t.Logf("%-16s %s", form, sum)
		total.join(sum)
	}
	t.Logf("%-16s %s", "all", total)
}

// splitCases returns the cases of a corpus file by name.
func splitCases(t *testing.T, text string) map[string]string {
	cases := make(map[string]string)
	marker := regexp.MustCompile(`(?m)^-- (.+) --\n`)
	at := marker.FindAllStringSubmatchIndex(text, -1)
	for i, m := range at {
		end := len(text)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		name := text[m[2]:m[3]]
		if _, twice := cases[name]; twice {
			t.Fatalf("two cases %q in one file", name)
		}
		cases[name] = text[m[1]:end]
	}
	return cases
}

// credential is what the corpus expects of a match.
type credential struct{ ID, Secret, Token, Class string }

// credentials returns what the matches come to, in order: a key ID that stands
// in several places is one credential.
func credentials(matches []detectors.Match) []credential {
	byKey := make(map[string]credential)
	for _, m := range matches {
		key := m.KeyID
		if key == "" {
			key = m.Secret.Unwrap()
		}
		c := byKey[key]
		c.ID, c.Class = m.KeyID, m.Class.String()
		c.Secret = max(c.Secret, m.Secret.Unwrap())
		c.Token = max(c.Token, m.SessionToken.Unwrap())
		byKey[key] = c
	}
	return sorted(byKey)
}

func sorted[K comparable](m map[K]credential) []credential {
	var all []credential
	for _, c := range m {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b credential) int {
		return strings.Compare(a.ID+a.Secret, b.ID+b.Secret)
	})
	return all
}

var placeholder = regexp.MustCompile(`\{\{([a-z-]+)(?::([A-Z0-9]+))?\}\}`)

// fill replaces the placeholders in a case's body by random values, and returns
// the credentials that their numbers say are to be found.
func fill(body string, r *rand.Rand) (string, []credential) {
	want, made := make(map[string]credential), make(map[string]string)
	text := placeholder.ReplaceAllStringFunc(body, func(p string) string {
		if made[p] != "" {
			return made[p]
		}
		m := placeholder.FindStringSubmatch(p)
		kind, arg := m[1], m[2]
		c := want[arg]
		if c.Class == "" {
			c.Class = "real"
		}
		v := value(kind, arg, r)
		switch kind {
		case "secret":
			c.Secret = v
		case "token", "odd-token":
			c.Token = v
		case "example-secret", "example-head", "filler-secret":
			c.Secret, c.Class = v, classOf[kind]
		case "id", "asia", "abia", "acca", "old-id":
			c.ID = v
		case "example-id", "filler-id":
			c.ID, c.Class = v, classOf[kind]
		default:
			made[p] = v
			return v
		}
		want[arg], made[p] = c, v
		return v
	})
	for arg, c := range want {
		if c.ID == "" && c.Secret == "" {
			delete(want, arg) // a token alone is none
		}
	}
	return text, sorted(want)
}

var classOf = map[string]string{
	"example-id": "example", "example-secret": "example", "example-head": "example",
	"filler-id": "placeholder", "filler-secret": "placeholder",
}

// value makes what a placeholder stands for.
func value(kind, arg string, r *rand.Rand) string {
	const (
		base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
		base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	)
	account := fmt.Sprintf("%012d", r.Uint64N(1e12))
	n, _ := strconv.Atoi(arg)
	switch kind {
	case "id":
		return detectorstest.Mint(r, "AKIA", account)
	case "asia", "abia", "acca":
		return detectorstest.Mint(r, strings.ToUpper(kind), account)
	case "old-id":
		return "AKIAI" + random(r, base32, 14) + "Q"
	case "secret", "decoy":
		return detectorstest.MintSecret(r)
	case "token":
		return detectorstest.MintToken(r)
	case "odd-token":
		return random(r, base64, 300) + "=="
	case "example-id":
		return "AKIA" + "IOSFODNN7EXAMPLE"
	case "example-secret":
		return "wJalrXUtnFEMI/K7MDENG/bPxRfiCY" + "EXAMPLEKEY"
	case "example-head":
		return "wJalrXUtnFEMI/K7MDENG/" + random(r, base64, 18)
	case "filler-id":
		return "AKIA" + strings.Repeat("X", 16)
	case "filler-secret":
		return strings.Repeat("x", 40)
	case "uid":
		return detectorstest.Mint(r, arg, account)
	case "hex":
		return random(r, "0123456789abcdef", n)
	case "heX":
		return random(r, "0123456789ABCDEF", n)
	case "base":
		return random(r, base64, n)
	case "upper":
		return random(r, base32, n)
	case "lower":
		return random(r, "abcdefghijklmnopqrstuvwxyz", n)
	}
	panic("unknown placeholder " + kind)
}

func random(r *rand.Rand, chars string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = chars[r.IntN(len(chars))]
	}
	return string(b)
}

// score counts what was found of what was to be found.
type score struct{ cases, want, got, found, pairs, paired int }

func (s *score) add(got, want []credential) {
	s.want += len(want)
	s.got += len(got)
	for _, w := range want {
		if slices.ContainsFunc(got, func(g credential) bool { return g.ID == w.ID && (g.ID != "" || g.Secret == w.Secret) }) {
			s.found++
		}
		if w.ID != "" && w.Secret != "" {
			s.pairs++
			if slices.Contains(got, w) {
				s.paired++
			}
		}
	}
}

func (s *score) join(t score) {
	s.cases += t.cases
	s.want += t.want
	s.got += t.got
	s.found += t.found
	s.pairs += t.pairs
	s.paired += t.paired
}

func (s score) String() string {
	return fmt.Sprintf("%3d cases  recall %s  precision %s  pairing %s",
		s.cases, percent(s.found, s.want), percent(s.found, s.got), percent(s.paired, s.pairs))
}

func percent(a, b int) string {
	if b == 0 {
		return "     -"
	}
	return fmt.Sprintf("%5.1f%%", 100*float64(a)/float64(b))
}
