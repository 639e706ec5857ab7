package folder

import (
	"testing"

	"github.com/revokey-dev/revokey/sweep"
	"github.com/revokey-dev/revokey/sweep/sweeptest"
)

func TestStore(t *testing.T) {
	t.Parallel()
	s, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	sweeptest.Store(t, s)
	for _, key := range []string{"", "a..b", "../x", "a/b", `a\b`, "a.b/"} {
		if err := s.Put(t.Context(), sweep.Results, key, nil); err == nil {
			t.Errorf("took the key %q", key)
		}
	}
}
