package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
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
	out        outputTarget
	from, link string
	journal    string // "": the user's own, if there is one
	traces     []string
}

func pageOptionsOf(c *cli.Context) (pageOptions, error) {
	o := pageOptions{from: c.String("from"), link: c.String("link"), journal: c.String("journal"), traces: c.StringSlice("trace")}
	o.out.file = c.String("html")
	switch {
	case o.out.file == "":
		return o, usagef("--html takes a file").withHint("- is standard output")
	case o.from == "":
		return o, usagef("--html goes with --from FINDINGS").withHint("`revokey scan --format json --output findings.json` writes them")
	case c.IsSet("format"):
		return o, usagef("--format goes with --incident")
	}
	var err error
	o.out, err = o.out.checked()
	return o, err
}

func runPage(o pageOptions, std streams) error {
	p, err := o.page(std)
	if err != nil {
		return err
	}
	if err := o.out.save(std.out, func(w io.Writer) error { return html.Write(w, p) }); err != nil {
		return fmt.Errorf("writing the page to %q: %w", cmp.Or(o.out.file, "standard output"), withoutPath(err))
	}
	if o.out.file != "" {
		std.say("wrote %s: open it in a browser", report.Printable(o.out.file))
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
		return p, err
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
		return nil, nil, nil //nolint:nilerr // no home, no journal
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
		_, known := remotes[path]
		if known || !filepath.IsAbs(path) || len(filepath.VolumeName(path)) > len("C:") { // \\host\share would be asked for
			continue
		}
		remotes[path] = "" // an error is told by the page: it has no links
		if url, err := scanner.RemoteURL(path); err == nil {
			remotes[path] = url
		}
	}
	return remotes
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
		by[t.KeyID] = file
		traces = append(traces, *t)
	}
	return traces, nil
}
