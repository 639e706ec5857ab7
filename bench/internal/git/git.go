// Package git runs the git binary with no configuration but a repository's own,
// so that two machines measure the same thing.
package git

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// Env is the environment that git runs in: this process's, without what would
// point git at another repository or configuration. Nothing is fetched: a
// partial clone stays as it is.
func Env() []string {
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "GIT_") {
			env = append(env, v)
		}
	}
	return append(env, "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull,
		"GIT_TERMINAL_PROMPT=0", "GIT_NO_LAZY_FETCH=1", "GIT_ALLOW_PROTOCOL=file", "LC_ALL=C")
}

// Command returns the command that runs git in dir; "" is here.
func Command(ctx context.Context, dir string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir, cmd.Env = dir, Env()
	return cmd
}

// Output runs git in dir and returns what it writes, without the last newline.
func Output(ctx context.Context, dir string, args ...string) (string, error) {
	out, err := Run(Command(ctx, dir, args...))
	return strings.TrimSuffix(string(out), "\n"), err
}

// Run runs cmd and returns what it writes. Its error names the command and
// carries what it wrote to its standard error.
func Run(cmd *exec.Cmd) ([]byte, error) {
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("running %q: %w: %s", cmd.Args, err, bytes.TrimSpace(stderr.Bytes()))
	}
	return stdout.Bytes(), nil
}
