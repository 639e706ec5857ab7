package main

import "testing"

func TestNearest(t *testing.T) {
	t.Parallel()
	words := []string{"max_size", "memory", "workers", "baseline"}
	for typed, want := range map[string]string{
		"max-size": "max_size", "maxsize": "max_size", "memroy": "memory", "worker": "workers", "base_line": "baseline",
		"accounts": "", "x": "", "": "",
	} {
		if got := nearest(typed, words); got != want {
			t.Errorf("nearest(%q) = %q, want %q", typed, got, want)
		}
	}
}
