package window_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"

	"github.com/revokey-dev/revokey/scanner/window"
)

// TestEach joins the windows of streams of many lengths, with overlaps of all sizes.
func TestEach(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for _, length := range []int{0, 1, window.Least - 1, window.Least, window.Least + 1, 3 * window.Least, 1_500_000} {
		for _, again := range []int{-1, 0, 1, window.Overlap, window.Overlap + 1, window.Least} {
			want := make([]byte, length)
			for i := range want {
				want[i] = byte(r.Uint32())
			}
			got, last := joined(t, bytes.NewReader(want), again)
			if !bytes.Equal(got, want) || last != 1 {
				t.Errorf("%d bytes, %d again: read %d, in %d last windows", length, again, len(got), last)
			}
		}
	}
}

// joined returns what the windows hold together, and how many were called the last.
func joined(t *testing.T, r io.Reader, again int) (got []byte, last int) {
	t.Helper()
	damage, err := window.Each(r, make([]byte, window.Least), func(w *window.Window) error {
		if common := len(got) - int(w.Offset); common < 0 || !bytes.HasPrefix(w.Data, got[w.Offset:]) {
			t.Fatalf("the window at %d does not go on from %d", w.Offset, len(got))
		}
		got = append(got[:w.Offset], w.Data...)
		w.Again = again
		if !w.More {
			last++
		}
		return nil
	})
	if damage != nil || err != nil {
		t.Error(damage, err)
	}
	return got, last
}

// TestDamage has a stream that breaks off: what came before it is given.
func TestDamage(t *testing.T) {
	t.Parallel()
	boom, length := errors.New("boom"), 0
	r := io.MultiReader(bytes.NewReader(make([]byte, window.Least+5)), iotest.ErrReader(boom))
	damage, err := window.Each(r, make([]byte, window.Least), func(w *window.Window) error {
		length = int(w.Offset) + len(w.Data)
		return nil
	})
	if damage != boom || err != nil || length != window.Least+5 {
		t.Errorf("got %v, %v and %d bytes", damage, err, length)
	}
	_, err = window.Each(bytes.NewReader(nil), make([]byte, window.Least), func(*window.Window) error { return boom })
	if err != boom {
		t.Errorf("visit's error: got %v", err)
	}
}
