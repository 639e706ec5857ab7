package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestNoCore kills the program in a way that leaves a core where that is allowed: none is
// left, whatever GOTRACEBACK says, and no limit allows one.
func TestNoCore(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("sh", "-c", `ulimit -c unlimited; exec "$@"`, "sh", "revokey", "scan", "--stdin")
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "GOTRACEBACK=crash")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line := ""
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline) && !strings.HasPrefix(line, "0 "); time.Sleep(10 * time.Millisecond) {
		limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", cmd.Process.Pid))
		if err != nil {
			t.Fatal(err)
		}
		_, line, _ = strings.Cut(string(limits), "Max core file size")
		line = strings.TrimSpace(line)
	}
	if !strings.HasPrefix(line, "0 ") {
		t.Errorf("the limit is %.40q", line)
	}
	time.Sleep(50 * time.Millisecond) // until it is not dumpable either
	if err := cmd.Process.Signal(syscall.SIGQUIT); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if status := cmd.ProcessState.Sys().(syscall.WaitStatus); status.CoreDump() {
		t.Errorf("it left a core: %v", cmd.ProcessState)
	}
}

// TestNotDumpable asks the kernel itself.
func TestNotDumpable(t *testing.T) {
	noDump()
	if got, _, err := syscall.RawSyscall(syscall.SYS_PRCTL, syscall.PR_GET_DUMPABLE, 0, 0); got != 0 || err != 0 {
		t.Errorf("dumpable %d, %v", got, err)
	}
}
