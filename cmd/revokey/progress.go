package main

import (
	"fmt"
	"math"
	"strings"
	"sync"
	"time"

	"github.com/sourcegraph/conc"
)

// progress shows how far something slow has come: on a terminal in one line that
// it writes over, elsewhere now and then in a line of its own. It is safe for
// concurrent use, and to be ended by done.
type progress struct {
	std    streams
	now    func() time.Time
	mu     sync.Mutex
	what   string    // that is under way
	unit   string    // of n and all; "": they are shares of a whole alone
	n, all int       // all is 0 where nobody knows how much there is
	bytes  int64     // that were read, where they are counted
	start  time.Time // of what is under way
	last   time.Time // that it was shown
	shown  bool
	ended  chan struct{}
	stop   func() // closes ended, once
	ticks  conc.WaitGroup
}

// How long something may take before its progress is shown, and how often it is
// shown then: to somebody who looks on, and in a log.
const (
	watchedAfter, watchedEvery = time.Second, 200 * time.Millisecond
	loggedAfter, loggedEvery   = 10 * time.Second, 10 * time.Second
)

// newProgress begins to show what is under way, such as "verifying", counted in units such as
// "credentials".
func newProgress(std streams, what, unit string) *progress {
	p := &progress{std: std, now: time.Now, what: what, unit: unit, ended: make(chan struct{})}
	p.start, p.stop = p.now(), sync.OnceFunc(func() { close(p.ended) })
	if std.watched && !std.quiet {
		p.tick()
	}
	return p
}

// idle returns a progress of nothing, that shows nothing.
func idle(std streams) *progress {
	std.watched, std.quiet = false, true
	return newProgress(std, "", "")
}

// tick shows it again and again, so that it can be seen to be alive while nothing comes.
func (p *progress) tick() {
	p.ticks.Go(func() {
		t := time.NewTicker(watchedEvery)
		defer t.Stop()
		for {
			select {
			case <-p.ended:
				return
			case <-t.C:
				p.mu.Lock()
				p.show()
				p.mu.Unlock()
			}
		}
	})
}

// step tells how far it has come: n of all units.
func (p *progress) step(n, all int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.n, p.all = n, all
	p.show()
}

// read tells how many of all parts were read, and how many bytes that were.
func (p *progress) read(n, all int, bytes int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.n, p.all, p.bytes = n, all, bytes
	p.show()
}

// name tells what is under way in other words; what is counted stays.
func (p *progress) name(what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.what = what
}

// turn tells that something else is under way now, of which nobody knows how much there is.
func (p *progress) turn(what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	p.what, p.unit, p.n, p.all, p.bytes, p.start = what, "", 0, 0, 0, p.now()
}

// seconds is how long what is under way has taken, to two digits.
func (p *progress) seconds() float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return math.Round(p.now().Sub(p.start).Seconds()*100) / 100
}

// beside does something else with the terminal, such as printing a line of results.
func (p *progress) beside(do func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	do()
}

// done takes the line away for good.
func (p *progress) done() {
	p.stop()
	p.ticks.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
}

func (p *progress) clear() {
	if p.shown {
		fmt.Fprint(p.std.err, "\r\x1b[K")
		p.shown = false
	}
}

func (p *progress) show() {
	after, every := loggedAfter, loggedEvery
	if p.std.watched {
		after, every = watchedAfter, watchedEvery
	}
	now := p.now()
	if p.std.quiet || now.Sub(p.start) < after || now.Sub(p.last) < every {
		return
	}
	p.last = now
	if p.std.watched {
		p.shown = true
		fmt.Fprintf(p.std.err, "\r\x1b[K%s", p.fitted(now))
	} else {
		p.std.say("%s", p.text(now, false))
	}
}

// fitted is the text without its bar, or without its end, where the terminal is narrow: a line
// that goes on in the next could not be written over.
func (p *progress) fitted(now time.Time) string {
	room := p.std.columns - 1
	if room < 0 {
		room = 80
	}
	text := p.text(now, true)
	if len(text) > room {
		text = p.text(now, false)
	}
	return text[:min(len(text), room)]
}

// barWidth is how many characters the bar has: all of the line stays within 80 columns.
const barWidth = 20

// text is such as "verifying [====>    ]  45 % 9 of 20 credentials, 3/s, 4s left".
func (p *progress) text(now time.Time, bar bool) string {
	took := now.Sub(p.start)
	if p.all <= 0 {
		return fmt.Sprintf("%s, %s", p.what, took.Round(time.Second))
	}
	n := min(p.n, p.all)
	text := p.what
	if bar {
		full := barWidth * n / p.all
		text += " [" + strings.Repeat("=", full) + strings.Repeat(" ", barWidth-full) + "]"
	}
	text += fmt.Sprintf(" %3d %%", 100*n/p.all)
	if p.unit != "" {
		text += fmt.Sprintf(" %d of %d %s%s", n, p.all, p.unit, pace(n, took))
	}
	if p.bytes > 0 {
		text += fmt.Sprintf(" %d MiB, %.0f MiB/s", p.bytes>>20, float64(p.bytes>>20)/took.Seconds())
	}
	if n > 0 && n < p.all {
		left := time.Duration(float64(took) * float64(p.all-n) / float64(n))
		text += fmt.Sprintf(", %s left", left.Round(time.Second))
	}
	return text
}

// pace is how many there are a second, where that is known by now.
func pace(n int, took time.Duration) string {
	if n == 0 || took < time.Second {
		return ""
	}
	rate := float64(n) / took.Seconds()
	if rate < 10 {
		return fmt.Sprintf(", %.1f/s", rate)
	}
	return fmt.Sprintf(", %.0f/s", rate)
}
