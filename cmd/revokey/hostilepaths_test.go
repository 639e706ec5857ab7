package main

import (
	"archive/zip"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/revokey-dev/revokey/report"
	"github.com/revokey-dev/revokey/scanner/gittest"
)

// hostilePaths are names that git never makes, and that a tree can hold all the same.
func hostilePaths() []string {
	return []string{
		"a\nb", "a\r\nLIVE", "\x1b[31mred", "\x1b]0;title\a", "\u009b31m", "..", ".", "", "/", "/etc/passwd", "../../../../tmp/out", "a/b", `C:\x`, `\\server\share`,
		"NUL", "CON", "aux.txt", "COM1", "LPT9.log", "file:stream", "::$INDEX_ALLOCATION", ".git", ".GIT", "git~1", ".g\u200cit", "\u202egnp.exe", "\u2028line", "\xff\xfe", "\xc0\xae\xc0\xae",
		"--output=x", "-", "~", "$(touch x)", "`touch x`", "%n%s", "::set-output name=x::y", "##vso[task.complete]", "<script>alert(1)</script>", "]]>", `"'`, "=cmd|x!A0", strings.Repeat("x", 70_000),
	}
}

// TestHostilePaths reports a credential that stands at each of those paths, in every format: the
// report does nothing to a terminal, and no file is made.
func TestHostilePaths(t *testing.T) {
	t.Parallel()
	s, _ := serveAWS(t)
	r := gittest.New(t)
	base := r.WriteCommit("clean", "clean")
	var w gittest.PackWriter
	var tree bytes.Buffer
	for i, path := range hostilePaths() {
		k := s.AddKey(ourAccount, fmt.Sprint("user", i))
		text := fmt.Appendf(nil, "aws_access_key_id = %s\naws_secret_access_key = %s\n", k.ID, k.Secret)
		tree.WriteString("100644 " + path + "\x00" + string(w.Add(gittest.PackBlob, text).Name))
		tree.WriteString("100644 " + path + ".zip\x00" + string(w.Add(gittest.PackBlob, zipWith(t, strings.TrimRight(path, "/")+"-", append(text, '#'))).Name))
	}
	root := w.Add(gittest.PackTree, tree.Bytes())
	who := "Ada\x1b[2J <a@example.com> 1700000000 +0000"
	head := w.Add(gittest.PackCommit, fmt.Appendf(nil, "tree %x\nparent %s\nauthor %s\ncommitter %[3]s\n\nm\x1b[2J\n", root.Name, base, who))
	w.Write(t, filepath.Join(r.Dir, ".git", "objects"))
	r.Git("update-ref", "refs/heads/main", hex.EncodeToString(head.Name))
	before := listing(t, filepath.Dir(r.Dir))
	for _, args := range [][]string{{"scan", r.Dir}, {"scan", r.Dir, "--range", base + "..main"}} {
		for _, format := range report.Formats() {
			exit, out, said := program(t, nil, "", append(args, "--format", format)...)
			if exit != exitFindings && exit != exitTrouble {
				t.Errorf("%v %s: exit code %d: %.300s", args, format, exit, said)
			}
			if format == "jsonl" && !strings.Contains(decoded(t, out), "|\u202egnp.exe|") {
				t.Errorf("%v: to escape a path has changed it: %s", args, out)
			}
			for _, text := range []string{out, said} {
				if at := strings.IndexFunc(text, acts); at >= 0 || !utf8.ValidString(text) {
					t.Errorf("%v %s: %q", args, format, text[max(at-60, 0):min(max(at, 0)+60, len(text))])
				}
			}
		}
	}
	if after := listing(t, filepath.Dir(r.Dir)); !slices.Equal(before, after) {
		t.Errorf("there was %q, and is %q", before, after)
	}
	if _, err := os.Stat("/tmp/out"); err == nil {
		t.Error("/tmp/out was made")
	}
}

// decoded is the paths in a report.
func decoded(t *testing.T, report string) string {
	t.Helper()
	paths := "|"
	for line := range strings.Lines(report) {
		var f struct{ Occurrences []struct{ Path string } }
		if err := json.Unmarshal([]byte(line), &f); err != nil {
			t.Fatalf("%v: %q", err, line)
		}
		for _, o := range f.Occurrences {
			paths += o.Path + "|"
		}
	}
	return paths
}

// acts reports whether a terminal, or a reader of lines, may take the character for a command.
func acts(c rune) bool {
	return c != '\n' && c != '\t' && (unicode.IsControl(c) || unicode.Is(unicode.Bidi_Control, c) || c == '\u2028' || c == '\u2029') && c != '\r'
}

// zipWith is a zip file with one member.
func zipWith(t *testing.T, name string, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	m, err := z.CreateHeader(&zip.FileHeader{Name: name[:min(len(name), 60_000)], Method: zip.Deflate})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
