package forge

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestLimits: whatever a forge answers for a while, the listing waits for as long as it
// says, tells of it, and is complete.
func TestLimits(t *testing.T) {
	t.Parallel()
	type answer = func(http.ResponseWriter, *http.Request, time.Time)
	fail := func(code int, body string, headers ...string) answer {
		return func(w http.ResponseWriter, _ *http.Request, _ time.Time) {
			for i := 0; i < len(headers); i += 2 {
				w.Header().Set(headers[i], headers[i+1])
			}
			w.WriteHeader(code)
			io.WriteString(w, body)
		}
	}
	for name, c := range map[string]struct {
		times  int
		answer answer
		wait   time.Duration
	}{
		"primary": {1, func(w http.ResponseWriter, r *http.Request, now time.Time) {
			w.Header().Set("X-RateLimit-Reset", strconv.FormatInt(now.Add(20*time.Minute).Unix(), 10))
			fail(403, `{"message":"API rate limit exceeded"}`, "X-RateLimit-Remaining", "0")(w, r, now)
		}, 20 * time.Minute},
		"GitLab's": {1, func(w http.ResponseWriter, r *http.Request, now time.Time) {
			w.Header().Set("RateLimit-Reset", strconv.FormatInt(now.Add(50*time.Second).Unix(), 10))
			fail(429, "Retry later", "RateLimit-Remaining", "0")(w, r, now)
		}, 50 * time.Second},
		"secondary, told":      {2, fail(403, `{"message":"You have exceeded a secondary rate limit"}`, "Retry-After", "30"), 60 * time.Second},
		"secondary, not told":  {2, fail(403, `{"message":"You have exceeded a secondary rate limit"}`), 3 * time.Minute},
		"429":                  {1, fail(429, "", "Retry-After", "17"), 17 * time.Second},
		"429 with nothing":     {1, fail(429, ""), time.Minute},
		"503 with a time":      {1, fail(503, "", "Retry-After", "100"), 100 * time.Second},
		"500s":                 {3, fail(500, "<html>"), 14 * time.Second},
		"a page of a proxy":    {1, fail(200, "<html>", "Content-Type", "text/html"), 2 * time.Second},
		"an empty answer":      {1, fail(200, ""), 2 * time.Second},
		"a body that is cut":   {2, fail(200, `[{"id":1`, "Content-Length", "5000"), 6 * time.Second},
		"a connection that is": {2, func(http.ResponseWriter, *http.Request, time.Time) { panic(http.ErrAbortHandler) }, 2 * time.Second}, // net/http asks once more by itself
		"a slow body": {1, func(w http.ResponseWriter, r *http.Request, _ time.Time) {
			io.WriteString(w, "[")
			w.(http.Flusher).Flush()
			select {
			case <-r.Context().Done():
			case <-time.After(10 * time.Second):
			}
		}, 2 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var s *stage
			good, n := gitHubOf(150), 0
			s = newStage(t, GitHub, func(w http.ResponseWriter, r *http.Request) {
				if n++; n > 2 && n <= 2+c.times { // the second page
					c.answer(w, r, s.clock.now())
					return
				}
				good(w, r)
			})
			s.options.patience = 300 * time.Millisecond
			repos, _, err := collect(t, s.open(t, GitHub, "acme"))
			if err != nil || len(repos) != 150 {
				t.Fatalf("%d repositories, %v", len(repos), err)
			}
			if got := s.clock.slept(); got < c.wait || got > c.wait*5/4+11*time.Second {
				t.Errorf("waited %v, not %v", got, c.wait)
			}
			if len(s.waits) == 0 || !strings.Contains(s.waits[0], s.host()) {
				t.Errorf("told %q", s.waits)
			}
			s.told(t)
		})
	}
}

// TestLimitAhead: a good answer that was the last one allowed holds the next one back.
func TestLimitAhead(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(http.Header, time.Time){
		"GitHub": func(h http.Header, now time.Time) {
			h.Set("X-RateLimit-Remaining", "0")
			h.Set("X-RateLimit-Reset", strconv.FormatInt(now.Add(10*time.Minute).Unix(), 10))
		},
		"Azure": func(h http.Header, _ time.Time) { h.Set("Retry-After", "600") },
		"a clock that is two hours ahead": func(h http.Header, now time.Time) {
			h.Set("Date", now.Add(2*time.Hour).UTC().Format(http.TimeFormat))
			h.Set("X-RateLimit-Remaining", "0")
			h.Set("X-RateLimit-Reset", strconv.FormatInt(now.Add(2*time.Hour+10*time.Minute).Unix(), 10))
		},
	} {
		var s *stage
		good := gitHubOf(250)
		s = newStage(t, GitHub, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Get("page") == "2" {
				set(w.Header(), s.clock.now())
			}
			good(w, r)
		})
		repos, _, err := collect(t, s.open(t, GitHub, "acme"))
		if got := s.clock.slept(); err != nil || len(repos) != 250 || got < 10*time.Minute || got > 11*time.Minute {
			t.Errorf("%s: %d repositories after %v (%v)", name, len(repos), got, err)
		}
	}
}

// TestLimitsEnd: nothing is asked for ever, and a listing that is cut off is an error.
func TestLimitsEnd(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		code    int
		headers []string
		most    int
		want    string
	}{
		"always 500":           {500, nil, maxFailures, "asked 6 times"},
		"always put off":       {429, []string{"Retry-After", "0"}, maxPauses + 1, "again and again"},
		"put off for years":    {429, []string{"Retry-After", "900000000"}, 1, "too long"},
		"put off to the past":  {403, []string{"X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "1000000000"}, maxPauses + 1, "again and again"},
		"put off to nonsense":  {429, []string{"Retry-After", "-5"}, maxPauses + 1, "too long"},
		"a forbidden resource": {403, []string{"X-RateLimit-Remaining", "10"}, 1, "403"},
	} {
		s := newStage(t, GitHub, func(w http.ResponseWriter, _ *http.Request) {
			for i := 0; i < len(c.headers); i += 2 {
				w.Header().Set(c.headers[i], c.headers[i+1])
			}
			w.WriteHeader(c.code)
		})
		_, _, err := collect(t, s.open(t, GitHub, "acme"))
		if n := len(s.requests()); err == nil || n > c.most || !strings.Contains(err.Error(), c.want) && !strings.Contains(err.Error(), "again and again") {
			t.Errorf("%s: asked %d times, then %v", name, n, err)
		}
		s.told(t, err)
	}
}

func TestAnswerTooLong(t *testing.T) {
	t.Parallel()
	s := newStage(t, GitHub, func(w http.ResponseWriter, r *http.Request) {
		chunk := []byte(strings.Repeat(" ", 1<<20))
		for range 2 * maxAnswer >> 20 {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	})
	s.options.patience = 20 * time.Second
	if _, _, err := collect(t, s.open(t, GitHub, "acme")); err == nil || !strings.Contains(err.Error(), "longer than") || len(s.requests()) != 1 {
		t.Errorf("asked %d times: %v", len(s.requests()), err)
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	s := newStage(t, GitHub, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) })
	ctx, cancel := context.WithCancel(t.Context())
	s.options.sleep = sleep
	s.options.Waiting = func(time.Time, string) { cancel() }
	for _, err := range s.open(t, GitHub, "acme").Repositories(ctx) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("it ends with %v", err)
		}
	}
	if len(s.requests()) != 1 {
		t.Errorf("asked %d times", len(s.requests()))
	}
}
