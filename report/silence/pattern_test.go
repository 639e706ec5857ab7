package silence

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestAsGitIgnores holds patterns to `git check-ignore`.
func TestAsGitIgnores(t *testing.T) {
	t.Parallel()
	paths := []string{
		"a", "b", "a/b", "a/b/c", "a/x/b", "a/x/y/b", "b/a", "b/a/c", "x/a/b/c", "doc/frotz", "a/doc/frotz", "doc/a/frotz", "foo.c", "x/foo.c", "foo.o",
		"a b", "#x", "!x", "[a]", "a]", "-", "^", "ä", "aXb", "a.b", ".env", "a/.env", "z/z/z", "abc", "a/b/foo/b/c", `back\slash`, "a*b", "aa/b",
	}
	lines := strings.Fields(`a b a/ /a a/b /a/b a/* a/** **/a **/b a/**/b **/b/c a/**/b/c *.c **/*.c /*.c foo.* ? ?? * ** **/ a*b a?b [ab] [!ab] [^ab] [a-c] [!a-c]
		doc/frotz /doc/frotz/ doc/*/frotz \#x \!x [[]a] []] [!]] [a-] [-] [[:alpha:]] [[:punct:]] [[:upper:]a]b *ä* ä a**b **b b** a/**b /** z/ /z/z z/z/ **/z/** .env **/.env back\\\\slash a\*b [\]] aa** /a/**/ [.-0]b a[.-0]b a[/]b x/**`)
	lines = append(lines, "a b", "*\n!b", "a/\n!a/b", "a/*\n!a/b", "*\n!a/", "!a", "*.c\n!foo.c\n/foo.c")
	for _, line := range lines {
		var patterns []pattern
		for one := range strings.SplitSeq(line, "\n") {
			p, err := newPattern(one)
			if err != nil {
				t.Fatalf("%q: %v", one, err)
			}
			patterns = append(patterns, p)
		}
		ignored := gitIgnores(t, line, paths)
		for _, path := range paths {
			if got := lastMatch(patterns, path) >= 0; got != ignored[path] {
				t.Errorf("%q matches %q: %v; git says %v", line, path, got, ignored[path])
			}
		}
	}
}

// gitIgnores returns which of the paths git ignores.
func gitIgnores(t *testing.T, ignore string, paths []string) map[string]bool {
	t.Helper()
	dir := t.TempDir()
	git := func(stdin string, args ...string) []byte {
		cmd := exec.Command("git", args...)
		cmd.Dir, cmd.Stdin = dir, strings.NewReader(stdin)
		cmd.Env = []string{"HOME=" + dir, "PATH=" + os.Getenv("PATH"), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull}
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil && (cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != 1) {
			t.Fatalf("git %q: %v: %s", args, err, stderr.Bytes())
		}
		return out
	}
	git("", "init", "-q")
	if err := os.WriteFile(filepath.Join(dir, ".gitignore"), []byte(ignore+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ignored := make(map[string]bool)
	for path := range strings.SplitSeq(string(git(strings.Join(paths, "\x00"), "check-ignore", "--no-index", "-z", "--stdin")), "\x00") {
		ignored[path] = true
	}
	return ignored
}

func TestBrokenPatterns(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"[", "a[b", "[!", "[]", `a\`, `[\`} {
		if _, err := newPattern(line); err == nil {
			t.Errorf("%q is a pattern", line)
		}
	}
}

func FuzzPattern(f *testing.F) {
	f.Add("a/**/[!b]*", "a/x/c")
	f.Add("[[:alpha:]-]", "\xff")
	f.Fuzz(func(t *testing.T, line, path string) {
		if p, err := newPattern(line); err == nil {
			lastMatch([]pattern{p}, path)
		}
	})
}
