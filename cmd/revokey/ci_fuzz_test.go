package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/revokey-dev/revokey/scanner"
	"github.com/revokey-dev/revokey/scanner/gittest"
)

// FuzzCI is a run of whichever CI system whose variables and event hold whatever it is:
// branches are named by whoever opens a request. The range, if there is one, is looked up in a
// repository, where nothing of it is an option to git.
func FuzzCI(f *testing.F) {
	event := `{"before":"x","after":"HEAD","ref":"refs/heads/main","repository":{"default_branch":"--all"},"pull_request":{"base":{"sha":"HEAD","ref":"--output=x"},"head":{"sha":"-","ref":"x"}},"merge_group":{"base_sha":"x","head_sha":"--not"}}`
	for i := range ciSystems() {
		f.Add(byte(i), "push", event, "HEAD", "--upload-pack=x", "main")
		f.Add(byte(i), "pull_request", event, "--exec-path=.", "-", "\x1b[31m")
		f.Add(byte(i), "merge_group", event, "^HEAD", "main..main", "..")
	}
	r := repositoryOf(f)
	f.Fuzz(func(t *testing.T, which byte, name, event, commit, target, before string) {
		system := ciSystems()[int(which)%len(ciSystems())]
		path := filepath.Join(t.TempDir(), "event")
		if err := os.WriteFile(path, []byte(event), 0o600); err != nil {
			t.Fatal(err)
		}
		lookup := func(key string) (string, bool) {
			switch {
			case key == system.sign:
				return "1", true
			case key == "GITHUB_EVENT_PATH":
				return path, true
			case slices.ContainsFunc(ciSystems(), func(s ciSystem) bool { return s.sign == key }):
				return "", false
			case key == "GITHUB_EVENT_NAME":
				return name, true
			case strings.Contains(key, "TARGET"), strings.Contains(key, "DESTINATION_BRANCH"), strings.Contains(key, "BASE_BRANCH"):
				return target, true
			case strings.Contains(key, "BEFORE"), strings.Contains(key, "PREVIOUS"), strings.Contains(key, "BASE"), strings.Contains(key, "DEFAULT"):
				return before, true
			}
			return commit, true
		}
		var g gateOptions
		if err := g.setCI(lookup); err != nil {
			if g.ranged {
				t.Errorf("an error and a range: %v", err)
			}
			return
		}
		checkRange(t, r, g.commits)
	})
}

// checkRange looks a range up: it is there, or an error that names it.
func checkRange(t *testing.T, dir string, o scanner.RangeOptions) {
	t.Helper()
	before := listing(t, dir)
	if g, err := scanner.OpenRange(t.Context(), dir, o); err == nil {
		g.Close()
	}
	if after := listing(t, dir); !slices.Equal(before, after) {
		t.Errorf("%+v changed the repository: %q", o, after)
	}
}

// FuzzAlternatesIn splits whatever it is: every path has its text in the list.
func FuzzAlternatesIn(f *testing.F) {
	for _, list := range []string{"", "/a:/b::/c", `"/with:colon":/b`, `/a:"/q\"uote"`, `"/not closed:/b`, `"a""b"`, `"":""`} {
		f.Add(list)
	}
	f.Fuzz(func(t *testing.T, list string) {
		n := 0
		for _, path := range alternatesIn(list) {
			n += len(path)
			if path == "" {
				t.Error("an empty path is the folder that we are in")
			}
		}
		if n > 4*len(list) {
			t.Errorf("%q is %d bytes of paths", list, n)
		}
	})
}

// repositoryOf makes a repository of one commit, its folder named by a path.
func repositoryOf(t testing.TB) string {
	t.Helper()
	r := gittest.New(t)
	r.WriteCommit("file", "content")
	r.Git("update-ref", "refs/remotes/origin/main", "HEAD")
	return r.Dir
}

// listing is every path in a folder.
func listing(t *testing.T, dir string) (paths []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		paths = append(paths, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}
