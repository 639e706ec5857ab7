package main

import (
	"fmt"
	"time"
)

// progress shows how far something slow has come: on a terminal in one line that
// it writes over, elsewhere now and then in a line of its own.
type progress struct {
	std   streams
	start time.Time
	last  time.Time
	shown bool
}

// How long something may take before its progress is shown, and how often it is
// shown then: to somebody who looks on, and in a log.
const (
	watchedAfter, watchedEvery = time.Second, 200 * time.Millisecond
	loggedAfter, loggedEvery   = 10 * time.Second, 10 * time.Second
)

func newProgress(std streams) *progress {
	return &progress{std: std, start: time.Now()}
}

// step shows how far it has come: n of all, and what that is.
func (p *progress) step(n, all int, what string) {
	after, every := loggedAfter, loggedEvery
	if p.std.watched {
		after, every = watchedAfter, watchedEvery
	}
	now := time.Now()
	if now.Sub(p.start) < after || now.Sub(p.last) < every {
		return
	}
	p.last = now
	share := fmt.Sprintf("%3d %% %s%s", 100*n/max(all, 1), what, p.left(n, all, now))
	if p.std.watched {
		p.shown = true
		fmt.Fprintf(p.std.err, "\r\x1b[K%s", share)
	} else {
		p.std.say("%s", share)
	}
}

// left tells how long it will take yet, if it goes on as it went.
func (p *progress) left(n, all int, now time.Time) string {
	if n <= 0 || n >= all {
		return ""
	}
	took := now.Sub(p.start)
	left := time.Duration(float64(took) * float64(all-n) / float64(n))
	return fmt.Sprintf(", about %s left", left.Round(time.Second))
}

// done takes the line away.
func (p *progress) done() {
	if p.shown {
		fmt.Fprint(p.std.err, "\r\x1b[K")
	}
}
