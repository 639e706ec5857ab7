package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/revokey-dev/revokey/report"
	"github.com/revokey-dev/revokey/revoke"
)

// outputOptions say where reports go, and in which format each.
type outputOptions struct {
	targets []outputTarget // at least one
	started time.Time
	quiet   bool // say nothing where there is nothing to do
	all     bool // tell all of each finding, however many there are

	next func(report.Record) string // what to type about one finding; nil: nothing
}

// outputTarget is one report.
type outputTarget struct {
	format string
	file   string // "": standard output
}

func outputFlags() []cli.Flag {
	formats := strings.Join(report.Formats(), ", ")
	return []cli.Flag{
		&cli.StringFlag{Name: "format", Value: "text", Usage: "`FORMAT` of the report: " + formats, Category: "Report"},
		&cli.StringSliceFlag{Name: "output", Usage: "write the report to `[FORMAT=]FILE`, whole or not at all; -: standard output, the default (repeatable)", Category: "Report"},
		allFlag("findings"),
	}
}

func allFlag(of string) cli.Flag {
	return &cli.BoolFlag{Name: "all", Usage: fmt.Sprintf("tell all of each of many %s, where a terminal would get a line each behind the first %d", of, fullFindings), Category: "Report"}
}

func outputOptionsOf(c *cli.Context) (outputOptions, error) {
	o := outputOptions{started: time.Now(), all: c.Bool("all")}
	format := cmp.Or(c.String("format"), "text") // a command may have no such flag
	if err := checkFormat(format); err != nil {
		return o, err
	}
	for _, arg := range c.StringSlice("output") {
		t, err := newOutputTarget(arg, format)
		if err != nil {
			return o, err
		}
		if slices.ContainsFunc(o.targets, func(u outputTarget) bool { return sameFile(u.file, t.file) }) {
			return o, usagef("two reports would go to %q", cmp.Or(t.file, "standard output"))
		}
		o.targets = append(o.targets, t)
	}
	if len(o.targets) == 0 {
		o.targets = []outputTarget{{format: format}}
	}
	return o, nil
}

func checkFormat(format string) error {
	if slices.Contains(report.Formats(), format) {
		return nil
	}
	err := usagef("unknown format %q: it is one of %s", format, strings.Join(report.Formats(), ", "))
	if like := nearest(format, report.Formats()); like != "" {
		return err.withHint("did you mean %s?", like)
	}
	return err
}

// newOutputTarget reads [FORMAT=]FILE. What stands before the first "=" and is no format is
// a part of the file's name; ./json=x is one as well.
func newOutputTarget(arg, format string) (outputTarget, error) {
	t := outputTarget{format: format, file: arg}
	if name, file, ok := strings.Cut(arg, "="); ok && slices.Contains(report.Formats(), name) {
		t = outputTarget{format: name, file: file}
	}
	if t.file == "" {
		return t, usagef("--output %q names no file", arg).withHint("- is standard output")
	}
	return t.checked()
}

// checked returns the target, of standard output for "-". Where no report can be written is an
// error before the scan, which may take long.
func (o outputTarget) checked() (outputTarget, error) {
	if o.file == "-" {
		o.file = ""
		return o, nil
	}
	if info, err := os.Stat(o.file); err == nil && info.IsDir() {
		return o, usagef("the report cannot be %q, which is a folder", o.file)
	}
	if info, err := os.Stat(filepath.Dir(o.file)); err != nil || !info.IsDir() {
		return o, usagef("there is no folder for the report %q", o.file)
	}
	return o, nil
}

// sameFile reports whether two names are of one file, "" being standard output.
func sameFile(a, b string) bool {
	if a == "" || b == "" {
		return a == b
	}
	a, aErr := filepath.Abs(a)
	b, bErr := filepath.Abs(b)
	return a == b && aErr == nil && bErr == nil
}

// write writes the reports, each whether or not others can be written, and tells on
// standard error what must not be missed in any format.
func (o outputOptions) write(std streams, records []report.Record, sum report.Summary) error {
	if o.quiet && outcome(sum) == nil {
		return nil
	}
	sum.Version, sum.Started = versionString(), o.started
	var errs []error
	for _, t := range o.targets {
		if std.quiet && t == (outputTarget{format: "text"}) && outcome(sum) == nil {
			continue
		}
		if err := t.save(std.out, func(w io.Writer) error { return writeReport(o.writer(t, w, std), records, sum) }); err != nil {
			errs = append(errs, fmt.Errorf("writing report to %q: %w", cmp.Or(t.file, "standard output"), withoutPath(err)))
		}
	}
	shown := slices.ContainsFunc(o.targets, func(t outputTarget) bool { return t.file == "" })
	if !shown && (std.watched || std.log != nil) { // somebody looks on, and has not seen it yet
		std.note("%s", sum.Answer())
	}
	if slices.ContainsFunc(o.targets, func(t outputTarget) bool { return t == outputTarget{format: "text"} }) {
		sum.SilencedCount = 0 // which is on the terminal already
	}
	tellRest(std, sum)
	return errors.Join(errs...)
}

// writer returns a writer of a target's format: text on standard output is as that shows it best.
func (o outputOptions) writer(t outputTarget, w io.Writer, std streams) report.Writer {
	if t != (outputTarget{format: "text"}) {
		out, err := report.NewWriter(t.format, w)
		if err != nil {
			panic("revokey: internal error: " + err.Error()) // checkFormat has let no other pass
		}
		return out
	}
	style := std.style()
	style.Next = o.next
	if o.all {
		style.Full = 0
	}
	return report.NewTextWriter(w, style)
}

// tellRest tells of what was not scanned, what is silenced, and what else to know.
func tellRest(std streams, sum report.Summary) {
	for _, s := range sum.Skipped {
		std.say("not scanned: %s: %s", report.Printable(s.What), report.Printable(s.Reason))
	}
	if more := sum.SkippedCount - int64(len(sum.Skipped)); more > 0 {
		std.say("not scanned: and %d more", more)
	}
	for _, n := range sum.Notes {
		std.note("note: %s", report.Printable(n))
	}
	if text := sum.SilencedText(); text != "" {
		std.say("%s", text)
	}
}

// save writes to standard output, or to the file: whole or not at all, and such that others
// cannot read it.
func (o outputTarget) save(stdout io.Writer, write func(io.Writer) error) error {
	switch {
	case o.file == "":
		return write(stdout)
	case !o.inPlace():
		return saveFile(o.file, private, write)
	}
	f, err := os.OpenFile(o.file, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}

// inPlace reports whether the report is added to what is there: to a device or a pipe, of
// which a file must not take the place, and to the summary of a step, in which other tools have
// written. Links are replaced, as a repository may hold them, but for those in /dev.
func (o outputTarget) inPlace() bool {
	if slices.Contains([]string{"/dev", "/dev/fd"}, filepath.Dir(o.file)) {
		return true
	}
	info, err := os.Lstat(o.file)
	if err != nil || info.Mode()&fs.ModeSymlink != 0 {
		return false
	}
	return !info.Mode().IsRegular() || o.format == "github-summary"
}

func writeReport(out report.Writer, records []report.Record, sum report.Summary) error {
	for _, r := range records {
		if err := out.Finding(r); err != nil {
			return err
		}
	}
	return out.Close(sum)
}

// outcome is what a report comes to, as an error for the exit code.
func outcome(sum report.Summary) error {
	var errs []error
	if sum.ByStatus[revoke.Live] > 0 {
		errs = append(errs, errLive)
	}
	if sum.SkippedCount > 0 {
		errs = append(errs, errIncomplete)
	}
	if sum.Findings > sum.ByStatus[revoke.Example] {
		errs = append(errs, errFindings)
	}
	return errors.Join(errs...)
}
