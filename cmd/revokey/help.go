package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/revokey-dev/revokey/report"
)

// helpCommand tells of the program and its commands.
func helpCommand(std streams) *cli.Command {
	return &cli.Command{
		Name: "help", Usage: "tell of the commands, or all about one", ArgsUsage: "[COMMAND…]",
		Action: func(c *cli.Context) error { return printHelp(c.App, c.Args().Slice(), std) },
	}
}

// printHelp prints the page of the command that the words name.
func printHelp(app *cli.App, words []string, std streams) error {
	p, ok := findPage(app, words)
	if !ok {
		err := usagef("there is no command %q", strings.Join(words, " "))
		return err.withHint("%s`revokey help` lists the commands", didYouMean(words[0], app.Commands))
	}
	_, err := io.WriteString(std.out, helpText(p, std))
	return err
}

// asksForHelp reports whether the line asks for help, and about which command.
func asksForHelp(line commandLine) bool { return line.value("help", "h") == "true" }

// helpColumns are the columns of help where there is no terminal, and the most it takes.
const helpColumns, mostHelpColumns = 80, 100

// helpText lays a page out for a terminal.
func helpText(p page, std streams) string {
	style := report.Style{Width: helpColumns, Colour: std.colour(std.shown)}
	if std.width > 0 {
		style.Width = min(std.width, mostHelpColumns)
	}
	var b strings.Builder
	section := func(title string) {
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(style.Bold(strings.ToUpper(title)) + "\n")
	}
	b.WriteString(style.Block(p.name+" - "+p.usage, 0))
	section("usage")
	b.WriteString("   " + strings.TrimSpace(p.name+" "+p.usageArgs()) + "\n")
	for i, text := range p.description {
		if i == 0 {
			section("description")
		} else {
			b.WriteByte('\n')
		}
		b.WriteString(style.Block(strings.ReplaceAll(text, "\n", " "), 3))
	}
	for _, list := range p.lists() {
		section(list.title)
		column := 0
		for _, e := range list.flags {
			column = max(column, len(e.name))
		}
		for _, e := range list.flags {
			b.WriteString(style.Entry(e.name, e.text, column))
		}
	}
	return b.String()
}

// usageArgs is what follows the command's name.
func (p page) usageArgs() string {
	if len(p.commands) > 0 || len(p.flags) == 0 {
		return p.args
	}
	return "[FLAG…] " + p.args
}

// lists returns the parts of a page that are lists, in their order.
func (p page) lists() []flagGroup {
	var lists []flagGroup
	if len(p.examples) > 0 {
		lists = append(lists, flagGroup{"start here", p.examples})
	}
	if len(p.commands) > 0 {
		lists = append(lists, flagGroup{"commands", p.commands})
	}
	for _, g := range p.flags {
		if g.title != flagsTitle {
			g.title = fmt.Sprintf("%s: %s", flagsTitle, g.title)
		}
		lists = append(lists, g)
	}
	return append(lists, flagGroup{"exit codes", exitEntries()})
}
