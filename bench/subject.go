package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"time"

	"github.com/revokey-dev/revokey/bench/internal/git"
)

// The names of what is measured.
const (
	nameScan    = "revokey scan"
	nameOne     = "revokey scan --workers 1"
	nameTwo     = "revokey scan --workers 2"
	namePlanted = "revokey scan, keys planted"
	nameAgain   = "revokey scan --state, nothing new"
	nameNew     = "revokey scan --state, 100 new commits"
	nameCatFile = "git cat-file --batch-all-objects"
	nameLog     = "git log -p --all"
	nameLimit   = "physical limit (libdeflate, 1 thread)"
)

// subject is one thing that is measured. Its run does what must be done anew
// before each run, and measures the rest.
type subject struct {
	name string
	run  func(context.Context) (sample, error)
}

// pairs are the ratios that are told, where both sides were measured.
var pairs = []struct{ a, b string }{
	{nameScan, nameCatFile},
	{nameScan, nameLimit},
	{nameScan, nameLog},
	{nameOne, nameTwo},
	{nameOne, nameScan},
	{namePlanted, nameScan},
	{nameAgain, nameScan},
	{nameNew, nameScan},
	{nameCatFile, nameLimit},
}

// subjects returns what is to be measured on the repository in repo.
func (b *bench) subjects(ctx context.Context, repo *repository) ([]subject, error) {
	list := []subject{
		b.scan(nameScan, repo.dir),
		b.scan(nameOne, repo.dir, "--workers", "1"),
		b.git(nameCatFile, repo.dir, "cat-file", "--batch-all-objects", "--batch", "--unordered", "--buffer"),
	}
	if runtime.NumCPU() != 2 { // else it is what all workers are
		list = slices.Insert(list, 2, b.scan(nameTwo, repo.dir, "--workers", "2"))
	}
	if b.opts.log {
		list = append(list, b.git(nameLog, repo.dir, "log", "-p", "--all"))
	}
	if b.tools.limit != "" && len(repo.indexes) > 0 {
		list = append(list, b.limit(repo))
	}
	if b.opts.planted > 0 {
		dir, err := b.plant(ctx, repo)
		if err != nil {
			return nil, err
		}
		list = append(list, b.scan(namePlanted, dir))
	}
	if !b.tools.state {
		return list, nil
	}
	states, err := b.states(ctx, repo)
	return append(list, states...), err
}

// scan measures revokey, every detector on, nothing verified.
func (b *bench) scan(name, dir string, args ...string) subject {
	return subject{name, func(ctx context.Context) (sample, error) {
		return b.scanOnce(ctx, name, dir, args...)
	}}
}

// scanOnce scans and checks that the scan came to its end: a scan that is
// incomplete ends with 2, as trouble does, but it has written its report. That a
// clone is partial is fine, as what is not there is there for neither side.
func (b *bench) scanOnce(ctx context.Context, name, dir string, args ...string) (sample, error) {
	report := b.report(name)
	if err := os.Remove(report); err != nil && !errors.Is(err, os.ErrNotExist) {
		return sample{}, err
	}
	all := append([]string{"scan", "--format", "jsonl", "--output", report}, args...)
	if b.tools.partial {
		all = append(all, "--allow-partial")
	}
	cmd := exec.CommandContext(ctx, b.tools.revokey, append(all, dir)...)
	cmd.Env = git.Env()
	s, err := measure(ctx, cmd, 0, 1, 2)
	if err != nil {
		return s, err
	}
	if _, err := os.Stat(report); err != nil {
		return s, fmt.Errorf("%s wrote no report: %s", name, s.said)
	}
	return s, nil
}

// report is the file of a subject's last report.
func (b *bench) report(name string) string {
	if name == namePlanted {
		return filepath.Join(b.tools.dir, "planted.jsonl")
	}
	return filepath.Join(b.tools.dir, "report.jsonl")
}

// git measures git, its output thrown away.
func (b *bench) git(name, dir string, args ...string) subject {
	return subject{name, func(ctx context.Context) (sample, error) {
		return measure(ctx, git.Command(ctx, dir, args...), 0)
	}}
}

// limit measures limit.c by its own clocks, which start when the packs are
// mapped and all headers read.
func (b *bench) limit(repo *repository) subject {
	args := append([]string{strconv.Itoa(repo.hashBytes)}, repo.indexes...)
	return subject{nameLimit, func(ctx context.Context) (sample, error) {
		var out bytes.Buffer
		cmd := exec.CommandContext(ctx, b.tools.limit, args...)
		cmd.Stdout = &out
		s, err := measure(ctx, cmd, 0)
		if err != nil {
			return s, err
		}
		var told struct{ CPU, Wall float64 }
		if err := json.Unmarshal(out.Bytes(), &told); err != nil {
			return s, fmt.Errorf("reading what limit printed: %w", err)
		}
		s.CPU, s.Wall = told.CPU, told.Wall
		return s, nil
	}}
}

// states returns the second scans: of a copy in which nothing is new, and of one
// that 100 commits were added to after its first scan.
func (b *bench) states(ctx context.Context, repo *repository) ([]subject, error) {
	var list []subject
	for i, name := range []string{nameAgain, nameNew} {
		dir := filepath.Join(b.tools.dir, fmt.Sprintf("second-%d-%d.git", repo.number, i))
		state := dir + ".state"
		if _, err := b.runPlant(ctx, "-commits", "0", "-keys", "0", repo.dir, dir); err != nil {
			return nil, err
		}
		if _, err := b.scanOnce(ctx, name, dir, "--state", state); err != nil {
			return nil, err
		}
		if name == nameNew {
			if _, err := b.runPlant(ctx, "-commits", "100", "-keys", "0", "-tip", repo.dir, dir); err != nil {
				return nil, err
			}
		}
		list = append(list, subject{name, func(ctx context.Context) (sample, error) {
			if err := copyFile(state, state+".run"); err != nil {
				return sample{}, err
			}
			return b.scanOnce(ctx, name, dir, "--state", state+".run")
		}})
	}
	return list, nil
}

func copyFile(from, to string) error {
	b, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, b, 0o600)
}

// rounds runs every subject once to warm up, then all of them in turn, n times.
func (b *bench) rounds(ctx context.Context, list []subject) (map[string][]sample, []string, error) {
	samples, notes := map[string][]sample{}, []string(nil)
	for round := range b.opts.n + 1 {
		for _, s := range list {
			start := time.Now()
			got, err := s.run(ctx)
			if err != nil {
				return nil, nil, err
			}
			b.logf("round %d of %d: %s: %.2f s of CPU, %v", round, b.opts.n, s.name, got.CPU, time.Since(start).Round(time.Millisecond))
			if round > 0 {
				samples[s.name] = append(samples[s.name], got)
			} else if got.code == 2 {
				notes = append(notes, fmt.Sprintf("`%s` ended with 2, not all was scanned: %s", s.name, got.said))
			}
		}
	}
	return samples, notes, nil
}
