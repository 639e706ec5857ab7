package forge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestMain takes from the tests what the machine has to say about credentials.
func TestMain(m *testing.M) {
	for name, value := range map[string]string{"GIT_CONFIG_GLOBAL": os.DevNull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_ASKPASS": ""} {
		os.Setenv(name, value)
	}
	os.Exit(m.Run())
}

// secretWord is the token of all tests: nothing that is told may hold it.
const secretWord = "sw0rdf1sh-of-the-test"

// clock is a time that passes only in sleep.
type clock struct {
	mu     sync.Mutex
	time   time.Time
	sleeps []time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.time
}

func (c *clock) sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.time = c.time.Add(d)
	c.sleeps = append(c.sleeps, d)
	return ctx.Err()
}

func (c *clock) slept() (sum time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, d := range c.sleeps {
		sum += d
	}
	return sum
}

// stage is a forge that answers as its handler says, and who asks it.
type stage struct {
	*httptest.Server
	clock   *clock
	options Options
	env     map[string]string

	mu       sync.Mutex
	asked    []*http.Request
	waits    []string
	warnings []string
}

func newStage(t *testing.T, kind string, answer http.HandlerFunc) *stage {
	t.Helper()
	s := &stage{clock: &clock{time: time.Now().Truncate(time.Second)}}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.asked = append(s.asked, r.Clone(context.Background()))
		s.mu.Unlock()
		w.Header().Set("Date", s.clock.now().UTC().Format(http.TimeFormat))
		w.Header().Set("Content-Type", "application/json")
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	tokens := map[string]string{GitHub: "GH_ENTERPRISE_TOKEN", GitLab: "GITLAB_TOKEN", Gitea: "GITEA_TOKEN", Azure: "AZURE_DEVOPS_EXT_PAT"}
	s.env = map[string]string{hostVariable[kind]: s.URL, tokens[kind]: secretWord}
	s.options = Options{
		Getenv: func(name string) string { return s.env[name] },
		now:    s.clock.now, sleep: s.clock.sleep, patience: 2 * time.Second,
		Waiting: func(until time.Time, why string) { s.waits = append(s.waits, why) },
		Warn:    func(message string) { s.warnings = append(s.warnings, message) },
	}
	return s
}

// open opens KIND:PATH of the stage.
func (s *stage) open(t *testing.T, kind, path string) Forge {
	t.Helper()
	source, err := Parse(kind + ":" + s.URL + "/" + path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := Open(source, s.options)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func (s *stage) host() string { return strings.TrimPrefix(s.URL, "http://") }

// requests are the paths that were asked for, in order.
func (s *stage) requests() (paths []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.asked {
		paths = append(paths, r.URL.Path)
	}
	return paths
}

// told fails if what was told holds the token, raw or as Basic encodes it.
func (s *stage) told(t *testing.T, errs ...error) {
	t.Helper()
	encoded := strings.TrimPrefix(basic("oauth2", newToken(secretWord)), "Basic ")
	all := fmt.Sprint(s.waits, s.warnings, errors.Join(errs...))
	if strings.Contains(all, secretWord) || strings.Contains(all, encoded) {
		t.Errorf("the token is told: %s", all)
	}
}

func names(repos []Repository) (names []string) {
	for _, r := range repos {
		names = append(names, r.Kind[:1]+" "+r.Name)
	}
	return names
}

func send(w http.ResponseWriter, v any) { json.NewEncoder(w).Encode(v) }

type obj = map[string]any

// linkNextPage writes the Link header of a page that another one follows.
func linkNextPage(w http.ResponseWriter, r *http.Request, next string) {
	u := *r.URL
	q := u.Query()
	q.Set("page", next)
	u.RawQuery = q.Encode()
	u.Scheme, u.Host = "http", r.Host
	w.Header().Add("Link", fmt.Sprintf(`<%s>; rel="next", <%s>; rel="last"`, u.String(), (&url.URL{Scheme: "http", Host: r.Host, Path: "/last"}).String()))
}
