package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// page is what is told of a command: as its help and as its page of the manual. Its source is
// the command itself.
type page struct {
	name        string // with all its words, such as "revokey hook install"
	usage       string // in a line
	args        string
	description []string    // paragraphs
	examples    []pageEntry // a command line, and what it does
	commands    []pageEntry
	flags       []flagGroup
}

// pageEntry is a name and what it is for.
type pageEntry struct{ name, text string }

// flagGroup is flags of one category.
type flagGroup struct {
	title string
	flags []pageEntry
}

// flagsTitle is that of the flags without a category.
const flagsTitle = "Flags"

// appPage returns the page of the program.
func appPage(app *cli.App) page {
	p := page{
		name: app.Name, usage: app.Usage, args: "COMMAND [FLAG…] [ARGUMENT…]",
		examples: []pageEntry{
			{"revokey demo", "all of it at work, offline: nothing is needed"},
			{"revokey scan", "the repository here, all of its history; nothing leaves the machine"},
			{"revokey scan --verify", "and ask AWS which of the keys work"},
			{"revokey help COMMAND", "all about one command"},
		},
		commands: entriesOf(app.Commands),
	}
	p.flags = groupsOf(append(commonFlags(), &cli.BoolFlag{Name: "version", Usage: "print the version", Category: "Messages"}))
	return p
}

// commandPage returns the page of a command.
func commandPage(name string, c *cli.Command) page {
	p := page{name: name, usage: c.Usage, args: c.ArgsUsage, commands: entriesOf(c.Subcommands)}
	if text := strings.TrimSpace(c.Description); text != "" {
		p.description = strings.Split(text, "\n\n")
	}
	switch {
	case len(p.commands) > 0 && p.args != "": // it does something without one of them
		p.args = "[FLAG…] " + p.args
	case len(p.commands) > 0:
		p.args = "COMMAND [FLAG…]"
	}
	p.flags = groupsOf(c.Flags)
	return p
}

func entriesOf(commands []*cli.Command) []pageEntry {
	var entries []pageEntry
	for _, c := range commands {
		if !c.Hidden {
			entries = append(entries, pageEntry{c.Name, c.Usage})
		}
	}
	return entries
}

// groupsOf returns the flags by their categories, those without one first, those of all
// commands last.
func groupsOf(flags []cli.Flag) []flagGroup {
	byTitle := make(map[string][]pageEntry)
	var titles []string
	for _, f := range flags {
		doc, ok := f.(cli.DocGenerationFlag)
		if hidden, is := f.(cli.VisibleFlag); !ok || is && !hidden.IsVisible() {
			continue
		}
		title := flagsTitle
		if in, ok := f.(cli.CategorizableFlag); ok {
			title = cmp.Or(in.GetCategory(), flagsTitle)
		}
		if byTitle[title] == nil {
			titles = append(titles, title)
		}
		byTitle[title] = append(byTitle[title], flagEntry(f, doc))
	}
	rank := map[string]int{flagsTitle: -1, "Messages": 1}
	slices.SortStableFunc(titles, func(a, b string) int { return cmp.Compare(rank[a], rank[b]) })
	var groups []flagGroup
	for _, t := range titles {
		groups = append(groups, flagGroup{t, byTitle[t]})
	}
	return groups
}

// flagEntry is such as "--format FORMAT" and what it is for, with its default.
func flagEntry(f cli.Flag, doc cli.DocGenerationFlag) pageEntry {
	text, value := doc.GetUsage(), "VALUE"
	if before, rest, ok := strings.Cut(text, "`"); ok {
		named, after, _ := strings.Cut(rest, "`")
		text, value = before+named+after, named
	}
	var names []string
	for _, n := range f.Names() {
		dashes := "--"
		if len(n) == 1 {
			dashes = "-"
		}
		names = append(names, dashes+n)
	}
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(len(a), len(b)) })
	name := strings.Join(names, ", ")
	generic, isGeneric := f.(*cli.GenericFlag)
	if doc.TakesValue() {
		if _, alone := f.(*cli.BoolFlag); isGeneric && isBool(generic) {
			name += "[=" + value + "]"
		} else if !alone {
			name += " " + value
		}
		if d := defaultOf(doc); d != "" && !strings.Contains(text, "default:") {
			text += " (default: " + d + ")"
		}
	}
	return pageEntry{name, text}
}

func isBool(f *cli.GenericFlag) bool {
	_, ok := f.Value.(interface{ IsBoolFlag() bool })
	return ok
}

// defaultOf returns the value of a flag that nobody gave, "" where it is none.
func defaultOf(doc cli.DocGenerationFlag) string {
	text := strings.Trim(doc.GetDefaultText(), `"`)
	if text == "" || text == "0" || text == "[]" {
		text = doc.GetValue()
	}
	if text == "0" || text == "[]" {
		return ""
	}
	return text
}

// The exit codes, for pages.
func exitEntries() []pageEntry {
	return []pageEntry{
		{fmt.Sprint(exitClean), "clean: nothing found, or all that was asked for is done and proven"},
		{fmt.Sprint(exitFindings), "findings, none of them proven live"},
		{fmt.Sprint(exitTrouble), "trouble: bad usage, an error, or something was not scanned"},
		{fmt.Sprint(exitLive), "at least one key is live"},
		{fmt.Sprint(exitInterrupted), "interrupted"},
	}
}

// findPage returns the page of the command that the words name, of the program for none;
// ok is false where there is no such command.
func findPage(app *cli.App, words []string) (p page, ok bool) {
	if len(words) == 0 {
		return appPage(app), true
	}
	commands, name := app.Commands, app.Name
	var found *cli.Command
	for _, w := range words {
		i := slices.IndexFunc(commands, func(c *cli.Command) bool { return c.HasName(w) })
		if i < 0 {
			return page{}, false
		}
		found, name = commands[i], name+" "+w
		commands = found.Subcommands
	}
	return commandPage(name, found), true
}

// allPages returns the pages of the program and of all its commands.
func allPages(app *cli.App) []page {
	pages := []page{appPage(app)}
	var add func(name string, commands []*cli.Command)
	add = func(name string, commands []*cli.Command) {
		for _, c := range commands {
			if !c.Hidden {
				pages = append(pages, commandPage(name+" "+c.Name, c))
				add(name+" "+c.Name, c.Subcommands)
			}
		}
	}
	add(app.Name, app.Commands)
	return pages
}
