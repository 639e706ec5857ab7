//go:build unix && !linux

package fetch

import (
	"os/exec"
	"syscall"
)

// own makes the process a group of its own.
func own(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
