package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/revokey-dev/revokey/report"
)

// commandLine is what the user typed, taken apart by what the commands take. It is what the
// next one to type is made of.
type commandLine struct {
	command []string   // the program's name and the words of the command
	flags   [][]string // each as typed: one word, or two
	args    []string
}

// parseLine takes the words apart; ok is false where they name no command. Flags may follow
// arguments, as in `scan . --format json`, and those of all commands may come before the
// command. What stands behind "--" is an argument.
func parseLine(app *cli.App, words []string) (line commandLine, ok bool) {
	i := slices.IndexFunc(words, func(a string) bool { return app.Command(a) != nil })
	if i < 1 || slices.Contains(words[:i], "--") {
		return commandLine{}, false
	}
	command := app.Command(words[i])
	line.command = []string{words[0], words[i]}
	before := words[1:i]
	for i++; i < len(words); i++ {
		below := slices.IndexFunc(command.Subcommands, func(c *cli.Command) bool { return c.HasName(words[i]) })
		if below < 0 {
			break
		}
		command = command.Subcommands[below]
		line.command = append(line.command, words[i])
	}
	line.take(command, before)
	if len(line.args) > 0 {
		return commandLine{}, false // a word before the command is neither flag nor value
	}
	line.take(command, words[i:])
	return line, true
}

func (l *commandLine) take(command *cli.Command, words []string) {
	for len(words) > 0 {
		word := words[0]
		words = words[1:]
		switch {
		case word == "--":
			l.args = append(l.args, words...)
			return
		case !strings.HasPrefix(word, "-") || word == "-":
			l.args = append(l.args, word)
		case takesValue(command, word) && len(words) > 0:
			l.flags = append(l.flags, []string{word, words[0]})
			words = words[1:]
		default:
			l.flags = append(l.flags, []string{word})
		}
	}
}

// words returns the line for urfave/cli, which takes all that follows the first argument for
// arguments, without a word: flags first.
func (l commandLine) words() []string {
	words := slices.Concat(l.command, slices.Concat(l.flags...), []string{"--"})
	return append(words, l.args...)
}

// takesValue reports whether the word is a flag whose value is the next word.
func takesValue(command *cli.Command, word string) bool {
	f := flagNamed(command, strings.TrimLeft(word, "-"))
	switch f := f.(type) {
	case nil, *cli.BoolFlag:
		return false
	case *cli.GenericFlag:
		_, isBool := f.Value.(interface{ IsBoolFlag() bool })
		return !isBool
	}
	return true
}

// flagNamed returns the flag of a command by any of its names, nil where it has none.
func flagNamed(command *cli.Command, name string) cli.Flag {
	for _, f := range command.Flags {
		if slices.Contains(f.Names(), name) {
			return f
		}
	}
	return nil
}

// flagName returns the name of a flag as it was typed: without dashes and value.
func flagName(typed []string) string {
	name, _, _ := strings.Cut(strings.TrimLeft(typed[0], "-"), "=")
	return name
}

// value returns what was last typed for a flag, by any of its names; a flag that stands alone
// has the value "true".
func (l commandLine) value(names ...string) string {
	value := ""
	for _, f := range l.flags {
		if !slices.Contains(names, flagName(f)) {
			continue
		}
		_, after, ok := strings.Cut(f[0], "=")
		switch {
		case ok:
			value = after
		case len(f) > 1:
			value = f[1]
		default:
			value = "true"
		}
	}
	return value
}

// only returns the words of the flags of these names, as typed.
func (l commandLine) only(names ...string) []string {
	var words []string
	for _, f := range l.flags {
		if slices.Contains(names, flagName(f)) {
			words = append(words, f...)
		}
	}
	return words
}

// without returns the line without the flag of that name.
func (l commandLine) without(name string) commandLine {
	l.flags = slices.DeleteFunc(slices.Clone(l.flags), func(f []string) bool { return flagName(f) == name })
	return l
}

// with returns the line, for a shell, with more flags, and without those that it then has
// twice: first what it is about, then how.
func (l commandLine) with(flags ...string) string {
	var words []string
	for _, f := range l.flags {
		again := slices.ContainsFunc(flags, func(g string) bool { return strings.HasPrefix(g, "-") && flagName([]string{g}) == flagName(f) })
		if !again {
			words = append(words, f...)
		}
	}
	words = append(words, flags...)
	if slices.ContainsFunc(l.args, func(a string) bool { return strings.HasPrefix(a, "-") }) {
		return typed(slices.Concat(l.command, words, []string{"--"}, l.args)...)
	}
	return typed(slices.Concat(l.command, l.args, words)...)
}

// typed returns a command line for a shell.
func typed(words ...string) string {
	quoted := []string{"revokey"} // however it was called
	for _, w := range words[1:] {
		quoted = append(quoted, report.ShellWord(w))
	}
	return strings.Join(quoted, " ")
}

// pathArgs is what commands take that are about a repository, or files.
const pathArgs = "[PATH]"
