// Sweep measures what a sweep costs: the first, the second with one repository in a hundred changed, and
// that of several worker processes against one.
//
// # Usage
//
//	cd bench
//	go run ./sweep [-n 2000] [-revokey BINARY] [-folders] [-nats nats-server [-of REPO]]
//
// It makes -n repositories in a temporary folder, and serves them by git's own http-backend, which
// runs on the same processors and is a part of every figure; with -folders they are scanned where they are. With
// -nats it also works repositories off by one worker process, and by four, from a NATS
// server that it starts: the same ones, or with -of twelve copies of a bare REPO, of which the scan
// is the work.
package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"github.com/revokey-dev/revokey/bench/internal/git"
	"github.com/revokey-dev/revokey/bench/internal/mint"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(os.Stderr, "sweep: %v\n", err)
		os.Exit(2)
	}
}

// sweep is one run.
type sweep struct {
	n, commits int
	dir        string // temporary
	revokey    string
	list       string
	nats       string
	of         string
	keys       int // that are found
}

func run(ctx context.Context, args []string) (err error) {
	s := sweep{}
	fs := flag.NewFlagSet("sweep", flag.ContinueOnError)
	fs.IntVar(&s.n, "n", 2000, "make `N` repositories")
	fs.IntVar(&s.commits, "commits", 60, "of so many `commits` each, of 8 KiB that are new")
	fs.StringVar(&s.revokey, "revokey", "", "measure this `binary` instead of building one")
	fs.StringVar(&s.nats, "nats", "", "measure workers too, with this NATS `server`")
	fs.StringVar(&s.of, "of", "", "measure workers with copies of the bare `REPO`")
	folders := fs.Bool("folders", false, "scan the repositories where they are, instead of fetching them")
	temp := fs.String("dir", "", "work in this `folder`, which is removed")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if s.dir, err = os.MkdirTemp(*temp, "revokey-sweep-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(s.dir)
	if s.revokey == "" {
		s.revokey = filepath.Join(s.dir, "revokey")
		build := exec.CommandContext(ctx, "go", "build", "-o", s.revokey, "./cmd/revokey")
		build.Dir, build.Env = "..", append(os.Environ(), "CGO_ENABLED=0")
		if _, err := git.Run(build); err != nil {
			return err
		}
	}
	start := time.Now()
	if err := s.make(ctx); err != nil {
		return err
	}
	fmt.Printf("made %d repositories in %s\n\n", s.n, time.Since(start).Round(time.Second))
	site, err := s.serve(*folders)
	if err != nil {
		return err
	}
	defer site.Close()
	fmt.Println("| sweep | wall, s | CPU of revokey and git, s | fetch and scan, of the time on jobs | RSS, MiB, at 5 % | at the end | highest |\n|---|---|---|---|---|---|---|")
	first, err := s.measure(ctx, "first", "state")
	if err != nil {
		return err
	}
	for i := 0; i < s.n; i += 100 {
		if err := s.change(ctx, i); err != nil {
			return err
		}
	}
	second, err := s.measure(ctx, "second, 1 % changed", "state")
	if err != nil {
		return err
	}
	fmt.Printf("\nthe second took %.1f %% of the first\n", 100*second.Seconds()/first.Seconds())
	if s.nats == "" {
		return nil
	}
	s.keys = (s.n + 19) / 20
	if s.of != "" {
		if err := s.copies(12); err != nil {
			return err
		}
	}
	return s.scale(ctx)
}

// copies makes the list one of copies of a repository. How many keys it holds is not known.
func (s *sweep) copies(n int) error {
	var list []string
	for i := range n {
		dir := filepath.Join(s.dir, "copies", fmt.Sprintf("r%d.git", i))
		if err := os.CopyFS(dir, os.DirFS(s.of)); err != nil {
			return err
		}
		list = append(list, dir)
	}
	s.keys = -1
	return os.WriteFile(s.list, []byte(strings.Join(list, "\n")), 0o600)
}

func (s *sweep) repository(i int) string {
	return filepath.Join(s.dir, "forge", fmt.Sprintf("r%d.git", i))
}

// make makes the repositories; one in twenty holds a key.
func (s *sweep) make(ctx context.Context) error {
	seed, keys := uint64(1), rand.New(rand.NewPCG(1, 2))
	for i := range s.n {
		if _, err := git.Output(ctx, "", "init", "-q", "--bare", "-b", "main", s.repository(i)); err != nil {
			return err
		}
		var b bytes.Buffer
		for c := range s.commits {
			fmt.Fprintf(&b, "commit refs/heads/main\ncommitter A <a@example.com> %d +0000\ndata 0\n", 1700000000+c)
			for f := range 2 {
				var text []byte
				for len(text) < 4<<10 {
					seed = seed*6364136223846793005 + 1442695040888963407
					text = fmt.Appendf(text, "func name%x(arg%d int) { return table[%d] }\n", seed>>40, seed>>60, seed>>50)
				}
				if c == 0 && f == 0 && i%20 == 0 {
					id, secret := mint.Key(keys)
					text = fmt.Appendf(text, "aws_access_key_id = %s\naws_secret_access_key = %s\n", id, secret)
				}
				fmt.Fprintf(&b, "M 100644 inline d%d/f%d.go\ndata %d\n%s\n", c%7, f, len(text), text)
			}
		}
		load := git.Command(ctx, s.repository(i), "fast-import", "--quiet")
		load.Stdin = &b
		if _, err := git.Run(load); err != nil {
			return err
		}
	}
	return nil
}

func (s *sweep) change(ctx context.Context, i int) error {
	load := git.Command(ctx, s.repository(i), "fast-import", "--quiet")
	load.Stdin = strings.NewReader("commit refs/heads/main\ncommitter A <a@example.com> 1800000000 +0000\ndata 0\nfrom refs/heads/main^0\nM 100644 inline new\ndata 4\nnew\n")
	_, err := git.Run(load)
	return err
}

// serve serves them, and writes the list of what is to be swept.
func (s *sweep) serve(folders bool) (*httptest.Server, error) {
	path, err := exec.Command("git", "--exec-path").Output()
	if err != nil {
		return nil, err
	}
	site := httptest.NewServer(&cgi.Handler{
		Path: filepath.Join(strings.TrimSpace(string(path)), "git-http-backend"),
		Env:  append(git.Env(), "GIT_PROJECT_ROOT="+filepath.Join(s.dir, "forge"), "GIT_HTTP_EXPORT_ALL=1"),
	})
	http.DefaultTransport.(*http.Transport).MaxIdleConnsPerHost = 16
	var b strings.Builder
	for i := range s.n {
		if folders {
			fmt.Fprintln(&b, s.repository(i))
		} else {
			fmt.Fprintf(&b, "%s/r%d.git\n", site.URL, i)
		}
	}
	s.list = filepath.Join(s.dir, "list")
	return site, os.WriteFile(s.list, []byte(b.String()), 0o600)
}

// command returns revokey, which sees nothing of the user's settings.
func (s *sweep) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, s.revokey, args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.dir, "TMPDIR=" + s.dir}
	return cmd
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// measure sweeps once and prints a line.
func (s *sweep) measure(ctx context.Context, name, state string) (time.Duration, error) {
	address, err := freePort()
	if err != nil {
		return 0, err
	}
	cmd := s.command(ctx, "sweep", "list:"+s.list, "--state-dir", filepath.Join(s.dir, state), "--format", "jsonl", "--metrics-listen", address)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	watching, stop := context.WithCancel(ctx)
	seen := make(chan samples, 1)
	go func() { seen <- watch(watching, address, cmd.Process.Pid, s.n) }()
	err = cmd.Wait()
	took := time.Since(start)
	stop()
	w := <-seen
	if code := cmd.ProcessState.ExitCode(); code != 1 {
		return took, fmt.Errorf("the sweep ended with %d: %w: %s", code, err, said.String())
	}
	if got, want := bytes.Count(out.Bytes(), []byte("\n")), (s.n+19)/20; got != want {
		return took, fmt.Errorf("%d credentials were found, not %d", got, want)
	}
	cpu := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	fmt.Printf("| %s | %.1f | %.1f | %.0f %% | %d | %d | %d |\n", name, took.Seconds(), cpu.Seconds(), 100*w.share, w.early, w.late, w.highest)
	return took, nil
}

// samples are what was seen of a process.
type samples struct {
	share                float64 // of the time on jobs that went into fetching and scanning
	early, late, highest int     // MiB
}

// watch looks at the process until ctx is done.
func watch(ctx context.Context, address string, pid, n int) (s samples) {
	for ctx.Err() == nil {
		values := metricsOf(ctx, address)
		rss := residentMiB(pid)
		done := values[`revokey_worker_jobs_total{end="done"}`]
		if all := values[`revokey_worker_seconds_total{phase="all"}`]; all > 0 {
			s.share = (values[`revokey_worker_seconds_total{phase="fetch"}`] + values[`revokey_worker_seconds_total{phase="scan"}`]) / all
		}
		if s.early == 0 && done >= float64(n)/20 {
			s.early = rss
		}
		if rss > 0 {
			s.late, s.highest = rss, max(s.highest, rss)
		}
		select {
		case <-ctx.Done():
		case <-time.After(500 * time.Millisecond):
		}
	}
	return s
}

func metricsOf(ctx context.Context, address string) map[string]float64 {
	values := make(map[string]float64)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/metrics", nil)
	if err != nil {
		return values
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return values
	}
	defer resp.Body.Close()
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		name, value, ok := strings.Cut(lines.Text(), " ")
		var v float64
		if _, err := fmt.Sscan(value, &v); ok && err == nil {
			values[name] = v
		}
	}
	return values
}

// residentMiB returns what the process holds in memory; 0 where that cannot be told.
func residentMiB(pid int) int {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(data), "VmRSS:")
	kib := 0
	fmt.Sscan(rest, &kib)
	return kib >> 10
}

// scale works all off by one worker process, and by four, each of which works on one repository at a time.
func (s *sweep) scale(ctx context.Context) error {
	fmt.Println("\n| worker processes | wall, s |\n|---|---|")
	var walls []time.Duration
	for _, workers := range []int{1, 4} {
		took, err := s.workers(ctx, workers)
		if err != nil {
			return err
		}
		walls = append(walls, took)
		fmt.Printf("| %d | %.1f |\n", workers, took.Seconds())
	}
	fmt.Printf("\nfour are %.2f times as fast as one\n", walls[0].Seconds()/walls[1].Seconds())
	return nil
}

func (s *sweep) workers(ctx context.Context, n int) (took time.Duration, err error) {
	address, err := freePort()
	if err != nil {
		return 0, err
	}
	ctx, stop := context.WithCancel(ctx)
	var all []*exec.Cmd
	defer func() {
		stop()
		for _, c := range all {
			_ = c.Wait() // they are killed
		}
	}()
	_, port, _ := net.SplitHostPort(address)
	server := exec.CommandContext(ctx, s.nats, "-a", "127.0.0.1", "-p", port, "-js", "-sd", filepath.Join(s.dir, fmt.Sprint("nats", n)))
	if err := server.Start(); err != nil {
		return 0, err
	}
	all = append(all, server)
	time.Sleep(2 * time.Second)
	for range n {
		w := s.command(ctx, "worker", "--queue", "nats://"+address, "--workers", "1")
		w.Env = append(w.Env, "GOMAXPROCS=1")
		if err := w.Start(); err != nil {
			return 0, err
		}
		all = append(all, w)
	}
	time.Sleep(3 * time.Second) // until they are at work
	start := time.Now()
	out, err := s.command(ctx, "sweep", "list:"+s.list, "--queue", "nats://"+address, "--format", "jsonl").Output()
	took = time.Since(start)
	if got, want := bytes.Count(out, []byte("\n")), s.keys; got != want && want >= 0 {
		return took, fmt.Errorf("%d workers: %d credentials were found, not %d: %w", n, got, want, err)
	}
	return took, nil
}
