//go:build unix

package revoke

import (
	"io/fs"
	"os"
	"syscall"
)

// giveTo makes f belong to whom the other file belongs. Without root's rights that is
// us, or it is refused.
func giveTo(f *os.File, other fs.FileInfo) error {
	was, ok := other.Sys().(*syscall.Stat_t)
	info, err := f.Stat()
	if err != nil || !ok {
		return err
	}
	if is, ok := info.Sys().(*syscall.Stat_t); ok && is.Uid == was.Uid {
		return nil
	}
	return f.Chown(int(was.Uid), int(was.Gid))
}
