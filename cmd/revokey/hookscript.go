package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// hookMark is in every hook that this program made, and in every line that it added.
const hookMark = "# revokey-hook"

// keptSuffix is added to the name of a hook that was there before, which ours calls.
const keptSuffix = ".before-revokey"

// hookScript is what a hook consists of.
type hookScript struct {
	name    string
	program string        // of revokey, absolute
	budget  time.Duration // 0: the hook's own
	global  bool          // also call the repository's own hook, which core.hooksPath hides
	forward bool          // do only that
}

// text returns the script. What was there before runs first, for it may change what is
// staged. Of the hooks that read standard input each gets all of it.
func (s hookScript) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "#!/bin/sh\n%s 1: made by `revokey hook install`, taken away by `revokey hook uninstall`.\n", hookMark)
	feed := ""
	if !s.forward && (s.name == prePush || s.name == preReceive) {
		feed = `printf '%s' "$lines" | `
		b.WriteString("lines=$(cat && echo .) || exit 1\nlines=${lines%.}\n")
	}
	fmt.Fprintf(&b, chainKept, keptSuffix, feed)
	if s.global || s.forward {
		fmt.Fprintf(&b, chainOwn, s.name, feed)
	}
	if !s.forward {
		budget := ""
		if s.budget > 0 {
			budget = "--budget " + s.budget.String() + " "
		}
		fmt.Fprintf(&b, callRevokey, shellQuote(s.program), s.name, feed, budget)
	}
	return b.String()
}

const (
	// chainKept calls what was there before.
	chainKept = `if [ -x "$0%[1]s" ]; then
	%[2]s"$0%[1]s" "$@" || exit
fi
`
	// chainOwn calls the repository's own hook, which core.hooksPath hides.
	chainOwn = `own=$(git rev-parse --git-common-dir)/hooks/%[1]s || exit 1
if [ -x "$own" ] && ! [ "$own" -ef "$0" ]; then
	%[2]s"$own" "$@" || exit
fi
`
	callRevokey = `revokey=%[1]s
if ! [ -x "$revokey" ]; then
	revokey=$(command -v revokey) || {
		echo "revokey: the hook %[2]s cannot find the program revokey, and refuses" >&2
		echo "hint: install revokey, or take the hook away: rm '$0'" >&2
		exit 1
	}
fi
%[3]s"$revokey" hook run %[4]s%[2]s -- "$@"
`
)

func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// isOurs reports whether a file is a hook that this program made.
func isOurs(path string) bool {
	text, err := os.ReadFile(path)
	return err == nil && bytes.Contains(text, []byte(hookMark+" "))
}

// install writes the hook into a folder, and tells what became of one that was there.
func (s hookScript) install(dir string) (told string, err error) {
	path := filepath.Join(dir, s.name)
	_, err = os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		told = "installed"
	case err != nil:
		return "", err
	case isOurs(path):
		told = "was installed; written anew"
	default:
		if _, err := os.Lstat(path + keptSuffix); err == nil {
			return "", fmt.Errorf("both %q and %q exist, and neither is to be lost: move one away", path, path+keptSuffix)
		}
		if err := os.Rename(path, path+keptSuffix); err != nil {
			return "", err
		}
		told = fmt.Sprintf("installed; the hook that was there is now %s%s, and runs first", s.name, keptSuffix)
	}
	return told, writeHook(path, s.text())
}

// writeHook writes a file that can be run, whole or not at all.
func writeHook(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".revokey-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // no longer there, if all went well
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Chmod(0o755), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// uninstallHook takes away a hook that this program made, and puts back the one that was
// there before. told is "" where there is none.
func uninstallHook(dir, name string) (told string, err error) {
	path := filepath.Join(dir, name)
	if !isOurs(path) {
		return "", nil
	}
	if err := os.Remove(path); err != nil {
		return "", err
	}
	if _, err := os.Lstat(path + keptSuffix); err != nil {
		return "taken away", nil
	}
	return "taken away; the hook that was there before is back", os.Rename(path+keptSuffix, path)
}

// huskyLine is what husky's file of a hook gets.
func huskyLine(name string) string {
	return fmt.Sprintf("revokey hook run %s -- \"$@\" || exit 1 %s 1\n", name, hookMark)
}

// installLine adds the line to a file that husky runs.
func installLine(dir, name string) (told string, err error) {
	path := filepath.Join(dir, name)
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		text = []byte("#!/bin/sh\n")
	case err != nil:
		return "", err
	case bytes.Contains(text, []byte(hookMark)):
		return "its line is there already", nil
	case len(text) > 0 && text[len(text)-1] != '\n':
		text = append(text, '\n')
	}
	return fmt.Sprintf("a line was added to %q, which husky runs: commit it", path), writeHook(path, string(text)+huskyLine(name))
}

// uninstallLine takes it out again.
func uninstallLine(dir, name string) (told string, err error) {
	path := filepath.Join(dir, name)
	text, err := os.ReadFile(path)
	if err != nil || !bytes.Contains(text, []byte(hookMark)) {
		return "", nil
	}
	var rest strings.Builder
	for line := range strings.Lines(string(text)) {
		if !strings.Contains(line, hookMark) {
			rest.WriteString(line)
		}
	}
	if strings.TrimSpace(rest.String()) == "#!/bin/sh" {
		return "taken away", os.Remove(path)
	}
	return fmt.Sprintf("its line was taken out of %q", path), writeHook(path, rest.String())
}
