package revoke

import (
	"os"
	"testing"

	"github.com/revokey-dev/revokey/leaktest"
)

// TestMain fails tests that leave goroutines behind.
func TestMain(m *testing.M) { os.Exit(leaktest.Over(m).Run()) }
