package main

import (
	"fmt"
	"time"
)

// progress shows on a terminal how far something slow has come, in one line
// that it writes over; elsewhere it shows nothing.
type progress struct {
	std   streams
	start time.Time
	last  time.Time
	shown bool
}

// progressAfter is how long something may take before its progress is shown,
// progressEvery how often it is shown then.
const (
	progressAfter = time.Second
	progressEvery = 200 * time.Millisecond
)

func newProgress(std streams) *progress {
	return &progress{std: std, start: time.Now()}
}

// step shows how far it has come: n of all, and what that is.
func (p *progress) step(n, all int, what string) {
	now := time.Now()
	if !p.std.watched || now.Sub(p.start) < progressAfter || now.Sub(p.last) < progressEvery && n < all {
		return
	}
	p.last, p.shown = now, true
	fmt.Fprintf(p.std.err, "\r\x1b[K%3d %% %s", 100*n/max(all, 1), what)
}

// done takes the line away.
func (p *progress) done() {
	if p.shown {
		fmt.Fprint(p.std.err, "\r\x1b[K")
	}
}
