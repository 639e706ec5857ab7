// Package gittest makes real repositories with the git binary, for tests.
package gittest

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Repo is a repository in a temporary folder of a test.
type Repo struct {
	t    testing.TB
	Dir  string    // where git runs
	now  time.Time // the date of the next commit
	Args []string  // given to git before every command
}

// Epoch is the date of a repository's first commit; each one after it is an hour later.
var Epoch = time.Date(2024, 1, 1, 12, 0, 0, 0, time.UTC)

// New makes an empty repository with a work tree, its branch named main.
// args go to git init.
func New(t testing.TB, args ...string) *Repo {
	t.Helper()
	r := At(t, filepath.Join(t.TempDir(), "repo"))
	r.run("", append([]string{"init", "-q", "-b", "main"}, append(args, r.Dir)...)...)
	return r
}

// At returns the repository that is, or will be, in dir.
func At(t testing.TB, dir string) *Repo {
	return &Repo{t: t, Dir: dir, now: Epoch}
}

// env is what git sees: no configuration but the repository's own, and none of
// the variables by which a surrounding hook points at its repository.
func (r *Repo) env() []string {
	date := r.now.Format(time.RFC3339)
	return []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + r.t.TempDir(), "LC_ALL=C",
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_TERMINAL_PROMPT=0",
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_AUTHOR_DATE=" + date,
		"GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.com", "GIT_COMMITTER_DATE=" + date,
	}
}

// Git runs git in the repository and returns its output without the last
// newline. A failure ends the test.
func (r *Repo) Git(args ...string) string {
	r.t.Helper()
	return r.run(r.Dir, append(append([]string{"-c", "protocol.file.allow=always"}, r.Args...), args...)...)
}

// GitIn is [Repo.Git] with standard input.
func (r *Repo) GitIn(stdin string, args ...string) string {
	r.t.Helper()
	return r.GitFrom(strings.NewReader(stdin), args...)
}

// GitFrom is [Repo.Git] with a reader for standard input.
func (r *Repo) GitFrom(stdin io.Reader, args ...string) string {
	r.t.Helper()
	cmd := r.command(r.Dir, args...)
	cmd.Stdin = stdin
	return r.output(cmd)
}

func (r *Repo) run(dir string, args ...string) string {
	r.t.Helper()
	return r.output(r.command(dir, args...))
}

func (r *Repo) command(dir string, args ...string) *exec.Cmd {
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Env = dir, r.env()
	return cmd
}

func (r *Repo) output(cmd *exec.Cmd) string {
	r.t.Helper()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		r.t.Fatalf("%s: %v\n%s", strings.Join(cmd.Args, " "), err, stderr.Bytes())
	}
	return strings.TrimSuffix(string(out), "\n")
}

// Write writes a file of the work tree.
func (r *Repo) Write(path, content string) {
	r.t.Helper()
	full := filepath.Join(r.Dir, path)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(content), 0o644); err != nil {
		r.t.Fatal(err)
	}
}

// Commit commits all of the work tree and returns the commit's name.
func (r *Repo) Commit(message string) string {
	r.t.Helper()
	r.Git("add", "-A")
	r.Git("commit", "-q", "--allow-empty", "-m", message)
	r.now = r.now.Add(time.Hour)
	return r.Git("rev-parse", "HEAD")
}

// WriteCommit writes one file and commits it.
func (r *Repo) WriteCommit(path, content string) string {
	r.t.Helper()
	r.Write(path, content)
	return r.Commit(fmt.Sprintf("write %s", path))
}

// Names returns git's own list of the names of all objects.
func (r *Repo) Names() []string {
	r.t.Helper()
	return strings.Fields(r.Git("cat-file", "--batch-all-objects", "--unordered", "--batch-check=%(objectname)"))
}

// Try runs git and returns all of its output, and whether it succeeded.
func (r *Repo) Try(args ...string) (string, bool) {
	out, err := r.command(r.Dir, args...).Output()
	return string(out), err == nil
}

// TryWith is [Repo.Try] with more variables in git's environment.
func (r *Repo) TryWith(env []string, args ...string) (string, bool) {
	cmd := r.command(r.Dir, args...)
	cmd.Env = append(cmd.Env, env...)
	out, err := cmd.Output()
	return string(out), err == nil
}
