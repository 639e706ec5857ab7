package main

import (
	"strings"
	"testing"
)

func TestVerify(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	args := []string{"-tree", "../..", "-keys", "30", "-n", "1", "-rate", "20", "-latency", "10ms"}
	if err := run(t.Context(), args, &out, t.Output()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"30 keys, 20 a second", "| questions asked | 30 |", "| from Ctrl-C to the end | 0."} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, &out)
		}
	}
	if err := run(t.Context(), []string{"-keys", "1"}, &out, t.Output()); err == nil {
		t.Error("one key was taken")
	}
}
