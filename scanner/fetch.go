package scanner

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/revokey-dev/revokey/scanner/odb"
)

// fetchMissing lets git fetch what a shallow or partial clone lacks; its progress goes
// to out. It is git as the user runs it, with the repository's configuration and all
// that this can make it run, so that it is for repositories that the user trusts.
func (r repo) fetchMissing(ctx context.Context, out io.Writer) error {
	if len(r.shallow()) > 0 {
		if err := r.fetch(ctx, out, "--unshallow"); err != nil {
			return err
		}
	}
	remotes, err := r.promisors(ctx)
	if err != nil {
		return err
	}
	for _, remote := range remotes {
		if err := r.fetch(ctx, out, "--refetch", "--no-filter", "--", remote); err != nil {
			return err
		}
	}
	return nil
}

// promisors returns the remotes that a partial clone has its other objects from.
func (r repo) promisors(ctx context.Context) ([]string, error) {
	if !r.partial() {
		return nil, nil
	}
	lines, err := r.git(ctx, "config", "--get-regexp", `^remote\..*\.promisor$`, "true")
	if err != nil {
		return nil, fmt.Errorf("finding the remote of a partial clone: %w", err)
	}
	var remotes []string
	for line := range strings.Lines(string(lines)) {
		key, _, _ := strings.Cut(line, " ")
		remotes = append(remotes, strings.TrimSuffix(strings.TrimPrefix(key, "remote."), ".promisor"))
	}
	return remotes, nil
}

// partial reports whether the repository is a partial clone, by its packs.
func (r repo) partial() bool {
	store, err := odb.Open(r.objects(), odb.Options{SHA256: r.sha256})
	if err != nil {
		return false
	}
	defer store.Close()
	return store.Promisor()
}

func (r repo) fetch(ctx context.Context, out io.Writer, args ...string) error {
	cmd := exec.CommandContext(ctx, "git", append([]string{"--git-dir=" + r.gitDir, "fetch", "--progress"}, args...)...)
	cmd.Env = append(os.Environ(), "GIT_TERMINAL_PROMPT=0")
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("fetching what the clone lacks by `git fetch %s`: %w", strings.Join(args, " "), err)
	}
	return nil
}
