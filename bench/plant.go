package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/revokey-dev/revokey/bench/internal/git"
)

// planted tells how many of the planted keys a scan found, and for how many it
// named the commit that brought them.
type planted struct {
	Keys     int `json:"keys"`
	Found    int `json:"found"`
	AtCommit int `json:"at_commit"`
}

// plant makes a copy of the repository with keys planted and returns its folder.
func (b *bench) plant(ctx context.Context, repo *repository) (string, error) {
	n := strconv.Itoa(b.opts.planted)
	b.logf("planting %s keys in a copy", n)
	dir := filepath.Join(b.tools.dir, fmt.Sprintf("planted-%d.git", repo.number))
	list, err := b.runPlant(ctx, "-commits", n, "-keys", n, repo.dir, dir)
	if err != nil {
		return "", err
	}
	repo.planted = map[string]string{}
	for line := range strings.Lines(list) {
		f := strings.SplitN(line, "\t", 3)
		if len(f) != 3 {
			return "", errors.New("plant printed something else than KEY-ID, COMMIT and PATH")
		}
		repo.planted[f[0]] = f[1]
	}
	return dir, nil
}

func (b *bench) runPlant(ctx context.Context, args ...string) (string, error) {
	out, err := git.Run(exec.CommandContext(ctx, b.tools.plant, args...))
	return string(out), err
}

// checkPlanted compares the last report with what was planted: key IDs with
// the commits that brought them.
func (b *bench) checkPlanted(want map[string]string) (*planted, error) {
	f, err := os.Open(b.report(namePlanted))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	p := &planted{Keys: len(want)}
	for d := json.NewDecoder(f); ; {
		var finding struct {
			KeyID       string `json:"key_id"`
			Occurrences []struct{ Commit string }
		}
		if err := d.Decode(&finding); errors.Is(err, io.EOF) {
			return p, nil
		} else if err != nil {
			return nil, fmt.Errorf("reading revokey's report: %w", err)
		}
		commit, ok := want[finding.KeyID]
		if !ok {
			continue
		}
		p.Found++
		for _, o := range finding.Occurrences {
			if o.Commit == commit {
				p.AtCommit++
				break
			}
		}
	}
}
