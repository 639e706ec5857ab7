package forge

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// gitlabProjectJSON is a project as https://docs.gitlab.com/api/groups/#list-projects has it.
func gitlabProjectJSON(id int, path, host string) obj {
	return obj{
		"id": id, "path_with_namespace": path, "http_url_to_repo": "http://" + host + "/" + path + ".git", "web_url": "http://" + host + "/" + path,
		"visibility": "internal", "archived": true, "empty_repo": true, "forked_from_project": obj{"id": 1}, "topics": []string{"a", "b"},
		"last_activity_at": "2024-05-06T07:08:09.123Z", "statistics": obj{"repository_size": 4711}, "wiki_access_level": "enabled", "snippets_access_level": "enabled",
	}
}

func gitLabGroup(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.EscapedPath() == "/api/v4/groups/acme%2Fsub/projects" && r.URL.Query().Get("include_subgroups") == "true":
		if r.URL.Query().Get("page") == "" {
			linkNextPage(w, r, "2")
			send(w, []obj{gitlabProjectJSON(1, "acme/sub/one", r.Host)})
			return
		}
		send(w, []obj{gitlabProjectJSON(2, "acme/sub/deep/two", r.Host)})
	case r.URL.Path == "/api/v4/projects/1/snippets":
		send(w, []obj{{"id": 9, "web_url": "http://" + r.Host + "/-/snippets/9", "updated_at": "2024-01-01T00:00:00Z"}})
	case r.URL.Path == "/api/v4/projects/2/snippets":
		w.WriteHeader(http.StatusForbidden)
		send(w, obj{"message": "403 Forbidden"})
	case r.URL.Path == "/api/v4/users" && r.URL.Query().Get("username") == "ann":
		send(w, []obj{{"id": 5, "username": "ann"}})
	case r.URL.Path == "/api/v4/users":
		send(w, []obj{})
	case r.URL.Path == "/api/v4/users/5/projects":
		send(w, []obj{gitlabProjectJSON(3, "ann/three", r.Host)})
	default:
		w.WriteHeader(http.StatusNotFound)
		send(w, obj{"message": "404 Group Not Found"})
	}
}

func TestGitLab(t *testing.T) {
	t.Parallel()
	s := newStage(t, GitLab, gitLabGroup)
	s.options.Wikis, s.options.Snippets = true, true
	repos, refused, err := collect(t, s.open(t, GitLab, "acme/sub"))
	if err != nil {
		t.Fatal(err)
	}
	h := s.host() + "/acme/sub/"
	want := []string{"r " + h + "one", "w " + h + "one.wiki", "s " + h + "one/snippets/9", "r " + h + "deep/two", "w " + h + "deep/two.wiki"}
	if diff := cmp.Diff(want, names(repos)); diff != "" {
		t.Error(diff)
	}
	if len(refused) != 1 || !strings.Contains(refused[0], "two/snippets") {
		t.Errorf("refused: %q", refused)
	}
	first := Repository{
		Forge: GitLab, Host: s.host(), ID: "1", Name: h + "one", URL: s.URL + "/acme/sub/one.git", Web: s.URL + "/acme/sub/one", Kind: KindRepository,
		Visibility: "internal", Archived: true, Fork: true, Empty: true, Topics: []string{"a", "b"}, Size: 4711, Pushed: time.Date(2024, 5, 6, 7, 8, 9, 123e6, time.UTC),
	}
	if diff := cmp.Diff(first, repos[0]); diff != "" {
		t.Error(diff)
	}
	if repos[1].URL != s.URL+"/acme/sub/one.wiki.git" || repos[2].URL != s.URL+"/acme/sub/one/snippets/9.git" {
		t.Errorf("cloned from %s, %s", repos[1].URL, repos[2].URL)
	}
	s.told(t)
}

func TestGitLabUser(t *testing.T) {
	t.Parallel()
	s := newStage(t, GitLab, gitLabGroup)
	repos, _, err := collect(t, s.open(t, GitLab, "ann"))
	if err != nil || len(repos) != 1 || repos[0].Name != s.host()+"/ann/three" {
		t.Errorf("%v, %v", names(repos), err)
	}
	if _, _, err := collect(t, s.open(t, GitLab, "nobody")); err == nil || !strings.Contains(err.Error(), `no group or user "nobody"`) {
		t.Errorf("of nobody: %v", err)
	}
}

func TestJobToken(t *testing.T) {
	t.Parallel()
	s := newStage(t, GitLab, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("JOB-TOKEN") != secretWord || r.Header.Get("Authorization") != "" {
			t.Errorf("asked with %v", r.Header)
		}
		io.WriteString(w, "[]")
	})
	s.env = map[string]string{"CI_SERVER_URL": s.URL, "CI_JOB_TOKEN": secretWord}
	f := s.open(t, GitLab, "acme")
	if _, _, err := collect(t, f); err != nil {
		t.Error(err)
	}
	got, err := f.Authorization(t.Context(), Repository{Forge: GitLab, URL: s.URL + "/a/b.git"})
	if want := basic("gitlab-ci-token", newToken(secretWord)); got != want || err != nil {
		t.Errorf("git shows %v, not a job's token (%v)", got == want, err)
	}
}
