package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"slices"
	"time"
)

// sample is what one run of a command took.
type sample struct {
	CPU  float64 // seconds, user and system, of the process and all that it waited for
	Wall float64 // seconds
	Anon float64 // bytes of memory that map no file, at their peak; 0 where unknown

	code int    // its exit code
	said string // the end of its standard error
}

// sampleEvery is how often a process's memory is looked at. A peak that is
// shorter can be missed; a look costs some 20 µs, on a processor of its own if
// there is one.
const sampleEvery = 2 * time.Millisecond

// measure runs cmd to its end. Its exit code must be one of allowed.
func measure(ctx context.Context, cmd *exec.Cmd, allowed ...int) (sample, error) {
	var stderr tail
	cmd.Stderr = &stderr
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return sample{}, fmt.Errorf("starting %q: %w", cmd.Args, err)
	}
	done, peak := make(chan struct{}), make(chan int64)
	go func() { peak <- watch(cmd.Process.Pid, done) }()
	err := cmd.Wait()
	wall := time.Since(start)
	close(done)
	s := sample{Wall: wall.Seconds(), Anon: float64(<-peak), code: cmd.ProcessState.ExitCode(), said: stderr.text()}
	if ctx.Err() != nil {
		return s, ctx.Err()
	}
	if !slices.Contains(allowed, s.code) {
		return s, fmt.Errorf("running %q: %w\n%s", cmd.Args, err, s.said)
	}
	s.CPU = (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
	return s, nil
}

// watch returns the largest [anonMemory] of the process until done is closed.
func watch(pid int, done <-chan struct{}) int64 {
	tick := time.NewTicker(sampleEvery)
	defer tick.Stop()
	for peak := int64(0); ; {
		select {
		case <-done:
			return peak
		case <-tick.C:
			peak = max(peak, anonMemory(pid))
		}
	}
}

// tail keeps the last of what is written to it: why a command failed.
type tail struct{ b []byte }

const tailSize = 4 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.b = append(t.b, p...)
	t.b = t.b[max(0, len(t.b)-tailSize):]
	return len(p), nil
}

func (t *tail) text() string { return string(bytes.TrimSpace(t.b)) }
