package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"time"
)

// round runs everything once.
func (b *bench) round(ctx context.Context) (f figures, err error) {
	before := b.server.asked.Load()
	if f.seconds, f.memory, err = b.revokey(ctx, 3, nil, b.scan("all", "whole.jsonl")...); err != nil {
		return f, err
	}
	f.asked = int(b.server.asked.Load() - before)
	if f.tenthSeconds, f.tenthMemory, err = b.revokey(ctx, 3, nil, b.scan("tenth", "tenth.jsonl")...); err != nil {
		return f, err
	}
	var at time.Time
	half := time.Duration(float64(b.keys) / b.rate / 2 * float64(time.Second))
	stop := func(p *os.Process) {
		time.Sleep(half)
		at = time.Now()
		_ = p.Signal(os.Interrupt) // it may have ended, which its exit code tells
	}
	if _, _, err = b.revokey(ctx, 130, stop, b.scan("all", "half.jsonl")...); err != nil {
		return f, err
	}
	f.stopped = time.Since(at).Seconds()
	report, err := os.ReadFile(b.file("half.jsonl"))
	if err != nil {
		return f, err
	}
	f.known = bytes.Count(report, []byte(`"verdict":{"status":"live"`))
	before = b.server.asked.Load()
	_, _, err = b.revokey(ctx, 3, nil, "verify", "--from", b.file("half.jsonl"), "--resume", "--rate", "1000",
		"--aws-endpoint", b.server.URL, "--format", "jsonl", "--output", b.file("resumed.jsonl"))
	f.resumed = int(b.server.asked.Load() - before)
	if err == nil && f.resumed != b.keys-f.known {
		err = fmt.Errorf("--resume asked %d times for %d keys without a verdict", f.resumed, b.keys-f.known)
	}
	return f, err
}

func (b *bench) scan(keys, report string) []string {
	return []string{"scan", "--files", b.file(keys), "--verify", "--aws-endpoint", b.server.URL,
		"--rate", strconv.FormatFloat(b.rate, 'g', -1, 64), "--format", "jsonl", "--output", b.file(report)}
}

// revokey runs it to its end, which must have the exit code, and returns the
// seconds, and the peak of memory in bytes that maps no file.
func (b *bench) revokey(ctx context.Context, code int, meanwhile func(*os.Process), args ...string) (seconds, memory float64, err error) {
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, b.file("revokey"), append(args, "--config", os.DevNull)...)
	cmd.Stderr = &stderr
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, 0, err
	}
	if meanwhile != nil {
		go meanwhile(cmd.Process)
	}
	done, peak := make(chan struct{}), make(chan float64)
	go func() { peak <- watch(cmd.Process.Pid, done) }()
	_ = cmd.Wait() // the exit code says more
	seconds = time.Since(began).Seconds()
	close(done)
	memory = <-peak
	if got := cmd.ProcessState.ExitCode(); got != code {
		return seconds, memory, fmt.Errorf("running revokey %q: exit code %d, want %d: %s", args, got, code, &stderr)
	}
	return seconds, memory, nil
}

// watch returns the largest RssAnon of the process, looked at every 10 ms, until
// done is closed; 0 where /proc does not tell.
func watch(pid int, done <-chan struct{}) (peak float64) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return peak
		case <-tick.C:
			peak = max(peak, anonymous(pid))
		}
	}
}

func anonymous(pid int) float64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(status) {
		if f := bytes.Fields(line); len(f) == 3 && string(f[0]) == "RssAnon:" {
			kib, _ := strconv.ParseFloat(string(f[1]), 64)
			return kib * (1 << 10)
		}
	}
	return 0
}
