package main

import (
	"bytes"
	"strings"
	"testing"
)

// TestRun runs most shapes, small: what is to be found is checked by the run itself.
func TestRun(t *testing.T) {
	var out, said bytes.Buffer
	// The others are trouble only where they are as large as they are meant to be.
	if err := run(t.Context(), []string{"-tree", "../..", "-scale", "0.001", "-only", "objects|blob|refs|findings|parents|chain"}, &out, &said); err != nil {
		t.Fatalf("%v\n%s%s", err, &out, &said)
	}
	for _, want := range []string{"| 1666 commits", "| 100 branches", "main^!` |", "| 10 credentials"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
}
