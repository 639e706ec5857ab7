package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/revokey-dev/revokey/detectors"
	"github.com/revokey-dev/revokey/report"
	"github.com/revokey-dev/revokey/report/silence"
	"github.com/revokey-dev/revokey/revoke"
)

// silenceOptions say about what there is to be silence.
type silenceOptions struct {
	ignoreFile string // "": the repository's
	baseline   string // "": the repository's
	foreign    bool
	live       bool
	distrust   bool
}

func silenceFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "ignore-file", Usage: "take what is no finding from `FILE` (default: " + silence.IgnoreName + " in the repository's root)", Category: "Silence"},
		&cli.StringFlag{Name: "baseline", Usage: "take what is known from `FILE` (default: " + silence.BaselineName + " in the repository's root)", Category: "Silence"},
		&cli.BoolFlag{Name: "honor-foreign-allows", Usage: "heed comments for other tools: gitleaks:allow, trufflehog:ignore, pragma: allowlist secret, ggignore", Category: "Silence"},
		&cli.BoolFlag{Name: "allow-live", Usage: "be silent even about a live key, where that is agreed", Category: "Silence"},
		&cli.BoolFlag{Name: "distrust-repository", Usage: "take no word of the repository: no comment, ignore file, baseline or configuration of its own", Category: "Silence"},
	}
}

func silenceOptionsOf(c *cli.Context) silenceOptions {
	return silenceOptions{
		ignoreFile: c.String("ignore-file"), baseline: c.String("baseline"), foreign: c.Bool("honor-foreign-allows"),
		live: c.Bool("allow-live"), distrust: c.Bool("distrust-repository"),
	}
}

// load reads the agreements: those that flags name, and those in the root, "" for none.
func (o silenceOptions) load(root string) (*silence.Agreements, error) {
	a := &silence.Agreements{Inline: !o.distrust, Foreign: o.foreign, Live: o.live}
	name, text, err := o.read(o.ignoreFile, root, silence.IgnoreName)
	if err == nil {
		a.Ignore, err = silence.ParseIgnore(report.Printable(name), text, time.Now())
	}
	if err != nil {
		return nil, fmt.Errorf("reading what to ignore: %w", err)
	}
	if name, text, err = o.read(o.baseline, root, silence.BaselineName); err == nil {
		a.Baseline, err = silence.ParseBaseline(report.Printable(name), text)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the baseline: %w", err)
	}
	return a, nil
}

// read returns the file that a flag names, or else that of the repository, and what it is called.
func (o silenceOptions) read(flag, root, name string) (string, string, error) {
	if flag != "" {
		data, err := os.ReadFile(flag)
		return flag, string(data), err
	}
	if root == "" || o.distrust {
		return name, "", nil
	}
	data, err := readOwn(root, name)
	return name, string(data), err
}

// maxOwnFile is how many bytes a repository's file for us may have.
const maxOwnFile = 16 << 20

// readOwn reads a file in the root of a repository, nil where it is not there. Only a regular
// file is read: a link may lead anywhere, a pipe nowhere.
func readOwn(root, name string) ([]byte, error) {
	path := filepath.Join(root, name)
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s in the repository is no regular file: it is not read; --distrust-repository leaves it out", name)
	case info.Size() > maxOwnFile:
		return nil, fmt.Errorf("%s in the repository is larger than %d MiB; --distrust-repository leaves it out", name, maxOwnFile>>20)
	}
	return os.ReadFile(path)
}

// quiet returns the suspects about which there is no silence, and counts the others.
func quiet(a *silence.Agreements, suspects []suspect, sum *report.Summary) []suspect {
	var records []report.Record
	loud, redacted := suspects[:0:0], redaction(suspects)
	unknown := 0
	for _, s := range suspects {
		if by, reason, ok := a.Of(s.Record); ok {
			sum.Silence(s.Record, by, redacted.Replace(reason))
			if s.Verdict.Status == revoke.Unknown {
				unknown++
			}
		} else {
			loud, records = append(loud, s), append(records, s.Record)
		}
	}
	if unknown > 0 {
		sum.Notes = append(sum.Notes, fmt.Sprintf("AWS did not tell whether what is silenced is live: %s", countOf(unknown, "credential")))
	}
	sum.Notes = append(sum.Notes, a.Remarks(records)...)
	return loud
}

// redaction takes the found secrets out of what people wrote about them.
func redaction(suspects []suspect) *strings.Replacer {
	var pairs []string
	for _, s := range suspects {
		for _, secret := range append([]detectors.Secret{s.secret, s.token}, s.candidates...) {
			if !secret.IsZero() {
				pairs = append(pairs, secret.Unwrap(), "[redacted]")
			}
		}
	}
	return strings.NewReplacer(pairs...)
}
