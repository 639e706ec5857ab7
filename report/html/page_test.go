package html_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/revokey-dev/revokey/report/html"
	"github.com/revokey-dev/revokey/report/html/htmltest"
)

func write(t *testing.T, p html.Page) string {
	t.Helper()
	var b bytes.Buffer
	if err := html.Write(&b, p); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func between(t *testing.T, s, from, to string) string {
	t.Helper()
	_, s, ok := strings.Cut(s, from)
	s, _, end := strings.Cut(s, to)
	if !ok || !end {
		t.Fatalf("nothing stands between %q and %q", from, to)
	}
	return s
}

var keyID = regexp.MustCompile(`(AKIA|ASIA)[A-Z2-7]{16}`)

// TestParts compares each part of the page with testdata, which UPDATE_GOLDEN=1 writes.
// Key IDs are numbered there, for none may stand in the tree.
func TestParts(t *testing.T) {
	t.Parallel()
	p, _ := htmltest.Sample()
	page := write(t, p)
	names := make(map[string]string)
	page = keyID.ReplaceAllStringFunc(page, func(id string) string {
		if names[id] == "" {
			names[id] = fmt.Sprintf("KEY-%d", len(names)+1)
		}
		return names[id]
	})
	for part, from := range map[string]string{
		"summary": `<section class="head`, "groups": `<section id="groups"`, "credentials": `<section id="credentials"`, "records": `<section id="records"`, "scanned": `<section id="scanned"`,
	} {
		got := from + between(t, page, from, "</section>") + "</section>\n"
		file := filepath.Join("testdata", part+".html")
		if os.Getenv("UPDATE_GOLDEN") == "1" {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", part, diff)
		}
	}
}

// TestPolicy: the page's policy knows its style and its script, and nothing else.
func TestPolicy(t *testing.T) {
	t.Parallel()
	page := write(t, html.Page{MadeAt: htmltest.MadeAt})
	policy := strings.ReplaceAll(between(t, page, `Content-Security-Policy" content="`, `"`), "&#43;", "+")
	policy = strings.ReplaceAll(policy, "&#39;", "'")
	hash := func(s string) string {
		sum := sha256.Sum256([]byte(s))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	want := fmt.Sprintf("default-src 'none'; style-src %s; script-src %s; base-uri 'none'; form-action 'none'",
		hash(between(t, page, "<style>", "</style>")), hash(between(t, page, "<script>", "</script>")))
	if policy != want {
		t.Errorf("got %s\nwant %s", policy, want)
	}
}

var (
	tag       = regexp.MustCompile(`<(/?[A-Za-z][A-Za-z0-9]*|!doctype)([^<>]*)>`)
	attribute = regexp.MustCompile(`\s([a-zA-Z0-9-]+)(?:="([^"]*)")?`)
)

// TestHostile: whatever a repository, a journal or CloudTrail hold, it is text, it
// is printable, and no secret.
func TestHostile(t *testing.T) {
	t.Parallel()
	p, secrets := htmltest.HostilePage()
	page := write(t, p)
	for _, s := range secrets {
		for i := 0; i+16 <= len(s); i++ { // a part of it is too much
			if strings.Contains(page, s[i:i+16]) {
				t.Error("a secret stands in the page, or a part of it")
				break
			}
		}
	}
	if !strings.Contains(page, "[redacted]") {
		t.Error("no secret was taken out: the test shows nothing")
	}
	if !utf8.ValidString(page) {
		t.Error("the page is no UTF-8")
	}
	for _, r := range page {
		if r != '\n' && !unicode.IsPrint(r) {
			t.Errorf("the page holds %+q", r)
		}
	}
	body := page[strings.Index(page, "</style>"):strings.Index(page, "<script>")]
	for _, m := range tag.FindAllStringSubmatch(body, -1) {
		if slices.Contains([]string{"script", "style", "img", "iframe", "object", "embed", "base", "link", "meta"}, strings.ToLower(strings.TrimPrefix(m[1], "/"))) && m[1] != "/style" {
			t.Errorf("an element %s", m[0])
		}
		for _, a := range attribute.FindAllStringSubmatch(m[2], -1) {
			if strings.HasPrefix(a[1], "on") || a[1] == "style" || a[1] == "src" || a[1] == "href" && !strings.HasPrefix(a[2], "#") && !strings.HasPrefix(a[2], "https://github.com/") {
				t.Errorf("an attribute %s in %s", a[0], m[0])
			}
		}
	}
	if n := strings.Count(body, "<") - len(tag.FindAllString(body, -1)); n != 0 {
		t.Errorf("%d signs that are no tags", n)
	}
}

// TestNothing: a page of nothing says what is not known.
func TestNothing(t *testing.T) {
	t.Parallel()
	page := write(t, html.Page{From: "findings.jsonl", MadeAt: htmltest.MadeAt})
	for _, want := range []string{"No credentials", "<b>Not known.</b>", "Journal: none", "Traces: none"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

// TestFullDisk: what cannot be written is an error.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	full := errors.New("full")
	p, _ := htmltest.Sample()
	if err := html.Write(failing{full}, p); !errors.Is(err, full) {
		t.Errorf("got %v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }
