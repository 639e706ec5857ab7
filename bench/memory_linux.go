package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
)

// anonMemory returns the bytes of memory of a process that map no file: RssAnon
// of /proc/PID/status. A mapped pack is RssFile, and belongs to the page cache.
// VmHWM, the kernel's own peak, is of both together and cannot be taken apart
// afterwards; so RssAnon is sampled instead.
func anonMemory(pid int) int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0 // it has ended
	}
	for line := range bytes.Lines(status) {
		f := bytes.Fields(line)
		if len(f) == 3 && string(f[0]) == "RssAnon:" {
			kib, _ := strconv.ParseInt(string(f[1]), 10, 64)
			return kib << 10
		}
	}
	return 0
}
