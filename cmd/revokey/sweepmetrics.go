package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"strings"
	"time"

	"github.com/revokey-dev/revokey/sweep"
)

// serve serves metrics and health at the address asked for, until the returned function is called.
// w is nil where nobody works here.
func (o workOptions) serve(w *sweep.Worker, status func(context.Context) (sweep.Status, error), log *slog.Logger) (stop func(), err error) {
	if o.metrics == "" {
		return func() {}, nil
	}
	l, err := net.Listen("tcp", o.metrics)
	if err != nil {
		return nil, fmt.Errorf("serving metrics: %w", err)
	}
	mux := http.NewServeMux()
	ok := func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok\n") }
	mux.HandleFunc("GET /healthz", ok)
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
		defer cancel()
		if _, err := status(ctx); err != nil {
			http.Error(w, "the queue does not answer", http.StatusServiceUnavailable)
			return
		}
		ok(w, r)
	})
	mux.HandleFunc("GET /metrics", func(to http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 10*time.Second)
		defer cancel()
		s, err := status(ctx)
		if err != nil {
			http.Error(to, "the queue does not answer", http.StatusServiceUnavailable)
			return
		}
		to.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		writeMetrics(to, s, w)
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			log.Error("serving metrics", "error", err)
		}
	}()
	log.Info("serving metrics", "address", l.Addr().String())
	return func() { server.Close() }, nil
}

// writeMetrics writes them as Prometheus reads them:
// https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
func writeMetrics(to io.Writer, s sweep.Status, w *sweep.Worker) {
	m := metrics{to}
	if s.Run.ID != "" {
		m.write("revokey_sweep_repositories", "gauge", "Repositories of the sweep, as far as they are listed.", sample{"", float64(s.Run.Jobs)})
		m.write("revokey_sweep_repositories_done", "gauge", "Repositories with a result, by outcome.", outcomeSamples(s)...)
	}
	if s.Queue != nil {
		m.write("revokey_sweep_queue_jobs", "gauge", "Jobs in the queue.",
			sample{`state="waiting"`, float64(s.Queue.Waiting)}, sample{`state="in_hand"`, float64(s.Queue.InHand)})
	}
	if w != nil {
		own := w.Status()
		m.write("revokey_worker_jobs_total", "counter", "Jobs that ended here, and attempts to be repeated.",
			sample{`end="done"`, float64(own.Done)}, sample{`end="retried"`, float64(own.Retried)})
		m.write("revokey_worker_seconds_total", "counter", "Time spent on jobs, all together, by what it went into.",
			sample{`phase="fetch"`, own.Fetch.Seconds()}, sample{`phase="scan"`, own.Scan.Seconds()}, sample{`phase="verify"`, own.Ask.Seconds()}, sample{`phase="all"`, own.Busy.Seconds()})
		m.write("revokey_worker_jobs_in_hand", "gauge", "Jobs being worked on here.", sample{"", float64(len(own.Hands))})
	}
	m.write("revokey_waiting", "gauge", "Pauses that forges ask for now.", sample{"", float64(len(s.Waiting))})
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	m.write("go_memstats_heap_inuse_bytes", "gauge", "Bytes in spans of the heap that are in use.", sample{"", float64(mem.HeapInuse)})
	m.write("go_memstats_sys_bytes", "gauge", "Bytes obtained from the system.", sample{"", float64(mem.Sys)})
	m.write("go_goroutines", "gauge", "Goroutines that there are.", sample{"", float64(runtime.NumGoroutine())})
}

// outcomeSamples has a sample for every outcome, so that none appears out of nowhere.
func outcomeSamples(s sweep.Status) []sample {
	var samples []sample
	for _, o := range []sweep.Outcome{sweep.Scanned, sweep.Unchanged, sweep.NotScanned, sweep.Dead} {
		samples = append(samples, sample{fmt.Sprintf("outcome=%q", o), float64(s.Counts[string(o)])})
	}
	return samples
}

type metrics struct{ to io.Writer }

// sample is a value with its labels.
type sample struct {
	labels string
	value  float64
}

func (m metrics) write(name, kind, help string, samples ...sample) {
	fmt.Fprintf(m.to, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
	for _, s := range samples {
		labels := ""
		if s.labels != "" {
			labels = "{" + s.labels + "}"
		}
		fmt.Fprintf(m.to, "%s%s %s\n", name, labels, strings.TrimSuffix(fmt.Sprintf("%.3f", s.value), ".000"))
	}
}
