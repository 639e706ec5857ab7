//go:build unix

package fetch

import (
	"math"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// killGroup kills the process and all that it has started.
func killGroup(cmd *exec.Cmd) error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }

// freeBytes returns how much room the disk of a folder has for us.
func freeBytes(dir string) uint64 {
	var s unix.Statfs_t
	if unix.Statfs(dir, &s) != nil {
		return math.MaxUint64
	}
	return uint64(s.Bavail) * uint64(s.Bsize)
}
