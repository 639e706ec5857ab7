package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/revokey-dev/revokey/sweep"
)

// TestMetrics serves them, and reads them as Prometheus would.
func TestMetrics(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	healthy := true
	status := func(context.Context) (sweep.Status, error) {
		if !healthy {
			return sweep.Status{}, errors.New("away")
		}
		return sweep.Status{Run: sweep.Run{ID: "r", Jobs: 12}, Queue: &sweep.Depth{Waiting: 3, InHand: 2}, Counts: map[string]int{"dead": 1}}, nil
	}
	stop, err := workOptions{metrics: address}.serve(&sweep.Worker{}, status, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	get := func(path string) (int, string) {
		resp, err := http.Get("http://" + address + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(body)
	}
	code, text := get("/metrics")
	for _, want := range []string{"revokey_sweep_repositories 12\n", `revokey_sweep_queue_jobs{state="waiting"} 3` + "\n", `revokey_sweep_repositories_done{outcome="dead"} 1` + "\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
	form := regexp.MustCompile(`^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{[a-z_]+="[a-z_-]+"\})? -?[0-9.]+)$`)
	for line := range strings.Lines(text) {
		if !form.MatchString(strings.TrimSuffix(line, "\n")) {
			t.Errorf("line %q", line)
		}
	}
	if code != http.StatusOK {
		t.Errorf("status %d", code)
	}
	if code, _ := get("/readyz"); code != http.StatusOK {
		t.Errorf("ready: %d", code)
	}
	healthy = false
	if code, _ := get("/readyz"); code != http.StatusServiceUnavailable {
		t.Errorf("ready without a queue: %d", code)
	}
	if code, _ := get("/healthz"); code != http.StatusOK {
		t.Errorf("alive: %d", code)
	}
}
