package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
)

// hookInstall is what `hook install` and `hook uninstall` are asked for.
type hookInstall struct {
	path             string
	names            []string // nil: those that fit
	global, template bool
	budget           time.Duration
}

func hookInstallCommand(std streams) *cli.Command {
	return &cli.Command{
		Name:      "install",
		Usage:     "make git call revokey, and keep what it calls already",
		ArgsUsage: "[HOOK…]",
		Description: `HOOK is pre-commit, pre-merge-commit, commit-msg, pre-push, pre-receive or update;
without one, the first four, or in a bare repository pre-receive. A hook that is
there stays, and runs first. It goes where git looks: core.hooksPath is respected,
husky gets a line of its own, and for lefthook the lines to add are told.`,
		Flags: append(hookWhereFlags(),
			&cli.DurationFlag{Name: "budget", Usage: "have hooks refuse what cannot be looked at in `TIME`", DefaultText: "none; 50s on a server"}),
		Action: func(c *cli.Context) error {
			h, err := hookInstallOf(c)
			if err != nil {
				return err
			}
			if err := h.install(c.Context, std); err != nil || !std.watched {
				return err
			}
			doctor := append([]string{"revokey", "hook", "doctor"}, std.line.only("repo")...)
			std.next("prove that they refuse a key", typed(doctor...))
			return nil
		},
	}
}

func hookUninstallCommand(std streams) *cli.Command {
	return &cli.Command{
		Name:        "uninstall",
		Usage:       "take the hooks away, and put back what was there before",
		ArgsUsage:   "[HOOK…]",
		Description: "Takes away what `revokey hook install` made, and nothing else.",
		Flags:       hookWhereFlags(),
		Action: func(c *cli.Context) error {
			h, err := hookInstallOf(c)
			if err != nil {
				return err
			}
			return h.uninstall(c.Context, std)
		},
	}
}

func hookWhereFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "repo", Value: ".", Usage: "the repository at `PATH`"},
		&cli.BoolFlag{Name: "global", Usage: "for all repositories of this user, by core.hooksPath"},
		&cli.BoolFlag{Name: "template", Usage: "for all repositories that this user makes or clones from now on, by init.templateDir"},
	}
}

func hookInstallOf(c *cli.Context) (hookInstall, error) {
	h := hookInstall{path: c.String("repo"), names: c.Args().Slice(), global: c.Bool("global"), template: c.Bool("template"), budget: c.Duration("budget")}
	for _, name := range h.names {
		if !slices.Contains(ourHooks(), name) {
			return h, usagef("unknown hook %q", name).withHint("it is one of %s", strings.Join(ourHooks(), ", "))
		}
	}
	if h.global && h.template {
		return h, usagef("--global and --template are two places: one at a time")
	}
	return h, nil
}

// ourHooks are the names of the hooks that this program is.
func ourHooks() []string {
	return []string{preCommit, preMergeCommit, commitMsg, prePush, preReceive, update}
}

func clientHooks() []string { return ourHooks()[:4] }

// otherHooks are the hooks of git that core.hooksPath hides in every repository, and
// which this program is not. Left out is reference-transaction, which git calls so often
// that a script in its place would be felt.
func otherHooks() []string {
	return []string{
		"applypatch-msg", "pre-applypatch", "post-applypatch", "prepare-commit-msg", "post-commit", "pre-rebase",
		"post-checkout", "post-merge", "post-rewrite", "pre-auto-gc", "sendemail-validate", "post-receive", "post-update", "push-to-checkout",
	}
}

func (h hookInstall) install(ctx context.Context, std streams) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	switch {
	case h.global:
		return h.installGlobal(ctx, program, std)
	case h.template:
		return h.installTemplate(ctx, program, std)
	}
	p, err := findHooks(ctx, h.path)
	if err != nil {
		return err
	}
	if p.scope != "" && p.scope != "local" && p.scope != "worktree" {
		return &hintedError{fmt.Errorf("core.hooksPath is set for more than this repository (%s), to %q: git does not look at hooks of the repository itself", p.scope, p.dir), "`revokey hook install --global` installs there"}
	}
	names := h.names
	if len(names) == 0 && p.bare {
		names = []string{preReceive}
	} else if len(names) == 0 {
		names = clientHooks()
	}
	switch p.manager() {
	case lefthook:
		return lefthookAdvice(p, names)
	case husky:
		return eachHook(p.huskyDir(), names, std, installLine)
	case framework:
		std.say("the pre-commit framework is at work here: its hooks stay, and run first; docs/hooks.md has the lines that share revokey by .pre-commit-config.yaml")
	}
	return eachHook(p.dir, names, std, func(dir, name string) (string, error) {
		return hookScript{name: name, program: program, budget: h.budget}.install(dir)
	})
}

// eachHook does something about each hook in a folder, and tells what.
func eachHook(dir string, names []string, std streams, do func(dir, name string) (string, error)) error {
	for _, name := range names {
		told, err := do(dir, name)
		if err != nil {
			return fmt.Errorf("hook %s: %w", name, err)
		}
		if told != "" {
			fmt.Fprintf(std.out, "%s: %s (%s)\n", name, told, dir)
		}
	}
	return nil
}

// lefthookAdvice tells what to write where: lefthook would replace a hook beside its own.
func lefthookAdvice(p hookPlace, names []string) error {
	var lines strings.Builder
	for _, name := range names {
		fmt.Fprintf(&lines, "\n%s:\n  jobs:\n    - name: revokey\n      run: revokey hook run %s -- {0}", name, name)
		if name == prePush {
			lines.WriteString("\n      use_stdin: true")
		}
	}
	return &hintedError{
		fmt.Errorf("lefthook makes the hooks of %q, and would replace any other; nothing was changed. Add to lefthook.yml:%s", p.top, lines.String()),
		"then `lefthook install`, and `revokey hook doctor` proves it",
	}
}

// userHooks returns the folder that a variable of git's global configuration names; where
// it is not set, one of our own, which it then names.
func userHooks(ctx context.Context, variable, own string, set bool) (string, error) {
	if dir, err := userGit(ctx, ".", "config", "--global", "--type=path", "--get", variable); err == nil && dir != "" {
		return dir, nil
	}
	config, err := os.UserConfigDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(config, "revokey", own)
	if set {
		_, err = userGit(ctx, ".", "config", "--global", variable, dir)
	}
	return dir, err
}

func (h hookInstall) installGlobal(ctx context.Context, program string, std streams) error {
	before, _ := userGit(ctx, ".", "config", "--global", "--get", "core.hooksPath")
	dir, err := userHooks(ctx, "core.hooksPath", "hooks", true)
	if err != nil {
		return err
	}
	names := h.names
	if len(names) == 0 {
		names = clientHooks()
	}
	if err := eachHook(dir, names, std, func(dir, name string) (string, error) {
		return hookScript{name: name, program: program, budget: h.budget, global: true}.install(dir)
	}); err != nil || before != "" {
		return err
	}
	for _, name := range slices.Concat(ourHooks(), otherHooks()) {
		if !slices.Contains(names, name) {
			if err := writeHook(filepath.Join(dir, name), hookScript{name: name, forward: true}.text()); err != nil {
				return err
			}
		}
	}
	std.say("core.hooksPath now names %q for all repositories of this user; hooks of a repository's own are still called, but for reference-transaction", dir)
	return nil
}

func (h hookInstall) installTemplate(ctx context.Context, program string, std streams) error {
	dir, err := userHooks(ctx, "init.templateDir", "template", true)
	if err != nil {
		return err
	}
	names := h.names
	if len(names) == 0 {
		names = clientHooks()
	}
	if err := eachHook(filepath.Join(dir, "hooks"), names, std, func(dir, name string) (string, error) {
		return hookScript{name: name, program: program, budget: h.budget}.install(dir)
	}); err != nil {
		return err
	}
	std.say("repositories that are made or cloned from now on get them; for one that exists: `revokey hook install`")
	return nil
}

func (h hookInstall) uninstall(ctx context.Context, std streams) error {
	names := h.names
	if len(names) == 0 {
		names = ourHooks()
	}
	switch {
	case h.global:
		return h.uninstallFor(ctx, "core.hooksPath", "hooks", "", slices.Concat(names, otherHooks()), std)
	case h.template:
		return h.uninstallFor(ctx, "init.templateDir", "template", "hooks", names, std)
	}
	p, err := findHooks(ctx, h.path)
	if err != nil {
		return err
	}
	if p.scope != "" && p.scope != "local" && p.scope != "worktree" {
		p.dir = filepath.Join(p.common, "hooks")
	}
	if dir := p.huskyDir(); dir != "" {
		if err := eachHook(dir, names, std, uninstallLine); err != nil {
			return err
		}
	}
	return eachHook(p.dir, names, std, uninstallHook)
}

// uninstallFor takes hooks out of the folder of a variable, and the variable away where
// the folder is ours and empty now.
func (h hookInstall) uninstallFor(ctx context.Context, variable, own, below string, names []string, std streams) error {
	dir, err := userHooks(ctx, variable, own, false)
	if err != nil {
		return err
	}
	if err := eachHook(filepath.Join(dir, below), names, std, uninstallHook); err != nil {
		return err
	}
	config, err := os.UserConfigDir()
	if err != nil || filepath.Clean(dir) != filepath.Join(config, "revokey", own) {
		return err
	}
	if below != "" {
		err = os.Remove(filepath.Join(dir, below)) // of which something may be left
	}
	if err := errors.Join(err, os.Remove(dir)); err != nil {
		std.say("%s still names %q, which is not empty", variable, dir)
		return nil //nolint:nilerr // what others put there is theirs, and is told of
	}
	_, err = userGit(ctx, ".", "config", "--global", "--unset", variable)
	var exit *exec.ExitError
	switch {
	case err == nil:
		std.say("%s is not set any more", variable)
	case errors.As(err, &exit) && exit.ExitCode() == gitNotSet:
	default:
		return err // git uses a folder that is gone
	}
	return nil
}

// gitNotSet is how git config ends where it is to unset what is not set.
const gitNotSet = 5
