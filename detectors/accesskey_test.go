package detectors_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/revokey-dev/revokey/detectors"
	"github.com/revokey-dev/revokey/detectors/detectorstest"
)

func TestAccept(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	var (
		id     = detectorstest.Mint(r, "ASIA", "123456789012")
		secret = detectorstest.MintSecret(r)
		token  = detectorstest.MintToken(r)
	)
	for name, tt := range map[string]struct {
		example string
		want    detectors.Match
	}{
		"key": {
			"[p]\naws_access_key_id=" + id + "\naws_secret_access_key=" + secret + "\naws_session_token=" + token + "\n",
			detectors.Match{Kind: detectors.AccessKey, KeyID: id, Secret: detectors.NewSecret(secret), SessionToken: detectors.NewSecret(token)},
		},
		"id":     {"key: " + id + " ", detectors.Match{Kind: detectors.AccessKey, KeyID: id}},
		"bearer": {"ABIA" + id[4:], detectors.Match{Kind: detectors.BearerID, KeyID: "ABIA" + id[4:]}},
		"secret": {"AWS_SECRET_ACCESS_KEY='" + secret + "'", detectors.Match{Kind: detectors.SecretKey, Secret: detectors.NewSecret(secret)}},
		"appsync": {
			"aws_appsync_apiKey: 'da2-" + strings.Repeat("q7x3a", 5) + "z'",
			detectors.Match{Kind: detectors.AppSyncKey, Secret: detectors.NewSecret("da2-" + strings.Repeat("q7x3a", 5) + "z")},
		},
		"mws": {
			"token = amzn.mws.01234567-89ab-4def-8123-456789abcdef;",
			detectors.Match{Kind: detectors.MWSToken, Secret: detectors.NewSecret("amzn.mws.01234567-89ab-4def-8123-456789abcdef"), Class: detectors.Placeholder},
		},
	} {
		t.Run(name, func(t *testing.T) {
			tt.want.SecretAt = spanOf(tt.example, tt.want.Secret.Unwrap())
			tt.want.SessionTokenAt = spanOf(tt.example, tt.want.SessionToken.Unwrap())
			tt.want.At = spanOf(tt.example, tt.want.KeyID)
			if tt.want.KeyID == "" {
				tt.want.At = tt.want.SecretAt
			}
			for _, d := range detectors.All() {
				detectorstest.Accept(t, d, tt.example, tt.want)
			}
		})
	}
}

func spanOf(text, part string) detectors.Span {
	i := strings.Index(text, part)
	if part == "" || i < 0 {
		return detectors.Span{}
	}
	return detectors.Span{Start: i, End: i + len(part)}
}

// slowKeyIDs is the naive twin of the search for key IDs.
func slowKeyIDs(data []byte) []string {
	var ids []string
	for _, run := range base32Runs.FindAll(data, -1) {
		if wholeKeyID.Match(run) {
			ids = append(ids, string(run))
		}
	}
	return ids
}

var (
	base32Runs = regexp.MustCompile(`[A-Z2-7]+`)
	wholeKeyID = regexp.MustCompile(`^(AKIA|ASIA|ABIA|ACCA).{16}$`)
)

// FuzzDetect holds that the fast search for key IDs finds what its naive twin
// finds, that spans are right, and that the same text gives the same answer
// wherever it stands. In its inputs the bytes 1 to 3 stand for a key ID, a
// secret and a session token, a new one each time.
func FuzzDetect(f *testing.F) {
	for _, seed := range []string{
		"", "\n", "[a]\nid=\x01\n[b]\nsecret=\x02", "<i>\x01</i><s>\x02</s>", "\x01,\x02\n\x01,\x02",
		`{"a":"` + "\x01" + `","SessionToken":"` + "\x03" + `","SecretAccessKey":"` + "\x02" + `"}`,
		"- name: k\n  value: \x01\n- name: AWS_SECRET_ACCESS_KEY\n  value: \x02\n\x01",
		"secret_1: \x02\r\n\r\nid_1: \x01/", "AWS_SECRET=\x02%2F", "f(\x01, \x02, \x03); f(\x01, \x02, \x03)",
		"aws_secret=x\x01/" + strings.Repeat("a", 18), // a run of 40 around an ID
		`"\x04" + "\x05", "\x06%2F\x07"`, "k=%3D\x01 \x02", "\x08 \x0e", `"a\n\x01\n\x02"`, "\x08\n  \x0e\n", "da2-\x06-at-123456789012 \x02\x06=",
		"\x08\x01\x02\x02\x02\x02\x01\x06", // an ID in what is another's token where the base64 before it is undone
	} {
		f.Add([]byte(seed), uint16(1))
	}
	f.Fuzz(func(t *testing.T, data []byte, before uint16) {
		d := detectors.All()[0]
		data = expand(data)
		got := d.Detect(data)
		detectorstest.CheckSpans(t, data, got)
		checkKeyIDs(t, data, got)
		moved := d.Detect(append(bytes.Repeat([]byte("\n"), int(before)), data...))
		for i := range moved {
			for _, s := range []*detectors.Span{&moved[i].At, &moved[i].SecretAt, &moved[i].SessionTokenAt, &moved[i].SMTPPasswordAt} {
				if s.End > 0 {
					s.Start, s.End = s.Start-int(before), s.End-int(before)
				}
			}
		}
		if diff := cmp.Diff(got, moved); diff != "" {
			t.Errorf("after %d empty lines (-first +then)\n%s", before, diff)
		}
	})
}

// checkKeyIDs checks that the key IDs that the naive twin finds are found, and of
// the plain ones no others but those behind an escape that ends in their alphabet.
func checkKeyIDs(t *testing.T, data []byte, got []detectors.Match) {
	t.Helper()
	slow := slowKeyIDs(data)
	var plain []string
	for _, m := range got {
		if m.KeyID != "" && string(data[m.At.Start:m.At.End]) == m.KeyID &&
			(m.At.Start == 0 || !strings.ContainsRune(base32Chars, rune(data[m.At.Start-1]))) {
			plain = append(plain, m.KeyID)
		}
	}
	if diff := cmp.Diff(slow, plain); diff != "" {
		t.Errorf("key IDs (-slow +fast)\n%s", diff)
	}
}

const base32Chars = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

// expand replaces the bytes 1 to 3 by credentials.
func expand(data []byte) []byte {
	r := rand.New(rand.NewPCG(7, 8))
	var out []byte
	for _, c := range data {
		switch c {
		case 1:
			out = append(out, detectorstest.Mint(r, "ASIA", "123456789012")...)
		case 2:
			out = append(out, detectorstest.MintSecret(r)...)
		case 3:
			out = append(out, detectorstest.MintToken(r)...)
		case 4:
			out = append(out, detectorstest.Mint(r, "AKIA", "123456789012")[:7]...)
		case 5:
			out = append(out, detectorstest.Mint(r, "AKIA", "123456789012")[7:]...)
		case 6, 7:
			out = append(out, detectorstest.MintSecret(r)[:20]...)
		case 8:
			out = append(out, base64.StdEncoding.EncodeToString([]byte("key = "+detectorstest.Mint(r, "AKIA", "123456789012")))...)
		case 14:
			out = append(out, base64.StdEncoding.EncodeToString([]byte(detectorstest.MintSecret(r)))...)
		default:
			out = append(out, c)
		}
	}
	return out
}

// hostile returns inputs that cost the most for what they are.
func hostile(size int) map[string][]byte {
	r := rand.New(rand.NewPCG(9, 10))
	fill := func(unit func() string) []byte {
		var b bytes.Buffer
		for b.Len() < size {
			b.WriteString(unit())
		}
		return b.Bytes()[:size]
	}
	id := func() string { return detectorstest.Mint(r, "ASIA", "123456789012") }
	secret := func() string { return detectorstest.MintSecret(r) }
	return map[string][]byte{
		"upper":                fill(func() string { return "A" }),
		"upper by 19":          fill(func() string { return strings.Repeat("A", 19) + " " }),
		"base64":               fill(secret),
		"base64 by 39":         fill(func() string { return secret()[1:] + " " }),
		"base64 by 99":         fill(func() string { return secret() + secret() + secret()[21:] + " " }),
		"hex by line, odd end": slices.Concat([]byte(id()+" "), fill(func() string { return strings.Repeat("6b65793d", 8) + "\n" }), bytes.Repeat([]byte("z"), 40)),
		"newlines":             fill(func() string { return "\n" }),
		"spaces":               fill(func() string { return " " }),
		"ids":                  fill(func() string { return id() + " " }),
		"secrets":              fill(func() string { return secret() + " " }),
		"pairs":                fill(func() string { return id() + " " + secret() + " " }),
		"pairs by line":        fill(func() string { return "key=" + id() + "\nsecret=" + secret() + "\n" }),
		"ids first":            append(fill(func() string { return id() + "," })[:size/2], fill(func() string { return secret() + "," })[:size/2]...),
		"brackets":             fill(func() string { return id() + strings.Repeat("{", 2000) + "secret:" + secret() }),
		"far apart":            fill(func() string { return id() + strings.Repeat("\n", 4000) + "aws_secret=" + secret() }),
		"tokens":               fill(func() string { return id() + "\ntoken=" + secret() + secret() + secret() + "\n" }),
		"many bare tokens":     fill(func() string { return secret() + secret() + secret() + ";" }),
		"dashes":               append(fill(func() string { return "da2-" }), id()...),
		"percent":              append(fill(func() string { return "%41" }), id()...),
		"backslashes":          append(fill(func() string { return `\` }), id()...),
		"quotes":               append(fill(func() string { return `x"` }), id()...),
		"joints":               append(fill(func() string { return `x" + "` }), id()...),
		"nested":               nested(id(), size),
		"words in base64":      append(fill(func() string { return "dGhlIHF1aWNrIGJyb3duIGZveCBq" }), " "+id()...),
		"ids in base64":        fill(func() string { return base64.StdEncoding.EncodeToString([]byte("some key "+id())) + " " }),
		"ids in strings":       fill(func() string { return `"` + id() + `\n` }),
		"wide":                 fill(func() string { return strings.Join(strings.Split(id()+" "+secret()+" ", ""), "\x00") + "\x00" }),
		"nuls":                 append(fill(func() string { return "\x00" }), id()...),
		"service users":        fill(func() string { return "a-at-123456789012 " }),
		"public keys":          fill(func() string { return "APKA" + id()[4:] + " -----BEGIN " }),
		"signed":               fill(func() string { return "AWSAccessKeyId=" + id() + "&Expires=" }),
		"lines of base64":      append(fill(func() string { return strings.Repeat("QUtJ", 16) + "\n" }), id()...),
	}
}

// nested returns text in base64 in base64, as often as size allows.
func nested(text string, size int) []byte {
	for len(text) < size*3/4 {
		text = base64.StdEncoding.EncodeToString([]byte(text + " and more"))
	}
	return []byte(text)
}

// TestDetectIsLinear holds that eight times the input costs about eight times
// the time, whatever the input.
func TestDetectIsLinear(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	const size = 32 << 10
	small, large := hostile(size), hostile(8*size)
	for name := range small {
		a, b := quickest(small[name]), quickest(large[name])
		for range 5 { // other work beside can make one of them look slow, but not each time
			if b <= 8*4*a+50*time.Millisecond {
				break
			}
			a, b = max(a, quickest(small[name])), min(b, quickest(large[name]))
		}
		t.Logf("%-16s %8.1f MB/s", name, float64(8*size)/1e6/b.Seconds())
		if b > 8*4*a+50*time.Millisecond {
			t.Errorf("%s: %v for %d bytes, %v for eight times as many", name, a, size, b)
		}
	}
}

// TestRoom holds that a text with more base64 in lines than is decoded costs
// little more than one with less.
func TestRoom(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a second")
	}
	r := rand.New(rand.NewPCG(21, 22))
	line := base64Text([]byte(strings.Repeat("words, ", 8)+"!")) + "\n"
	data := append(bytes.Repeat([]byte(line), 11<<20/len(line)), " "+detectorstest.Mint(r, "AKIA", "123456789012")+"\n"...)
	start := time.Now()
	if found := detectors.All()[0].Detect(data); len(found) != 1 {
		t.Errorf("%d matches, want one", len(found))
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("took %v", took)
	}
}

// TestInflateIsBounded holds that streams which are unpacked to much more are read
// until there is no room, and not one by one.
func TestInflateIsBounded(t *testing.T) {
	stream := base64Text(zipped(strings.Repeat("a ", 2<<20)))
	data := []byte(strings.Repeat("user_data: "+stream+"\n", 200) + detectorstest.Mint(rand.New(rand.NewPCG(23, 24)), "AKIA", "123456789012"))
	start := time.Now()
	if found := detectors.All()[0].Detect(data); len(found) != 1 {
		t.Errorf("%d matches, want one", len(found))
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
}

// TestChangedBehindPieces holds that what is seen of a key ID in pieces does not
// depend on what stands further behind than a change looks.
func TestChangedBehindPieces(t *testing.T) {
	d, id := detectors.All()[0], detectorstest.Mint(rand.New(rand.NewPCG(25, 26)), "AKIA", "123456789012")
	for gap := range 60 {
		data := []byte(`"` + id[:4] + `" + "` + id[4:] + `"` + strings.Repeat(" ", gap) + `"5`)
		if !d.Quiet(data) {
			continue
		}
		at := len(data) - 1
		if data[at] = '-'; !d.Quiet(data) && !d.Changed(data, at, at+1) {
			t.Errorf("%d bytes between: not quiet any more, and not changed", gap)
		}
	}
}

// quickest returns the least time of three that Detect takes over data.
func quickest(data []byte) time.Duration {
	least := time.Hour
	for range 3 {
		start := time.Now()
		detectors.All()[0].Detect(data)
		least = min(least, time.Since(start))
	}
	return least
}

// TestRandomTokens pairs session tokens whatever their bytes look like.
func TestRandomTokens(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 9))
	for range 3000 {
		id, secret, token := detectorstest.Mint(r, "ASIA", "111122223333"), detectorstest.MintSecret(r), detectorstest.MintToken(r)
		text := fmt.Sprintf("aws_access_key_id = %s\naws_secret_access_key = %s\naws_session_token = %s\n", id, secret, token)
		found := detectors.All()[0].Detect([]byte(text))
		if len(found) != 1 || found[0].SessionToken.Unwrap() != token {
			t.Fatalf("%v in\n%s", found, text)
		}
	}
}
