package main

import (
	"embed"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/revokey-dev/revokey/report"
	"github.com/revokey-dev/revokey/revoke"
)

//go:embed completions
var completionScripts embed.FS

// shells are those that there is a script for, and the ends of its name.
func shells() map[string]string {
	return map[string]string{"bash": "bash", "zsh": "zsh", "fish": "fish", "powershell": "ps1"}
}

func shellNames() []string { return []string{"bash", "zsh", "fish", "powershell"} }

// completionCommand prints what makes TAB work in a shell.
func completionCommand(std streams) *cli.Command {
	return &cli.Command{
		Name: "completion", Usage: "print what makes TAB complete commands and flags in a shell", ArgsUsage: "bash|zsh|fish|powershell",
		Description: `In bash, in ~/.bashrc: . <(revokey completion bash)

In zsh, behind compinit in ~/.zshrc: source <(revokey completion zsh)

In fish: revokey completion fish > ~/.config/fish/completions/revokey.fish

In PowerShell, in $PROFILE: revokey completion powershell | Out-String | Invoke-Expression

TAB carries out no command, and evaluates nothing of what was typed.`,
		Action: func(c *cli.Context) error {
			name := c.Args().First()
			end, ok := shells()[name]
			if c.NArg() != 1 || !ok {
				err := usagef("completion takes a shell: bash, zsh, fish or powershell")
				if like := nearest(name, shellNames()); like != "" && !ok {
					return err.withHint("did you mean %s?", like)
				}
				return err
			}
			script, err := completionScripts.ReadFile("completions/revokey." + end)
			if err != nil {
				return fmt.Errorf("reading the script: %w", err)
			}
			_, err = std.out.Write(script)
			return err
		},
	}
}

// completeWord asks for completion, and does so as the first word alone: further on a word may
// be a file's name. Then comes "=" and the word that is being typed, then those before it.
const completeWord = "__complete"

// complete prints what could be typed, if that is asked for. It runs no command, whatever the
// line: it but compares words.
func complete(args []string, std streams) (asked bool) {
	if len(args) < 3 || args[1] != completeWord || !strings.HasPrefix(args[2], "=") {
		return false
	}
	found, files := candidates(newApp(std), args[3:], args[2][1:])
	for _, e := range found {
		fmt.Fprintf(std.out, "%s\t%s\n", e.name, e.text)
	}
	if files {
		fmt.Fprintln(std.out, ":files")
	}
	return true
}

// candidates returns what can stand where somebody types: words are those before, typed is
// what is there yet. files: names of files can stand there too.
func candidates(app *cli.App, words []string, typed string) (found []pageEntry, files bool) {
	command, rest := commandIn(app, words)
	n := len(rest)
	name, _, hasValue := strings.Cut(typed, "=")
	switch {
	case slices.Contains(rest, "--"):
		found, files = arguments(app, command)
	case n > 0 && strings.HasPrefix(rest[n-1], "-") && takesValue(command, rest[n-1]):
		found, files = values(command, strings.TrimLeft(rest[n-1], "-"))
	case hasValue && strings.HasPrefix(typed, "-"):
		found, _ = values(command, strings.TrimLeft(name, "-"))
		for i := range found {
			found[i].name = name + "=" + found[i].name
		}
	case strings.HasPrefix(typed, "-"):
		found = flagsOf(command)
	default:
		found, files = arguments(app, command)
	}
	return slices.DeleteFunc(found, func(e pageEntry) bool { return !strings.HasPrefix(e.name, typed) }), files
}

// commandIn returns the command that words name, and what follows its name. Without one it is
// the program, as a command.
func commandIn(app *cli.App, words []string) (*cli.Command, []string) {
	command := &cli.Command{Name: app.Name, Subcommands: app.Commands, Flags: commonFlags()}
	for i := 0; i < len(words); i++ {
		w := words[i]
		if strings.HasPrefix(w, "-") && command.Name == app.Name {
			if takesValue(command, w) && !strings.Contains(w, "=") {
				i++
			}
			continue
		}
		below := slices.IndexFunc(command.Subcommands, func(c *cli.Command) bool { return c.HasName(w) })
		if below < 0 {
			return command, words[i:]
		}
		command = command.Subcommands[below]
	}
	return command, nil
}

func flagsOf(command *cli.Command) []pageEntry {
	found := []pageEntry{{"--help", "tell all about it"}}
	for _, g := range groupsOf(command.Flags) {
		for _, e := range g.flags {
			for name := range strings.SplitSeq(e.name, ", ") {
				name, _, _ = strings.Cut(name, " ")
				if name, _, _ = strings.Cut(name, "["); strings.HasPrefix(name, "--") {
					found = append(found, pageEntry{name, e.text})
				}
			}
		}
	}
	return found
}

// values returns what a flag takes, or that it takes a file.
func values(command *cli.Command, flag string) (found []pageEntry, files bool) {
	words := map[string][]string{
		"color": {string(colourAuto), string(colourAlways), string(colourNever)}, "log-format": {"text", "json"},
		"format": report.Formats(), "partition": revoke.Partitions(), "verify": {string(verifyOn), string(verifyOwn), string(verifyOff)},
	}
	if command.Name == "report" {
		words["format"] = []string{"markdown", "json"}
	}
	for _, w := range words[flag] {
		found = append(found, pageEntry{w, ""})
	}
	doc, ok := flagNamed(command, flag).(cli.DocGenerationFlag)
	return found, ok && (strings.Contains(doc.GetUsage(), "FILE`") || strings.Contains(doc.GetUsage(), "FOLDER`"))
}

// arguments returns what follows the name of a command.
func arguments(app *cli.App, command *cli.Command) (found []pageEntry, files bool) {
	if len(command.Subcommands) > 0 {
		return entriesOf(command.Subcommands), false
	}
	if command.Name == "help" {
		return entriesOf(app.Commands), false
	}
	usage, _, _ := strings.Cut(strings.Trim(command.ArgsUsage, "[]"), " ")
	for word := range strings.SplitSeq(usage, "|") {
		if word != "" && strings.ToLower(word) == word && word != "…" {
			found = append(found, pageEntry{word, ""})
		}
	}
	return found, strings.Contains(command.ArgsUsage, "PATH")
}
