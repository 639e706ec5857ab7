//go:build unix

package odb

import (
	"syscall"

	"github.com/revokey-dev/revokey/scanner/regular"
)

// mapFile returns the content of a file without reading it: its pages come as
// they are touched. A file that is unlinked later stays; of one that is cut short
// under us, touching what is gone is a fault, which [caught] makes an error.
func mapFile(path string) ([]byte, error) {
	f, err := regular.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return nil, err
	}
	return syscall.Mmap(int(f.Fd()), 0, int(info.Size()), syscall.PROT_READ, syscall.MAP_PRIVATE)
}

func unmap(data []byte) error {
	if data == nil {
		return nil
	}
	return syscall.Munmap(data)
}
