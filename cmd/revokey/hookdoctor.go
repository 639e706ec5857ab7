package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/revokey-dev/revokey/report"
	"github.com/revokey-dev/revokey/revoke/localaws"
)

func hookDoctorCommand(std streams) *cli.Command {
	return &cli.Command{
		Name:      "doctor",
		Usage:     "prove that the hooks refuse a key, and find what gets past them",
		ArgsUsage: "[HOOK…]",
		Description: `Has git itself commit and push a key, made for this, in a scratch repository that
runs the hooks of this one, and sees whether they refuse it; and whether they let
pass what has no key. Nothing in this repository is touched. Looks for hooks that
git does not run, for aliases that skip them, and for variables that switch them off.`,
		Flags: []cli.Flag{&cli.StringFlag{Name: "repo", Value: ".", Usage: "the repository at `PATH`"}},
		Action: func(c *cli.Context) error {
			p, err := findHooks(c.Context, c.String("repo"))
			if err != nil {
				return err
			}
			d := doctor{hookPlace: p, std: std, names: c.Args().Slice()}
			return d.run(c.Context)
		},
	}
}

// doctor examines the hooks of a repository.
type doctor struct {
	hookPlace
	std     streams
	names   []string // of hooks; nil: those that call revokey
	trouble bool
}

func (d *doctor) run(ctx context.Context) error {
	fmt.Fprintf(d.std.out, "git runs the hooks in %s\n", report.Printable(d.dir))
	if m := d.manager(); m != noManager {
		fmt.Fprintf(d.std.out, "%s is at work here\n", m)
	}
	d.lookForShadows()
	d.lookForAliases(ctx)
	d.lookForVariables()
	if len(d.names) == 0 {
		d.names = d.installed()
	}
	if len(d.names) == 0 {
		d.fail("no hook here calls revokey: `revokey hook install` installs some")
	}
	for _, name := range d.names {
		if err := d.prove(ctx, name); err != nil {
			return err
		}
	}
	if d.trouble {
		return errIncomplete
	}
	return nil
}

func (d *doctor) ok(format string, args ...any) {
	fmt.Fprintf(d.std.out, "ok    "+format+"\n", args...)
}

func (d *doctor) fail(format string, args ...any) {
	d.trouble = true
	fmt.Fprintf(d.std.out, "FAIL  "+format+"\n", args...)
}

// installed returns the hooks that call revokey, as far as their text tells: that of the
// hook, or of what a hook manager makes it do.
func (d *doctor) installed() (names []string) {
	for _, name := range ourHooks() {
		own := []string{filepath.Join(d.dir, name), filepath.Join(d.dir, name+legacySuffix), filepath.Join(d.huskyDir(), name)}
		if slices.ContainsFunc(own, calls("hook run")) || slices.ContainsFunc(d.configurations(), calls("hook run "+name)) {
			names = append(names, name)
		}
	}
	return names
}

// calls returns whether a file names revokey and the words.
func calls(words string) func(path string) bool {
	return func(path string) bool {
		text, err := os.ReadFile(path)
		return err == nil && strings.Contains(string(text), "revokey") && strings.Contains(string(text), words)
	}
}

// configurations are the files that hook managers read, and are there or not.
func (p hookPlace) configurations() (paths []string) {
	for _, name := range []string{".pre-commit-config.yaml", "lefthook.yml", "lefthook.yaml", "lefthook.toml", "lefthook.json", ".lefthook.yml", ".lefthook.yaml", ".lefthook.toml", ".lefthook.json"} {
		paths = append(paths, filepath.Join(p.top, name))
	}
	return paths
}

// lookForShadows finds hooks that lie where git does not look, or that it does not run.
func (d *doctor) lookForShadows() {
	own := filepath.Join(d.common, "hooks")
	for _, name := range ourHooks() {
		if filepath.Clean(own) != filepath.Clean(d.dir) && isOurs(filepath.Join(own, name)) {
			d.fail("%s in %s is never run: core.hooksPath (%s) names another folder", name, own, d.scope)
		}
		path := filepath.Join(d.dir, name)
		if info, err := os.Stat(path); err == nil && info.Mode()&0o111 == 0 && filepath.Separator == '/' {
			d.fail("%s cannot be executed, so that git passes over it: chmod +x '%s'", name, path)
		}
	}
}

// skipsHooks is an alias that lets git skip hooks: --no-verify, or the -n of commit.
var skipsHooks = regexp.MustCompile(`--no-verify\b|\bcommit\b.*\s-[a-zA-Z]*n|core\.hooksPath`)

func (d *doctor) lookForAliases(ctx context.Context) {
	aliases, err := userGit(ctx, d.top, "config", "--get-regexp", `^alias\.`)
	if err != nil {
		return // there are none
	}
	for line := range strings.Lines(aliases) {
		if name, command, _ := strings.Cut(strings.TrimSpace(line), " "); skipsHooks.MatchString(command) {
			d.fail("`git %s` skips hooks: it is %s", report.Printable(strings.TrimPrefix(name, "alias.")), report.Printable(command))
		}
	}
}

func (d *doctor) lookForVariables() {
	for _, name := range []string{"HUSKY", "LEFTHOOK", "SKIP", "LEFTHOOK_EXCLUDE", "PRE_COMMIT_ALLOW_NO_CONFIG"} {
		if value := os.Getenv(name); value != "" && value != "1" && value != "true" || name == "PRE_COMMIT_ALLOW_NO_CONFIG" && value != "" {
			d.fail("the variable %s is set in this shell, to %q: hooks may be skipped", name, value)
		}
	}
}

// prove has git run a hook, once with a key that it must refuse and once without.
func (d *doctor) prove(ctx context.Context, name string) error {
	if _, err := os.Stat(filepath.Join(d.dir, name)); err != nil {
		d.fail("%s: there is no such hook in %s", name, d.dir)
		return nil
	}
	dir, err := os.MkdirTemp("", "revokey-doctor-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	s, err := newScratch(ctx, dir, d.hookPlace)
	if err != nil {
		return fmt.Errorf("making a scratch repository: %w", err)
	}
	said, refused := s.try(ctx, name, false)
	keySaid, keyRefused := s.try(ctx, name, true)
	switch {
	case !keyRefused:
		d.fail("%s let a key pass", name)
	case !strings.Contains(keySaid, s.key.ID):
		d.fail("%s refused, but not for the key: something else ends it before%s", name, quoted(keySaid))
	case refused:
		d.fail("%s refuses a key, and also what has none%s", name, quoted(said))
	default:
		d.ok("%s refuses a key, and lets pass what has none", name)
	}
	return ctx.Err()
}

// quoted returns what a hook said, a few lines of it, for people.
func quoted(said string) string {
	var b strings.Builder
	for i, line := range strings.Split(strings.TrimSpace(said), "\n") {
		if i == 8 {
			b.WriteString("\n        …")
			break
		}
		b.WriteString("\n        " + report.Printable(line))
	}
	return b.String()
}

// scratch is a repository, and a remote, in which git runs the hooks of another.
type scratch struct {
	dir   string // of the work tree
	hooks string
	key   localaws.Key
}

// newScratch makes them. What hook managers read their hooks from is there too.
func newScratch(ctx context.Context, dir string, p hookPlace) (*scratch, error) {
	s := &scratch{dir: filepath.Join(dir, "work"), hooks: p.dir}
	s.key = localaws.Key{ID: localaws.NewKeyID(nil, "AKIA", "111122223333"), Secret: localaws.NewSecret(nil)}
	for _, args := range [][]string{
		{"init", "-q", "--template=", s.dir}, {"init", "-q", "--bare", "--template=", filepath.Join(dir, "remote")},
		{"-C", s.dir, "remote", "add", "origin", "../remote"},
	} {
		if said, err := s.git(ctx, "", args...); err != nil {
			return nil, fmt.Errorf("%w: %s", err, said)
		}
	}
	for _, path := range p.configurations() {
		if text, err := os.ReadFile(path); err == nil {
			if err := os.WriteFile(filepath.Join(s.dir, filepath.Base(path)), text, 0o600); err != nil {
				return nil, err
			}
		}
	}
	said, err := s.git(ctx, os.DevNull, "-C", s.dir, "add", "-A")
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, said)
	}
	return s, nil
}

// git runs git with the hooks of a folder, "" for none, and returns all that it says.
func (s *scratch) git(ctx context.Context, hooks string, args ...string) (said string, err error) {
	if hooks == "" {
		hooks = os.DevNull
	}
	cmd := exec.CommandContext(ctx, "git", append([]string{"-c", "core.hooksPath=" + hooks, "-c", "commit.gpgSign=false", "-c", "protocol.file.allow=always"}, args...)...)
	cmd.Env = []string{
		"GIT_AUTHOR_NAME=revokey", "GIT_AUTHOR_EMAIL=revokey@localhost", "GIT_COMMITTER_NAME=revokey", "GIT_COMMITTER_EMAIL=revokey@localhost", "GIT_TERMINAL_PROMPT=0",
	}
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "GIT_") || strings.HasPrefix(v, "GIT_CONFIG_") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	out, err := cmd.CombinedOutput()
	return strings.ReplaceAll(string(out), s.key.Secret, "[redacted]"), err // which another hook may have printed
}

// try has git run the hook, and reports what was said and whether it refused.
func (s *scratch) try(ctx context.Context, name string, withKey bool) (said string, refused bool) {
	content, message := "nothing secret\n", "nothing secret"
	if withKey {
		content = fmt.Sprintf("AWS_ACCESS_KEY_ID=%s\nAWS_SECRET_ACCESS_KEY=%s\n", s.key.ID, s.key.Secret)
		if name == commitMsg {
			content, message = fmt.Sprintln(withKey), content
		}
	}
	err := errors.Join(s.write(content), os.WriteFile(s.message(), []byte(message), 0o600))
	if err == nil {
		said, err = s.git(ctx, "", "-C", s.dir, "add", "-A")
	}
	if err == nil {
		said, err = s.act(ctx, name, withKey)
	}
	return said, err != nil && !errors.Is(err, context.Canceled)
}

// act does what makes git run the hook, with no other hook of revokey's.
func (s *scratch) act(ctx context.Context, name string, withKey bool) (string, error) {
	commit := []string{"-C", s.dir, "commit", "-q", "--allow-empty", "--cleanup=verbatim", "-F", s.message()}
	if name == preCommit || name == commitMsg {
		return s.git(ctx, s.hooks, commit...)
	}
	if name == preMergeCommit {
		return s.merge(ctx, withKey)
	}
	if said, err := s.git(ctx, "", commit...); err != nil {
		return said, err
	}
	ref := fmt.Sprintf("HEAD:refs/heads/doctor-%v", withKey)
	if name == prePush {
		return s.git(ctx, s.hooks, "-C", s.dir, "push", "-q", "origin", ref)
	}
	remote := filepath.Join(filepath.Dir(s.dir), "remote")
	if said, err := s.git(ctx, "", "-C", remote, "config", "core.hooksPath", s.hooks); err != nil {
		return said, err
	}
	return s.git(ctx, "", "-C", s.dir, "push", "-q", "origin", ref) // of -c nothing reaches the remote
}

// merge has git merge two branches. What one of them has is not new in a merge, so that
// one has the ID of the key and the other its secret, far enough from each other in a
// file for git to put both together by itself.
func (s *scratch) merge(ctx context.Context, withKey bool) (said string, err error) {
	step := func(args ...string) string {
		if err == nil {
			said, err = s.git(ctx, "", append([]string{"-C", s.dir}, args...)...)
		}
		return strings.TrimSpace(said)
	}
	version := func(head, tail string, parents ...string) string {
		if err == nil {
			err = s.write(head + strings.Repeat("# nothing secret\n", 9) + tail)
		}
		step("add", "-A")
		return step(append([]string{"commit-tree", step("write-tree"), "-m", "doctor"}, parents...)...)
	}
	head, tail := "AWS_PROFILE=doctor\n", "AWS_REGION=eu-central-1\n"
	if withKey {
		head, tail = "AWS_ACCESS_KEY_ID="+s.key.ID+"\n", "AWS_SECRET_ACCESS_KEY="+s.key.Secret+"\n"
	}
	base := version("", "")
	theirs := version("", tail, "-p", base)
	ours := version(head, "", "-p", base)
	step("reset", "-q", "--hard", ours)
	if err != nil {
		return said, err
	}
	return s.git(ctx, s.hooks, "-C", s.dir, "merge", "-q", "--no-ff", "--no-edit", theirs)
}

// message returns the path of the file with the commit's message.
func (s *scratch) message() string { return filepath.Join(filepath.Dir(s.dir), "message") }

// write writes the file that is committed.
func (s *scratch) write(content string) error {
	return os.WriteFile(filepath.Join(s.dir, "revokey-doctor.txt"), []byte(content), 0o600)
}
