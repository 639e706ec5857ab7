// Package leaktest fails the tests of a package that leave goroutines behind.
//
// It stands in the place of go.uber.org/goleak: what it does is all that is needed of that,
// at the end of all tests of a package instead of each, and it is no dependency.
package leaktest

import (
	"fmt"
	"net/http"
	"os"
	"runtime"
	"strings"
	"time"
)

// patience is how long goroutines have to end after the last test: connections that were
// closed do so a moment later.
const patience = 5 * time.Second

// Tests are a package's, as [testing.M] has them.
type Tests interface{ Run() int }

// Over returns tests that fail if goroutines are left when all of them are over; their
// stacks are printed. TestMain runs it: os.Exit(leaktest.Over(m).Run()).
func Over(m Tests) Tests { return watched{m} }

type watched struct{ Tests }

// Run runs the tests, and returns their exit code; 1 if all passed and goroutines are left.
func (w watched) Run() int {
	code := w.Tests.Run()
	if code != 0 {
		return code
	}
	left := wait(patience)
	if len(left) == 0 {
		return 0
	}
	fmt.Fprintf(os.Stderr, "leaktest: %d goroutines are left:\n\n%s\n", len(left), strings.Join(left, "\n\n"))
	return 1
}

// wait returns the stacks of the goroutines that are left after d at most.
func wait(d time.Duration) []string {
	for end := time.Now().Add(d); ; time.Sleep(20 * time.Millisecond) {
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
		if left := others(); len(left) == 0 || time.Now().After(end) {
			return left
		}
	}
}

// others returns the stacks of all goroutines but this one and those that the testing
// package, os/signal and the runtime keep.
func others() []string {
	text := make([]byte, 1<<20)
	stacks := strings.Split(strings.TrimSpace(string(text[:runtime.Stack(text, true)])), "\n\n")
	var left []string
	for _, s := range stacks[1:] { // the first is ours
		kept := false
		for _, of := range []string{"\ntesting.", "\nos/signal.", "\nruntime."} {
			_, frames, _ := strings.Cut(s, "\n")
			kept = kept || strings.HasPrefix("\n"+frames, of)
		}
		if !kept && !idle(s) {
			left = append(left, s)
		}
	}
	return left
}

// idle reports whether a stack is of a connection of an HTTP client that waits for the next
// request: the client closes it after a while. While an answer is being read, or was not
// closed, it waits elsewhere.
func idle(stack string) bool {
	return strings.Contains(stack, "net/http.(*persistConn).readLoop(") && strings.Contains(stack, "bufio.(*Reader).Peek(") ||
		strings.Contains(stack, "net/http.(*persistConn).writeLoop(")
}
