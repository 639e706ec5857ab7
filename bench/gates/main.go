// Gates measures what revokey's hooks add to a commit and to a push, beside git.
//
// # Usage
//
//	cd bench
//	go run ./gates [-n 20] [-push REPO] [-revokey BINARY]
//
// It builds revokey from the tree around it, makes repositories in a temporary folder,
// runs each pair of commands once to warm up and then in turn, -n times, and prints the
// medians of wall and CPU time. Of a pair both run in the same round, so that what slows
// the machine for a while slows both.
//
// With -push, the push of 100 new commits onto a copy of REPO is measured (the copy shares
// its packs by hard links), and that of its own last 100 commits.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/revokey-dev/revokey/bench/internal/git"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(os.Stderr, "gates: %v\n", err)
		os.Exit(2)
	}
}

// gates is one run.
type gates struct {
	n       int
	dir     string // temporary
	revokey string
}

// task is a command, with standard input, in a repository.
type task struct {
	dir   string
	stdin string
	args  []string
}

func run(ctx context.Context, args []string) error {
	g := gates{}
	fs := flag.NewFlagSet("gates", flag.ContinueOnError)
	fs.IntVar(&g.n, "n", 20, "measure `N` times after one run to warm up")
	fs.StringVar(&g.revokey, "revokey", "", "measure this `binary` instead of building one")
	push := fs.String("push", "", "measure pushes of a copy of `REPO` too")
	if err := fs.Parse(args); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "revokey-gates-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	g.dir = dir
	if g.revokey == "" {
		g.revokey = filepath.Join(dir, "revokey")
		build := exec.CommandContext(ctx, "go", "build", "-o", g.revokey, "./cmd/revokey")
		build.Dir, build.Env = "..", append(os.Environ(), "CGO_ENABLED=0")
		if _, err := git.Run(build); err != nil {
			return err
		}
	}
	fmt.Printf("| medians of %d rounds | git, ms | revokey, ms | more, ms | ratio | CPU ratio |\n|---|---|---|---|---|---|\n", g.n)
	if err := g.pair(ctx, "process start", task{args: []string{"git", "--version"}}, task{args: []string{g.revokey, "--version"}}); err != nil {
		return err
	}
	for _, files := range []int{2000, 200_000} {
		if err := g.commit(ctx, files); err != nil {
			return err
		}
	}
	if *push == "" {
		return nil
	}
	return g.push(ctx, *push)
}

// commit measures pre-commit with one small file staged in a repository of so many.
func (g *gates) commit(ctx context.Context, files int) error {
	dir := filepath.Join(g.dir, fmt.Sprint("files-", files))
	if _, err := git.Output(ctx, "", "init", "-q", dir); err != nil {
		return err
	}
	load := git.Command(ctx, dir, "fast-import", "--quiet")
	load.Stdin = strings.NewReader(manyFiles(files))
	if _, err := git.Run(load); err != nil {
		return err
	}
	if _, err := git.Output(ctx, dir, "read-tree", "bench"); err != nil {
		return err
	}
	if _, err := git.Output(ctx, dir, "symbolic-ref", "HEAD", "refs/heads/bench"); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "small"), []byte("a small file\n"), 0o600); err != nil {
		return err
	}
	if _, err := git.Output(ctx, dir, "add", "small"); err != nil {
		return err
	}
	return g.pair(ctx, fmt.Sprintf("pre-commit, one small file staged, %d in the index", files),
		task{dir: dir, args: []string{"git", "diff", "--cached", "--quiet"}},
		task{dir: dir, args: []string{g.revokey, "hook", "run", "pre-commit"}})
}

// manyFiles is what git fast-import makes one commit of many files of.
func manyFiles(n int) string {
	var b strings.Builder
	b.WriteString("commit refs/heads/bench\ncommitter A <a@example.com> 1700000000 +0000\ndata 0\n")
	for i := range n {
		content := fmt.Sprintf("package p%d\n", i)
		fmt.Fprintf(&b, "M 100644 inline module%d/folder%d/some_longer_name_%d.go\ndata %d\n%s\n", i/5000, i/50, i, len(content), content)
	}
	return b.String()
}

// push measures pre-push of new commits and of old ones.
func (g *gates) push(ctx context.Context, repo string) error {
	dir := filepath.Join(g.dir, "push.git")
	for _, args := range [][]string{{"-commits", "0", "-keys", "0", repo, dir}, {"-commits", "100", "-keys", "0", "-tip", repo, dir}} {
		if _, err := git.Run(exec.CommandContext(ctx, "go", append([]string{"run", "./plant"}, args...)...)); err != nil {
			return err
		}
	}
	for _, push := range []struct{ name, from, to string }{
		{"pre-push, 100 new commits", "HEAD", "refs/heads/planted/0"},
		{"pre-push, its own last commits, merges among them", "HEAD~30", "HEAD"},
	} {
		from, err := git.Output(ctx, dir, "rev-parse", push.from)
		if err != nil {
			return err
		}
		to, err := git.Output(ctx, dir, "rev-parse", push.to)
		if err != nil {
			return err
		}
		if err := g.pair(ctx, push.name,
			task{dir: dir, args: []string{"git", "rev-list", "--objects", from + ".." + to}},
			task{dir: dir, args: []string{g.revokey, "hook", "run", "pre-push", "--", "origin", "url"}, stdin: fmt.Sprintf("refs/heads/x %s refs/heads/x %s\n", to, from)}); err != nil {
			return err
		}
	}
	return nil
}

// pair measures two commands in turn and prints a line.
func (g *gates) pair(ctx context.Context, name string, a, b task) error {
	var walls, cpus [2][]float64
	for round := range g.n + 1 {
		for i, t := range []task{a, b} {
			wall, cpu, err := t.run(ctx)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			if round > 0 {
				walls[i], cpus[i] = append(walls[i], wall), append(cpus[i], cpu)
			}
		}
	}
	theirs, ours := median(walls[0]), median(walls[1])
	fmt.Printf("| %s | %.1f | %.1f | %.1f | %.2f | %.2f |\n", name, theirs, ours, ours-theirs, ours/theirs, median(cpus[1])/median(cpus[0]))
	return nil
}

// run runs the command, which may find a difference, and returns milliseconds.
func (t task) run(ctx context.Context) (wall, cpu float64, err error) {
	cmd := exec.CommandContext(ctx, t.args[0], t.args[1:]...)
	cmd.Dir, cmd.Env, cmd.Stdin = t.dir, git.Env(), strings.NewReader(t.stdin)
	start := time.Now()
	out, err := cmd.Output()
	wall = ms(time.Since(start))
	if cmd.ProcessState == nil {
		return 0, 0, err
	}
	if code := cmd.ProcessState.ExitCode(); code != 0 && !(code == 1 && t.args[0] == "git") {
		return 0, 0, fmt.Errorf("%q ended with %d: %s", t.args, code, out)
	}
	return wall, ms(cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()), nil
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func median(values []float64) float64 {
	s := slices.Sorted(slices.Values(values))
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}
