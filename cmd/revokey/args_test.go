package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/revokey-dev/revokey/detectors"
	"github.com/revokey-dev/revokey/report"
	"github.com/revokey-dev/revokey/revoke"
)

func lineOf(t *testing.T, words ...string) commandLine {
	t.Helper()
	line, ok := parseLine(newApp(streams{err: &bytes.Buffer{}}), append([]string{"/usr/bin/revokey"}, words...))
	if !ok {
		t.Fatalf("%q names no command", words)
	}
	return line
}

func TestParseLine(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ typed, want string }{
		{"scan . --format json", "scan --format json -- ."},
		{"--color never scan -q .", "scan --color never -q -- ."},
		{"hook install --repo x pre-push", "hook install --repo x -- pre-push"},
		{"scan --verify own", "scan --verify -- own"},
		{"scan --format=json -- --x", "scan --format=json -- --x"},
		{"scan --format", "scan --format --"},
		{"keys rotate K --to-profile p", "keys --to-profile p -- rotate K"},
	} {
		if got := lineOf(t, strings.Fields(test.typed)...).words()[1:]; !slices.Equal(got, strings.Fields(test.want)) {
			t.Errorf("%s: got %q", test.typed, got)
		}
	}
	for _, typed := range []string{"", "scna", "x scan", "-- scan"} {
		if line, ok := parseLine(newApp(streams{}), append([]string{"revokey"}, strings.Fields(typed)...)); ok {
			t.Errorf("%q is taken for %v", typed, line)
		}
	}
}

// TestNextLine has what was typed in the next command, and nothing twice.
func TestNextLine(t *testing.T) {
	t.Parallel()
	line := lineOf(t, "scan", "my repo", "--verify=off", "--account", "1", "--account=2", "--rate", "3")
	for got, want := range map[string]string{
		line.with("--verify"):                        "revokey scan 'my repo' --account 1 --account=2 --rate 3 --verify",
		line.without("rate").with():                  "revokey scan 'my repo' --verify=off --account 1 --account=2",
		strings.Join(line.only("account"), " "):      "--account 1 --account=2",
		lineOf(t, "scan", "--", "--x").with("--all"): "revokey scan --all -- --x",
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if line.value("account") != "2" || line.value("verify") != "off" || line.value("quiet", "q") != "" {
		t.Error("a value is not the last that was typed")
	}
}

// TestNextOfForeign has a file of findings say what it likes of accounts, and a path what it likes
// of itself: none of it reaches the terminal as it is.
func TestNextOfForeign(t *testing.T) {
	t.Parallel()
	id, account := "AKIA"+strings.Repeat("Q", 16), "1;\x1b[31m $(id)"
	r := report.Record{KeyID: &id, Account: &account, Kind: detectors.AccessKey, Verdict: revoke.Verdict{Status: revoke.Live}}
	var out bytes.Buffer
	n := nextStep{line: lineOf(t, "scan", "a\x1b[2J\nb"), from: "it's\u202e.json", out: outputOptions{targets: []outputTarget{{format: "text"}}}}
	n.tell(streams{out: &out}, []report.Record{r}, true)
	n.from, r.Verdict.Status = "", revoke.NotChecked
	n.tell(streams{out: &out}, []report.Record{r}, false)
	if strings.ContainsAny(out.String(), "\x1b\u202e") || strings.Contains(out.String(), "$(id)") {
		t.Errorf("got %q", out.String())
	}
	for _, want := range []string{`revokey revoke --from $'it\'s\u202e.json'` + "\n", `revokey scan $'a\x1b[2J\nb' --verify` + "\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("got %q, not %s", out.String(), want)
		}
	}
}

func TestColouring(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		flag     colouring
		env      string
		terminal bool
		want     bool
	}{
		{"", "", true, true},
		{"", "", false, false},
		{"auto", "TERM=dumb", true, false},
		{"", "CLICOLOR=0", true, false},
		{"", "NO_COLOR=1", true, false},
		{"", "NO_COLOR=", true, true},
		{"", "NO_COLOR=1 FORCE_COLOR=1", true, false},
		{"", "FORCE_COLOR=1", false, true},
		{"", "FORCE_COLOR=0", false, false},
		{"", "CLICOLOR_FORCE=1 TERM=dumb", false, true},
		{"always", "NO_COLOR=1", false, true},
		{"never", "FORCE_COLOR=1", true, false},
	} {
		env := func(name string) (string, bool) {
			for pair := range strings.FieldsSeq(test.env) {
				if key, value, _ := strings.Cut(pair, "="); key == name {
					return value, true
				}
			}
			return "", false
		}
		if got := test.flag.on(test.terminal, env); got != test.want {
			t.Errorf("%+v: got %v", test, got)
		}
	}
}

// TestCompletionIsComplete has TAB offer each command and each flag, and no command run: there
// is nothing that it could be run with.
func TestCompletionIsComplete(t *testing.T) {
	t.Parallel()
	app := newApp(streams{})
	for _, p := range allPages(app) {
		words := strings.Fields(p.name)[1:]
		found, _ := candidates(app, words, "--")
		for _, g := range p.flags {
			for _, f := range g.flags {
				name := f.name[strings.Index(f.name, "--"):]
				name = name[:strings.IndexAny(name+" ", " [")]
				if !slices.ContainsFunc(found, func(e pageEntry) bool { return e.name == name }) && name != "--version" {
					t.Errorf("%s: TAB does not offer %s", p.name, name)
				}
			}
		}
		found, _ = candidates(app, words, "")
		for _, c := range p.commands {
			if !slices.ContainsFunc(found, func(e pageEntry) bool { return e.name == c.name }) {
				t.Errorf("%s: TAB does not offer %s", p.name, c.name)
			}
		}
	}
}

func FuzzCandidates(f *testing.F) {
	app := newApp(streams{})
	f.Add("scan --format", "j")
	f.Add("revoke --apply --", "--x")
	f.Add("hook run", "-")
	f.Fuzz(func(t *testing.T, before, typed string) {
		found, _ := candidates(app, strings.Fields(before), typed)
		for _, e := range found {
			if !strings.HasPrefix(e.name, typed) {
				t.Errorf("%q is offered for %q", e.name, typed)
			}
		}
	})
}
