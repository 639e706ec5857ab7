package main

import "slices"

// colouring is what --color says.
type colouring string

// The words of --color; "" is auto.
const (
	colourAuto   colouring = "auto"
	colourAlways colouring = "always"
	colourNever  colouring = "never"
)

// on reports whether a stream gets colours: as the flag says, else as NO_COLOR
// (https://no-color.org) and CLICOLOR_FORCE or FORCE_COLOR (https://force-color.org) say, else
// where it is a terminal that can show them.
func (c colouring) on(terminal bool, env environ) bool {
	off := []string{"", "0", "false"}
	switch {
	case c == colourAlways || c == colourNever:
		return c == colourAlways
	case env.get("NO_COLOR") != "":
		return false
	case !slices.Contains(off, env.get("CLICOLOR_FORCE")) || !slices.Contains(off, env.get("FORCE_COLOR")):
		return true
	}
	return terminal && env.get("TERM") != "dumb" && env.get("CLICOLOR") != "0"
}

// The ANSI sequences of messages.
const (
	colourError = "1;31"
	colourNext  = "36"
)

// marked returns our own text for standard error, in a colour where that has them.
func (s streams) marked(colour, text string) string {
	return painted(s.colour(s.watched), colour, text)
}

// markedOut is marked for standard output.
func (s streams) markedOut(colour, text string) string {
	return painted(s.colour(s.shown), colour, text)
}

func painted(on bool, colour, text string) string {
	if !on {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}
