//go:build unix

package main

import "syscall"

// noCore keeps what is in memory, secrets among it, from being written to a disk: with a
// limit of 0 the kernel makes no core file. What could not be set is no reason not to run.
func noCore() {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_CORE, &limit); err != nil {
		return
	}
	limit.Cur = 0
	_ = syscall.Setrlimit(syscall.RLIMIT_CORE, &limit)
	noDump()
}
