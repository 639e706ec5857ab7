package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/rogpeppe/go-internal/txtar"
)

// TestDocs runs every command of the manual. Each page becomes a script in its own
// sandbox: comments of the form `<!-- test … -->`, which nobody sees, are lines of the
// script; each command of a `sh` or `console` block is run by a shell, and has to end
// with the code that the block's `codes=` tells (0 without); what a `console` shows has
// to be what is printed. A block with `norun=WHY` is not run. The comment
// `world NAME` puts testdata/docs/NAME.txtar before the page.
//
// The shell's `revokey` is this program, with the URL of the sandbox's AWS, and with a
// yes where the manual leaves the question to a terminal: see manualMain.
func TestDocs(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("SKIPPED: the commands of the manual are NOT RUN: there is no sh")
	}
	t.Parallel()
	dir := t.TempDir()
	shown := make(map[string]shownCommand)
	for _, p := range docPages(t) {
		script := p.script(t, shown)
		if len(script.Files) == 0 && len(script.Comment) == 0 {
			continue
		}
		file := strings.ReplaceAll(strings.TrimSuffix(p.name, ".md"), "/", "-") + ".txtar"
		if err := os.WriteFile(filepath.Join(dir, file), txtar.Format(script), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if len(shown) < 50 {
		t.Errorf("only %d commands are run: the blocks are not found", len(shown))
	}
	cmds := maps.Clone(scriptCommands())
	cmds["shown"] = func(ts *testscript.TestScript, neg bool, args []string) { shown[args[0]].run(ts) }
	testscript.Run(t, testscript.Params{Dir: dir, Setup: setUpManual, Cmds: cmds, RequireExplicitExec: true})
}

// shownCommand is a command of the manual, and how it has to end.
type shownCommand struct {
	docCommand
	at   string // its page and line
	code int
	all  bool // check its output
}

// script turns a page into one.
func (p docPage) script(t *testing.T, shown map[string]shownCommand) *txtar.Archive {
	t.Helper()
	var script strings.Builder
	archive := &txtar.Archive{}
	worlds := 0
	for _, part := range p.parts {
		for line := range strings.Lines(part.script) {
			if world, ok := strings.CutPrefix(strings.TrimSpace(line), "world "); ok {
				w := readWorld(t, world)
				archive.Files = append(archive.Files, w.Files...)
				script.Write(w.Comment)
				worlds++
				continue
			}
			script.WriteString(line)
		}
		for i, c := range part.toRun() {
			s := shownCommand{docCommand: c, at: fmt.Sprintf("%s:%d", p.name, c.line), code: part.code(t, i), all: part.lang != "sh"}
			shown[s.at] = s
			fmt.Fprintf(&script, "shown %s\n", s.at)
			if worlds == 0 {
				t.Errorf("%s: a command with no world to run in: write <!-- test: world NAME --> before it, or norun=WHY", s.at)
			}
		}
	}
	archive.Comment = []byte(script.String())
	return archive
}

func readWorld(t *testing.T, name string) *txtar.Archive {
	t.Helper()
	w, err := txtar.ParseFile(filepath.Join(docsRoot, "testdata/docs", name+".txtar"))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// toRun returns the commands of a block that are to be run. A block `text output=X`
// shows what `revokey X` prints.
func (b docPart) toRun() []docCommand {
	if out := b.info["output"]; out != "" {
		return []docCommand{{line: b.line, text: "revokey " + out, output: b.lines}}
	}
	if _, norun := b.info["norun"]; norun || !b.shell() {
		return nil
	}
	return b.commands()
}

// code is how the command i of the block has to end.
func (b docPart) code(t *testing.T, i int) int {
	t.Helper()
	if b.info["codes"] == "" {
		return exitClean
	}
	codes := strings.Split(b.info["codes"], ",")
	if len(codes) == 1 {
		i = 0
	}
	if i >= len(codes) {
		t.Fatalf("line %d: %d codes are not enough", b.line, len(codes))
	}
	n, err := strconv.Atoi(codes[i])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// setUpManual is setUp, with the profile and the program that the manual speaks of.
func setUpManual(env *testscript.Env) error {
	if err := setUp(env); err != nil {
		return err
	}
	operator := env.Getenv("AWS_SHARED_CREDENTIALS_FILE")
	profile, err := os.ReadFile(operator)
	if err != nil {
		return err
	}
	both := string(profile) + "\n" + strings.Replace(string(profile), "[default]", "[admin]", 1)
	bin := filepath.Join(env.WorkDir, ".bin")
	script := "#!/bin/sh\nexec revokey-manual \"$@\"\n"
	err = errors.Join(os.WriteFile(operator, []byte(both), 0o600), os.Mkdir(bin, 0o755), os.WriteFile(filepath.Join(bin, "revokey"), []byte(script), 0o755))
	env.Setenv("PATH", bin+string(filepath.ListSeparator)+env.Getenv("PATH"))
	return err
}

// manualMain is the program, as the manual's commands find it in their sandbox: asking the
// sandbox's AWS, at once, and with a yes where a person would be asked.
func manualMain() {
	args := slices.Clone(os.Args)
	args[0] = "revokey"
	if cmd := commandOf(newApp(streams{}), args[1:]); cmd != nil {
		end := slices.Index(append(args, "--"), "--")
		var more []string
		if knows(cmd, "aws-endpoint") {
			more = append(more, "--aws-endpoint", os.Getenv("AWS"))
		}
		if knows(cmd, "rate") {
			more = append(more, "--rate", "1000")
		}
		if asksAtTerminal(args) && !slices.Contains(args, "--yes") {
			more = append(more, "--yes")
		}
		args = slices.Insert(args, end, more...)
	}
	os.Args = args
	main()
}

// asksAtTerminal reports whether a command line would be confirmed by a person.
func asksAtTerminal(args []string) bool {
	changes := len(args) > 2 && args[1] == "keys" && slices.Contains([]string{"activate", "deactivate", "delete"}, args[2])
	return slices.Contains(args, "--apply") || args[1] == "undo" || changes
}

// run carries the command out, and compares what comes of it.
func (s shownCommand) run(ts *testscript.TestScript) {
	text := strings.NewReplacer("AKIA…", ts.Getenv("KEY"), "ASIA…", ts.Getenv("SESSION"), "ACCA…", ts.Getenv("CREDENTIAL")).Replace(s.text)
	if s.all {
		text = "exec 2>&1\n" + text
	}
	got := 0
	var exit *exec.ExitError
	if err := ts.Exec("sh", "-c", text); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != s.code {
		ts.Fatalf("%s: `%s` ended with exit code %d, the manual has %d\n%s%s", s.at, text, got, s.code, ts.ReadFile("stdout"), ts.ReadFile("stderr"))
	}
	if printed := ts.ReadFile("stdout"); s.all && !docShows(s.output, printed) {
		ts.Fatalf("%s: the manual shows\n\n%s\n\nbut `%s` prints\n\n%s", s.at, strings.Join(s.output, "\n"), text, docMasked.ReplaceAllString(printed, "$1…$2"))
	}
}

// What differs from run to run, and how the manual may write it.
var (
	docMasked   = regexp.MustCompile(`\b(AKIA|ASIA)[A-Z2-7]{12}([A-Z2-7]{4})\b`)
	docVariable = []struct {
		what *regexp.Regexp
		as   string
	}{
		{regexp.MustCompile(`\b(AKIA|ASIA)(…[A-Z2-7]*|[A-Z2-7]{16}\b)`), "KEY"},
		{regexp.MustCompile(`\b\d{4}-\d\d-\d\d\b`), "DAY"},
		{regexp.MustCompile(`\b\d\d:\d\d(:\d\d)?\b`), "TIME"},
		{regexp.MustCompile(`\b\d+\.\d+ s\b`), "SECONDS"},
		{regexp.MustCompile(`\b[0-9a-f]{12}\b`), "COMMIT"},
		{regexp.MustCompile(`http://127\.0\.0\.1:\d+`), "URL"},
		{regexp.MustCompile(`\s+`), " "},
	}
)

func withoutVariables(line string) string {
	for _, v := range docVariable {
		line = v.what.ReplaceAllString(line, v.as)
	}
	return strings.TrimSpace(line)
}

// docShows reports whether the lines are what was printed, but for keys, times and the
// width of columns. In a line `…` stands for any text, alone for any lines; empty
// lines do not count.
func docShows(lines []string, printed string) bool {
	var pattern strings.Builder
	pattern.WriteString(`^`)
	for _, line := range lines {
		switch line = withoutVariables(line); line {
		case "":
		case "…":
			pattern.WriteString(`(?:[^\n]*\n)*?`)
		default:
			pattern.WriteString(strings.ReplaceAll(regexp.QuoteMeta(line), "…", `[^\n]*`) + `\n`)
		}
	}
	pattern.WriteString(`$`)
	var got strings.Builder
	for line := range strings.Lines(printed) {
		if line = withoutVariables(line); line != "" {
			got.WriteString(line + "\n")
		}
	}
	return regexp.MustCompile(pattern.String()).MatchString(got.String())
}

// What shows takes for the same, and what not.
func TestShows(t *testing.T) {
	t.Parallel()
	const printed = "a 1  b\n\nAKIAQAAAAA" + "AAQAAATEST x\n2024-01-02 by c, after 1.5 s\nlast\n"
	for _, tt := range []struct {
		lines []string
		want  bool
	}{
		{[]string{"a 1 b", "AKIA…TEST x", "2026-09-09 by c, after 0.1 s", "last"}, true},
		{[]string{"a … b", "AKIA… x", "2026-09-09 …", "last"}, true},
		{[]string{"…", "2026-09-09 by c, after 0.1 s", "last"}, true},
		{[]string{"…", "last"}, true},
		{[]string{"a 1 b", "…"}, true},
		{[]string{"a 1 b", "last"}, false},
		{[]string{"last", "…"}, false},
		{[]string{"…", "2026-09-09 by d, after 0.1 s", "last"}, false},
		{nil, false},
	} {
		if got := docShows(tt.lines, printed); got != tt.want {
			t.Errorf("%q: got %v", tt.lines, got)
		}
	}
}
