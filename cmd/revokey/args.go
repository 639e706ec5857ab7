package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// argsFirst returns the command line with the flags of a command before its
// arguments, so that `scan . --format json` means what it says: urfave/cli would
// take all that follows the first argument for arguments, without a word. What
// stands behind "--" stays an argument.
func argsFirst(app *cli.App, args []string) []string {
	i := slices.IndexFunc(args, func(a string) bool { return app.Command(a) != nil })
	if i < 1 {
		return args
	}
	command := app.Command(args[i])
	for i+1 < len(args) {
		below := slices.IndexFunc(command.Subcommands, func(c *cli.Command) bool { return c.HasName(args[i+1]) })
		if below < 0 {
			break
		}
		command, i = command.Subcommands[below], i+1
	}
	flags, rest := slices.Clone(args[:i+1]), []string{}
	for words := args[i+1:]; len(words) > 0; {
		word := words[0]
		words = words[1:]
		switch {
		case word == "--":
			rest = append(rest, words...)
			words = nil
		case !strings.HasPrefix(word, "-") || word == "-":
			rest = append(rest, word)
		case takesValue(command, word) && len(words) > 0:
			flags = append(flags, word, words[0])
			words = words[1:]
		default:
			flags = append(flags, word)
		}
	}
	return append(append(flags, "--"), rest...)
}

// takesValue reports whether the word is a flag whose value is the next word.
func takesValue(command *cli.Command, word string) bool {
	name := strings.TrimLeft(word, "-")
	for _, f := range command.Flags {
		if slices.Contains(f.Names(), name) {
			_, isBool := f.(*cli.BoolFlag)
			generic, ok := f.(*cli.GenericFlag)
			if ok {
				_, isBool = generic.Value.(interface{ IsBoolFlag() bool })
			}
			return !isBool
		}
	}
	return false
}

// pathArgs is what commands take that are about a repository, or files.
const pathArgs = "[PATH]"
