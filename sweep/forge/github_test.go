package forge

import (
	"compress/gzip"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// gitHubOf answers as GitHub does for an organisation of n repositories, 100 a page:
// https://docs.github.com/rest/repos/repos#list-organization-repositories
func gitHubOf(n int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		base := "http://" + r.Host + "/"
		switch r.URL.Path {
		case "/api/v3/users/acme":
			send(w, obj{"login": "acme", "id": 7, "type": "Organization"})
		case "/api/v3/orgs/acme/repos":
			page, _ := strconv.Atoi(r.URL.Query().Get("page"))
			size, _ := strconv.Atoi(r.URL.Query().Get("per_page"))
			page = max(page, 1)
			var repos []obj
			for i := (page - 1) * size; i < min(n, page*size); i++ {
				repos = append(repos, obj{
					"id": 1000 + i, "full_name": fmt.Sprint("acme/r", i), "clone_url": fmt.Sprint(base, "acme/r", i, ".git"), "html_url": fmt.Sprint(base, "acme/r", i),
					"private": i%2 == 1, "visibility": []string{"public", "internal"}[i%2], "archived": i%3 == 1, "fork": i%5 == 1, "size": i, "topics": []string{"t"},
					"pushed_at": "2024-05-06T07:08:09Z", "has_wiki": i == 0,
				})
			}
			etag := fmt.Sprintf(`W/"page-%d"`, page)
			w.Header().Set("ETag", etag)
			if page*size < n {
				linkNextPage(w, r, strconv.Itoa(page+1))
			}
			if r.Header.Get("If-None-Match") == etag {
				w.WriteHeader(http.StatusNotModified)
				return
			}
			send(w, repos)
		case "/api/v3/orgs/acme/members":
			send(w, []obj{{"login": "ann"}, {"login": "bob"}})
		case "/api/v3/users/ann/gists":
			send(w, []obj{{"id": "abc", "git_pull_url": base + "gist/abc.git", "public": true, "owner": obj{"login": "ann"}, "updated_at": "2024-05-06T07:08:09Z"}})
		case "/api/v3/users/bob/gists":
			w.WriteHeader(http.StatusNotFound)
			send(w, obj{"message": "Not Found"})
		default:
			w.WriteHeader(http.StatusNotFound)
			send(w, obj{"message": "Not Found"})
		}
	}
}

func TestGitHub(t *testing.T) {
	t.Parallel()
	s := newStage(t, GitHub, gitHubOf(250))
	repos, refused, err := collect(t, s.open(t, GitHub, "acme"))
	if err != nil || len(refused) > 0 {
		t.Fatal(err, refused)
	}
	if len(repos) != 250 {
		t.Errorf("%d repositories, not 250", len(repos))
	}
	want := Repository{
		Forge: GitHub, Host: s.host(), ID: "1001", Name: s.host() + "/acme/r1", URL: s.URL + "/acme/r1.git", Web: s.URL + "/acme/r1", Kind: KindRepository,
		Visibility: "internal", Archived: true, Fork: true, Topics: []string{"t"}, Size: 1024, Pushed: time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC),
	}
	if diff := cmp.Diff(want, repos[1]); diff != "" {
		t.Error(diff)
	}
	for _, r := range s.asked {
		if r.Header.Get("Authorization") != "Bearer "+secretWord {
			t.Errorf("%s was asked for as %q", r.URL, r.Header.Get("Authorization"))
		}
	}
	s.told(t)
}

func TestGitHubWikisAndGists(t *testing.T) {
	t.Parallel()
	s := newStage(t, GitHub, gitHubOf(2))
	s.options.Wikis, s.options.Snippets = true, true
	repos, refused, err := collect(t, s.open(t, GitHub, "acme"))
	if err != nil {
		t.Fatal(err)
	}
	h := s.host() + "/"
	if diff := cmp.Diff([]string{"r " + h + "acme/r0", "w " + h + "acme/r0.wiki", "r " + h + "acme/r1", "s " + h + "gist/ann/abc"}, names(repos)); diff != "" {
		t.Error(diff)
	}
	if len(refused) != 1 || !strings.Contains(refused[0], "bob") {
		t.Errorf("refused: %q, not bob's alone", refused)
	}
}

func TestGitHubUser(t *testing.T) {
	t.Parallel()
	for name, self := range map[string]int{"own": 7, "another's": 8} {
		s := newStage(t, GitHub, func(w http.ResponseWriter, r *http.Request) {
			repo := func(name string) []obj {
				return []obj{{"id": 1, "full_name": name, "clone_url": "http://" + r.Host + "/" + name + ".git"}}
			}
			switch r.URL.Path {
			case "/api/v3/users/ann":
				send(w, obj{"login": "ann", "id": 7, "type": "User"})
			case "/api/v3/user":
				send(w, obj{"id": self})
			case "/api/v3/user/repos":
				send(w, repo("ann/private"))
			case "/api/v3/users/ann/repos":
				send(w, repo("ann/public"))
			}
		})
		repos, _, err := collect(t, s.open(t, GitHub, "ann"))
		want := map[int]string{7: "ann/private", 8: "ann/public"}[self]
		if err != nil || len(repos) != 1 || repos[0].Name != s.host()+"/"+want {
			t.Errorf("%s: %v, %v", name, names(repos), err)
		}
		if (len(s.warnings) == 0) != (self == 7) {
			t.Errorf("%s: warned of %q", name, s.warnings)
		}
	}
}

func TestGitHubSaysNo(t *testing.T) {
	t.Parallel()
	for code, want := range map[int]string{404: "no organisation or user", 401: "GH_ENTERPRISE_TOKEN", 403: "SAML"} {
		s := newStage(t, GitHub, func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(code)
			send(w, obj{"message": "Resource protected by organization SAML enforcement.\x1b[2J"})
		})
		_, _, err := collect(t, s.open(t, GitHub, "acme"))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\x1b") || status(err) != code {
			t.Errorf("%d: %v", code, err)
		}
		if len(s.requests()) != 1 || s.clock.slept() > 0 {
			t.Errorf("%d is asked %d times, over %v", code, len(s.requests()), s.clock.slept())
		}
		s.told(t, err)
	}
}

// TestCache: the second listing is made of 304s, and what is kept is for the user alone,
// without the token. What is damaged is not used.
func TestCache(t *testing.T) {
	t.Parallel()
	s := newStage(t, GitHub, gitHubOf(250))
	dir := filepath.Join(t.TempDir(), "cache")
	s.options.Cache = dir
	first, _, err := collect(t, s.open(t, GitHub, "acme"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		s.asked = nil
		again, _, err := collect(t, s.open(t, GitHub, "acme"))
		if diff := cmp.Diff(first, again); diff != "" || err != nil {
			t.Error(diff, err)
		}
		asked := 0
		for _, r := range s.asked {
			if r.Header.Get("If-None-Match") != "" {
				asked++
			}
		}
		if want := []int{3, 0}[i]; asked != want {
			t.Errorf("round %d: %d conditional requests, not %d", i, asked, want)
		}
		filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			checkKept(t, path)
			return os.WriteFile(path, []byte("damaged"), 0o600)
		})
	}
}

func checkKept(t *testing.T, path string) {
	t.Helper()
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%s: %v %v", path, info.Mode(), err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(unzipped)
	if err != nil || strings.Contains(string(text), secretWord) || strings.Contains(string(text), "Authorization") {
		t.Errorf("%s holds the token, or cannot be read: %v", path, err)
	}
}

// appStage is a GitHub whose tokens live an hour.
func appStage(t *testing.T) (s *stage, minted *int) {
	minted = new(int)
	ends := map[string]time.Time{}
	list := gitHubOf(250)
	s = newStage(t, GitHub, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/v3/app/installations/42/access_tokens" {
			var body struct{ Permissions map[string]string }
			if err := json.NewDecoder(r.Body).Decode(&body); err != nil || len(body.Permissions) != 2 || body.Permissions["contents"] != "read" {
				t.Errorf("a token is asked for with %v (%v)", body.Permissions, err)
			}
			*minted++
			value := fmt.Sprint(secretWord, *minted)
			ends[value] = s.clock.now().Add(time.Hour)
			w.WriteHeader(http.StatusCreated)
			send(w, obj{"token": value, "expires_at": ends[value].UTC().Format(time.RFC3339)})
			return
		}
		end, ok := ends[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")]
		if !ok || !s.clock.now().Before(end) {
			w.WriteHeader(http.StatusUnauthorized)
			send(w, obj{"message": "Bad credentials"})
			return
		}
		list(w, r)
	})
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "app.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	s.env["GITHUB_APP_ID"], s.env["GITHUB_APP_INSTALLATION_ID"], s.env["GITHUB_APP_PRIVATE_KEY_FILE"] = "1", "42", file
	return s, minted
}

func TestGitHubApp(t *testing.T) {
	t.Parallel()
	s, minted := appStage(t)
	f := s.open(t, GitHub, "acme")
	n := 0
	for r, err := range f.Repositories(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n%100 == 0 { // most of an hour goes by with each page
			s.clock.sleep(t.Context(), 50*time.Minute)
		}
		if n%50 == 1 {
			header, err := f.Authorization(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			pair, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(header, "Basic "))
			if want := fmt.Sprint("x-access-token:", secretWord, *minted); string(pair) != want {
				t.Errorf("git would show another token than the last")
			}
		}
	}
	if n != 250 || *minted != 3 {
		t.Errorf("%d repositories, %d tokens", n, *minted)
	}
	s.told(t)
}

func TestGitHubAppSaysNo(t *testing.T) {
	t.Parallel()
	for name, env := range map[string]map[string]string{
		"installation": {"GITHUB_APP_INSTALLATION_ID": ""},
		"ID":           {"GITHUB_APP_ID": "acme"},
		"no file":      {"GITHUB_APP_PRIVATE_KEY_FILE": "/none"},
		"no key":       {"GITHUB_APP_PRIVATE_KEY_FILE": os.DevNull},
	} {
		s, _ := appStage(t)
		for k, v := range env {
			s.env[k] = v
		}
		if _, err := Open(Source{GitHub, s.URL, "acme"}, s.options); err == nil || !strings.Contains(err.Error(), "GITHUB_APP_") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
