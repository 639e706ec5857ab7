package fetch

import (
	"os/exec"
	"syscall"
)

// own makes the process a group of its own, which dies with us.
func own(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
