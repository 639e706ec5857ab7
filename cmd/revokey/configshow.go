package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/revokey-dev/revokey/report"
)

func configCommand(std streams) *cli.Command {
	return &cli.Command{
		Name:  "config",
		Usage: "show the settings",
		Action: func(c *cli.Context) error {
			if c.Args().Present() {
				return usagef("config has no command %q", c.Args().First()).withHint("it has show")
			}
			return usagef("config takes a command: show").withHint("`revokey config show` tells what is in force, and by whom")
		},
		Subcommands: []*cli.Command{{
			Name: "show", Usage: "show what is in force, and where it comes from", ArgsUsage: pathArgs,
			Description: `Flags come before the environment (REVOKEY_…), that before ` + repositoryConfig + ` in the root of the
repository at PATH (default: here), and that before your own file. What touches AWS is
set by flags and your own file alone.`,
			Flags:  configShowFlags(std),
			Action: func(c *cli.Context) error { return runConfigShow(c, std) },
		}},
	}
}

// configShowFlags are those of scan, but for what it scans, and what else is a setting of a sweep.
func configShowFlags(std streams) []cli.Flag {
	flags := slices.DeleteFunc(scanCommand(std).Flags, func(f cli.Flag) bool {
		return slices.Contains([]string{"stdin", "staged", "range", "ci"}, f.Names()[0]) || changesAWS(f)
	})
	for _, f := range sweepCommand(std).Flags {
		same := func(g cli.Flag) bool { return g.Names()[0] == f.Names()[0] }
		if !slices.ContainsFunc(flags, same) && slices.ContainsFunc(settings(), func(s setting) bool { return s.flag == f.Names()[0] }) {
			flags = append(flags, f)
		}
	}
	return flags
}

func runConfigShow(c *cli.Context, std streams) error {
	if c.NArg() > 1 {
		return usagef("config show takes one path, not %d", c.NArg())
	}
	origins, err := configured(c, std)
	if err != nil {
		return err
	}
	user, err := readUserConfig(c.String("config"))
	if err != nil {
		return err
	}
	aws, err := awsOptionsOf(c)
	if err != nil {
		return err
	}
	line := func(key, value, origin string) {
		fmt.Fprintf(std.out, "%-21s %-24s # %s\n", key+":", cmp.Or(report.Printable(value), "-"), cmp.Or(report.Printable(origin), "default"))
	}
	for _, s := range settings() {
		if hasFlag(c.Command, s.flag) {
			line(s.key, valueOf(c, s.flag), origins[s.key])
		}
	}
	for _, a := range []struct {
		key, flag, value string
	}{{"accounts", "account", strings.Join(aws.accounts, ", ")}, {"profile", "profile", aws.profile}, {"role_name", "role-name", strings.Join(aws.roles, ", ")}} {
		line(a.key, a.value, awsOrigin(c, user, a.key, a.flag))
	}
	return nil
}

// valueOf returns the value of a flag for people: where nobody set it, what its help says.
func valueOf(c *cli.Context, flag string) string {
	if c.IsSet(flag) {
		if list := c.StringSlice(flag); len(list) > 0 {
			return strings.Join(list, ", ")
		}
		return fmt.Sprint(c.Value(flag))
	}
	for _, f := range c.Command.Flags {
		if doc, ok := f.(cli.DocGenerationFlag); ok && slices.Contains(f.Names(), flag) {
			return cmp.Or(strings.Trim(doc.GetDefaultText(), `"`), doc.GetValue())
		}
	}
	return ""
}

// awsOrigin tells where a setting that touches AWS comes from: of the accounts from both.
func awsOrigin(c *cli.Context, user *configFile, key, flag string) string {
	inFile := slices.Contains(user.order, key)
	switch {
	case c.IsSet(flag) && inFile && key == "accounts":
		return user.name + " and flag --" + flag
	case c.IsSet(flag):
		return "flag --" + flag
	case inFile:
		return user.name
	}
	return ""
}
