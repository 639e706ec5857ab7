package forge

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// collect returns what a listing yields: names, what was refused, and what ended it.
func collect(t *testing.T, f Forge) (repos []Repository, refused []string, ended error) {
	t.Helper()
	for r, err := range f.Repositories(t.Context()) {
		var no *Refused
		switch {
		case errors.As(err, &no):
			refused = append(refused, no.Name+": "+no.Reason)
		case err != nil:
			ended = errors.Join(ended, err)
		default:
			repos = append(repos, r)
		}
	}
	return repos, refused, ended
}

func TestList(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, d := range []string{"work/.git", "bare.git/objects", "nothing"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "bare.git/HEAD"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(`
# a comment
https://github.com/a/one.git
https://GitHub.com/a/one
https://user@bitbucket.org/w/two.git
ssh://git@example.com:2222/a/three.git
git@example.com:a/four.git
http://127.0.0.1:3000/a/five
DIR/work
DIR/bare.git
file://DIR/work
DIR/nothing
https://user:word@example.com/a/six
http://example.com/a/seven
git://example.com/a/eight
ext::sh -c id
--upload-pack=id
ssh://-oProxyCommand=id/x
https://example.com/a/../b
https://example.com/
https://example.com/a/x?token=y
`, "DIR", filepath.ToSlash(dir))
	f, err := Open(Source{Kind: ListOf, Path: "-"}, Options{Stdin: strings.NewReader(text)})
	if err != nil {
		t.Fatal(err)
	}
	repos, refused, err := collect(t, f)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range repos {
		got = append(got, strings.ReplaceAll(r.Name+" "+r.URL, filepath.ToSlash(dir), "DIR"))
	}
	want := []string{
		"github.com/a/one https://github.com/a/one.git",
		"bitbucket.org/w/two https://bitbucket.org/w/two.git",
		"example.com:2222/a/three ssh://git@example.com:2222/a/three.git",
		"example.com/a/four ssh://git@example.com/a/four.git",
		"127.0.0.1:3000/a/five http://127.0.0.1:3000/a/five",
		"DIR/work file://DIR/work",
		"DIR/bare.git file://DIR/bare.git",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if len(refused) != 10 {
		t.Errorf("%d are refused, not 10: %q", len(refused), refused)
	}
	if strings.Contains(strings.Join(refused, " "), "word") && strings.Contains(strings.Join(refused, " "), "user:word") {
		t.Errorf("a password is told: %q", refused)
	}
}

func TestListEndsIncomplete(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"a line without end": "https://example.com/a/b\n" + strings.Repeat("x", maxLine+1),
	} {
		f, _ := Open(Source{Kind: ListOf, Path: "-"}, Options{Stdin: strings.NewReader(text)})
		if _, _, err := collect(t, f); err == nil {
			t.Errorf("%s: the listing says that it is complete", name)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range List(ctx, strings.NewReader("https://example.com/a/b\n"), Options{}) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled, it says %v", err)
		}
	}
	f, _ := Open(Source{Kind: ListOf, Path: filepath.Join(t.TempDir(), "none")}, Options{})
	if _, _, err := collect(t, f); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without the file it says %v", err)
	}
}
