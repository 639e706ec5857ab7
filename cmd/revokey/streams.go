package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/revokey-dev/revokey/detectors"
	"github.com/revokey-dev/revokey/report"
)

// streams is what a command talks through. Results go to out, in the format
// asked for; all else goes to err, for people: messages begin with "revokey:",
// have no capital and no full stop, and say what to do in a line of their own
// that begins with "hint:", or "next:" where nothing went wrong.
type streams struct {
	in       io.Reader
	out, err io.Writer
	asks     bool // in is a terminal, at which somebody can answer
	watched  bool // err is a terminal, at which progress can be shown
	shown    bool // out is a terminal
	width    int  // columns of out; 0: it is no terminal
	columns  int  // of err; 0: it is no terminal

	env     environ      // what the environment says of colours
	paint   colouring    // what the flags say of them
	quiet   bool         // errors and what is incomplete alone
	verbose bool         // phases, times and counts too
	log     *slog.Logger // takes all messages, as JSON; nil: they are for people
	line    commandLine  // that is being carried out
	shows   bool         // it is a step of a demo, which goes on by itself
}

func newStreams(in, out, err *os.File) streams {
	std := streams{in: in, out: out, err: err, asks: isTerminal(in), watched: isTerminal(err) && os.Getenv("TERM") != "dumb", shown: isTerminal(out), env: os.LookupEnv}
	std.width, std.columns = widthOf(out), widthOf(err)
	return std
}

// widthOf returns how many columns a terminal has, 80 where it does not say, and 0 for what is
// none.
func widthOf(f *os.File) int {
	width, _, err := term.GetSize(int(f.Fd()))
	switch {
	case !isTerminal(f):
		return 0
	case err != nil || width <= 0:
		return 80
	}
	return width
}

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

// style is that of text on standard output.
func (s streams) style() report.Style {
	style := report.Style{Width: s.width, Colour: s.colour(s.shown)}
	if s.shown {
		style.Full = fullFindings
	}
	return style
}

// fullFindings is how many findings a terminal gets in full, the worst; --all gives all.
const fullFindings = 10

// colour reports whether a stream gets colours.
func (s streams) colour(terminal bool) bool { return s.paint.on(terminal, s.env) }

// say tells people something that is not the result, and must not be missed.
func (s streams) say(format string, args ...any) {
	s.message(slog.LevelInfo, "revokey: ", fmt.Sprintf(format, args...))
}

// note tells what can be missed: --quiet leaves it out.
func (s streams) note(format string, args ...any) {
	if !s.quiet {
		s.say(format, args...)
	}
}

// fail tells of an error; of several lines the first is what went wrong.
func (s streams) fail(text string) {
	s.message(slog.LevelError, "revokey: ", strings.ReplaceAll(text, "\n", "\n  "))
}

func (s streams) hint(format string, args ...any) {
	s.message(slog.LevelInfo, "hint: ", fmt.Sprintf(format, args...))
}

// next tells what to type next, and what for: each command whole, on a line of its own.
func (s streams) next(what string, commands ...string) {
	if s.log != nil && !s.quiet && !s.shows {
		s.log.Info("next: "+what, "commands", commands)
		return
	}
	s.nextOn(s.err, what, commands)
}

// nextOn tells it on a stream of ours.
func (s streams) nextOn(w io.Writer, what string, commands []string) {
	if s.quiet || s.shows {
		return
	}
	marked, width := s.marked, s.columns
	if w == s.out {
		marked, width = s.markedOut, s.width
	}
	if w == s.out || s.shown && s.watched { // below a report, or on the same screen
		fmt.Fprintln(w)
	}
	text := report.Style{Width: width}.Hang("next: "+what+":", 6)
	fmt.Fprint(w, marked(colourNext, "next:")+strings.TrimPrefix(text, "next:"))
	for _, c := range commands { // whole, to be copied
		fmt.Fprintln(w, "  "+marked(colourNext, c))
	}
}

// detail tells, where --verbose asks for it, of a phase: how long it took, and what it counted,
// as pairs of a name and a value. No secret may be among them.
func (s streams) detail(what string, pairs ...any) {
	switch {
	case !s.verbose:
	case s.log != nil:
		s.log.Info(what, pairs...)
	default:
		for i := 0; i+1 < len(pairs); i += 2 {
			what += fmt.Sprintf(" %v=%v", pairs[i], report.Printable(fmt.Sprint(pairs[i+1])))
		}
		s.message(slog.LevelInfo, "revokey: ", what)
	}
}

// message is where all that is told goes through: nothing in it acts on a terminal, whatever a
// repository, a file or a server has written, and what it quotes may be a secret, of a file that
// was passed by mistake, or of a ref that is named by one.
func (s streams) message(level slog.Level, prefix, text string) {
	text = plainLines(detectors.Redact(text))
	switch {
	case s.log != nil && prefix == "hint: ":
		s.log.Info(text, "kind", "hint")
	case s.log != nil:
		log := map[slog.Level]func(string, ...any){slog.LevelInfo: s.log.Info, slog.LevelError: s.log.Error}[level]
		log(text)
	case level == slog.LevelError:
		fmt.Fprintln(s.err, s.marked(colourError, strings.TrimSpace(prefix))+" "+text)
	case prefix == "hint: ":
		fmt.Fprintln(s.err, s.marked(colourNext, "hint:")+" "+text)
	default:
		fmt.Fprintln(s.err, prefix+text)
	}
}

// plainLines is [report.Plain] of each line: what is escaped already stays as it is.
func plainLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		rest := strings.TrimLeft(line, " ")
		lines[i] = line[:len(line)-len(rest)] + report.Plain(rest)
	}
	return strings.Join(lines, "\n")
}
