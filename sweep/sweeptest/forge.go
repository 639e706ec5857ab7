// Package sweeptest has what the tests of sweeps share: a forge that git fetches from over real smart HTTP, and
// what every queue and every store has to show.
package sweeptest

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// Forge serves bare repositories by git's own http-backend, behind Basic auth.
type Forge struct {
	*httptest.Server
	t    testing.TB
	root string
	over chan struct{}

	mu      sync.Mutex
	manners map[string]string // by the path of a repository
	asked   map[string]int    // requests, by path and query
	headers []string          // Authorization headers that came
}

// The user and the token that a forge wants.
const (
	User  = "sweeper"
	Token = "t0ken-of-the-tests"
)

// NewForge starts a forge without repositories.
func NewForge(t testing.TB) *Forge {
	t.Helper()
	out, err := exec.Command("git", "--exec-path").Output()
	if err != nil {
		t.Fatal(err)
	}
	f := &Forge{t: t, root: t.TempDir(), over: make(chan struct{}), manners: make(map[string]string), asked: make(map[string]int)}
	backend := &cgi.Handler{
		Path: filepath.Join(strings.TrimSpace(string(out)), "git-http-backend"),
		Env:  []string{"GIT_PROJECT_ROOT=" + f.root, "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull, "REMOTE_USER=" + User},
	}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { f.serve(w, r, backend) }))
	t.Cleanup(func() { close(f.over); f.CloseClientConnections(); f.Close() })
	return f
}

func (f *Forge) serve(w http.ResponseWriter, r *http.Request, backend http.Handler) {
	path, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), ".git/")
	f.mu.Lock()
	f.asked[path]++
	f.headers = append(f.headers, r.Header.Get("Authorization"))
	manner, to, _ := strings.Cut(f.manners[path], " ")
	f.mu.Unlock()
	if _, token, _ := r.BasicAuth(); manner != "public" && token != Token {
		w.Header().Set("WWW-Authenticate", `Basic realm="forge"`)
		http.Error(w, "who are you?", http.StatusUnauthorized)
		return
	}
	switch manner {
	case "hang":
		f.hang(r)
	case "hang-transfer":
		if r.Method == http.MethodPost {
			f.hang(r)
			return
		}
		backend.ServeHTTP(w, r)
	case "garbage":
		w.Header().Set("Content-Type", "application/x-git-upload-pack-advertisement")
		fmt.Fprint(w, "\x00\xff\x1b[31m this is no git \x1b[0m")
	case "cut":
		w.Header().Set("Content-Length", "100000")
		fmt.Fprint(w, "001e# service=git-upload-pack\n0000")
	case "moved": // redirected, as forges do after a renaming
		http.Redirect(w, r, strings.Replace(r.URL.String(), path, to, 1), http.StatusMovedPermanently)
	case "elsewhere":
		http.Redirect(w, r, to, http.StatusMovedPermanently)
	case "broken":
		http.Error(w, "no", http.StatusBadGateway)
	default:
		backend.ServeHTTP(w, r)
	}
}

// hang answers nothing until the client has gone, or the test is over.
func (f *Forge) hang(r *http.Request) {
	io.Copy(io.Discard, r.Body) // else the server does not notice that the client goes
	select {
	case <-r.Context().Done():
	case <-f.over:
	case <-time.After(time.Minute):
	}
}

// Treat sets how the forge behaves for a repository: "public" (without a token), "hang", "hang-transfer",
// "garbage", "cut", "broken", "moved PATH", "elsewhere URL"; "" as it should.
func (f *Forge) Treat(path, manner string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.manners[path] = manner
}

// Asked returns how many requests there were for a repository.
func (f *Forge) Asked(path string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked[path]
}

// Headers returns the Authorization headers that came.
func (f *Forge) Headers() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string{}, f.headers...)
}

// CloneURL returns the URL of a repository, without credentials.
func (f *Forge) CloneURL(path string) string { return f.URL + "/" + path + ".git" }

// Dir returns the folder of a repository.
func (f *Forge) Dir(path string) string {
	return filepath.Join(f.root, filepath.FromSlash(path)+".git")
}

// Add makes a repository with one commit of the files; of an empty one there are none.
func (f *Forge) Add(path string, files map[string]string) {
	f.t.Helper()
	f.git("", "init", "-q", "--bare", "-b", "main", f.Dir(path))
	if len(files) > 0 {
		f.Commit(path, "refs/heads/main", files)
	}
}

// Commit adds a commit of the files to a ref.
func (f *Forge) Commit(path, ref string, files map[string]string) {
	f.t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "commit %s\ncommitter Ada <ada@example.com> 1700000000 +0000\ndata 4\nwork\n", ref)
	if exec.Command("git", "--git-dir", f.Dir(path), "rev-parse", "-q", "--verify", ref).Run() == nil {
		fmt.Fprintf(&b, "from %s^0\n", ref)
	}
	for name, content := range files {
		fmt.Fprintf(&b, "M 100644 inline %s\ndata %d\n%s\n", name, len(content), content)
	}
	f.git(b.String(), "--git-dir", f.Dir(path), "fast-import", "--quiet", "--force")
}

// Remove deletes a repository.
func (f *Forge) Remove(path string) {
	f.t.Helper()
	if err := os.RemoveAll(f.Dir(path)); err != nil {
		f.t.Fatal(err)
	}
}

// Rename moves a repository, and leaves a redirection behind.
func (f *Forge) Rename(from, to string) {
	f.t.Helper()
	if err := os.Rename(f.Dir(from), f.Dir(to)); err != nil {
		f.t.Fatal(err)
	}
	f.Treat(from, "moved "+to)
}

func (f *Forge) git(stdin string, args ...string) {
	f.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + f.root, "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull}
	cmd.Stdin = strings.NewReader(stdin)
	if out, err := cmd.CombinedOutput(); err != nil {
		f.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
}
