package main

import (
	"slices"
	"testing"

	"github.com/revokey-dev/revokey/report"
)

// Keys are asked about in the order in which they stand, whatever that of the report.
func TestByPlace(t *testing.T) {
	t.Parallel()
	at := func(object string, offset int) suspect {
		return suspect{Record: report.Record{Occurrences: []report.Occurrence{{Object: &object, Offset: offset}}}}
	}
	got := byPlace([]suspect{at("b", 7), at("a", 9), {}, at("b", 1), at("a", 9), at("a", 2)})
	if want := []int{2, 5, 1, 4, 3, 0}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
