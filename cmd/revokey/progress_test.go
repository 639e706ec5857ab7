package main

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestProgress(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		watched bool
		ago     time.Duration // since it began
		want    string
	}{
		{"soon, watched", true, 0, ""},
		{"later, watched", true, 4 * time.Second, "\r\x1b[K 25 % of things, about 12s left\r\x1b[K"},
		{"soon, logged", false, 4 * time.Second, ""},
		{"later, logged", false, 20 * time.Second, "revokey:  25 % of things, about 1m0s left\n"},
	} {
		var out bytes.Buffer
		p := newProgress(streams{err: &out, watched: test.watched})
		p.start = p.start.Add(-test.ago)
		p.step(1, 4, "of things")
		p.step(2, 4, "at once again")
		p.done()
		if got := out.String(); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

// TestProgressIsForOnlookers keeps results free of it.
func TestProgressIsForOnlookers(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	std := streams{out: &out, err: &bytes.Buffer{}, watched: true}
	p := newProgress(std)
	p.start = p.start.Add(-time.Minute)
	p.step(1, 2, "x")
	if strings.Contains(out.String(), "x") {
		t.Error("progress in the results")
	}
}
