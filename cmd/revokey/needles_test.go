package main

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/revokey-dev/revokey/revoke/localaws"
)

// pieceSize is how much of a secret, in any of its forms, is a leak: less than that is told
// by chance, and tells less than half of the shortest.
const pieceSize = 16

// needles are the pieces of all forms of the planted secrets, and what they are of.
type needles map[[pieceSize]byte]string

// add adds a secret by its name.
func (n needles) add(name, secret string) {
	all := forms(secret)
	for _, form := range slices.Sorted(maps.Keys(all)) {
		for i := 0; i+pieceSize <= len(all[form]); i++ {
			piece := [pieceSize]byte([]byte(all[form][i:]))
			if n[piece] == "" {
				n[piece] = name + ", " + form
			}
		}
	}
}

// in returns what of the secrets stands in a text, names and forms, each once, with what
// stands before it there.
func (n needles) in(text []byte) []string {
	found := make(map[string]string)
	for i := 0; i+pieceSize <= len(text); i++ {
		what, ok := n[[pieceSize]byte(text[i:])]
		if ok && found[what] == "" {
			found[what] = fmt.Sprintf("%s behind %q", what, text[max(0, i-50):i])
		}
	}
	return slices.Sorted(maps.Values(found))
}

// forms returns what a secret looks like where it was written in another way, by accident
// mostly: an encoder on its way out.
func forms(secret string) map[string]string {
	quoted, _ := json.Marshal(secret)
	all := map[string]string{
		"(plain)":          secret,
		"reversed":         reversed(secret),
		"hex":              hex.EncodeToString([]byte(secret)),
		"HEX":              strings.ToUpper(hex.EncodeToString([]byte(secret))),
		"query":            url.QueryEscape(secret),
		"path":             url.PathEscape(secret),
		"JSON":             string(quoted),
		"JSON, slashes":    strings.ReplaceAll(secret, "/", `\/`),
		"JSON, code point": strings.NewReplacer("/", `\u002f`, "+", `\u002b`).Replace(secret),
		"HTML":             strings.NewReplacer("/", "&#x2F;", "+", "&#43;").Replace(html.EscapeString(secret)),
		"UTF-16":           wideText(secret),
	}
	for i := range 3 { // where base64 begins before the secret does
		text := base64.StdEncoding.EncodeToString([]byte("abc"[:i] + secret))
		text = strings.TrimRight(text[[]int{0, 2, 3}[i]:], "=")
		text = text[:len(text)-1] // the last one may hold what follows
		all[fmt.Sprint("base64, ", i)] = text
		all[fmt.Sprint("base64url, ", i)] = strings.NewReplacer("+", "-", "/", "_").Replace(text)
	}
	return all
}

func reversed(s string) string {
	b := []byte(s)
	slices.Reverse(b)
	return string(b)
}

func wideText(s string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return string(b)
}

// What the other tests rely on: a secret is seen in every form, at every place, and nothing
// is seen where there is none.
func TestNeedles(t *testing.T) {
	t.Parallel()
	n, secret := make(needles), localaws.NewSecret(nil)
	n.add("it", secret)
	for form, text := range forms(secret) {
		if n.in([]byte("before "+text+" behind")) == nil {
			t.Errorf("%s: not seen", form)
		}
	}
	for i := range 4 {
		text := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", i) + secret + "behind it"))
		if n.in([]byte(text)) == nil {
			t.Errorf("base64 behind %d: not seen", i)
		}
	}
	if n.in([]byte(secret[:pieceSize])) == nil || n.in([]byte(secret[len(secret)-pieceSize:])) == nil {
		t.Error("a part of it is not seen")
	}
	if found := n.in([]byte(strings.Repeat("All work and no play. ", 100) + localaws.NewSecret(nil))); found != nil {
		t.Errorf("seen where it is not: %v", found)
	}
}
