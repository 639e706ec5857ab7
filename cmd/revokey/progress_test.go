package main

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// TestProgress has a clock of its own: nothing is shown of what is soon over.
func TestProgress(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		watched bool
		quiet   bool
		ago     time.Duration // since it began
		want    string
	}{
		{"soon, watched", true, false, 0, ""},
		{"later, watched", true, false, 4 * time.Second, "\r\x1b[Kverifying [=====               ]  25 % 1 of 4 keys, 0.2/s, 12s left\r\x1b[K"},
		{"later, watched, quiet", true, true, 4 * time.Second, ""},
		{"soon, logged", false, false, 4 * time.Second, ""},
		{"later, logged", false, false, 20 * time.Second, "revokey: verifying  25 % 1 of 4 keys, 0.1/s, 1m0s left\n"},
	} {
		var out bytes.Buffer
		now := time.Now()
		p := idle(streams{err: &out})
		p.std.watched, p.std.quiet, p.what, p.unit = test.watched, test.quiet, "verifying", "keys"
		p.start, p.now = now.Add(-test.ago), func() time.Time { return now }
		p.step(1, 4)
		p.step(2, 4) // at once again
		p.done()
		if got := out.String(); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

// TestProgressWithoutSteps shows that something long is alive, of which nobody knows how much
// there is, and takes the line away before anything else is printed.
func TestProgressWithoutSteps(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := newProgress(streams{out: &bytes.Buffer{}, err: &out, watched: true}, "scanning", "")
	p.turn("looking up where it stands")
	p.mu.Lock()
	p.start = p.start.Add(-time.Minute)
	p.mu.Unlock()
	for until := time.Now().Add(10 * time.Second); time.Now().Before(until); time.Sleep(10 * time.Millisecond) {
		p.mu.Lock()
		shown := p.shown
		p.mu.Unlock()
		if shown {
			break
		}
	}
	p.beside(func() { out.WriteString("a result\n") })
	p.done()
	p.done() // as often as one likes
	if got := out.String(); !strings.Contains(got, "looking up where it stands, 1m0s\r\x1b[Ka result\n") {
		t.Errorf("got %q", got)
	}
	if p.what = "reading"; p.text(p.now(), true) == "" {
		t.Error("nothing is told")
	}
}

// TestProgressOnNarrowTerminals stays within one line, which alone can be written over.
func TestProgressOnNarrowTerminals(t *testing.T) {
	t.Parallel()
	for columns, want := range map[int]string{
		80: "waiting for proof [=====               ]  25 % 1 of 4 keys, 0.2/s, 12s left",
		60: "waiting for proof  25 % 1 of 4 keys, 0.2/s, 12s left",
		30: "waiting for proof  25 % 1 of ",
		10: "waiting f",
		1:  "",
	} {
		p := idle(streams{columns: columns})
		p.what, p.unit, p.n, p.all = "waiting for proof", "keys", 1, 4
		if got := p.fitted(p.start.Add(4 * time.Second)); got != want {
			t.Errorf("%d columns: got %q, want %q", columns, got, want)
		}
	}
}

// TestProgressInBytes has the rate at which a scan reads.
func TestProgressInBytes(t *testing.T) {
	t.Parallel()
	p := idle(streams{})
	p.what = "scanning"
	p.read(9, 10, 300<<20)
	if got, want := p.text(p.start.Add(10*time.Second), true), "scanning [==================  ]  90 % 300 MiB, 30 MiB/s, 1s left"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
