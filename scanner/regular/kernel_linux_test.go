package regular_test

import (
	"errors"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/revokey-dev/revokey/scanner/regular"
)

// TestKernelFiles reads files that look regular: one whose reading fails, and one whose
// reading waits for the kernel to say something.
func TestKernelFiles(t *testing.T) {
	t.Parallel()
	if _, err := regular.Read("/proc/self/mem", 100); !errors.Is(err, syscall.EIO) {
		t.Errorf("%v, want %v", err, syscall.EIO)
	}
	if _, err := regular.Open("/proc/kmsg"); err != nil {
		t.Skipf("what only root may read is not read: %v", err)
	}
	start := time.Now()
	if _, err := regular.Read("/proc/kmsg", 1<<30); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) > 10*time.Second {
		t.Errorf("%v after %v", err, time.Since(start))
	}
}
