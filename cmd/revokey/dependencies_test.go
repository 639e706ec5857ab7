package main

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var dependencyRow = regexp.MustCompile("(?m)^\\| `([^`]+)` \\|(.*)$")

// TestDependencies holds that docs/dependencies.md has a row for every direct dependency of
// every module here, with what for, a licence and a release; and none for another.
func TestDependencies(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join(docsRoot, "docs/dependencies.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := make(map[string]bool)
	for _, m := range dependencyRow.FindAllStringSubmatch(string(page), -1) {
		cells := strings.Split(m[2], "|")
		if len(cells) != 5 || strings.TrimSpace(cells[0]) == "" || strings.TrimSpace(cells[2]) == "" || strings.TrimSpace(cells[3]) == "" {
			t.Errorf("the row of %s lacks what for, the licence or the release", m[1])
		}
		rows[m[1]] = true
	}
	direct := directDependencies(t)
	for path, in := range direct {
		if !rows[path] {
			t.Errorf("%s of %s has no row", path, in)
		}
	}
	for path := range rows {
		if direct[path] == "" {
			t.Errorf("%s has a row, and no module requires it", path)
		}
	}
}

// directDependencies returns those of every go.mod below the root, and where they stand.
func directDependencies(t *testing.T) map[string]string {
	direct := make(map[string]string)
	err := filepath.WalkDir(docsRoot, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() != "go.mod" {
			return err
		}
		out, err := exec.Command("go", "mod", "edit", "-json", path).Output()
		if err != nil {
			return err
		}
		var mod struct {
			Require []struct {
				Path     string
				Indirect bool
			}
		}
		if err := json.Unmarshal(out, &mod); err != nil {
			return err
		}
		for _, r := range mod.Require {
			if !r.Indirect && r.Path != "github.com/revokey-dev/revokey" {
				direct[r.Path] = path
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(direct) < 20 {
		t.Errorf("only %d direct dependencies: they are not found", len(direct))
	}
	return direct
}
