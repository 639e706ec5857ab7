//go:build !unix

package fetch

import (
	"math"
	"os/exec"
)

func own(*exec.Cmd) {}

func killGroup(cmd *exec.Cmd) error { return cmd.Process.Kill() }

// freeBytes is not known here: nothing is refused for it.
func freeBytes(string) uint64 { return math.MaxUint64 }
