package main

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

// commandOf returns the command that the words name, nil for none. Of `keys list` that
// is `keys`.
func commandOf(app *cli.App, words []string) *cli.Command {
	var found *cli.Command
	commands := app.Commands
	for _, w := range words {
		i := slices.IndexFunc(commands, func(c *cli.Command) bool { return c.HasName(w) })
		if i < 0 {
			break
		}
		found, commands = commands[i], commands[i].Subcommands
	}
	return found
}

// verbs are the words that a command takes in the place of subcommands: of keys, list
// and so on.
func verbs(c *cli.Command) []string {
	first, _, _ := strings.Cut(c.ArgsUsage, " ")
	if !regexp.MustCompile(`^[a-z|]+$`).MatchString(first) {
		return nil
	}
	return strings.Split(first, "|")
}

func knows(c *cli.Command, flag string) bool {
	return slices.ContainsFunc(c.Flags, func(f cli.Flag) bool { return slices.Contains(f.Names(), flag) })
}

// foreignFlags are flags of other programs, and a name like one, that the manual speaks of by themselves.
var foreignFlags = []string{"--no-verify", "--bare", "--upload-pack"}

// TestDocsKnown holds every mention of a command and of a flag, in blocks of any
// language and within sentences, to what the program has.
func TestDocsKnown(t *testing.T) {
	t.Parallel()
	app := newApp(streams{})
	seen := 0
	for _, p := range docPages(t) {
		for _, b := range p.parts {
			if b.lang == "" && b.script == "" && strings.Contains(strings.Join(b.lines, "\n"), "revokey scan") {
				t.Errorf("%s:%d: a block with commands and no language", p.name, b.line)
			}
			for i, line := range b.lines {
				for _, words := range invocations(line) {
					seen++
					if err := unknownIn(app, words); err != nil {
						t.Errorf("%s:%d: %v in %q", p.name, b.line+i, err, line)
					}
				}
			}
		}
		for _, s := range p.prose {
			var err error
			if found := invocations(s.text); len(found) > 0 {
				seen++
				err = unknownIn(app, found[0])
			} else if strings.HasPrefix(s.text, "--") {
				seen++
				err = unknownFlag(app, strings.Fields(s.text)[0])
			}
			if err != nil {
				t.Errorf("%s:%d: %v in `%s`", p.name, s.line, err, s.text)
			}
		}
		for i, line := range strings.Split(p.text, "\n") {
			if strings.HasPrefix(line, "    ") && strings.HasPrefix(strings.TrimSpace(line), "revokey ") && !p.within(i+1) {
				t.Errorf("%s:%d: a command in an indented block, which no test runs: fence it", p.name, i+1)
			}
		}
	}
	if seen < 300 {
		t.Errorf("only %d mentions were found", seen)
	}
}

// within reports whether the line is in a fenced block.
func (p docPage) within(line int) bool {
	return slices.ContainsFunc(p.parts, func(b docPart) bool { return b.line <= line && line < b.line+len(b.lines) })
}

var (
	// docCalls is where a program's name stands in a command line, a YAML list or a string.
	docCalls    = regexp.MustCompile(`(?:^|[\s\[('"` + "`" + `=])revokey(?: |$)`)
	docWordEnds = regexp.MustCompile(`[|;&<>#]|$`)
)

// invocations returns the words behind each `revokey` of a line that is called there.
func invocations(line string) [][]string {
	var all [][]string
	for _, at := range docCalls.FindAllStringIndex(line, -1) {
		rest := line[at[1]:]
		var words []string
		for _, w := range strings.Fields(rest) {
			if docWordEnds.FindStringIndex(w)[0] == 0 && !strings.HasPrefix(w, "<<") { // a pipe, a comment: not <placeholders>
				break
			}
			words = append(words, strings.Trim(w, `"'`+"`"+`,)]}`))
		}
		if len(words) > 0 && !strings.HasPrefix(words[0], "…") {
			all = append(all, words)
		}
	}
	return all
}

// unknownIn tells what of a command line the program does not have.
func unknownIn(app *cli.App, words []string) error {
	if strings.HasPrefix(words[0], "-") {
		return unknownFlag(app, words[0])
	}
	c := commandOf(app, words)
	if c == nil {
		return fmt.Errorf("unknown command %q", words[0])
	}
	depth := 1
	for depth < len(words) && commandOf(app, words[:depth+1]) != commandOf(app, words[:depth]) {
		depth++
	}
	if allowed := verbs(c); allowed != nil && depth < len(words) && regexp.MustCompile(`^[a-z]+$`).MatchString(words[depth]) && !slices.Contains(allowed, words[depth]) {
		return fmt.Errorf("%s does not take %q", c.Name, words[depth])
	}
	for _, w := range words[depth:] {
		if w == "--" {
			break
		}
		name, _, _ := strings.Cut(strings.TrimLeft(w, "-"), "=")
		if strings.HasPrefix(w, "-") && w != "-" && !knows(c, name) && name != "help" {
			return fmt.Errorf("%s has no flag %s", c.HelpName, w)
		}
	}
	return nil
}

// unknownFlag tells whether no command has a flag.
func unknownFlag(app *cli.App, word string) error {
	name, _, _ := strings.Cut(strings.Trim(word, "-,"), "=")
	known := slices.Contains(foreignFlags, "--"+name) || name == "help" || name == "version"
	walkCommands(app.Commands, "", func(_ string, c *cli.Command) { known = known || knows(c, name) })
	if !known {
		return fmt.Errorf("unknown flag %s", word)
	}
	return nil
}

// walkCommands calls f for each command that people see, by its path, such as "hook install".
func walkCommands(commands []*cli.Command, above string, f func(path string, c *cli.Command)) {
	for _, c := range commands {
		if !c.Hidden {
			f(above+c.Name, c)
			walkCommands(c.Subcommands, above+c.Name+" ", f)
		}
	}
}

// TestDocsTell holds the manual to tell of every command, and of every flag somewhere
// besides the list of them.
func TestDocsTell(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	for _, p := range docPages(t) {
		if p.name != referencePage && p.name != "CHANGELOG.md" {
			text.WriteString(p.text)
		}
	}
	walkCommands(newApp(streams{}).Commands, "", func(path string, c *cli.Command) {
		names := []string{path}
		if len(c.Subcommands) > 0 {
			names = nil // a group
		}
		for _, v := range verbs(c) {
			names = append(names, path+" "+v)
		}
		for _, name := range names {
			if !regexp.MustCompile("revokey " + name + `\b`).MatchString(text.String()) {
				t.Errorf("no page tells of `revokey %s`", name)
			}
		}
	})
}

var docLink = regexp.MustCompile(`\]\(([^)\s]+)\)`)

// TestDocsLinks follows every link within the repository, and each heading that one names.
func TestDocsLinks(t *testing.T) {
	t.Parallel()
	all := docPages(t)
	headings := make(map[string][]string)
	for _, p := range all {
		headings[p.name] = p.headings()
	}
	for _, p := range all {
		for _, m := range docLink.FindAllStringSubmatch(p.text, -1) {
			u, err := url.Parse(m[1])
			if err != nil || u.Scheme != "" || u.Host != "" {
				continue
			}
			target := p.name
			if u.Path != "" {
				target = filepath.ToSlash(filepath.Join(filepath.Dir(p.name), u.Path))
			}
			if _, err := os.Stat(filepath.Join(docsRoot, target)); err != nil {
				t.Errorf("%s links to %s, which is not there", p.name, target)
			}
			if u.Fragment != "" && !slices.Contains(headings[target], u.Fragment) {
				t.Errorf("%s links to %s#%s: it has %q", p.name, target, u.Fragment, headings[target])
			}
		}
	}
}

// TestDocsIndex holds docs/README.md to list every page.
func TestDocsIndex(t *testing.T) {
	t.Parallel()
	all := docPages(t)
	index := all[slices.IndexFunc(all, func(p docPage) bool { return p.name == "docs/README.md" })]
	for _, p := range all {
		name, below := strings.CutPrefix(p.name, "docs/")
		if below && name != "README.md" && !strings.Contains(name, "/") && !strings.Contains(index.text, "("+name+")") {
			t.Errorf("docs/README.md does not link to %s", name)
		}
	}
}

// headings returns the names by which a page's headings are linked to, as GitHub makes them.
func (p docPage) headings() []string {
	var all []string
	for i, line := range strings.Split(p.text, "\n") {
		title, ok := strings.CutPrefix(strings.TrimLeft(line, "#"), " ")
		if !strings.HasPrefix(line, "#") || !ok || p.within(i+1) {
			continue
		}
		name := regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(title), "")
		all = append(all, strings.ReplaceAll(name, " ", "-"))
	}
	return all
}
