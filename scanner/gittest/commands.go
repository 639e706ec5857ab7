package gittest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Canary is a folder in which every command that a repository brings leaves a file.
type Canary struct {
	t   testing.TB
	dir string
}

// commandSettings are settings of git that name a command, which %s is, or a file of hooks,
// attributes or settings. See https://git-scm.com/docs/git-config.
const commandSettings = `
[core]
	fsmonitor = %[1]s fsmonitor
	sshCommand = %[1]s ssh
	gitProxy = %[1]s gitproxy
	pager = %[1]s pager
	editor = %[1]s editor
	askPass = %[1]s askpass
	alternateRefsCommand = %[1]s alternaterefs
	hooksPath = %[2]s/hooks
	attributesFile = %[2]s/attributes
	untrackedCache = true
[pager]
	rev-list = %[1]s pager-rev-list
	rev-parse = %[1]s pager-rev-parse
	for-each-ref = %[1]s pager-for-each-ref
	ls-files = %[1]s pager-ls-files
[credential]
	helper = %[1]s credential
[diff]
	external = %[1]s diff
[diff "evil"]
	textconv = %[1]s textconv
	command = %[1]s diffcommand
[filter "evil"]
	clean = %[1]s clean
	smudge = %[1]s smudge
	process = %[1]s process
	required = true
[merge "evil"]
	driver = %[1]s merge
[uploadpack]
	packObjectsHook = %[1]s packobjects
[alias]
	rev-list = !%[1]s alias
	rev-parse = !%[1]s alias
	for-each-ref = !%[1]s alias
	ls-files = !%[1]s alias
	config = !%[1]s alias
[gpg]
	program = %[1]s gpg
[log]
	showSignature = true
[commit]
	gpgSign = true
[remote "origin"]
	url = "ext::%[1]s ext"
	uploadpack = %[1]s uploadpack
	promisor = true
	partialclonefilter = blob:none
	fetch = +refs/heads/*:refs/remotes/origin/*
[protocol "ext"]
	allow = always
[url "ext::%[1]s url"]
	insteadOf = https://
[trace2]
	eventTarget = %[2]s/trace2
	normalTarget = %[2]s/trace2
[submodule "sub"]
	update = !%[1]s submodule
[include]
	path = %[2]s/included
[includeIf "gitdir:/"]
	path = %[2]s/included
`

// NewCanary gives a repository every setting that names a command, hooks of every name, and
// attributes that call for them.
func NewCanary(t testing.TB, r *Repo) *Canary {
	t.Helper()
	c := &Canary{t: t, dir: t.TempDir()}
	script := filepath.Join(c.dir, "script")
	text := fmt.Sprintf("#!/bin/sh\n: >%q/ran-\"$(basename \"$0\")-$1\"\n", c.dir)
	attributes := "* filter=evil diff=evil merge=evil\n"
	git := strings.TrimSpace(r.Git("rev-parse", "--absolute-git-dir"))
	files := map[string]string{
		script: text, filepath.Join(c.dir, "attributes"): attributes, filepath.Join(git, "info", "attributes"): attributes,
		filepath.Join(c.dir, "included"): "[core]\n\tfsmonitor = " + script + " included\n",
	}
	for _, hook := range []string{"pre-commit", "commit-msg", "pre-push", "pre-receive", "update", "post-checkout", "post-index-change", "reference-transaction", "fsmonitor-watchman", "proc-receive"} {
		files[filepath.Join(c.dir, "hooks", hook)], files[filepath.Join(git, "hooks", hook)] = text, text
	}
	for path, text := range files {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	appendTo(t, filepath.Join(git, "config"), fmt.Sprintf(commandSettings, script, c.dir))
	return c
}

// Ran returns which commands ran since the last call, and forgets them.
func (c *Canary) Ran() (names []string) {
	c.t.Helper()
	found, err := filepath.Glob(filepath.Join(c.dir, "ran-*"))
	if err != nil {
		c.t.Fatal(err)
	}
	for _, path := range found {
		names = append(names, filepath.Base(path))
		if err := os.Remove(path); err != nil {
			c.t.Fatal(err)
		}
	}
	return names
}
