package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// run is the program: it carries out the command line and returns the exit code.
func run(ctx context.Context, args []string, std streams) int {
	if complete(args, std) {
		return exitClean
	}
	app := newApp(std)
	if line, ok := parseLine(app, args); ok {
		obeying, err := std.obeying(line)
		if err != nil {
			explain(err, std)
			return exitCode(err)
		}
		std, args = obeying, line.words()
		app = newApp(std)
		if asksForHelp(line) {
			return exitCode(printHelp(app, line.command[1:], std))
		}
	} else if len(args) == 2 && slices.Contains([]string{"--help", "-h", "-help"}, args[1]) {
		return exitCode(printHelp(app, nil, std))
	} else if len(args) > 2 { // of a command that there is not
		args = slices.DeleteFunc(slices.Clone(args), func(a string) bool { return a == "--help" || a == "-h" })
	}
	err := app.RunContext(ctx, args)
	if left := untold(err); left != nil {
		explain(left, std)
	}
	return exitCode(err)
}

// explain prints an error, and what to do about it.
func explain(err error, std streams) {
	if errors.Is(err, context.Canceled) {
		std.say("interrupted")
		return
	}
	std.fail(err.Error())
	var usage *usageError
	hint := hintFor(err)
	if hint == "" && errors.As(err, &usage) && len(std.line.command) > 1 {
		hint = fmt.Sprintf("`revokey %s --help` tells how", strings.Join(std.line.command[1:], " "))
	}
	if hint != "" {
		std.hint("%s", hint)
	}
}

func newApp(std streams) *cli.App {
	app := &cli.App{
		Name:                      "revokey",
		Usage:                     "find AWS keys that leaked into git, prove which still work, switch them off",
		Version:                   versionString(),
		Reader:                    std.in,
		Writer:                    std.out,
		ErrWriter:                 std.err,
		HideHelp:                  true, // it is ours: see page
		DisableSliceFlagSeparator: true,
		Action:                    noCommand,
		OnUsageError:              badUsage,
		ExitErrHandler:            func(*cli.Context, error) {}, // run alone decides how to end
		Commands: []*cli.Command{
			scanCommand(std), sweepCommand(std), workerCommand(std), verifyCommand(std), revokeCommand(std), undoCommand(std),
			traceCommand(std), keysCommand(std), reportCommand(std), journalCommand(std), baselineCommand(std), configCommand(std), demoCommand(std), hookCommand(std),
			completionCommand(std), helpCommand(std), manCommand(std),
		},
	}
	dress(app.Commands)
	configure(app.Commands, std)
	return app
}

// dress gives the commands, and those below them, what all have in common.
func dress(commands []*cli.Command) {
	for _, c := range commands {
		c.OnUsageError = badUsage
		c.HideHelp = true
		addCommonFlags(c)
		dress(c.Subcommands)
	}
}

// noCommand is what runs where the first word is no command.
func noCommand(c *cli.Context) error {
	if !c.Args().Present() {
		return usagef("no command given").withHint("`revokey --help` lists the commands; `revokey demo` shows them at work")
	}
	name := c.Args().First()
	err := usagef("unknown command %q", name)
	return err.withHint("%s`revokey --help` lists the commands", didYouMean(name, c.App.Commands))
}

// didYouMean suggests the command that a mistyped word is near, "" for none.
func didYouMean(word string, commands []*cli.Command) string {
	var names []string
	for _, c := range commands {
		if !c.Hidden {
			names = append(names, c.Names()...)
		}
	}
	if like := nearest(word, names); like != "" {
		return fmt.Sprintf("did you mean %q? ", like)
	}
	return ""
}

// badUsage turns what the flag package says into ours, with a suggestion.
func badUsage(c *cli.Context, err error, _ bool) error {
	usage := usagef("%s", err)
	if rest, ok := strings.CutPrefix(err.Error(), "flag needs an argument: -"); ok {
		return usagef("--%s takes a value", strings.TrimLeft(rest, "-")).withHint("`%s --help` tells which", c.Command.HelpName)
	}
	name, ok := strings.CutPrefix(err.Error(), "flag provided but not defined: -")
	if !ok {
		return usage.withHint("`%s --help` lists the flags", c.Command.HelpName)
	}
	usage.text = fmt.Sprintf("unknown flag --%s", strings.TrimLeft(name, "-"))
	var names []string
	for _, f := range c.Command.VisibleFlags() {
		names = append(names, f.Names()...)
	}
	if like := nearest(strings.TrimLeft(name, "-"), names); like != "" {
		return usage.withHint("did you mean --%s?", like)
	}
	return usage.withHint("`%s --help` lists the flags", c.Command.HelpName)
}
