package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/revokey-dev/revokey/report"
	"github.com/revokey-dev/revokey/report/silence"
	"github.com/revokey-dev/revokey/revoke"
)

func baselineCommand(std streams) *cli.Command {
	sub := func(name, usage string, change baselineChange) *cli.Command {
		return &cli.Command{
			Name: name, Usage: usage, ArgsUsage: pathArgs, Flags: baselineFlags(std),
			Action: func(c *cli.Context) error {
				o, err := scanOptionsOf(c)
				if err != nil {
					return err
				}
				if o.stdin {
					return usagef("a baseline is of a repository, or of files: not of standard input")
				}
				if change.prune && c.Bool("allow-partial") {
					return usagef("baseline prune goes without --allow-partial: what the clone lacks may hold what is listed")
				}
				if c.Bool("fetch-missing") {
					o.history.Fetch = std.err
				}
				return runBaseline(c.Context, o, change, std)
			},
		}
	}
	return &cli.Command{
		Name:  "baseline",
		Usage: "list the credentials that are known, so that a scan tells of new ones only",
		Description: `The list is ` + silence.BaselineName + ` in the repository's root: one line a credential, in an
order of its own, without line numbers or times, so that it merges. It holds no secret.
A live key is never silenced: where --verify finds one, it is left out and named.`,
		Action: func(c *cli.Context) error {
			if c.Args().Present() {
				return usagef("baseline has no command %q", c.Args().First()).withHint("it has create, update and prune")
			}
			return usagef("baseline takes a command: create, update or prune").withHint("`revokey baseline create` is the first")
		},
		Subcommands: []*cli.Command{
			sub("create", "list all that a scan finds now", baselineChange{create: true, add: true}),
			sub("update", "add what is not listed yet", baselineChange{add: true}),
			sub("prune", "take out what a scan does not find any more", baselineChange{prune: true}),
		},
	}
}

// baselineChange is what one of the commands does.
type baselineChange struct{ create, add, prune bool }

// baselineFlags are those of scan but for the report's.
func baselineFlags(std streams) []cli.Flag {
	return slices.DeleteFunc(scanCommand(std).Flags, func(f cli.Flag) bool {
		return slices.Contains([]string{"format", "output", "stdin", "staged", "range", "ci"}, f.Names()[0]) || changesAWS(f)
	})
}

func runBaseline(ctx context.Context, o scanOptions, change baselineChange, std streams) error {
	j, err := o.judge(ctx, std)
	if err != nil {
		return err
	}
	src, err := o.open(ctx, std)
	if err != nil {
		return err
	}
	defer src.close() //nolint:errcheck // of what was read
	file, data, err := o.silence.baselineAt(src.Name())
	if err != nil {
		return fmt.Errorf("reading the baseline: %w", err)
	}
	base, err := parseBaseline(file, data, change)
	if err != nil {
		return err
	}
	o.silence.baseline = ""
	agreements, err := o.silence.load(src.Name())
	if err != nil {
		return err
	}
	agreements.Baseline = nil // it is what is about to change
	suspects, scanned, err := search(ctx, src.Source, o.scan, std)
	if err != nil {
		return err
	}
	sum := report.NewSummary(scanned)
	if err := o.settle(ctx, j, suspects, &sum, std); err != nil {
		return err
	}
	suspects = quiet(agreements, suspects, &sum)
	tellRest(std, sum)
	if change.prune && sum.SkippedCount > 0 {
		std.say("nothing is taken out: what was not scanned may hold it")
		return errIncomplete
	}
	live, err := change.apply(base, suspects, o.silence.live, std)
	if err := errors.Join(err, saveBaseline(file, base)); err != nil {
		return err
	}
	if std.watched {
		std.next("commit it, for all who scan this repository", "git -C "+report.ShellWord(filepath.Dir(file))+" add "+report.ShellWord("./"+filepath.Base(file)))
	}
	suggestMerge(filepath.Dir(file), filepath.Base(file), std)
	return errors.Join(src.done(), live, incomplete(sum))
}

// incomplete is that something was not scanned, as an error for the exit code.
func incomplete(sum report.Summary) error {
	if sum.SkippedCount > 0 {
		return errIncomplete
	}
	return nil
}

// baselineAt returns the file of the baseline that a flag names, or else the repository's, and
// what it holds: nil where it is not there.
func (o silenceOptions) baselineAt(root string) (file string, data []byte, err error) {
	if o.baseline == "" {
		data, err = readOwn(root, silence.BaselineName)
		return filepath.Join(root, silence.BaselineName), data, err
	}
	data, err = os.ReadFile(o.baseline)
	if errors.Is(err, fs.ErrNotExist) {
		return o.baseline, nil, nil
	}
	return o.baseline, data, err
}

// parseBaseline returns the baseline to change: an empty one to create it.
func parseBaseline(file string, data []byte, change baselineChange) (*silence.Baseline, error) {
	switch {
	case change.create && data != nil:
		return nil, usagef("there is a baseline: %q", file).withHint("`revokey baseline update` adds to it, `revokey baseline prune` takes out what is gone")
	case change.create:
		return silence.NewBaseline(), nil
	case data == nil:
		return nil, usagef("there is no baseline: %q", file).withHint("`revokey baseline create` makes one")
	}
	base, err := silence.ParseBaseline(file, string(data))
	if err != nil {
		return nil, fmt.Errorf("reading the baseline: %w", err)
	}
	return base, nil
}

// apply changes the baseline and tells what it did. live is [errLive] where live keys are left out.
func (change baselineChange) apply(base *silence.Baseline, suspects []suspect, allowLive bool, std streams) (live, err error) {
	added, gone := 0, 0
	var records []report.Record
	for _, s := range suspects {
		records = append(records, s.Record)
		switch {
		case !change.add || s.Verdict.Status == revoke.Example:
		case s.Verdict.Status == revoke.Live && !allowLive:
			live = errLive
			std.say("left out, for it is live: %s", report.Title(s.Record))
		case base.Add(s.Record):
			added++
		}
	}
	if change.prune {
		gone = base.Prune(records)
	}
	_, err = fmt.Fprintf(std.out, "%s: %d added, %d taken out\n", countOf(base.Len(), "line"), added, gone)
	return live, err
}

func countOf(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// saveBaseline writes the file whole or not at all, for everybody to read.
func saveBaseline(file string, base *silence.Baseline) error {
	err := saveFile(file, public, func(w io.Writer) error {
		_, err := base.WriteTo(w)
		return err
	})
	if err != nil {
		return fmt.Errorf("writing the baseline to %q: %w", file, withoutPath(err))
	}
	return nil
}

// suggestMerge tells how git merges the file without conflicts, unless it does already.
func suggestMerge(dir, name string, std streams) {
	attributes, _ := readOwn(dir, ".gitattributes") // none, or none of ours
	for line := range bytes.Lines(attributes) {
		if words := strings.Fields(string(line)); len(words) > 1 && words[0] == name && slices.Contains(words[1:], "merge=union") {
			return
		}
	}
	std.hint("two branches that add to it merge without a conflict with this line in .gitattributes: %s merge=union", report.Printable(name))
}
