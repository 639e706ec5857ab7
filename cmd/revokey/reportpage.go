package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/revokey-dev/revokey/detectors"
	"github.com/revokey-dev/revokey/report"
	"github.com/revokey-dev/revokey/report/html"
	"github.com/revokey-dev/revokey/revoke"
	"github.com/revokey-dev/revokey/scanner"
)

// pageOptions are those of `revokey report --html`.
type pageOptions struct {
	file, from, link string
	journal          string // "": the user's own, if there is one
	traces           []string
}

func pageOptionsOf(c *cli.Context) (pageOptions, error) {
	o := pageOptions{c.String("html"), c.String("from"), c.String("link"), c.String("journal"), c.StringSlice("trace")}
	switch {
	case o.file == "":
		return o, usagef("--html takes a file").withHint("- is standard output")
	case o.from == "":
		return o, usagef("--html goes with --from FINDINGS").withHint("`revokey scan --format json --output findings.json` writes them")
	case c.IsSet("format"):
		return o, usagef("--format goes with --incident")
	}
	if info, err := os.Stat(o.file); err == nil && info.IsDir() {
		return o, usagef("the page cannot be %q, which is a folder", o.file)
	}
	return o, nil
}

func runPage(o pageOptions, std streams) error {
	p, err := o.page(std)
	if err != nil {
		return err
	}
	if err := writePage(o.file, std.out, p); err != nil {
		return fmt.Errorf("writing the page to %q: %w", o.file, withoutPath(err))
	}
	if o.file != "-" {
		std.say("wrote %s: open it in a browser", report.Printable(o.file))
	}
	if p.Check != nil && p.Check.Broken != "" {
		return fmt.Errorf("the journal is broken: %s", p.Check.Broken)
	}
	return nil
}

// page reads what the page is made of.
func (o pageOptions) page(std streams) (html.Page, error) {
	p := html.Page{From: o.from, MadeAt: time.Now(), Version: versionString()}
	var err error
	if p.Records, p.Summary, err = readReport(o.from, std.in); err != nil {
		return p, fmt.Errorf("reading findings from %q: %w", o.from, err)
	}
	if p.Traces, err = readTraces(o.traces); err != nil {
		return p, err
	}
	if p.Entries, p.Check, err = o.readJournal(); err != nil {
		return p, err
	}
	if p.Links, err = html.NewLinks(o.link, remotesOf(p.Records)); err != nil {
		return p, usagef("--link %q: %v", o.link, err)
	}
	return p, nil
}

// readJournal reads the journal that was named, or the user's own if there is one.
func (o pageOptions) readJournal() ([]revoke.Entry, *revoke.JournalCheck, error) {
	path, err := journalPath(o.journal)
	if err != nil {
		return nil, nil, nil // no home, no journal
	}
	entries, check, err := revoke.ReadJournal(path)
	switch {
	case o.journal == "" && errors.Is(err, fs.ErrNotExist):
		return nil, nil, nil
	case err != nil:
		return nil, nil, err
	}
	return entries, &check, nil
}

// remotesOf returns the remote's URL of each repository that is on this machine: of the
// others, and of folders that are none, nothing is known.
func remotesOf(records []report.Record) map[string]string {
	remotes := make(map[string]string)
	for _, r := range records {
		path := report.Value(r.Repository)
		if _, known := remotes[path]; known || !filepath.IsAbs(path) {
			continue
		}
		remotes[path] = "" // an error is told by the page: it has no links
		if url, err := scanner.RemoteURL(path); err == nil {
			remotes[path] = url
		}
	}
	return remotes
}

// writePage writes the page to standard output, or whole or not at all to a file that
// others cannot read.
func writePage(file string, stdout io.Writer, p html.Page) error {
	if file == "-" {
		return html.Write(stdout, p)
	}
	if info, err := os.Stat(file); err == nil && !info.Mode().IsRegular() { // a device or a pipe
		f, err := os.OpenFile(file, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return errors.Join(html.Write(f, p), f.Close())
	}
	f, err := os.CreateTemp(filepath.Dir(file), ".revokey-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // no longer there, if all went well
	if err := errors.Join(html.Write(f, p), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), file)
}

// readReport reads findings, and their summary if they come with one.
func readReport(file string, stdin io.Reader) ([]report.Record, *report.Summary, error) {
	if file == "-" {
		return report.ReadReport(stdin)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	return report.ReadReport(f)
}

// readTraces reads what `revokey trace --json` wrote, one of a key.
func readTraces(files []string) ([]revoke.Trace, error) {
	var traces []revoke.Trace
	by := make(map[string]string)
	for _, file := range files {
		t, err := readTrace(file)
		switch {
		case err != nil:
			return nil, err
		case !detectors.ValidKeyID(t.KeyID):
			return nil, fmt.Errorf("reading the trace: %q is of %q, which is no key ID", file, t.KeyID)
		case by[t.KeyID] != "":
			return nil, usagef("two traces are of %s: %q and %q", t.KeyID, by[t.KeyID], file)
		}
		by[t.KeyID] = cmp.Or(file, "-")
		traces = append(traces, *t)
	}
	return traces, nil
}
