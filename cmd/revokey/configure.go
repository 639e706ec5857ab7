package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/revokey-dev/revokey/report"
	"github.com/revokey-dev/revokey/scanner"
)

// configure has the commands, and those below them, take from the environment and from files
// what no flag says.
func configure(commands []*cli.Command, std streams) {
	for _, c := range commands {
		if c.Name == "config" {
			continue // which tells where each comes from
		}
		configure(c.Subcommands, std)
		if action := c.Action; action != nil && hasFlag(c, "config") {
			c.Action = func(ctx *cli.Context) error {
				_, err := configured(ctx, std)
				if err != nil {
					return err
				}
				return action(ctx)
			}
		}
	}
}

func hasFlag(c *cli.Command, name string) bool {
	return slices.ContainsFunc(c.Flags, func(f cli.Flag) bool { return slices.Contains(f.Names(), name) })
}

// configured sets the flags of a command that nobody gave, by the environment, the
// repository's file and the user's, in this order, and returns where each comes from.
func configured(c *cli.Context, std streams) (origins map[string]string, err error) {
	sayStrangers(std)
	user, err := readUserConfig(c.String("config"))
	if err != nil {
		return nil, err
	}
	origins = make(map[string]string)
	for _, s := range settings() {
		if c.IsSet(s.flag) {
			origins[s.key] = "flag --" + s.flag
		}
	}
	if err := setAll(c, origins, environment(), byUser); err != nil {
		return nil, err
	}
	if s, _ := settingOf("distrust_repository"); !c.IsSet(s.flag) { // which decides on the next file
		if err := setOne(c, origins, user, s); err != nil {
			return nil, err
		}
	}
	if err := setByRepository(c, origins, std); err != nil {
		return nil, err
	}
	return origins, setAll(c, origins, user, byUser)
}

// setByRepository sets what the repository's file says, if a command is about one, and tells of it.
func setByRepository(c *cli.Context, origins map[string]string, std streams) error {
	root := rootOf(c)
	if root == "" || c.Bool("distrust-repository") {
		return nil
	}
	own, err := readRepositoryConfig(root)
	if err != nil {
		return err
	}
	if err := setAll(c, origins, own, byAnybody); err != nil {
		return err
	}
	sayOwn(std, own, origins)
	return nil
}

// sayOwn tells of what a repository has set: it may make a scan see less.
func sayOwn(std streams, own *configFile, origins map[string]string) {
	var set []string
	for _, key := range own.order {
		if origins[key] == own.name {
			set = append(set, key+"="+own.shown[key])
		}
	}
	if len(set) > 0 {
		std.say("%s of the repository sets %s", own.name, report.Printable(strings.Join(set, " ")))
	}
}

// rootOf returns the root of the repository, or the folder, that a command is about, "" for none.
func rootOf(c *cli.Context) string {
	if !hasFlag(c.Command, "distrust-repository") || c.Bool("stdin") {
		return ""
	}
	path := "."
	if c.Command.ArgsUsage == pathArgs && c.Args().Present() {
		path = c.Args().First()
	}
	if c.Bool("files") {
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			return filepath.Dir(path)
		}
		return path
	}
	root, err := scanner.RootOf(path)
	if err != nil {
		return "" // the command tells of it
	}
	return root
}

// environment returns what the environment sets, as a file would.
func environment() *configFile {
	f := &configFile{values: make(map[string][]string)}
	for _, s := range settings() {
		if value := os.Getenv(s.variable()); value != "" {
			f.values[s.key] = []string{value}
		}
	}
	return f
}

// sayStrangers tells of variables that look like ours and are none, so that none is silently
// without effect.
func sayStrangers(std streams) {
	var known []string
	for _, s := range settings() {
		known = append(known, s.variable())
	}
	for _, pair := range os.Environ() {
		name, value, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(name, environmentPrefix) || value == "" || slices.Contains(known, name) {
			continue
		}
		std.say("the variable %s of the environment is none of ours, and has no effect", report.Printable(name))
		if like := nearest(name, known); like != "" {
			std.hint("did you mean %s?", like)
		}
	}
}

// setAll sets what a file, or the environment, says and nobody before it did.
func setAll(c *cli.Context, origins map[string]string, f *configFile, least scope) error {
	for _, s := range settings() {
		if s.scope < least || c.IsSet(s.flag) || !hasFlag(c.Command, s.flag) {
			continue
		}
		if err := setOne(c, origins, f, s); err != nil {
			return err
		}
	}
	return nil
}

// setOne sets one flag, if the file says something of it.
func setOne(c *cli.Context, origins map[string]string, f *configFile, s setting) error {
	values, ok := f.values[s.key]
	if !ok || !hasFlag(c.Command, s.flag) {
		return nil
	}
	origin := f.name
	if origin == "" {
		origin = "environment " + s.variable()
	}
	for i, value := range values {
		if i > 0 && !s.list {
			return usagef("%s: %s takes one value", origin, s.key)
		}
		if err := c.Set(s.flag, value); err != nil {
			return usagef("%s: the value of %s is not one that --%s takes", origin, s.key, s.flag)
		}
	}
	origins[s.key] = origin
	return nil
}
