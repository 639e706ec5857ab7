package detectors_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"iter"
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

// update writes the golden files anew.
var update = flag.Bool("update", false, "write the golden files of the corpus")

// TestCorpus runs every case of testdata/corpus, whose README says how they are
// written, and with -v prints the figures of each form. What is found in the first
// round of each case is held against a golden file for each form.
func TestCorpus(t *testing.T) {
	var total score
	for form, cases := range corpus(t) {
		var sum score
		var golden strings.Builder
		ran := 0
		for _, c := range cases {
			sum.count(form)
			t.Run(form+"/"+c.name, func(t *testing.T) {
				ran++
				for seed := range uint64(corpusRounds) {
					found := c.run(t, seed, &sum)
					if seed == 0 {
						fmt.Fprintf(&golden, "%s\n%s", c.name, found)
					}
				}
			})
		}
		if ran == len(cases) { // -run left none out
			checkGolden(t, form, golden.String())
		}
		t.Logf("%-20s %s", form, sum)
		total.join(sum)
	}
	t.Logf("%-20s %s", "all", total)
	if total.positive < 600 || total.negative < 600 {
		t.Errorf("the corpus has %d positive and %d negative cases", total.positive, total.negative)
	}
}

func checkGolden(t *testing.T, form, got string) {
	t.Helper()
	file := filepath.Join("../testdata/corpus/golden", form+".txt")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s: what is found is not what was found before; -update accepts it (-before +now)\n%s", form, diff)
	}
}

// corpusCase is a text with placeholders, and how it is encoded when they are filled.
type corpusCase struct{ name, body, encoding string }

// run checks one round of a case and describes what was found.
func (c corpusCase) run(t *testing.T, seed uint64, sum *score) string {
	t.Helper()
	text, want := fill(c.body, rand.New(rand.NewPCG(seed, 1)))
	data := encodings[c.encoding](text)
	matches := detectors.All()[0].Detect(data)
	got := credentials(matches)
	sum.add(got, want)
	detectorstest.CheckSpans(t, data, matches)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("seed %d: (-want +got)\n%s\nin:\n%s", seed, diff, text)
	}
	return describe(matches)
}

// describe returns a line for each match, without its secrets.
func describe(matches []detectors.Match) string {
	var b strings.Builder
	for _, m := range matches {
		fmt.Fprintf(&b, "  %s %s %d-%d", m.Kind, m.Class, m.At.Start, m.At.End)
		for i, s := range []detectors.Span{m.SecretAt, m.SessionTokenAt, m.SMTPPasswordAt} {
			if s.End > 0 && s != m.At {
				fmt.Fprintf(&b, " %s %d-%d", []string{"secret", "token", "password"}[i], s.Start, s.End)
			}
		}
		if m.Encoding != nil {
			fmt.Fprintf(&b, " in %s", strings.Join(m.Encoding, ", "))
		}
		b.WriteString("\n")
	}
	return b.String()
}

// corpus yields the cases of each file of testdata/corpus, in order.
func corpus(t *testing.T) iter.Seq2[string, []corpusCase] {
	files, err := filepath.Glob("../testdata/corpus/*.t*")
	if err != nil || len(files) == 0 {
		t.Fatalf("no corpus: %v", err)
	}
	return func(yield func(string, []corpusCase) bool) {
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			form, cases := filepath.Base(file), []corpusCase(nil)
			if strings.HasSuffix(file, ".table") {
				cases = tableCases(t, string(text))
			} else {
				for name, body := range splitCases(t, string(text)) {
					cases = append(cases, corpusCase{name, body, "plain"})
				}
			}
			slices.SortStableFunc(cases, func(a, b corpusCase) int { return strings.Compare(a.name, b.name) })
			if !yield(strings.TrimSuffix(form, filepath.Ext(form)), cases) {
				return
			}
		}
	}
}

// tableCases returns the cases of a table: one for each line, each value of what
// the line names in angle brackets, and each encoding.
func tableCases(t *testing.T, text string) []corpusCase {
	var cases []corpusCase
	values := make(map[string][][2]string)
	encoded := []string{"plain"}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		head, body, ok := strings.Cut(line, ": ")
		switch words := strings.Fields(head); {
		case line == "" || line[0] == '#':
		case words[0] == "encode":
			encoded = words[1:]
		case ok && words[0] == "with":
			values[words[1]] = append(values[words[1]], [2]string{strings.Join(words[2:], " "), body})
		case ok:
			for name, body := range expansions(head, body, values) {
				for _, e := range encoded {
					if encodings[e] == nil {
						t.Fatalf("no encoding %q", e)
					}
					cases = append(cases, corpusCase{name + suffix(e), lineEnds.Replace(body), e})
				}
			}
		default:
			t.Fatalf("no case: %q", line)
		}
	}
	names := make(map[string]bool)
	for _, c := range cases {
		if names[c.name] {
			t.Fatalf("two cases %q in one table", c.name)
		}
		names[c.name] = true
	}
	return cases
}

var lineEnds = strings.NewReplacer("¶", "\n", "⇥", "\t", "␛", "\x1b")

func suffix(encoding string) string {
	if encoding == "plain" {
		return ""
	}
	return ", " + encoding
}

// expansions returns body by name, once for each combination of the values that it
// names.
func expansions(name, body string, values map[string][][2]string) map[string]string {
	for variable, all := range values {
		if !strings.Contains(body, "<"+variable+">") {
			continue
		}
		made := make(map[string]string)
		for _, v := range all {
			for n, b := range expansions(name+", "+v[0], strings.ReplaceAll(body, "<"+variable+">", v[1]), values) {
				made[n] = b
			}
		}
		return made
	}
	return map[string]string{name: body}
}

// encodings are what a table can say of how its texts are written.
var encodings = map[string]func(string) []byte{
	"plain":     func(s string) []byte { return []byte(s) },
	"crlf":      func(s string) []byte { return []byte(strings.ReplaceAll(s, "\n", "\r\n")) },
	"utf-8-bom": func(s string) []byte { return []byte("\ufeff" + s) },
	"latin-1":   func(s string) []byte { return []byte("\xe9t\xe9 \xa7\n" + s + "\n\xfc") },
	"binary": func(s string) []byte {
		return []byte("\x7fELF\x02\x00\x01" + strings.ReplaceAll(s, "\n", "\x00") + "\x00\xff")
	},
	"utf-16le":     func(s string) []byte { return wide(s, 2, 0) },
	"utf-16be":     func(s string) []byte { return wide(s, 2, 1) },
	"utf-16le-bom": func(s string) []byte { return append([]byte{0xff, 0xfe}, wide(s, 2, 0)...) },
	"utf-16be-bom": func(s string) []byte { return append([]byte{0xfe, 0xff}, wide(s, 2, 1)...) },
	"utf-32le":     func(s string) []byte { return wide(s, 4, 0) },
	"utf-32be":     func(s string) []byte { return wide(s, 4, 3) },
	"base64":       func(s string) []byte { return []byte("data: " + base64.StdEncoding.EncodeToString([]byte(s)) + "\n") },
	"base64url": func(s string) []byte {
		return []byte("?state=" + base64.RawURLEncoding.EncodeToString([]byte(s)) + "&x=y")
	},
	"base64-wrapped":  func(s string) []byte { return []byte("content:\n" + wrap(s, 76, "\n")) },
	"base64-indented": func(s string) []byte { return []byte("  config: |\n    " + wrap(s, 64, "\n    ") + "\n  next: x\n") },
	"base64-crlf": func(s string) []byte {
		return []byte("Content-Transfer-Encoding: base64\r\n\r\n" + wrap(s, 76, "\r\n"))
	},
	"base64-in-json": func(s string) []byte { return []byte(`{"content": "` + wrap(s, 60, `\n`) + `\n"}`) },
	"base64-twice": func(s string) []byte {
		return []byte(base64.StdEncoding.EncodeToString([]byte("v: " + base64.StdEncoding.EncodeToString([]byte(s)))))
	},
	"base64-utf-16": func(s string) []byte {
		return []byte("powershell -EncodedCommand " + base64.StdEncoding.EncodeToString(wide(s, 2, 0)))
	},
	"base64-values": func(s string) []byte {
		return longValue.ReplaceAllFunc([]byte(s), func(v []byte) []byte { return []byte(base64Text(v)) })
	},
	"base64-values-line-end": func(s string) []byte {
		return longValue.ReplaceAllFunc([]byte(s), func(v []byte) []byte { return []byte(base64Text(append(v, '\n'))) })
	},
	"base64-values-percent": func(s string) []byte {
		return longValue.ReplaceAllFunc([]byte(s), func(v []byte) []byte {
			return []byte(strings.ReplaceAll(base64Text(v), "=", "%3D"))
		})
	},
	"base64-gzip": func(s string) []byte { return []byte("user_data: " + base64.StdEncoding.EncodeToString(zipped(s))) },
	"hex":         func(s string) []byte { return []byte("blob = X'" + hex.EncodeToString([]byte(s)) + "';") },
	"hex-mysql": func(s string) []byte {
		return []byte("INSERT INTO t VALUES (7,0x" + strings.ToUpper(hex.EncodeToString([]byte(s))) + ",NULL);")
	},
	"hex-bytea":  func(s string) []byte { return []byte("7\t\\x" + hex.EncodeToString([]byte(s)) + "\t\\N\n") },
	"hex-copy":   func(s string) []byte { return []byte("7\t\\\\x" + hex.EncodeToString([]byte(s)) + "\t\\N\n") },
	"json-slash": func(s string) []byte { return []byte(strings.ReplaceAll(s, "/", `\/`)) },
	"json-unicode": func(s string) []byte {
		return []byte(strings.NewReplacer("/", `\u002f`, "+", `\u002B`).Replace(s))
	},
	"json-string": func(s string) []byte {
		text, _ := json.Marshal(map[string]string{"body": s})
		return bytes.ReplaceAll(text, []byte("/"), []byte(`\/`))
	},
	"percent": func(s string) []byte {
		return []byte(strings.NewReplacer("/", "%2F", "+", "%2B", "=", "%3D").Replace(s))
	},
	"percent-twice": func(s string) []byte { return []byte(strings.NewReplacer("/", "%252F", "+", "%252B").Replace(s)) },
	"entity":        func(s string) []byte { return []byte(strings.NewReplacer("/", "&#x2F;", "+", "&#43;").Replace(s)) },
}

// longValue is what stands as a key does: IDs, secrets, and the two with a colon.
var longValue = regexp.MustCompile(`[A-Z2-7]{20}(:[A-Za-z0-9+/]{40})?|[A-Za-z0-9+/]{40}`)

// wide returns text in which each character is step bytes, and stands at phase.
func wide(s string, step, phase int) []byte {
	text := make([]byte, step*len(s))
	for i := range len(s) {
		text[i*step+phase] = s[i]
	}
	return text
}

// wrap returns s in base64, in lines.
func wrap(s string, width int, end string) string {
	text := base64.StdEncoding.EncodeToString([]byte(s))
	var lines []string
	for len(text) > width {
		lines = append(lines, text[:width])
		text = text[width:]
	}
	return strings.Join(append(lines, text), end)
}

func zipped(s string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(s))
	w.Close()
	return b.Bytes()
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
type credential struct{ ID, Secret, Token, Password, Class string }

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
		c.Password = max(c.Password, m.SMTPPassword.Unwrap())
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

// placeholder is a kind, a number and what the value is cut in two by.
var placeholder = regexp.MustCompile(`\{\{([a-z-]+)(?::([A-Z0-9]+)([^A-Z0-9{}][^{}]*)?)?\}\}`)

// fill replaces the placeholders in a case's body by random values, and returns
// the credentials that their numbers say are to be found.
func fill(body string, r *rand.Rand) (string, []credential) {
	want, made := make(map[string]credential), make(map[string]string)
	text := placeholder.ReplaceAllStringFunc(body, func(p string) string {
		if made[p] != "" {
			return made[p]
		}
		m := placeholder.FindStringSubmatch(p)
		kind, arg, cut := m[1], m[2], m[3]
		c := want[arg]
		if c.Class == "" {
			c.Class = "real"
		}
		v := value(kind, arg, r)
		switch kind {
		case "secret", "absk", "bedrock", "appsync", "mws", "service", "pem":
			c.Secret = v
		case "ses":
			c.Password = v
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
		want[arg] = c
		if cut != "" {
			at := 4 + r.IntN(len(v)-8)
			v = v[:at] + cut + v[at:]
		}
		made[p] = v
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

// wholeFours is a text whose base64 has no padding, in one long line.
const wholeFours = "[default]\nregion = eu-west-1\noutput = json\nmax_attempts = 7\n"

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
	case "absk":
		alias := "BedrockAPIKey-" + random(r, "abcdefghijkl0123456789", 4) + "-at-" + account + ":"
		return "ABSK" + base64Text([]byte(alias+random(r, base64, 44)))
	case "bedrock":
		return "bedrock-api-key-" + base64Text([]byte("bedrock.amazonaws.com/?Action=CallWithBearerToken&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential="+
			"ASIA"+strings.Repeat("X", 16)+"%2F20250102%2Fus-east-1%2Fbedrock%2Faws4_request&X-Amz-Date=20250102T030405Z&X-Amz-Expires=43200&Version=1"))
	case "appsync":
		return "da2-" + random(r, "abcdefghijklmnopqrstuvwxyz234567", 26)
	case "mws":
		hex := random(r, "0123456789abcdef", 32)
		return "amzn.mws." + strings.Join([]string{hex[:8], hex[8:12], hex[12:16], hex[16:20], hex[20:]}, "-")
	case "service":
		return base64Text([]byte(random(r, base32+base64, 32)))
	case "ses":
		return base64Text(append([]byte{4}, random(r, string(allBytes()), 32)...))
	case "pem", "decoy-pem":
		return "-----BEGIN RSA PRIVATE KEY-----\n" + wrap(random(r, string(allBytes()), 600), 64, "\n") + "\n"
	case "settings":
		return base64Text([]byte(wholeFours))
	case "user":
		return "deploy-at-" + account
	case "apka", "asca":
		return detectorstest.Mint(r, strings.ToUpper(kind), account)
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

func base64Text(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

func allBytes() []byte {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	return all
}

func random(r *rand.Rand, chars string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = chars[r.IntN(len(chars))]
	}
	return string(b)
}

// score counts what was found of what was to be found.
type score struct{ cases, positive, negative, want, got, found, pairs, paired int }

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

// count counts a case, negative in a form that is called so.
func (s *score) count(form string) {
	s.cases++
	if strings.HasPrefix(form, "negative") {
		s.negative++
	} else {
		s.positive++
	}
}

func (s *score) join(t score) {
	s.cases += t.cases
	s.positive += t.positive
	s.negative += t.negative
	s.want += t.want
	s.got += t.got
	s.found += t.found
	s.pairs += t.pairs
	s.paired += t.paired
}

func (s score) String() string {
	return fmt.Sprintf("%4d cases  recall %s  precision %s  pairing %s",
		s.cases, percent(s.found, s.want), percent(s.found, s.got), percent(s.paired, s.pairs))
}

func percent(a, b int) string {
	if b == 0 {
		return "     -"
	}
	return fmt.Sprintf("%5.1f%%", 100*float64(a)/float64(b))
}
