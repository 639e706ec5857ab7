package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/sourcegraph/conc/pool"
)

// TestPanicTellsNothing holds that a panic, of ours or of a worker, ends in exit code 2, and that of
// its value only the type is told.
func TestPanicTellsNothing(t *testing.T) {
	t.Parallel()
	secret := "wJalrXUtn" + "FEMI"
	index := len(secret)
	for label, tt := range map[string]struct {
		panics func()
		want   string
	}{
		"a text":       {func() { panic(secret) }, "a panic of type string"},
		"an error":     {func() { panic(errors.New(secret)) }, "a panic of type *errors.errorString"},
		"bytes":        {func() { panic([]byte(secret)) }, "a panic of type []uint8"},
		"Go's own":     {func() { _ = secret[index] }, "index out of range [13] with length 13"},
		"nil":          {func() { panic(nil) }, "panic called with nil"},
		"a worker's":   {func() { inPool(func() { panic(fmt.Sprint(secret)) }) }, "a panic of type string"},
		"a worker's 2": {func() { inPool(func() { _ = secret[index] }) }, "index out of range"},
	} {
		t.Run(label, func(t *testing.T) {
			var out, said bytes.Buffer
			code := guarded(streams{out: &out, err: &said}, func() int { tt.panics(); return exitClean })
			if text := said.String(); code != exitTrouble || !strings.Contains(text, tt.want) || !strings.Contains(text, "TestPanicTellsNothing") || !strings.Contains(text, "(panic_test.go:") {
				t.Errorf("exit code %d: %s", code, text)
			}
			if all := out.String() + said.String(); strings.Contains(all, secret[:5]) || strings.Contains(all, "0x") {
				t.Errorf("it tells too much: %s", all)
			}
		})
	}
	if code := guarded(streams{}, func() int { return exitLive }); code != exitLive {
		t.Errorf("exit code %d", code)
	}
}

func inPool(do func()) {
	p := pool.New()
	p.Go(do)
	p.Wait()
}
