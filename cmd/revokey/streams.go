package main

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/term"
)

// streams is what a command talks through. Results go to out, in the format
// asked for; all else goes to err, for people: messages begin with "revokey:",
// have no capital and no full stop, and say what to do in a line of their own
// that begins with "hint:".
type streams struct {
	in       io.Reader
	out, err io.Writer
	asks     bool // in is a terminal, at which somebody can answer
	watched  bool // err is a terminal, at which progress can be shown
	shown    bool // out is a terminal
	colour   bool // out is a terminal, and nobody asked for no colours
}

func newStreams(in, out, err *os.File) streams {
	return streams{in: in, out: out, err: err, asks: isTerminal(in), watched: isTerminal(err), shown: isTerminal(out), colour: isTerminal(out) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
}

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

// say tells people something that is not the result.
func (s streams) say(format string, args ...any) {
	fmt.Fprintf(s.err, "revokey: "+format+"\n", args...)
}

func (s streams) hint(format string, args ...any) {
	fmt.Fprintf(s.err, "hint: "+format+"\n", args...)
}
