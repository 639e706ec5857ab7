package main

import (
	"context"
	"errors"
	"fmt"
	"testing"
)

// TestExitCode has the gravest of several errors decide, and leaves none untold.
func TestExitCode(t *testing.T) {
	t.Parallel()
	disk := errors.New("disk full")
	for _, test := range []struct {
		name string
		err  error
		code int
		left error
	}{
		{"nothing", nil, exitClean, nil},
		{"findings", errors.Join(nil, errFindings), exitFindings, nil},
		{"findings, and not all scanned", errors.Join(errIncomplete, errFindings), exitTrouble, nil},
		{"live keys before all", errors.Join(errIncomplete, errLive, errFindings), exitLive, nil},
		{"an error beside findings", errors.Join(disk, errFindings), exitTrouble, disk},
		{"an error beside live keys", errors.Join(errors.Join(disk), errLive), exitLive, disk},
		{"an error beside what was not scanned", errors.Join(disk, errIncomplete), exitTrouble, disk},
		{"interrupted", fmt.Errorf("scanning: %w", context.Canceled), exitInterrupted, context.Canceled},
		{"interrupted, which the report has told", errors.Join(context.Canceled, errFindings), exitInterrupted, nil},
	} {
		if got := exitCode(test.err); got != test.code {
			t.Errorf("%s: exit code %d, want %d", test.name, got, test.code)
		}
		if got := untold(test.err); (got == nil) != (test.left == nil) || !errors.Is(got, test.left) {
			t.Errorf("%s: untold is %v, want %v", test.name, got, test.left)
		}
	}
}
