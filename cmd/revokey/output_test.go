package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/revokey-dev/revokey/report"
	"github.com/revokey-dev/revokey/scanner"
)

// TestInPlace tells what a file must not take the place of: for the superuser, who may, that
// would be the end of /dev/null.
func TestInPlace(t *testing.T) {
	t.Parallel()
	if os.DevNull != "/dev/null" {
		t.Skip("devices are not in /dev")
	}
	dir := t.TempDir()
	there, link := filepath.Join(dir, "there"), filepath.Join(dir, "link")
	if err := os.WriteFile(there, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(there, link); err != nil {
		t.Skip(err)
	}
	for _, test := range []struct {
		format, file string
		want         bool
	}{
		{"text", os.DevNull, true},
		{"text", "/dev/stdout", true},
		{"text", "/dev/fd/1", true},
		{"text", there, false},
		{"text", link, false},
		{"text", filepath.Join(dir, "absent"), false},
		{"github-summary", there, true},
		{"github-summary", link, false},
		{"github-summary", filepath.Join(dir, "absent"), false},
	} {
		if got := (outputTarget{test.format, test.file}).inPlace(); got != test.want {
			t.Errorf("%s to %s: %v", test.format, test.file, got)
		}
	}
}

// TestOneOfTwoReports writes what can be written, and names what cannot.
func TestOneOfTwoReports(t *testing.T) {
	t.Parallel()
	full := outputTarget{"text", "/dev/full"}
	if _, err := os.Stat(full.file); err != nil || !full.inPlace() {
		t.Skip("there is no device that is always full")
	}
	file := filepath.Join(t.TempDir(), "x")
	var stderr bytes.Buffer
	err := outputOptions{targets: []outputTarget{full, {"csv", file}}}.write(streams{err: &stderr}, nil, report.NewSummary(scanner.Summary{}))
	if err == nil || !strings.Contains(err.Error(), `writing report to "/dev/full": `) {
		t.Errorf("got %v", err)
	}
	if data, err := os.ReadFile(file); err != nil || !strings.HasPrefix(string(data), "status,") {
		t.Errorf("got %q, %v", data, err)
	}
}

// TestForeignMessages has no message act on a terminal, whoever forgot to escape what is in it, and
// escapes nothing twice.
func TestForeignMessages(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	std := streams{err: &out}
	std.say("carried out: %s", "\x1b[31m")
	std.hint("%s", "\u202e")
	explain(fmt.Errorf("reading %q: %s", "\x1b", "a\n::error::b\r"), std)
	std.detail("read", "file", "\x1b\\")
	want := `revokey: carried out: \x1b[31m
hint: \u202e
revokey: reading "\x1b": a
  \x3a:error::b\r
`
	if out.String() != want {
		t.Errorf("got %s", out.String())
	}
}

// TestNextOnATerminal keeps what is said within its columns, and each command whole.
func TestNextOnATerminal(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	command := "revokey " + strings.Repeat("x", 100)
	streams{out: &out, width: 40, paint: colourAlways}.nextOn(&out, strings.Repeat("what ", 20)+"for", []string{command})
	for line := range strings.Lines(strings.NewReplacer("\x1b[36m", "", "\x1b[0m", "").Replace(out.String())) {
		if len(strings.TrimSpace(line)) > 40 && !strings.Contains(line, command) {
			t.Errorf("got %q", line)
		}
	}
	if !strings.Contains(out.String(), command) || !strings.Contains(out.String(), "\x1b[36mnext:\x1b[0m what") {
		t.Errorf("got %q", out.String())
	}
}

// TestAnswerBesideFiles tells whoever looks on what the reports in files come to.
func TestAnswerBesideFiles(t *testing.T) {
	t.Parallel()
	sum := report.NewSummary(scanner.Summary{Blobs: 2})
	for _, test := range []struct {
		file           string
		watched, quiet bool
		want           string
	}{
		{filepath.Join(t.TempDir(), "x"), true, false, "revokey: 0 credentials; read 2 blobs and messages, 0.0 KiB\n"},
		{filepath.Join(t.TempDir(), "x"), true, true, ""},
		{filepath.Join(t.TempDir(), "x"), false, false, ""},
		{"", true, false, ""},
	} {
		var stderr bytes.Buffer
		o := outputOptions{targets: []outputTarget{{"jsonl", test.file}}}
		if err := o.write(streams{out: &bytes.Buffer{}, err: &stderr, watched: test.watched, quiet: test.quiet}, nil, sum); err != nil {
			t.Fatal(err)
		}
		if stderr.String() != test.want {
			t.Errorf("%+v: got %q", test, stderr.String())
		}
	}
}
