package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/revokey-dev/revokey/report"
)

// run is the program: it carries out the command line and returns the exit code.
func run(ctx context.Context, args []string, std streams) int {
	if slices.Contains(args, completionFlag) {
		complete(ctx, args, std)
		return exitClean
	}
	app := newApp(std)
	err := app.RunContext(ctx, argsFirst(app, args))
	if left := untold(err); left != nil {
		explain(left, std)
	}
	return exitCode(err)
}

// explain prints an error. Its text may quote what a repository or a server
// says, and must do nothing to a terminal.
func explain(err error, std streams) {
	if errors.Is(err, context.Canceled) {
		std.say("interrupted")
		return
	}
	for i, line := range strings.Split(err.Error(), "\n") {
		if i == 0 {
			std.say("%s", report.Printable(line))
		} else {
			fmt.Fprintln(std.err, "  "+report.Printable(line))
		}
	}
	if hint := hintFor(err); hint != "" {
		std.hint("%s", report.Printable(hint))
	}
}

const exitCodesText = `EXIT CODES
   0    clean: nothing found, or all that was asked for is done and proven
   1    findings, none of them proven live
   2    trouble: bad usage, an error, or something was not scanned
   3    at least one key is live
   130  interrupted
`

func newApp(std streams) *cli.App {
	app := &cli.App{
		Name:                      "revokey",
		Usage:                     "find AWS keys that leaked into git, prove which still work, switch them off",
		Version:                   versionString(),
		Reader:                    std.in,
		Writer:                    std.out,
		ErrWriter:                 std.err,
		HideHelpCommand:           true,
		DisableSliceFlagSeparator: true,
		Action:                    noCommand,
		OnUsageError:              badUsage,
		ExitErrHandler:            func(*cli.Context, error) {}, // run alone decides how to end
		CustomAppHelpTemplate:     cli.AppHelpTemplate + "\n" + exitCodesText,
		Commands: []*cli.Command{
			scanCommand(std), sweepCommand(std), workerCommand(std), verifyCommand(std), revokeCommand(std), undoCommand(std),
			traceCommand(std), keysCommand(std), reportCommand(std), journalCommand(std), baselineCommand(std), configCommand(std), demoCommand(std), hookCommand(std),
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
		c.HideHelpCommand = true
		c.CustomHelpTemplate = cli.CommandHelpTemplate + "\n" + exitCodesText
		if len(c.Subcommands) > 0 {
			c.CustomHelpTemplate = cli.SubcommandHelpTemplate + "\n" + exitCodesText
		}
		dress(c.Subcommands)
	}
}

// undress makes the commands, and those below them, do nothing.
func undress(commands []*cli.Command) {
	for _, c := range commands {
		c.Action = func(*cli.Context) error { return nil }
		undress(c.Subcommands)
	}
}

// noCommand is what runs where the first word is no command.
func noCommand(c *cli.Context) error {
	if !c.Args().Present() {
		return usagef("no command given").withHint("`revokey --help` lists the commands; `revokey demo` shows them at work")
	}
	name := c.Args().First()
	err := usagef("unknown command %q", name)
	return err.withHint("%s `revokey --help` lists the commands", cli.SuggestCommand(c.App.Commands, name))
}

// badUsage turns what the flag package says into ours, with a suggestion.
func badUsage(c *cli.Context, err error, _ bool) error {
	usage := usagef("%s", err)
	name, ok := strings.CutPrefix(err.Error(), "flag provided but not defined: -")
	if !ok {
		return usage.withHint("`%s --help` lists the flags", c.Command.HelpName)
	}
	usage.text = fmt.Sprintf("unknown flag --%s", strings.TrimLeft(name, "-"))
	if like := cli.SuggestFlag(c.Command.VisibleFlags(), name, false); like != "" {
		return usage.withHint("did you mean %s?", like)
	}
	return usage
}

// completionFlag is what the shell's completion adds to the command line.
const completionFlag = "--generate-bash-completion"

// complete prints what could follow. It can run no action, whatever the line:
// the flag goes last and every "--" away, behind which urfave/cli would take
// it for an argument and run the command.
func complete(ctx context.Context, args []string, std streams) {
	defer func() { _ = recover() }() // urfave/cli panics where a flag's value is missing
	words := slices.DeleteFunc(slices.Clone(args), func(a string) bool { return a == "--" || a == completionFlag })
	app := newApp(streams{in: std.in, out: std.out, err: io.Discard})
	app.EnableBashCompletion = true
	app.Action = nil
	undress(app.Commands)
	_ = app.RunContext(ctx, append(words, completionFlag))
}
