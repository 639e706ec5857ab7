//go:build unix

package regular_test

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/revokey-dev/revokey/scanner/regular"
)

// TestIrregular holds that nothing but a regular file is read, by whatever name, and that
// none of it is waited for.
func TestIrregular(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "r") // short: the name of a socket has to be
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	in := func(name string) string { return filepath.Join(dir, name) }
	if err := syscall.Mkfifo(in("fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	socket, err := net.Listen("unix", in("socket"))
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	for name, target := range map[string]string{"zero": "/dev/zero", "to-fifo": "fifo", "circle": "circle", "to-folder": ".", "to-nothing": "absent"} {
		if err := os.Symlink(target, in(name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"fifo", "to-fifo", "socket", "zero", "to-folder", "."} {
		if _, err := regular.Read(in(name), 100); !errors.Is(err, regular.ErrIrregular) {
			t.Errorf("%s: %v, want %v", name, err, regular.ErrIrregular)
		}
	}
	for _, name := range []string{"absent", "to-nothing"} {
		if _, err := regular.Read(in(name), 100); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v, want %v", name, err, fs.ErrNotExist)
		}
	}
	if _, err := regular.Read(in("circle"), 100); err == nil {
		t.Error("a link to itself was read")
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := regular.Read(path, 10); err != nil || string(got) != "0123456789" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := regular.Read(path, 9); !errors.Is(err, regular.ErrTooLarge) {
		t.Errorf("%v, want %v", err, regular.ErrTooLarge)
	}
	if err := os.Truncate(path, 1<<50); err == nil { // a hole, where the file system has them
		if _, err := regular.Read(path, 1<<20); !errors.Is(err, regular.ErrTooLarge) {
			t.Errorf("%v, want %v", err, regular.ErrTooLarge)
		}
	}
	if _, err := os.Stat("/proc/self/status"); err == nil { // whose size is told as 0
		if got, err := regular.Read("/proc/self/status", 1<<20); err != nil || len(got) == 0 {
			t.Errorf("%d bytes, %v", len(got), err)
		}
	}
}
