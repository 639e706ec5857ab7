package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
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
	}
}

func outputOptionsOf(c *cli.Context) (outputOptions, error) {
	o := outputOptions{started: time.Now()}
	format := cmp.Or(c.String("format"), "text") // a command may have no such flag
	if err := checkFormat(format); err != nil {
		return o, err
	}
	for _, arg := range c.StringSlice("output") {
		t := newOutputTarget(arg, format)
		if slices.ContainsFunc(o.targets, func(u outputTarget) bool { return u.file == t.file }) {
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
func newOutputTarget(arg, format string) outputTarget {
	if name, file, ok := strings.Cut(arg, "="); ok && slices.Contains(report.Formats(), name) {
		format, arg = name, file
	}
	if arg == "-" {
		arg = ""
	}
	return outputTarget{format: format, file: arg}
}

// write writes the report and tells on standard error what must not be missed
// in any format.
func (o outputOptions) write(std streams, records []report.Record, sum report.Summary) error {
	if o.quiet && outcome(sum) == nil {
		return nil
	}
	sum.Version, sum.Started = versionString(), o.started
	for _, t := range o.targets {
		if err := t.save(std.out, records, sum); err != nil {
			return fmt.Errorf("writing report: %w", err)
		}
	}
	if slices.ContainsFunc(o.targets, func(t outputTarget) bool { return t == outputTarget{format: "text"} }) {
		sum.SilencedCount = 0 // which is on the terminal already
	}
	tellRest(std, sum)
	return nil
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
		std.say("note: %s", report.Printable(n))
	}
	if text := sum.SilencedText(); text != "" {
		std.say("%s", text)
	}
}

// save writes the report to standard output or, by way of a temporary file
// beside it that others cannot read, to the file.
func (o outputTarget) save(stdout io.Writer, records []report.Record, sum report.Summary) error {
	if o.file == "" {
		return o.writeTo(stdout, records, sum)
	}
	f, err := os.CreateTemp(filepath.Dir(o.file), ".revokey-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // no longer there, if all went well
	if err := errors.Join(o.writeTo(f, records, sum), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), o.file)
}

func (o outputTarget) writeTo(w io.Writer, records []report.Record, sum report.Summary) error {
	out, err := report.NewWriter(o.format, w)
	if err != nil {
		return err
	}
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
