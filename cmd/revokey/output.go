package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/revokey-dev/revokey/report"
	"github.com/revokey-dev/revokey/revoke"
)

// outputOptions say where a report goes, and in which format.
type outputOptions struct {
	format string
	file   string // "": standard output
	quiet  bool   // say nothing where there is nothing to do
}

func outputFlags() []cli.Flag {
	formats := strings.Join(report.Formats(), ", ")
	return []cli.Flag{
		&cli.StringFlag{Name: "format", Value: "text", Usage: "`FORMAT` of the report: " + formats, Category: "Report"},
		&cli.StringFlag{Name: "output", Usage: "write the report to `FILE`, whole or not at all (default: standard output)", Category: "Report"},
	}
}

func outputOptionsOf(c *cli.Context) (outputOptions, error) {
	o := outputOptions{format: c.String("format"), file: c.String("output")}
	if _, err := report.NewWriter(o.format, io.Discard); err != nil {
		return o, usagef("%s", err)
	}
	return o, nil
}

// write writes the report and tells on standard error what must not be missed
// in any format.
func (o outputOptions) write(std streams, records []report.Record, sum report.Summary) error {
	if o.quiet && outcome(sum) == nil {
		return nil
	}
	if err := o.save(std.out, records, sum); err != nil {
		return fmt.Errorf("writing report: %w", err)
	}
	for _, s := range sum.Skipped {
		std.say("not scanned: %s: %s", report.Printable(s.What), report.Printable(s.Reason))
	}
	if more := sum.SkippedCount - int64(len(sum.Skipped)); more > 0 {
		std.say("not scanned: and %d more", more)
	}
	for _, n := range sum.Notes {
		std.say("note: %s", report.Printable(n))
	}
	return nil
}

// save writes the report to standard output or, by way of a temporary file
// beside it that others cannot read, to the file.
func (o outputOptions) save(stdout io.Writer, records []report.Record, sum report.Summary) error {
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

func (o outputOptions) writeTo(w io.Writer, records []report.Record, sum report.Summary) error {
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
