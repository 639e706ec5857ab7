package forge

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]Source{
		"github:acme":                            {GitHub, "", "acme"},
		"github:https://GHE.example.com/acme":    {GitHub, "https://ghe.example.com", "acme"},
		"gitlab:group.example/sub/sub":           {GitLab, "", "group.example/sub/sub"},
		"gitlab:https://gl.example.com/g/sub/":   {GitLab, "https://gl.example.com", "g/sub"},
		"gitea:https://h.example:3000/git/acme":  {Gitea, "https://h.example:3000/git", "acme"},
		"gitea:http://127.0.0.1:3000/acme":       {Gitea, "http://127.0.0.1:3000", "acme"},
		"bitbucket:work":                         {Bitbucket, "", "work"},
		"azure:org/My Project":                   {Azure, "", "org/My Project"},
		"azure:https://tfs.example.com/tfs/Main": {Azure, "https://tfs.example.com", "tfs/Main"},
		"codecommit:eu-west-1":                   {CodeCommit, "", "eu-west-1"},
		"list:-":                                 {ListOf, "", "-"},
		`list:C:\repos.txt`:                      {ListOf, "", `C:\repos.txt`},
	} {
		got, err := Parse(word)
		if err != nil {
			t.Errorf("%s: %v", word, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", word, diff)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, word := range []string{
		"", "github", "github:", "hub:x", "list:", "github:a/b", "github:ghe.example.com/acme", "gitlab:a//b", "gitlab:../x",
		"github:-oProxyCommand=x", "github:https://-o/acme", "github:https://user:word@h/acme", "github:https://h/acme?private_token=x",
		"github:ssh://h/acme", "gitea:file:///etc", "github:a\x1b[2Jb", "gitlab:https://h/", "github:https://h h/x", "bitbucket:a@b",
	} {
		if s, err := Parse(word); err == nil {
			t.Errorf("%q is taken for %+v", word, s)
		} else if strings.Contains(err.Error(), "user:word") || strings.Contains(err.Error(), "\x1b") {
			t.Errorf("%q: its error tells it all: %v", word, err)
		}
	}
}

// FuzzParse: what Parse takes it writes again, and takes for the same.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"github:acme", "gitea:https://h.example:3000/git/acme", "azure:org/My Project", "list:-", "gitlab:https://u:p@h/x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, word string) {
		s, err := Parse(word)
		if err != nil {
			return
		}
		again, err := Parse(s.String())
		if err != nil || again != s {
			t.Errorf("%q is %+v, then %+v (%v)", word, s, again, err)
		}
	})
}

func TestFilter(t *testing.T) {
	t.Parallel()
	r := Repository{
		Name: "github.com/Acme/Legacy-API", Visibility: "private", Archived: true, Fork: true,
		Topics: []string{"payments"}, Size: 1000, Pushed: time.Date(2025, 6, 1, 0, 0, 0, 0, time.UTC),
	}
	for name, c := range map[string]struct {
		Filter
		kept bool
	}{
		"none":           {Filter{}, true},
		"archived":       {Filter{NoArchived: true}, false},
		"forks":          {Filter{NoForks: true}, false},
		"visibility":     {Filter{Visibility: []string{"public", "internal"}}, false},
		"its visibility": {Filter{Visibility: []string{"private"}}, true},
		"topic":          {Filter{Topics: []string{"web"}}, false},
		"its topic":      {Filter{Topics: []string{"web", "payments"}}, true},
		"size":           {Filter{MaxSize: 999}, false},
		"its size":       {Filter{MaxSize: 1000}, true},
		"since":          {Filter{PushedSince: r.Pushed.Add(time.Second)}, false},
		"its since":      {Filter{PushedSince: r.Pushed}, true},
		"last part":      {Filter{Include: []string{"legacy-*"}}, true},
		"owner":          {Filter{Include: []string{"acme/*"}}, true},
		"host":           {Filter{Include: []string{"github.com/**"}}, true},
		"braces":         {Filter{Include: []string{"{web,legacy}-*"}}, true},
		"other":          {Filter{Include: []string{"web-*"}}, false},
		"part of a name": {Filter{Include: []string{"api"}}, false},
		"exclude wins":   {Filter{Include: []string{"**"}, Exclude: []string{"*-api"}}, false},
		"exclude other":  {Filter{Exclude: []string{"web"}}, true},
	} {
		if err := c.Check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if why := c.LeavesOut(r); (why == "") != c.kept {
			t.Errorf("%s: left out because %q", name, why)
		}
	}
	unknown := Filter{Visibility: []string{"public"}, MaxSize: 1, PushedSince: time.Now()}
	if why := unknown.LeavesOut(Repository{Name: "x"}); why != "" {
		t.Errorf("of which nothing is known is left out because %q", why)
	}
}

func TestFilterCheck(t *testing.T) {
	t.Parallel()
	for _, f := range []Filter{{Include: []string{"a["}}, {Exclude: []string{"{a"}}, {Visibility: []string{"secret"}}, {MaxSize: -1}} {
		if f.Check() == nil {
			t.Errorf("%+v is taken", f)
		}
	}
}
