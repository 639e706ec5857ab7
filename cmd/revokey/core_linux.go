package main

import "syscall"

// noDump also keeps a core from the programs that kernel.core_pattern pipes it to, for
// which the limit does not count (core(5)), and the memory from other processes of the
// same user. It costs that a debugger has to be root's; what is started by us is not concerned, for
// execve makes it dumpable again.
func noDump() {
	_, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, syscall.PR_SET_DUMPABLE, 0, 0)
}
