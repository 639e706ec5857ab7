package forge

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
)

func TestTokenIsRedacted(t *testing.T) {
	t.Parallel()
	word := newToken(secretWord)
	holder := struct {
		c credential
		T token
	}{credential{token: word}, word}
	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%p"} {
		fmt.Fprintf(&out, verb+" "+verb+" "+verb+"\n", word, &word, holder)
	}
	text, err := json.Marshal(holder)
	if err != nil || !strings.Contains(string(text), redacted) {
		t.Errorf("JSON: %s, %v", text, err)
	}
	out.Write(text)
	log := slog.New(slog.NewJSONHandler(&out, nil))
	log.Info("x", "token", word, "holder", holder)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "token", word, "holder", holder)
	if strings.Contains(out.String(), secretWord) || strings.Contains(out.String(), fmt.Sprintf("%x", secretWord)) {
		t.Errorf("the token is told: %s", out.String())
	}
	if s := fmt.Sprint(token{}); s != "" {
		t.Errorf("no token prints as %q", s)
	}
}

// TestWhoseTokenItIs: a variable's token goes to the host it belongs to, and where it may
// have been meant for another one, that is said instead of asking without.
func TestWhoseTokenItIs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ kind, server, env, want string }{
		{GitHub, "https://github.com", "GITHUB_TOKEN=a", "x-access-token:a"},
		{GitHub, "https://github.com", "GITHUB_TOKEN=a GH_TOKEN=b", "x-access-token:b"},
		{GitHub, "https://github.com", "GH_ENTERPRISE_TOKEN=a GH_HOST=ghe.example", ""},
		{GitHub, "https://github.com", "GH_TOKEN=a GH_HOST=ghe.example", "x-access-token:a"},
		{GitHub, "https://github.com", "GITHUB_TOKEN=a GITHUB_SERVER_URL=https://ghe.example", ""},
		{GitHub, "https://ghe.example", "GITHUB_TOKEN=a GITHUB_SERVER_URL=https://ghe.example", "x-access-token:a"},
		{GitHub, "https://ghe.example", "GH_ENTERPRISE_TOKEN=a GH_HOST=GHE.example:443", "x-access-token:a"},
		{GitHub, "https://ghe.example", "GH_TOKEN=a", "no token"},
		{GitHub, "https://ghe.example", "GH_ENTERPRISE_TOKEN=a", "no token"},
		{GitHub, "https://acme.ghe.com", "GH_TOKEN=a GH_HOST=acme.ghe.com", "x-access-token:a"},
		{GitHub, "https://github.com.evil.example", "GH_TOKEN=a", "no token"},
		{GitLab, "https://gitlab.com", "GITLAB_TOKEN=a", "oauth2:a"},
		{GitLab, "https://gl.example", "GITLAB_TOKEN=a GITLAB_HOST=https://gl.example", "oauth2:a"},
		{GitLab, "https://gitlab.com", "GITLAB_TOKEN=a GITLAB_HOST=gl.example", ""},
		{GitLab, "https://gl.example", "GITLAB_TOKEN=a", "no token"},
		{GitLab, "https://gl.example", "CI_JOB_TOKEN=a CI_SERVER_URL=https://gl.example", "gitlab-ci-token:a"},
		{Gitea, "https://git.example", "GITEA_TOKEN=a GITEA_SERVER_URL=https://git.example/sub", "oauth2:a"},
		{Gitea, "https://git.example", "GITEA_TOKEN=a", "no token"},
		{Gitea, "https://git.example", "FORGEJO_TOKEN=a FORGEJO_SERVER_URL=https://git.example", "oauth2:a"},
		{Azure, "https://dev.azure.com", "AZURE_DEVOPS_EXT_PAT=a", ":a"},
		{Azure, "https://tfs.example", "AZURE_DEVOPS_EXT_PAT=a", "no token"},
		{Azure, "https://tfs.example", "AZURE_DEVOPS_EXT_PAT=a AZDO_ORG_SERVICE_URL=https://tfs.example/tfs/Main", ":a"},
		{Azure, "https://dev.azure.com", "SYSTEM_ACCESSTOKEN=a SYSTEM_COLLECTIONURI=https://dev.azure.com/acme/", ":a"},
		{Bitbucket, "https://bitbucket.org", "", ""},
	} {
		env := map[string]string{}
		for pair := range strings.FieldsSeq(c.env) {
			name, value, _ := strings.Cut(pair, "=")
			env[name] = value
		}
		f, err := Open(Source{c.kind, c.server, "acme"}, Options{Getenv: func(name string) string { return env[name] }})
		if err != nil {
			t.Fatal(err)
		}
		got, err := f.Authorization(t.Context(), Repository{URL: c.server + "/acme/x.git"})
		want := ""
		if strings.Contains(c.want, ":") {
			user, word, _ := strings.Cut(c.want, ":")
			want = basic(user, newToken(word))
		}
		if got != want || (err != nil) != (c.want == "no token") {
			t.Errorf("%s with %s: %q (%v), not %q", c.server, c.env, got, err, c.want)
		}
	}
}

// TestAuthorizationStays: what came through a queue cannot take the token elsewhere.
func TestAuthorizationStays(t *testing.T) {
	t.Parallel()
	env := map[string]string{"GH_TOKEN": secretWord, "GITLAB_TOKEN": secretWord, "GITEA_TOKEN": secretWord, "GITEA_SERVER_URL": "https://git.example"}
	o := Options{Getenv: func(name string) string { return env[name] }}
	for _, r := range []Repository{
		{Forge: GitHub, Host: "github.com", URL: "https://evil.example/a/b"},
		{Forge: GitHub, Host: "github.com", URL: "http://github.com/a/b"},
		{Forge: GitHub, URL: "https://github.com@evil.example/a/b"},
		{Forge: GitHub, URL: "https://github.com:8443/a/b"},
		{Forge: GitLab, URL: "https://github.com/a/b"},
		{Forge: Gitea, URL: "https://gitlab.com/a/b"},
		{Forge: ListOf, URL: "https://evil.example/github.com/b"},
		{Forge: ListOf, URL: "https://gist.gitlab.com/b"},
		{Forge: CodeCommit, URL: "https://evil.example/v1/repos/x"},
		{Forge: CodeCommit, URL: "https://git-codecommit.eu-west-1.amazonaws.com.evil.example/v1/repos/x"},
		{Forge: "hub", URL: "https://github.com/a/b"},
		{Forge: GitHub, URL: "ssh://git@github.com/a/b"},
	} {
		header := ""
		f, err := For(r, o)
		if err == nil {
			header, err = f.Authorization(t.Context(), r)
		}
		if header != "" {
			t.Errorf("%+v is given a header (%v)", r, err)
		}
	}
	for _, r := range []Repository{
		{Forge: GitHub, URL: "https://github.com/a/b.git"}, {Forge: GitHub, URL: "https://gist.github.com/abc.git"}, {Forge: GitLab, URL: "https://gitlab.com/a/b"},
		{Forge: Gitea, URL: "https://git.example/a/b"}, {Forge: ListOf, URL: "https://github.com/a/b"}, {Forge: ListOf, URL: "https://gist.github.com/abc"}, {Forge: ListOf, URL: "https://git.example/a/b"},
	} {
		f, err := For(r, o)
		if err != nil {
			t.Fatal(err)
		}
		if header, err := f.Authorization(t.Context(), r); header == "" || err != nil {
			t.Errorf("%+v is given none (%v)", r, err)
		}
	}
}

// TestAuthorizationIsForItsOwn: a forge that is open authorizes nothing that is kept elsewhere.
func TestAuthorizationIsForItsOwn(t *testing.T) {
	t.Parallel()
	o := Options{Getenv: func(name string) string { return map[string]string{"GH_TOKEN": secretWord}[name] }, AWS: credentials.NewStaticCredentialsProvider("KEYID", secretWord, "")}
	for _, s := range []Source{{Kind: GitHub, Path: "acme"}, {Kind: CodeCommit, Path: "eu-west-1"}} {
		f, err := Open(s, o)
		if err != nil {
			t.Fatal(err)
		}
		for _, url := range []string{"https://evil.example/a/b", "http://github.com/a/b", "ssh://github.com/a/b", "file:///a", "https://github.com@evil.example/a", "https://git-codecommit.us-east-1.amazonaws.com/v1/repos/x"} {
			if header, err := f.Authorization(t.Context(), Repository{URL: url}); header != "" || err == nil {
				t.Errorf("%s: %s is given a header (%v)", s, url, err)
			}
		}
	}
}

func TestPlainHTTP(t *testing.T) {
	t.Parallel()
	o := Options{Getenv: func(string) string { return "" }}
	if _, err := Open(Source{GitHub, "http://ghe.example", "acme"}, o); err == nil {
		t.Error("plain HTTP is taken")
	}
	o.Insecure = true
	if _, err := Open(Source{GitHub, "http://ghe.example", "acme"}, o); err != nil {
		t.Error(err)
	}
}

// withHelper makes git ask a helper that says what it says, and counts.
func withHelper(t *testing.T, says string) (count func() int) {
	if runtime.GOOS == "windows" {
		t.Skip("the helper is a shell script")
	}
	dir := t.TempDir()
	asked := filepath.Join(dir, "asked")
	helper := filepath.Join(dir, "helper")
	script := "#!/bin/sh\n[ \"$1\" = get ] || exit 0\ncat >>" + asked + "\nprintf '" + says + "'\n"
	if err := os.WriteFile(helper, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(dir, "config")
	if err := os.WriteFile(config, []byte("[credential]\n\thelper = "+helper+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GIT_CONFIG_GLOBAL", config)
	return func() int {
		text, _ := os.ReadFile(asked)
		return strings.Count(string(text), "protocol=")
	}
}

// TestHelper: without a variable the user's helper is asked, by git itself; a repository
// in the current folder has no say.
func TestHelper(t *testing.T) {
	count := withHelper(t, `username=ann\npassword=`+secretWord+`\n`)
	here := t.TempDir()
	t.Chdir(here)
	for _, args := range [][]string{{"init", "-q"}, {"config", "credential.helper", "!echo password=evil; echo username=evil; :"}} {
		if out, err := exec.Command("git", args...).CombinedOutput(); err != nil {
			t.Fatal(err, string(out))
		}
	}
	for _, kind := range []string{GitHub, GitLab, Gitea, Bitbucket, Azure, ListOf} {
		o := Options{Getenv: func(string) string { return "" }}
		r := Repository{Forge: kind, URL: "https://" + kind + ".example/a/b"}
		f, err := For(r, o)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := f.Authorization(t.Context(), r); got != basic("ann", newToken(secretWord)) || err != nil {
			t.Errorf("%s: not the helper's (%v)", kind, err)
		}
	}
	if n := count(); n != 6 {
		t.Errorf("the helper is asked %d times", n)
	}
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	if c, err := fill(t.Context(), "https", "github.com"); err != nil || !c.token.isZero() {
		t.Errorf("the repository's helper is asked (%v)", err)
	}
}

// TestHelperRenews: a helper's token is remembered for minutes, not beyond its end, and
// asked for anew where it is refused.
func TestHelperRenews(t *testing.T) {
	good := gitHubOf(1)
	refuse := 0
	s := newStage(t, GitHub, func(w http.ResponseWriter, r *http.Request) {
		if refuse > 0 {
			refuse--
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		good(w, r)
	})
	s.env = nil
	end := s.clock.now().Add(8 * time.Minute)
	count := withHelper(t, fmt.Sprintf(`username=ann\npassword=%s\npassword_expiry_utc=%d\n`, secretWord, end.Unix()))
	f := s.open(t, GitHub, "acme")
	for i, step := range []struct {
		pass   time.Duration
		refuse int
		asked  int
		fails  bool
	}{{0, 0, 1, false}, {4 * time.Minute, 0, 1, false}, {2 * time.Minute, 0, 2, false}, {0, 1, 3, false}, {0, 2, 4, true}} {
		s.clock.sleep(t.Context(), step.pass)
		refuse = step.refuse
		_, _, err := collect(t, f)
		if (err != nil) != step.fails || count() != step.asked {
			t.Errorf("step %d: asked %d times, not %d (%v)", i, count(), step.asked, err)
		}
		s.told(t, err)
	}
}

func TestHelperHasNone(t *testing.T) {
	withHelper(t, "")
	c, err := fill(t.Context(), "https", "github.com")
	if err != nil || !c.token.isZero() {
		t.Errorf("%v, %v", c, err)
	}
}

// TestFilled: what another host's credential is, is none.
func TestFilled(t *testing.T) {
	t.Parallel()
	if c := filled("protocol=https\nhost=evil.example\nusername=a\npassword=b\n", "github.com"); !c.token.isZero() {
		t.Error("it takes another host's")
	}
	if c := filled("host=GitHub.com\r\nusername=a\r\npassword=b=c\r\n", "github.com"); c.token.unwrap() != "b=c" || c.user != "a" {
		t.Error("it is not read")
	}
}
