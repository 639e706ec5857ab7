package fetch

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/revokey-dev/revokey/sweep"
	"github.com/revokey-dev/revokey/sweep/forge"
	"github.com/revokey-dev/revokey/sweep/sweeptest"
)

func basic() string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(sweeptest.User+":"+sweeptest.Token))
}

func fetcher(t *testing.T, o Options) *Fetcher {
	t.Helper()
	if o.Temp == "" {
		o.Temp = t.TempDir()
	}
	if o.Authorization == nil {
		o.Authorization = func(context.Context, forge.Repository) (string, error) { return basic(), nil }
	}
	f, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func repository(url string) forge.Repository {
	return forge.Repository{Forge: forge.ListOf, Host: "127.0.0.1", ID: url, Name: url, URL: url, Kind: forge.KindRepository}
}

// get looks and fetches.
func get(t *testing.T, f *Fetcher, url string) (sweep.Sight, sweep.Clone) {
	t.Helper()
	s, err := f.Look(t.Context(), repository(url))
	if err != nil {
		t.Fatal(err)
	}
	c, err := f.Fetch(t.Context(), repository(url), s)
	if err != nil {
		t.Fatal(err)
	}
	return s, c
}

func refs(t *testing.T, dir string) string {
	t.Helper()
	out, err := exec.Command("git", "--git-dir", dir, "for-each-ref", "--format=%(refname)").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return strings.Join(strings.Fields(string(out)), " ")
}

func TestTemporaryClone(t *testing.T) {
	t.Parallel()
	site := sweeptest.NewForge(t)
	site.Add("org/app", map[string]string{"a": "1"})
	site.Commit("org/app", "refs/pull/7/head", map[string]string{"b": "removed since"})
	f := fetcher(t, Options{})
	_, c := get(t, f, site.CloneURL("org/app"))
	if got := refs(t, c.Dir); got != "refs/heads/main refs/pull/7/head" {
		t.Errorf("refs %q", got)
	}
	info, err := os.Stat(filepath.Dir(filepath.Dir(c.Dir)))
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("others can look in: %v, %v", info.Mode(), err)
	}
	noToken(t, c.Dir)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(c.Dir); err == nil {
		t.Error("the clone is still there")
	}
}

// noToken looks for the token in all files.
func noToken(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if bytes.Contains(data, []byte(sweeptest.Token)) || bytes.Contains(data, []byte(basic()[6:])) {
			t.Errorf("%s holds the token", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestMirror(t *testing.T) {
	t.Parallel()
	site := sweeptest.NewForge(t)
	site.Add("org/app", map[string]string{"a": "1"})
	f := fetcher(t, Options{Cache: t.TempDir()})
	url := site.CloneURL("org/app")
	first, c := get(t, f, url)
	if c.Mirror != c.Dir || c.State == "" {
		t.Errorf("clone %+v", c)
	}
	c.Close()
	if again, err := f.Look(t.Context(), repository(url)); err != nil || again.Tips != first.Tips {
		t.Errorf("unchanged: %v, %v", again, err)
	}

	site.Commit("org/app", "refs/heads/new", map[string]string{"b": "2"})
	for _, stale := range []string{"packed-refs.lock", "refs/heads/new.lock", "objects/pack/tmp_pack_x"} {
		os.MkdirAll(filepath.Dir(filepath.Join(c.Dir, stale)), 0o700)
		if err := os.WriteFile(filepath.Join(c.Dir, stale), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	second, c := get(t, f, url)
	if second.Tips == first.Tips || refs(t, c.Dir) != "refs/heads/main refs/heads/new" {
		t.Errorf("after a push: %s", refs(t, c.Dir))
	}
	if left, _ := filepath.Glob(filepath.Join(c.Dir, "objects", "pack", "tmp_*")); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
	c.Close()
	noToken(t, f.o.Cache)
}

// TestManyNights fetches into a mirror again and again, and has the default branch renamed.
func TestManyNights(t *testing.T) {
	t.Parallel()
	site := sweeptest.NewForge(t)
	site.Add("org/app", map[string]string{"a": "1"})
	site.Commit("org/app", "refs/heads/gone", map[string]string{"b": "removed"})
	f := fetcher(t, Options{Cache: t.TempDir()})
	url := site.CloneURL("org/app")
	packs := func(dir string) int {
		all, _ := filepath.Glob(filepath.Join(dir, "objects", "pack", "*.pack"))
		return len(all)
	}
	var dir string
	for i := range maxPacks + 2 {
		site.Commit("org/app", "refs/heads/main", map[string]string{"a": strings.Repeat("x", i)})
		if i == 1 {
			git(t, site.Dir("org/app"), "update-ref", "-d", "refs/heads/gone")
		}
		_, c := get(t, f, url)
		if dir = c.Dir; packs(dir) > maxPacks {
			t.Fatalf("%d packs", packs(dir))
		}
		c.Close()
	}
	if n := packs(dir); n > 5 {
		t.Errorf("%d packs are left", n)
	}
	if out := git(t, dir, "cat-file", "--batch-all-objects", "--batch", "--unordered"); !strings.Contains(out, "removed") {
		t.Error("what no ref reaches any more is gone")
	}

	git(t, site.Dir("org/app"), "branch", "-m", "main", "trunk")
	_, c := get(t, f, url)
	defer c.Close()
	if head := git(t, dir, "symbolic-ref", "HEAD"); strings.TrimSpace(head) != "refs/heads/trunk" {
		t.Errorf("HEAD is %s", head)
	}
}

func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	out, err := exec.Command("git", append([]string{"--git-dir", dir}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

// TestLimits has servers that want to be left alone for a while.
func TestLimits(t *testing.T) {
	t.Parallel()
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "17")
		code := map[string]int{"/a": http.StatusTooManyRequests, "/b": http.StatusForbidden, "/c": http.StatusServiceUnavailable}
		w.WriteHeader(code[strings.TrimSuffix(r.URL.Path, "/info/refs")])
	}))
	t.Cleanup(site.Close)
	for _, path := range []string{"/a", "/b", "/c"} {
		_, err := fetcher(t, Options{}).Look(t.Context(), repository(site.URL+path))
		var later interface{ RetryAfter() time.Duration }
		if !errors.As(err, &later) || later.RetryAfter() != 17*time.Second {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestMirrorIsOneWorkers(t *testing.T) {
	t.Parallel()
	site := sweeptest.NewForge(t)
	site.Add("org/app", map[string]string{"a": "1"})
	cache := t.TempDir()
	f, g := fetcher(t, Options{Cache: cache}), fetcher(t, Options{Cache: cache, Timeout: time.Second})
	s, c := get(t, f, site.CloneURL("org/app"))
	if _, err := g.Fetch(t.Context(), repository(site.CloneURL("org/app")), s); err == nil || !strings.Contains(err.Error(), "another fetches into") {
		t.Errorf("two have it: %v", err)
	}
	c.Close()
	_, c = get(t, g, site.CloneURL("org/app"))
	c.Close()
}

// TestTrouble has all that a server can do, and whether another attempt would help.
func TestTrouble(t *testing.T) {
	t.Parallel()
	site := sweeptest.NewForge(t)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("another host was asked, with %q", r.Header.Get("Authorization"))
	}))
	t.Cleanup(elsewhere.Close)
	for _, name := range []string{"hang", "garbage", "cut", "broken", "gone", "elsewhere", "transfer", "big", "token"} {
		site.Add("org/"+name, map[string]string{"a": strings.Repeat("x", 10)})
	}
	site.Remove("org/gone")
	for _, manner := range []string{"hang", "garbage", "cut", "broken"} {
		site.Treat("org/"+manner, manner)
	}
	site.Treat("org/elsewhere", "elsewhere "+elsewhere.URL+"/x")
	site.Treat("org/transfer", "hang-transfer")
	noise := make([]byte, 3<<20)
	for i := range noise {
		noise[i] = byte(i * i >> 7 * i)
	}
	site.Commit("org/big", "refs/heads/main", map[string]string{"big": string(noise)})
	f := fetcher(t, Options{Stall: time.Second, Timeout: 4 * time.Second, MaxSize: 1 << 10})
	nobody := fetcher(t, Options{Authorization: func(context.Context, forge.Repository) (string, error) { return "", nil }})
	for _, c := range []struct {
		name, says string
		hopeless   bool
		f          *Fetcher
	}{
		{"hang", "timeout awaiting response", false, f},
		{"garbage", "does not answer as git does", false, f},
		{"cut", "does not answer as git does", false, f},
		{"broken", "502", false, f},
		{"gone", "deleted, renamed, or not to be seen", true, f},
		{"elsewhere", "redirects to another host", true, f},
		{"transfer", "git: ", false, f},
		{"big", "--max-repository-size", true, f},
		{"token", "wants a token", true, nobody},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := repository(site.CloneURL("org/" + c.name))
			s, err := c.f.Look(t.Context(), r)
			if err == nil {
				_, err = c.f.Fetch(t.Context(), r, s)
			}
			var p interface{ Permanent() bool }
			hopeless := errors.As(err, &p) && p.Permanent()
			if err == nil || !strings.Contains(err.Error(), c.says) || hopeless != c.hopeless {
				t.Errorf("hopeless %v: %v", hopeless, err)
			}
			if err != nil && (strings.Contains(err.Error(), sweeptest.Token) || strings.Contains(err.Error(), basic()[6:])) {
				t.Errorf("the token is in %v", err)
			}
		})
	}
}

func TestRenamed(t *testing.T) {
	t.Parallel()
	site := sweeptest.NewForge(t)
	site.Add("org/old", map[string]string{"a": "1"})
	site.Rename("org/old", "org/new")
	s, c := get(t, fetcher(t, Options{}), site.CloneURL("org/old"))
	defer c.Close()
	if !strings.HasSuffix(s.URL, "/org/new.git") || refs(t, c.Dir) != "refs/heads/main" {
		t.Errorf("from %s: %s", s.URL, refs(t, c.Dir))
	}
}

func TestEmptyRepository(t *testing.T) {
	t.Parallel()
	site := sweeptest.NewForge(t)
	site.Add("org/empty", nil)
	s, c := get(t, fetcher(t, Options{}), site.CloneURL("org/empty"))
	defer c.Close()
	if s.Tips != noTips || refs(t, c.Dir) != "" {
		t.Errorf("%+v", s)
	}
}

// TestRefusedURLs has what must not get to git.
func TestRefusedURLs(t *testing.T) {
	t.Parallel()
	f := fetcher(t, Options{})
	for _, url := range []string{
		"http://example.com/a", "ext::sh -c id", "--upload-pack=id", "ssh://-oProxyCommand=id/x", "git://example.com/x", "https:///x", "ftp://h/x", "fd::0",
	} {
		if _, err := f.Look(t.Context(), repository(url)); err == nil {
			t.Errorf("took %q", url)
		}
	}
}

// TestNothingOfTheEnvironment shows that variables cannot make git run something, or tell what it sends.
func TestNothingOfTheEnvironment(t *testing.T) {
	site := sweeptest.NewForge(t)
	site.Add("org/app", map[string]string{"a": "1"})
	mark := filepath.Join(t.TempDir(), "ran")
	config := filepath.Join(t.TempDir(), "config")
	os.WriteFile(config, []byte("[core]\n\tsshCommand = touch "+mark+"\n[url \"http://127.0.0.1:1/\"]\n\tinsteadOf = "+site.URL+"/\n[http]\n\tproxy = http://127.0.0.1:1\n"), 0o600)
	t.Setenv("GIT_CONFIG_GLOBAL", config)
	t.Setenv("GIT_TRACE_CURL", filepath.Join(t.TempDir(), "trace"))
	t.Setenv("GIT_TRACE_REDACT", "0")
	t.Setenv("GIT_DIR", "/nowhere")
	t.Setenv("GIT_EXEC_PATH", t.TempDir())
	_, c := get(t, fetcher(t, Options{}), site.CloneURL("org/app"))
	defer c.Close()
	if _, err := os.Stat(os.Getenv("GIT_TRACE_CURL")); err == nil {
		t.Error("git told what it sent")
	}
	if _, err := os.Stat(mark); err == nil {
		t.Error("something ran")
	}
}

// TestLeftovers shows that what a dead process left is removed, and what a living one has is not.
func TestLeftovers(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	alive := fetcher(t, Options{Temp: base})
	dead := filepath.Join(base, tempPrefix+"dead")
	os.MkdirAll(filepath.Join(dead, "repository-1"), 0o700)
	os.WriteFile(filepath.Join(dead, "lock"), nil, 0o600)
	foreign := filepath.Join(base, "other")
	os.MkdirAll(foreign, 0o700)
	fetcher(t, Options{Temp: base})
	if _, err := os.Stat(dead); err == nil {
		t.Error("what a dead process left is still there")
	}
	for _, dir := range []string{alive.temp.dir, foreign} {
		if _, err := os.Stat(dir); err != nil {
			t.Errorf("removed: %v", err)
		}
	}
}

func TestFolder(t *testing.T) {
	t.Parallel()
	site := sweeptest.NewForge(t)
	site.Add("org/app", map[string]string{"a": "1"})
	f := fetcher(t, Options{})
	r := repository("file://" + filepath.ToSlash(site.Dir("org/app")))
	look := func() string {
		s, err := f.Look(t.Context(), r)
		if err != nil || s.Tips == "" {
			t.Fatalf("%+v, %v", s, err)
		}
		return s.Tips
	}
	before := look()
	if look() != before {
		t.Error("it changed by being looked at")
	}
	site.Commit("org/app", "refs/heads/main", map[string]string{"b": "2"})
	if look() == before {
		t.Error("a commit changed nothing")
	}
	before = look()
	if out, err := exec.Command("git", "--git-dir", site.Dir("org/app"), "hash-object", "-w", "--stdin").CombinedOutput(); err != nil {
		t.Fatal(string(out))
	}
	if look() == before {
		t.Error("a loose object that no ref reaches changed nothing")
	}
}

func FuzzAdvertisement(f *testing.F) {
	f.Add([]byte("001e# service=git-upload-pack\n0000"))
	f.Add([]byte("001e# service=git-upload-pack\n0000003d" + strings.Repeat("a", 40) + " refs/heads/main\x00 caps\n0000"))
	f.Add([]byte("001e# service=git-upload-pack\n0000ffff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, _, err := readAdvertisement(bytes.NewReader(data))
		b, _, again := readAdvertisement(bytes.NewReader(append(bytes.Clone(data), "rest"...)))
		if err == nil && (a == "" || again != nil || a != b) {
			t.Errorf("%q, %q, %v", a, b, again)
		}
	})
}
