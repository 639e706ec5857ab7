package main

import (
	"log/slog"
	"slices"
	"strconv"

	"github.com/urfave/cli/v2"
)

// commonFlags are those of every command. They may also stand before it.
func commonFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "color", Value: string(colourAuto), Usage: "`WHEN` to use colours: auto, always, never", Category: "Messages"},
		&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "print the result, errors and what was not scanned alone; nothing where nothing was found", Category: "Messages"},
		&cli.BoolFlag{Name: "verbose", Usage: "tell of each phase: how long it took, and what it counted", Category: "Messages"},
		&cli.StringFlag{Name: "log-format", Value: "text", Usage: "`FORMAT` of the messages on standard error: text, json", Category: "Messages"},
	}
}

// obeying returns the streams as the common flags of a line want them.
func (s streams) obeying(line commandLine) (streams, error) {
	s.line = line
	switch word := colouring(line.value("color")); word {
	case "", colourAuto, colourAlways, colourNever:
		s.paint = word
	default:
		return s, usagef("--color takes auto, always or never, not %q", word)
	}
	switch format := line.value("log-format"); format {
	case "", "text":
	case "json":
		s.log, s.watched = slog.New(slog.NewJSONHandler(s.err, nil)), false
	default:
		return s, usagef("--log-format takes text or json, not %q", format)
	}
	s.quiet, _ = strconv.ParseBool(line.value("quiet", "q"))
	s.verbose, _ = strconv.ParseBool(line.value("verbose"))
	if s.quiet && s.verbose {
		return s, usagef("--quiet and --verbose do not go together")
	}
	return s, nil
}

// addCommonFlags gives the flags to each command that does something, unless it has one of
// the name.
func addCommonFlags(c *cli.Command) {
	if len(c.Subcommands) > 0 && len(c.Flags) == 0 { // it names others only
		return
	}
	for _, f := range commonFlags() {
		if !slices.ContainsFunc(f.Names(), func(n string) bool { return flagNamed(c, n) != nil }) {
			c.Flags = append(c.Flags, f)
		}
	}
}
