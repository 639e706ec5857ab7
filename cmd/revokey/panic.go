package main

import (
	"errors"
	"fmt"
	"path"
	"runtime"
	"strings"

	"github.com/sourcegraph/conc/panics"
)

// guarded runs the program. A panic of it, or of one of its workers, ends it with
// [exitTrouble] and is told of by type and place alone: Go's own account of one prints its
// value and the arguments on the stack, which may be what was scanned.
func guarded(std streams, program func() int) (code int) {
	defer func() {
		if value := recover(); value != nil {
			var callers [64]uintptr
			n := runtime.Callers(3, callers[:]) // from the panic on
			tellPanic(std, value, callers[:n])
			code = exitTrouble
		}
	}()
	return program()
}

func tellPanic(std streams, value any, callers []uintptr) {
	var worker *panics.Recovered
	if w, ok := value.(*panics.Recovered); ok {
		worker = w
	}
	if worker != nil { // which has come to us from another goroutine
		value, callers = worker.Value, worker.Callers
	}
	std.say("internal error: %s", describePanic(value))
	for frames := runtime.CallersFrames(callers); ; {
		frame, more := frames.Next()
		if name := path.Base(frame.Function); frame.Function != "" && !strings.HasPrefix(frame.Function, "runtime.") {
			fmt.Fprintf(std.err, "  at %s (%s:%d)\n", name, path.Base(frame.File), frame.Line)
		}
		if !more {
			break
		}
	}
	std.hint("this is a mistake in revokey %s: please report these lines; they hold nothing of what was scanned", versionString())
}

// describePanic says what went wrong. The texts of Go's own errors hold types and numbers
// only; of all other values the type is told and no more.
func describePanic(value any) string {
	err, _ := value.(error)
	var own runtime.Error
	if errors.As(err, &own) {
		return own.Error()
	}
	return fmt.Sprintf("a panic of type %T", value)
}
