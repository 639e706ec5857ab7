package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"
)

// manCommand writes the pages of the manual, for packages of a release.
func manCommand(std streams) *cli.Command {
	return &cli.Command{
		Name: "man", Usage: "print the manual's page of a command", ArgsUsage: "[COMMAND…]", Hidden: true,
		Description: "The page is in the language of man(1): `revokey man scan | man -l -` shows it.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "dir", Usage: "write the pages of all commands into `FOLDER` instead"},
		},
		Action: func(c *cli.Context) error {
			if dir := c.String("dir"); dir != "" {
				return writeManual(c.App, dir)
			}
			p, ok := findPage(c.App, c.Args().Slice())
			if !ok {
				return usagef("there is no command %q", strings.Join(c.Args().Slice(), " ")).withHint("`revokey help` lists the commands")
			}
			_, err := io.WriteString(std.out, manPage(p, allPages(c.App)))
			return err
		},
	}
}

// writeManual writes each page into a file of its name, such as revokey-hook-install.1.
func writeManual(app *cli.App, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("writing the manual: %w", err)
	}
	pages := allPages(app)
	for _, p := range pages {
		if err := os.WriteFile(filepath.Join(dir, p.manName()+".1"), []byte(manPage(p, pages)), 0o644); err != nil {
			return fmt.Errorf("writing the manual: %w", err)
		}
	}
	return nil
}

func (p page) manName() string { return strings.ReplaceAll(p.name, " ", "-") }

// manPage lays a page out in the macros of man(7). It holds no date, so that a release is the
// same whenever it is built.
func manPage(p page, all []page) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line(`.TH "%s" "1" "" "revokey" "revokey"`, roff(strings.ToUpper(p.manName())))
	line(".nh\n.ad l")
	line(".SH NAME\n%s \\- %s", roff(p.manName()), roff(p.usage))
	line(".SH SYNOPSIS\n.B %s\n%s", roff(p.name), roff(p.usageArgs()))
	for i, text := range p.description {
		if i == 0 {
			line(".SH DESCRIPTION")
		} else {
			line(".PP")
		}
		line("%s", roff(text))
	}
	for _, list := range p.lists() {
		line(".SH %s", roff(strings.ToUpper(list.title)))
		for _, e := range list.flags {
			line(".TP\n.B %s\n%s", roff(e.name), roff(e.text))
		}
	}
	line(".SH SEE ALSO")
	var others []string
	for _, q := range all {
		if q.name != p.name && p.isBeside(q) {
			others = append(others, roff(q.manName())+"(1)")
		}
	}
	line("%s", strings.Join(others, ",\n"))
	return b.String()
}

// isBeside reports whether a page is to be named on this one: the one above, those below, and
// on those without any below all of the program's own.
func (p page) isBeside(q page) bool {
	mine := p.above()
	return q.above() == p.name || mine != "" && (q.name == mine || q.above() == mine)
}

// above is the name of the page above, "" for that of the program.
func (p page) above() string { return p.name[:max(0, strings.LastIndexByte(p.name, ' '))] }

// roff returns text that means nothing to roff but itself.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "…", `\&...`, "`", `\(ga`, "'", `\(aq`, "^", `\(ha`, "~", `\(ti`).Replace(text)
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, ".") {
			lines[i] = `\&` + l
		}
	}
	return strings.Join(lines, "\n")
}
