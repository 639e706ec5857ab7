package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

const referencePage = "docs/commands.md"

// TestReference holds docs/commands.md to be what the program's own help says, word for
// word. UPDATE_DOCS=1 writes it.
func TestReference(t *testing.T) {
	t.Parallel()
	file := filepath.Join(docsRoot, filepath.FromSlash(referencePage))
	want := reference(newApp(streams{}))
	if os.Getenv("UPDATE_DOCS") != "" {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not what the commands say of themselves: run UPDATE_DOCS=1 go test -run TestReference ./cmd/revokey", referencePage)
	}
}

// reference is the list of all commands and flags. Flags that mean the same in three
// commands or more are told of once.
func reference(app *cli.App) string {
	var b strings.Builder
	b.WriteString("<!-- Written by TestReference from the program's own help: UPDATE_DOCS=1 go test -run TestReference ./cmd/revokey -->\n" +
		"# Commands and flags\n\nWhat `--help` says of each command. [README.md](README.md) leads to what they are for, " +
		"[exit-codes.md](exit-codes.md) tells how they end.\n")
	shared := sharedFlags(app)
	walkCommands(app.Commands, "", func(path string, c *cli.Command) {
		fmt.Fprintf(&b, "\n## revokey %s\n\n%s.\n", path, capital(c.Usage))
		if len(c.Subcommands) == 0 {
			fmt.Fprintf(&b, "\n```text\nrevokey %s\n```\n", strings.TrimSpace(path+" [flags] "+c.ArgsUsage))
		}
		if c.Description != "" {
			fmt.Fprintf(&b, "\n%s\n", c.Description)
		}
		var own []cli.Flag
		var others []string
		for _, f := range visibleFlagsOf(c) {
			if slices.ContainsFunc(shared, func(s cli.Flag) bool { return sameFlag(s, f) }) {
				others = append(others, "`--"+f.Names()[0]+"`")
			} else {
				own = append(own, f)
			}
		}
		b.WriteString(flagTable(own))
		if len(others) > 0 {
			fmt.Fprintf(&b, "\nAnd [of several commands](#flags-of-several-commands): %s.\n", strings.Join(others, ", "))
		}
	})
	b.WriteString("\n## Flags of several commands\n" + flagTable(shared))
	return b.String()
}

func visibleFlagsOf(c *cli.Command) []cli.Flag {
	return slices.DeleteFunc(slices.Clone(c.Flags), func(f cli.Flag) bool {
		v, ok := f.(cli.VisibleFlag)
		return f.Names()[0] == "help" || ok && !v.IsVisible()
	})
}

// sharedFlags are those that three commands or more have, in the order in which they come up.
func sharedFlags(app *cli.App) []cli.Flag {
	var all, shared []cli.Flag
	walkCommands(app.Commands, "", func(_ string, c *cli.Command) { all = append(all, visibleFlagsOf(c)...) })
	for _, f := range all {
		n := 0
		for _, g := range all {
			if sameFlag(f, g) {
				n++
			}
		}
		if n >= 3 && !slices.ContainsFunc(shared, func(s cli.Flag) bool { return sameFlag(s, f) }) {
			shared = append(shared, f)
		}
	}
	return shared
}

func sameFlag(f, g cli.Flag) bool { return flagRow(f) == flagRow(g) }

func flagTable(flags []cli.Flag) string {
	if len(flags) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("\n| flag | |\n|---|---|\n")
	for _, f := range flags {
		b.WriteString(flagRow(f))
	}
	return b.String()
}

// flagRow is a flag's line: its names, its value as the help names it, what it does.
func flagRow(f cli.Flag) string {
	usage, value, preset := "", "", ""
	if d, ok := f.(cli.DocGenerationFlag); ok {
		usage = d.GetUsage()
		if parts := strings.SplitN(usage, "`", 3); len(parts) == 3 {
			value = " " + parts[1]
			usage = parts[0] + parts[1] + parts[2]
		}
		if text := d.GetDefaultText(); d.TakesValue() && text != "" && !strings.Contains(usage, "default:") {
			preset = " (default: " + strings.Trim(text, `"`) + ")"
		}
	}
	var names []string
	for _, n := range f.Names() {
		names = append(names, strings.Repeat("-", min(2, len(n)))+n)
	}
	return fmt.Sprintf("| `%s%s` | %s |\n", strings.Join(names, ", "), value, strings.ReplaceAll(usage+preset, "|", `\|`))
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
