package main

import "testing"

// The packages of symbols, as go tool nm names them.
func TestPackageOf(t *testing.T) {
	t.Parallel()
	for symbol, want := range map[string]string{
		"main.run":                                     "main",
		"runtime.mallocgc":                             "runtime",
		"encoding/json.Marshal":                        "encoding/json",
		"github.com/x/y.(*T).Do":                       "github.com/x/y",
		"gopkg.in/warnings%2ev0.Wrap":                  "gopkg.in/warnings.v0",
		"type:*github.com/x/y.T":                       "github.com/x/y",
		"type:.eq.github.com/x/y.T":                    "github.com/x/y",
		"go:itab.*github.com/x/y.T,io.Reader":          "github.com/x/y",
		"slices.SortFunc[go.shape.[]github.com/x/y.T]": "slices",
		"type:func(github.com/x/y.T) error":            "",
		"type:map[string]github.com/x/y.T":             "",
	} {
		if got := packageOf(symbol); got != want {
			t.Errorf("%s: got %q, want %q", symbol, got, want)
		}
	}
}
