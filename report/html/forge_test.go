package html

import (
	"net/url"
	"strings"
	"testing"

	"github.com/revokey-dev/revokey/report"
)

var commit = strings.Repeat("0a", 20)

func at(path string, line int) report.Occurrence {
	o := report.Occurrence{Commit: &commit, Line: line}
	if path != "" {
		o.Path = &path
	}
	return o
}

// TestForges holds the forms of each forge, as their own pages have them.
func TestForges(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ remote, path, want string }{
		{"https://github.com/our/shop.git", "a b/p#1.env", "https://github.com/our/shop/blob/{}/a%20b/p%231.env#L7"},
		{"git@github.com:our/shop.git", "", "https://github.com/our/shop/commit/{}"},
		{"ssh://git@github.example.com:2222/our/shop", "x", "https://github.example.com/our/shop/blob/{}/x#L7"},
		{"https://bot:hunter2@gitlab.com/a/b/shop.git", "x", "https://gitlab.com/a/b/shop/-/blob/{}/x#L7"},
		{"http://gitlab.example.com:8080/a/b", "x", "https://gitlab.example.com/a/b/-/blob/{}/x#L7"},
		{"https://gitlab.example.com:8443/a/b", "", "https://gitlab.example.com:8443/a/b/-/commit/{}"},
		{"https://codeberg.org/our/shop.git", "x", "https://codeberg.org/our/shop/src/commit/{}/x#L7"},
		{"https://gitea.example.com/our/shop", "x", "https://gitea.example.com/our/shop/src/commit/{}/x#L7"},
		{"git@bitbucket.org:our/shop.git", "x", "https://bitbucket.org/our/shop/src/{}/x#lines-7"},
		{"https://bitbucket.example.com/scm/OUR/shop.git", "x", "https://bitbucket.example.com/projects/OUR/repos/shop/browse/x?at={}#7"},
		{"ssh://git@bitbucket.example.com:7999/our/shop.git", "", "https://bitbucket.example.com/projects/our/repos/shop/commits/{}"},
		{"https://org@dev.azure.com/org/a%20project/_git/shop", "x", "https://dev.azure.com/org/a%20project/_git/shop?version=GC{}&path=/x&line=7&lineEnd=7&lineStartColumn=1&lineEndColumn=999"},
		{"git@ssh.dev.azure.com:v3/org/project/shop", "", "https://dev.azure.com/org/project/_git/shop/commit/{}"},
		{"org@vs-ssh.visualstudio.com:v3/org/project/shop", "", "https://org.visualstudio.com/project/_git/shop/commit/{}"},
		// what is nobody's page
		{"https://example.com/our/shop", "x", ""},
		{"/srv/git/github.com/shop.git", "x", ""},
		{"javascript:alert(1)//github.com/x/y", "x", ""},
		{"https://github.com", "x", ""},
		{"https://github.com/our/../shop", "x", ""},
		{"https://github.com\"onload=x/our/shop", "x", ""},
		{"https://github.com/our/shop", "../../../evil/repo/x", ""},
		{"https://github.com/our/shop", "/x", ""},
		{"", "x", ""},
	} {
		links, err := NewLinks("", map[string]string{"r": c.remote})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := links.to("r", at(c.path, 7)), strings.ReplaceAll(c.want, "{}", commit); got != want {
			t.Errorf("%s %s: got %q, want %q", c.remote, c.path, got, want)
		}
	}
}

func TestLinkTemplate(t *testing.T) {
	t.Parallel()
	links, err := NewLinks("https://code.example.com/{repository}/+/{commit}/{path}#{line}", map[string]string{"/src/shop": "git@example.com:our/shop.git"})
	if err != nil {
		t.Fatal(err)
	}
	for repository, want := range map[string]string{
		"/src/shop":  "https://code.example.com/our/shop/+/" + commit + "/a%7Bline%7D/b#7",
		"/src/other": "https://code.example.com/other/+/" + commit + "/a%7Bline%7D/b#7",
	} {
		if got := links.to(repository, at("a{line}/b", 7)); got != want {
			t.Errorf("%s: got %q, want %q", repository, got, want)
		}
	}
	if got := links.to("/src/shop", at("", 7)); got != "" {
		t.Errorf("a place without a path leads to %q", got)
	}
	for _, bad := range []string{
		"http://x/{path}", "javascript:alert({line})", "//x/{path}", "https://", "https://{repository}/x", "https://a@b/{path}", "https://x/{secret}", "x",
	} {
		if _, err := NewLinks(bad, nil); err == nil {
			t.Errorf("%q is taken for a link", bad)
		}
	}
}

// FuzzLinks: whatever a repository is called, and holds, a link leads to the host of
// its remote, by https.
func FuzzLinks(f *testing.F) {
	f.Add("git@github.com:our/shop.git", "a/b")
	f.Add("https://u:p@gitlab.com:8443/a/b/%2e%2e", "a/../b?#")
	f.Fuzz(func(t *testing.T, remote, path string) {
		links, err := NewLinks("", map[string]string{"r": remote})
		if err != nil {
			t.Fatal(err)
		}
		link := links.to("r", at(path, 1))
		if link == "" {
			return
		}
		u, err := url.Parse(link)
		if err != nil || u.Scheme != "https" || u.User != nil || u.Host != parseRemote(remote).host {
			t.Errorf("%q leads to %q", remote, link)
		}
	})
}
