package scanner

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/revokey-dev/revokey/scanner/odb"
)

// readTipsByGit reads refs and index by the git binary, where they are in a format
// that go-git does not read: reftable, or names by SHA-256.
func (r repo) readTipsByGit(ctx context.Context) (tips, error) {
	t := tips{refs: make(map[string]odb.ID), index: make(map[string]odb.ID)}
	refs, err := r.git(ctx, "for-each-ref", "--format=%(objectname) %(refname)")
	if err != nil {
		return t, fmt.Errorf("reading refs: %w", err)
	}
	for line := range strings.Lines(string(refs)) {
		name, ref, _ := strings.Cut(strings.TrimSpace(line), " ")
		if id, err := odb.ParseID(name); err == nil {
			t.refs[ref] = id
		}
	}
	if head, err := r.git(ctx, "rev-parse", "--verify", "--quiet", "HEAD"); err == nil {
		t.head, _ = odb.ParseID(strings.TrimSpace(string(head))) // no commit yet: none
	}
	return t, t.readIndexByGit(ctx, r)
}

func (t *tips) readIndexByGit(ctx context.Context, r repo) error {
	entries, err := r.git(ctx, "ls-files", "--stage", "-z")
	if err != nil {
		return fmt.Errorf("reading the index: %w", err)
	}
	for entry := range bytes.SplitSeq(entries, []byte{0}) {
		info, path, ok := strings.Cut(string(entry), "\t")
		fields := strings.Fields(info) // mode, name, stage
		if !ok || len(fields) != 3 {
			continue
		}
		if id, err := odb.ParseID(fields[1]); err == nil {
			t.index[path] = id
		}
	}
	return nil
}

// git runs git, which is only to read: no hook, no monitor, no fetching, no other
// configuration than the repository's own, whoever owns it.
func (r repo) git(ctx context.Context, args ...string) ([]byte, error) {
	return r.gitIn(ctx, GitEnvironment{}, nil, args...)
}

// gitIn is [repo.git] with what git's own environment told, and standard input. Objects
// that replace others, and grafts, are not looked at: what they hide is pushed all the same.
func (r repo) gitIn(ctx context.Context, env GitEnvironment, stdin io.Reader, args ...string) ([]byte, error) {
	if err := r.checkIncludes(); err != nil {
		return nil, err
	}
	safe := []string{"--git-dir=" + r.gitDir, "-c", "core.fsmonitor=false", "-c", "core.hooksPath=" + os.DevNull, "-c", "safe.directory=*"}
	cmd := exec.CommandContext(ctx, "git", append(safe, args...)...)
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull,
		"GIT_NO_LAZY_FETCH=1", "GIT_ALLOW_PROTOCOL=", // of which git before 2.39.4 and 2.45 knows the second only
		"GIT_OPTIONAL_LOCKS=0", "GIT_TERMINAL_PROMPT=0", "GIT_NO_REPLACE_OBJECTS=1",
		"GIT_GRAFT_FILE=", // none
	}
	cmd.Env = append(cmd.Env, env.variables()...)
	cmd.Stdin = stdin
	out, err := cmd.Output()
	var exit *exec.ExitError
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return nil, errors.New("it takes git, which is not installed")
	case errors.As(err, &exit):
		return nil, fmt.Errorf("git %s: %s", args[0], complaint(string(exit.Stderr)))
	}
	return out, err
}

// complaint returns the line of git's that says why it gave up, which warnings may precede.
func complaint(stderr string) string {
	first, _, _ := strings.Cut(stderr, "\n")
	for line := range strings.Lines(stderr) {
		if strings.HasPrefix(line, "fatal: ") {
			return strings.TrimSuffix(line, "\n")
		}
	}
	return first
}
