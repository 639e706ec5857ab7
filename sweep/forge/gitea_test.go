package forge

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// giteaServer answers as https://docs.gitea.com/api/#tag/organization/operation/orgListRepos
// has it; page 2 is the last.
func giteaServer(w http.ResponseWriter, r *http.Request) {
	repo := func(id int, name string) obj {
		return obj{
			"id": id, "full_name": name, "clone_url": "http://" + r.Host + "/git/" + name + ".git", "html_url": "http://" + r.Host + "/git/" + name,
			"private": true, "internal": id == 2, "archived": true, "fork": true, "empty": true, "size": 3, "topics": []string{"x"}, "updated_at": "2024-05-06T07:08:09Z", "has_wiki": id == 1,
		}
	}
	if r.Header.Get("Authorization") != basic("oauth2", newToken(secretWord)) {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	switch path := strings.TrimPrefix(r.URL.Path, "/git/api/v1/"); {
	case path == "orgs/acme":
		send(w, obj{"username": "acme"})
	case path == "orgs/acme/repos" && r.URL.Query().Get("page") == "1":
		linkNextPage(w, r, "2")
		send(w, []obj{repo(1, "acme/one")})
	case path == "orgs/acme/repos":
		send(w, []obj{repo(2, "acme/two")})
	case path == "users/ann":
		send(w, obj{"login": "ann"})
	case path == "users/ann/repos":
		send(w, []obj{repo(3, "ann/three")})
	default:
		w.WriteHeader(http.StatusNotFound)
		send(w, obj{"message": "The target couldn't be found."})
	}
}

func TestGitea(t *testing.T) {
	t.Parallel()
	s := newStage(t, Gitea, giteaServer)
	s.options.Wikis = true
	repos, refused, err := collect(t, s.open(t, Gitea, "git/acme"))
	if err != nil || len(refused) > 0 {
		t.Fatal(err, refused)
	}
	h := s.host() + "/acme/"
	if diff := cmp.Diff([]string{"r " + h + "one", "w " + h + "one.wiki", "r " + h + "two"}, names(repos)); diff != "" {
		t.Error(diff)
	}
	want := Repository{
		Forge: Gitea, Host: s.host(), ID: "2", Name: h + "two", URL: s.URL + "/git/acme/two.git", Web: s.URL + "/git/acme/two", Kind: KindRepository,
		Visibility: "internal", Archived: true, Fork: true, Empty: true, Topics: []string{"x"}, Size: 3072, Pushed: time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC),
	}
	if diff := cmp.Diff(want, repos[2]); diff != "" {
		t.Error(diff)
	}
	s.told(t)

	repos, _, err = collect(t, s.open(t, Gitea, "git/ann"))
	if err != nil || len(repos) != 1 {
		t.Errorf("of a user: %v, %v", names(repos), err)
	}
	if _, _, err := collect(t, s.open(t, Gitea, "git/nobody")); err == nil || !strings.Contains(err.Error(), "no organisation or user") {
		t.Errorf("of nobody: %v", err)
	}
}

// TestGiteaFromVariables: without a host the source is that of GITEA_SERVER_URL.
func TestGiteaFromVariables(t *testing.T) {
	t.Parallel()
	s := newStage(t, Gitea, giteaServer)
	s.env["GITEA_SERVER_URL"] += "/git/"
	f, err := Open(Source{Kind: Gitea, Path: "acme"}, s.options)
	if err != nil {
		t.Fatal(err)
	}
	if repos, _, err := collect(t, f); err != nil || len(repos) != 2 {
		t.Errorf("%v, %v", names(repos), err)
	}
	delete(s.env, "GITEA_SERVER_URL")
	if _, err := Open(Source{Kind: Gitea, Path: "acme"}, s.options); err == nil || !strings.Contains(err.Error(), "GITEA_SERVER_URL") {
		t.Errorf("without a host: %v", err)
	}
}
