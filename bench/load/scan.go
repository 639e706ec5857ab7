package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// sample is what a scan took.
type sample struct {
	objects            uint32
	packMiB            float64
	wall, cpu          float64 // seconds
	memoryMiB          float64 // that maps no file, at its peak
	files, exit, found int     // open files at their peak
	said               string
}

// scan scans a repository, once to warm up.
func (o options) scan(ctx context.Context, dir string, args []string) (s sample, err error) {
	for range 2 {
		if s, err = o.scanOnce(ctx, dir, args); err != nil {
			return s, err
		}
	}
	pack, err := os.Open(filepath.Join(dir, "objects", "pack", "pack-load.pack"))
	if err != nil {
		return s, err
	}
	defer pack.Close()
	var head [12]byte
	if _, err := pack.Read(head[:]); err != nil {
		return s, err
	}
	info, err := pack.Stat()
	if err != nil {
		return s, err
	}
	s.objects, s.packMiB = binary.BigEndian.Uint32(head[8:]), float64(info.Size())/(1<<20)
	return s, nil
}

func (o options) scanOnce(ctx context.Context, dir string, args []string) (s sample, err error) {
	cmd := exec.CommandContext(ctx, o.revokey, append(append([]string{"scan", "--format", "jsonl"}, args...), dir)...)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return s, err
	}
	done, peak := make(chan struct{}), make(chan [2]int)
	go func() { peak <- watch(cmd.Process.Pid, done) }()
	err = cmd.Wait()
	s.wall = time.Since(start).Seconds()
	close(done)
	most := <-peak
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		return s, errors.Join(err, ctx.Err())
	}
	s.cpu = (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
	s.memoryMiB, s.files, s.exit = float64(most[0])/1024, most[1], cmd.ProcessState.ExitCode()
	s.found, s.said = bytes.Count(out.Bytes(), []byte("\n")), said.String()
	return s, nil
}

// watch returns the most memory that maps no file, in KiB, and the most open files of a process, looked at every
// 2 ms until done is closed.
func watch(pid int, done <-chan struct{}) (most [2]int) {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return most
		case <-tick.C:
			status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid)) // it may have ended
			for line := range bytes.Lines(status) {
				if f := bytes.Fields(line); len(f) == 3 && string(f[0]) == "RssAnon:" {
					kib, _ := strconv.Atoi(string(f[1]))
					most[0] = max(most[0], kib)
				}
			}
			open, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
			most[1] = max(most[1], len(open))
		}
	}
}
