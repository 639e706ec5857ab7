package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	testFunc  = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	namedTest = regexp.MustCompile("`((?:Test|Fuzz)[A-Z]\\w*|\\w+\\.txtar)`")
)

// TestThreatModel holds that each test that the manual names exists, and that each row of the
// threat model that tells what stops somebody names one.
func TestThreatModel(t *testing.T) {
	t.Parallel()
	there := testsThere(t)
	named := 0
	for _, p := range docPages(t) {
		for _, m := range namedTest.FindAllStringSubmatch(p.text, -1) {
			if named++; !there[m[1]] {
				t.Errorf("%s names %s, which there is not", p.name, m[1])
			}
		}
		if p.name != "docs/threat-model.md" {
			continue
		}
		shows := false // the table that is read
		for line := range strings.Lines(p.text) {
			shows = strings.HasPrefix(line, "|") && (shows || strings.Contains(line, "| shown by |"))
			if shows && !strings.Contains(line, "shown by") && !strings.HasPrefix(line, "|-") && !namedTest.MatchString(line) {
				t.Errorf("no test shows: %s", line)
			}
		}
	}
	if named < 100 {
		t.Errorf("the manual names only %d tests: they are not found", named)
	}
}

// testsThere returns the names of all tests, fuzz targets and scripts, those of nested modules too.
func testsThere(t *testing.T) map[string]bool {
	there := make(map[string]bool)
	err := filepath.WalkDir(docsRoot, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") && !strings.HasSuffix(path, ".txtar") {
			return err
		}
		there[d.Name()] = true
		text, err := os.ReadFile(path)
		for _, m := range testFunc.FindAllSubmatch(text, -1) {
			there[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return there
}
