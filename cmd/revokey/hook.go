package main

import (
	"github.com/urfave/cli/v2"
)

// hookCommand is all that has to do with git's hooks.
func hookCommand(std streams) *cli.Command {
	return &cli.Command{
		Name:  "hook",
		Usage: "let git refuse commits and pushes that bring keys",
		Description: `Installs hooks, proves that they work, and is what they call. A hook that cannot
do its work refuses: it never passes by accident.`,
		Action: noHookCommand,
		Subcommands: []*cli.Command{
			hookInstallCommand(std), hookUninstallCommand(std), hookDoctorCommand(std), hookRunCommand(std),
		},
	}
}

func noHookCommand(c *cli.Context) error {
	if !c.Args().Present() {
		return usagef("hook takes a command").withHint("`revokey hook --help` lists them; `revokey hook install` is the first")
	}
	name := c.Args().First()
	return usagef("unknown command %q of hook", name).withHint("%s`revokey hook --help` lists the commands", didYouMean(name, c.Command.Subcommands))
}

// The hooks that this program is, as git names them.
// See https://git-scm.com/docs/githooks.
const (
	preCommit      = "pre-commit"
	preMergeCommit = "pre-merge-commit"
	commitMsg      = "commit-msg"
	prePush        = "pre-push"
	preReceive     = "pre-receive"
	update         = "update"
)
