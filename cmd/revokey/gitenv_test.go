package main

import (
	"slices"
	"testing"
)

func TestAlternatesIn(t *testing.T) {
	for list, want := range map[string][]string{
		"":                     nil,
		"/a":                   {"/a"},
		"/a:/b::/c":            {"/a", "/b", "/c"},
		`"/with:colon":/b`:     {"/with:colon", "/b"},
		`/a:"/q\"uote"`:        {"/a", `/q"uote`},
		`"/not closed:/b`:      {`"/not closed`, "/b"},
		`"/\303\244":relative`: {"/ä", "relative"},
	} {
		if got := alternatesIn(list); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", list, got, want)
		}
	}
}
