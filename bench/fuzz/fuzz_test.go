package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRun fuzzes a module of one target that fails, one that does not, and none.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":           "module example.com/a/b\n\ngo 1.26.0\n",
		"good/g_test.go":   "package good\n\nimport \"testing\"\n\nfunc FuzzGood(f *testing.F) { f.Fuzz(func(t *testing.T, b []byte) {}) }\n",
		"bad/b_test.go":    "package bad\n\nimport \"testing\"\n\nfunc FuzzBad(f *testing.F) { f.Fuzz(func(t *testing.T, b []byte) { if len(b) > 0 { t.Error(\"too long\") } }) }\n\nfunc FuzzOther(f *testing.F) { f.Fuzz(func(t *testing.T, b byte) {}) }\n",
		"none/none.go":     "package none\n",
		"tested/t_test.go": "package tested\n\nimport \"testing\"\n\nfunc TestIt(t *testing.T) {}\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var stdout, stderr bytes.Buffer
	failed, err := run(t.Context(), []string{"-tree", dir, "-time", "1s", "-workers", "1", "-skip", "Other"}, &stdout, &stderr)
	if err != nil || failed != 1 {
		t.Fatalf("%d failed, %v\n%s%s", failed, err, &stdout, &stderr)
	}
	for _, want := range []string{"| bad.FuzzBad |", "| FAILED |", "| good.FuzzGood |", "| ok |", "2 targets, 1 failed"} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("no %q in\n%s", want, &stdout)
		}
	}
	if strings.Contains(stdout.String(), "Other") || !strings.Contains(stderr.String(), "too long") {
		t.Errorf("%s%s", &stdout, &stderr)
	}
	if _, err := run(t.Context(), []string{"-tree", dir, "-only", "absent"}, &stdout, &stderr); err == nil {
		t.Error("no target, and no error")
	}
}
