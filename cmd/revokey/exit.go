package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/revokey-dev/revokey/scanner"
)

// The exit codes; doc.go says what they mean.
const (
	exitClean       = 0
	exitFindings    = 1
	exitTrouble     = 2
	exitLive        = 3
	exitInterrupted = 130
)

// What a report has told already, as errors: only the exit code is left to say.
var (
	errFindings   = errors.New("there are findings")
	errIncomplete = errors.New("not all was scanned, or done")
	errLive       = errors.New("there are live keys")
)

// exitCode is the table from errors to exit codes, the gravest first.
func exitCode(err error) int {
	switch {
	case err == nil:
		return exitClean
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.Is(err, errLive):
		return exitLive
	case errors.Is(err, errIncomplete) || untold(err) != nil:
		return exitTrouble
	case errors.Is(err, errFindings):
		return exitFindings
	}
	return exitTrouble
}

// untold returns what of an error the user has not read of yet, nil for nothing. An
// interruption beside other errors is told of by the report that it cut short.
func untold(err error) error {
	several, ok := err.(interface{ Unwrap() []error })
	if !ok {
		if errors.Is(err, errFindings) || errors.Is(err, errIncomplete) || errors.Is(err, errLive) {
			return nil
		}
		return err
	}
	var left []error
	for _, e := range several.Unwrap() {
		if !errors.Is(e, context.Canceled) {
			left = append(left, untold(e))
		}
	}
	return errors.Join(left...)
}

// usageError is a command line that cannot be carried out.
type usageError struct{ text, hint string }

func (e *usageError) Error() string { return e.text }

func usagef(format string, args ...any) *usageError {
	return &usageError{text: fmt.Sprintf(format, args...)}
}

func (e *usageError) withHint(format string, args ...any) *usageError {
	e.hint = fmt.Sprintf(format, args...)
	return e
}

// hintedError is an error with what to do about it.
type hintedError struct {
	error
	hint string
}

func (e *hintedError) Unwrap() error { return e.error }

// hintFor says what to do about an error, "" where the error says it itself.
func hintFor(err error) string {
	var usage *usageError
	var commits *scanner.RangeError
	var hinted *hintedError
	switch {
	case errors.As(err, &hinted):
		return hinted.hint
	case errors.As(err, &commits):
		return commits.Hint
	case errors.As(err, &usage):
		return usage.hint
	case strings.Contains(err.Error(), "no answer"): // of AWS, as package revoke has it
		return "is there a way to AWS from here? HTTPS_PROXY names a proxy, `revokey verify --explain` tells of each question"
	case errors.Is(err, fs.ErrNotExist):
		return "check the path: it is looked up from the folder you are in"
	case errors.Is(err, fs.ErrPermission):
		return "run it as a user who may read, or write, there"
	case errors.Is(err, scanner.ErrNotRepository):
		return "`revokey scan --files` scans files that are not in git"
	}
	return ""
}
