package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/revokey-dev/revokey/bench/internal/git"
)

// generate makes a tiny repository as a user would.
func generate(t *testing.T, args ...string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "generated.git")
	args = append([]string{"run", "./generate", "-commits", "40", "-files", "20"}, append(args, dir)...)
	if _, err := git.Run(exec.CommandContext(t.Context(), "go", args...)); err != nil {
		t.Fatal(err)
	}
	return dir
}

func gitOutput(t *testing.T, dir string, args ...string) string {
	t.Helper()
	out, err := git.Output(t.Context(), dir, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestGenerateIsWholeAndRepeatable(t *testing.T) {
	t.Parallel()
	a, b, other := generate(t, "-keys", "9"), generate(t, "-keys", "9"), generate(t, "-keys", "9", "-seed", "2")
	gitOutput(t, a, "fsck", "--full", "--strict")
	const heads = "for-each-ref"
	if gitOutput(t, a, heads) != gitOutput(t, b, heads) {
		t.Error("the same flags made two different repositories")
	}
	if gitOutput(t, a, heads) == gitOutput(t, other, heads) {
		t.Error("another seed made the same repository")
	}
	if got := gitOutput(t, a, "rev-list", "--count", "--all"); got != "40" {
		t.Errorf("got %s commits, want 40", got)
	}
	if got := strings.Count(gitOutput(t, a, "log", "--all", "-p", "--format="), "\n+aws_access_key_id"); got < 9 {
		t.Errorf("got %d keys planted, want 9", got)
	}
}

func TestBench(t *testing.T) {
	t.Parallel()
	dir := generate(t)
	before := gitOutput(t, dir, "for-each-ref") + gitOutput(t, dir, "count-objects", "-v")
	var out bytes.Buffer
	if err := run(t.Context(), []string{"-n", "2", "-json", "-log", "-planted", "5", dir}, &out, t.Output()); err != nil {
		t.Fatal(err)
	}
	var results []result
	if err := json.Unmarshal(out.Bytes(), &results); err != nil || len(results) != 1 {
		t.Fatalf("got %d results, %v", len(results), err)
	}
	r := results[0]
	for _, name := range []string{nameScan, nameOne, nameCatFile, nameLog, namePlanted} {
		i := slices.IndexFunc(r.Rows, func(r row) bool { return r.Name == name })
		if i < 0 || r.Rows[i].CPU.Median <= 0 || r.Rows[i].Wall.Median <= 0 {
			t.Errorf("no figures for %q in %+v", name, r.Rows)
		}
	}
	if want := (planted{Keys: 5, Found: 5, AtCommit: 5}); r.Planted == nil || *r.Planted != want {
		t.Errorf("got %+v, want %+v", r.Planted, want)
	}
	if len(r.Notes) > 0 || len(r.Ratios) < 4 {
		t.Errorf("got notes %q, ratios %+v", r.Notes, r.Ratios)
	}
	if after := gitOutput(t, dir, "for-each-ref") + gitOutput(t, dir, "count-objects", "-v"); after != before {
		t.Errorf("the repository was changed:\n%s\nwas\n%s", after, before)
	}
}

func TestMistakesAreNamed(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		want string
		args []string
	}{
		{"no repository given", nil},
		{"-n takes a number above 0", []string{"-n", "0", "repo"}},
		{"run this in bench/", []string{"-tree", t.TempDir(), "repo"}},
	} {
		err := run(t.Context(), test.args, io.Discard, io.Discard)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: got error %v, want %q in it", test.args, err, test.want)
		}
	}
}

func TestPlantRefusesWhatItDidNotMake(t *testing.T) {
	t.Parallel()
	a, b := generate(t), generate(t)
	if _, err := git.Run(exec.CommandContext(t.Context(), "go", "run", "./plant", a, b)); err == nil || !strings.Contains(err.Error(), "no copy that plant made") {
		t.Errorf("got error %v", err)
	}
}

func TestStats(t *testing.T) {
	t.Parallel()
	if got, want := statOf([]float64{3, 1, 2, 8}), (stat{Median: 2.5, Min: 1, Max: 8}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if got, want := ratioOf([]float64{1, 2, 6}, []float64{2, 2, 2}), (stat{Median: 1, Min: 0.5, Max: 3}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if got, want := thousands(1849014), "1,849,014"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestMarkdown(t *testing.T) {
	t.Parallel()
	one := []sample{{CPU: 1, Wall: 2, Anon: 3 << 20}}
	two := []sample{{CPU: 2, Wall: 4}}
	r := &result{Repository: "repo", Objects: 1000, Processors: 2, Rounds: 1, Notes: []string{"so"}}
	r.add([]subject{{name: nameScan}, {name: nameCatFile}}, map[string][]sample{nameScan: one, nameCatFile: two})
	var out strings.Builder
	r.markdown(&out)
	for _, want := range []string{
		"### repo: 1,000 objects",
		"| `revokey scan` | 1.00 (1.00–1.00) | 2.00 (2.00–2.00) | 3 (3–3) |",
		"| 2.00 (2.00–2.00) | 4.00 (4.00–4.00) | unknown |",
		"| revokey scan / git cat-file --batch-all-objects | 0.500 (0.500–0.500) | 0.500 (0.500–0.500) |",
		"Note: so.",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, &out)
		}
	}
}

// fakeRevokey is a revokey with --state that finds nothing, at once.
const fakeRevokey = `#!/bin/sh
[ "$2" = --help ] && echo '   --state FILE  remember' && exit
while [ $# -gt 1 ]; do
	case $1 in --output) : >"$2" ;; --state) [ -e "$2" ] && echo again >>"$2" || echo first >"$2" ;; esac
	shift
done
git -C "$1" rev-parse --git-dir >/dev/null || exit 3
`

func TestSecondScansAreMeasuredWhereRevokeyHasThem(t *testing.T) {
	t.Parallel()
	fake := filepath.Join(t.TempDir(), "revokey")
	if err := os.WriteFile(fake, []byte(fakeRevokey), 0o755); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := run(t.Context(), []string{"-n", "1", "-revokey", fake, generate(t)}, &out, t.Output()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{nameAgain + " / " + nameScan, nameNew + " / " + nameScan} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, &out)
		}
	}
}
