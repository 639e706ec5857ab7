package forge

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// bitbucketServer answers as
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-repositories/ has it.
func bitbucketCloud(w http.ResponseWriter, r *http.Request) {
	base := "http://" + r.Host + "/"
	repo := func(uuid, name string) obj {
		return obj{
			"uuid": "{" + uuid + "}", "full_name": name, "is_private": true, "size": 500, "updated_on": "2024-05-06T07:08:09.123456+00:00", "has_wiki": uuid == "1",
			"parent": nil, "mainbranch": obj{"name": "main"},
			"links": obj{"html": obj{"href": base + name}, "clone": []obj{{"name": "ssh", "href": "git@bitbucket.org:" + name}, {"name": "https", "href": "http://ann@" + r.Host + "/" + name + ".git"}}},
		}
	}
	switch {
	case r.URL.Path == "/2.0/repositories/acme" && r.URL.Query().Get("page") == "":
		send(w, obj{"values": []obj{repo("1", "acme/one")}, "next": base + "2.0/repositories/acme?page=X2"})
	case r.URL.Path == "/2.0/repositories/acme":
		two := repo("2", "acme/two")
		two["parent"], two["mainbranch"] = obj{"full_name": "x/two"}, nil
		send(w, obj{"values": []obj{two}})
	case r.URL.Path == "/2.0/snippets/acme":
		send(w, obj{"values": []obj{{"id": "kypj", "is_private": true, "links": obj{"clone": []obj{{"name": "https", "href": base + "snippets/acme/kypj/x.git"}}}}}})
	default:
		w.WriteHeader(http.StatusNotFound)
		send(w, obj{"type": "error", "error": obj{"message": "No workspace with identifier."}})
	}
}

func TestBitbucket(t *testing.T) {
	t.Parallel()
	s := newStage(t, Bitbucket, bitbucketCloud)
	s.options.Wikis, s.options.Snippets = true, true
	repos, refused, err := collect(t, s.open(t, Bitbucket, "acme"))
	if err != nil || len(refused) > 0 {
		t.Fatal(err, refused)
	}
	h := s.host() + "/acme/"
	if diff := cmp.Diff([]string{"r " + h + "one", "w " + h + "one/wiki", "r " + h + "two", "s " + h + "snippets/kypj"}, names(repos)); diff != "" {
		t.Error(diff)
	}
	want := Repository{
		Forge: Bitbucket, Host: s.host(), ID: "{1}", Name: h + "one", URL: s.URL + "/acme/one.git", Web: s.URL + "/acme/one", Kind: KindRepository,
		Visibility: "private", Size: 500, Pushed: time.Date(2024, 5, 6, 7, 8, 9, 123456e3, time.UTC),
	}
	if diff := cmp.Diff(want, repos[0], cmp.Transformer("UTC", time.Time.UTC)); diff != "" {
		t.Error(diff)
	}
	if !repos[2].Fork || !repos[2].Empty || repos[1].URL != s.URL+"/acme/one.git/wiki" {
		t.Errorf("%+v", repos[1:])
	}
	if len(s.warnings) != 1 {
		t.Errorf("without a token it warns of %q", s.warnings)
	}
}

// TestBitbucketTokens: which header the API is shown, and which git.
func TestBitbucketTokens(t *testing.T) {
	t.Parallel()
	word := newToken(secretWord)
	for name, c := range map[string]struct {
		env      map[string]string
		api, git string
	}{
		"workspace":    {map[string]string{"BITBUCKET_ACCESS_TOKEN": secretWord}, "Bearer " + secretWord, basic("x-token-auth", word)},
		"user":         {map[string]string{"BITBUCKET_API_TOKEN": secretWord, "BITBUCKET_EMAIL": "a@b"}, basic("a@b", word), basic("x-bitbucket-api-token-auth", word)},
		"user unnamed": {map[string]string{"BITBUCKET_API_TOKEN": secretWord}, "", basic("x-bitbucket-api-token-auth", word)},
	} {
		network := roundTrip(func(r *http.Request) (*http.Response, error) {
			if got := r.Header.Get("Authorization"); got != c.api || r.URL.Host != "api.bitbucket.org" {
				t.Errorf("%s: %s is shown another header: %v", name, r.URL, got == "")
			}
			return jsonAnswer(r, "{}"), nil
		})
		f, err := Open(Source{Kind: Bitbucket, Path: "acme"}, Options{Getenv: func(k string) string { return c.env[k] }, Network: network})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := collect(t, f); (err != nil) != (c.api == "") {
			t.Errorf("%s: %v", name, err)
		}
		got, err := f.Authorization(t.Context(), Repository{URL: "https://bitbucket.org/acme/one.git"})
		if err != nil || got != c.git {
			t.Errorf("%s: git is given another header (%v)", name, err)
		}
	}
}

// azureAPI answers as https://learn.microsoft.com/rest/api/azure/devops/git/repositories/list has it.
func azureAPI(w http.ResponseWriter, r *http.Request) {
	switch r.URL.EscapedPath() {
	case "/acme/_apis/git/repositories":
		project := obj{"id": "p1", "name": "My Project", "visibility": "private"}
		if r.URL.Query().Get("continuationToken") == "" {
			w.Header().Set("x-ms-continuationtoken", "2&x")
		}
		id := "r" + r.URL.Query().Get("continuationToken")
		send(w, obj{"count": 1, "value": []obj{{"id": id, "name": "one " + id[:1] + id[min(1, len(id)):min(2, len(id))], "project": project, "size": 7, "isFork": true, "isDisabled": true, "defaultBranch": "refs/heads/main", "remoteUrl": "https://acme.visualstudio.com/x"}}})
	case "/acme/_apis/wiki/wikis":
		send(w, obj{"value": []obj{{"name": "My Project.wiki", "type": "projectWiki", "projectId": "p1", "repositoryId": "w1"}, {"name": "code", "type": "codeWiki"}}})
	case "/gone/_apis/git/repositories":
		http.Redirect(w, r, "https://spsprodweu1.vssps.visualstudio.com/_signin", http.StatusFound)
	default:
		w.WriteHeader(http.StatusNotFound)
		send(w, obj{"message": "TF200016: The following project does not exist"})
	}
}

func TestAzure(t *testing.T) {
	t.Parallel()
	s := newStage(t, Azure, azureAPI)
	s.options.Wikis = true
	repos, refused, err := collect(t, s.open(t, Azure, "acme"))
	if err != nil || len(refused) > 0 {
		t.Fatal(err, refused)
	}
	h := s.host() + "/acme/My Project/"
	if diff := cmp.Diff([]string{"r " + h + "one r", "r " + h + "one r2", "w " + h + "My Project.wiki"}, names(repos)); diff != "" {
		t.Error(diff)
	}
	want := Repository{
		Forge: Azure, Host: s.host(), ID: "r", Name: h + "one r", URL: s.URL + "/acme/My%20Project/_git/one%20r", Kind: KindRepository,
		Visibility: "private", Archived: true, Fork: true, Size: 7,
	}
	if diff := cmp.Diff(want, repos[0]); diff != "" {
		t.Error(diff)
	}
	for _, r := range s.asked {
		if r.Header.Get("Authorization") != basic("", newToken(secretWord)) {
			t.Errorf("%s was shown another header", r.URL)
		}
	}
	for path, want := range map[string]string{"gone": "another host", "acme/none": "no organisation or project"} {
		if _, _, err := collect(t, s.open(t, Azure, path)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func jsonAnswer(r *http.Request, body string) *http.Response {
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}
}

// fuzzForge hands any JSON to a forge, and holds what it lists to the package's promises.
func fuzzForge(f *testing.F, kind, server string) {
	f.Fuzz(func(t *testing.T, body []byte) {
		asked := 0
		o := Options{
			Getenv: func(string) string { return "" }, Wikis: true, Snippets: true,
			now: time.Now, sleep: (&clock{}).sleep,
			Network: roundTrip(func(r *http.Request) (*http.Response, error) {
				if "https://"+r.URL.Host != server {
					t.Errorf("asked %s", r.URL)
				}
				if asked++; asked > 20 {
					return nil, errors.New("enough")
				}
				return jsonAnswer(r, string(body)), nil
			}),
		}
		forge, err := Open(Source{Kind: kind, Path: "acme"}, o)
		if err != nil {
			t.Fatal(err)
		}
		account := reach(forge)
		account.asked = time.Now() // no credential helper
		repos, _, _ := collect(t, forge)
		ids := map[string]bool{}
		for _, r := range repos {
			checkListed(t, account, r)
			if ids[r.ID] {
				t.Errorf("%q comes twice", r.ID)
			}
			ids[r.ID] = true
		}
	})
}

func reach(f Forge) *account {
	switch f := f.(type) {
	case *gitLab:
		return f.account
	case *bitbucket:
		return f.account
	case *azure:
		return f.account
	}
	return nil
}

func checkListed(t *testing.T, a *account, r Repository) {
	t.Helper()
	u, err := url.Parse(r.URL)
	if err != nil || u.Scheme != "https" || plainHost(u) != a.host || u.User != nil || u.RawQuery != "" || r.Host != a.host {
		t.Errorf("it lists %q", r.URL)
	}
	if !strings.HasPrefix(r.Name, a.host+"/") || strings.Contains(r.Name, "..") && strings.Contains("/"+r.Name+"/", "/../") || strings.Contains(r.Name, "/-") {
		t.Errorf("it lists %q", r.Name)
	}
	text, err := json.Marshal(r)
	if err != nil {
		t.Errorf("%+v is no JSON: %v", r, err)
	}
	var again Repository
	if err := json.Unmarshal(text, &again); err != nil || again.URL != r.URL || again.Name != r.Name {
		t.Errorf("%s comes back as %+v (%v)", text, again, err)
	}
	for _, s := range append([]string{r.Name, r.URL, r.Web, r.ID, r.Visibility}, r.Topics...) {
		if strings.ContainsFunc(s, unprintable) {
			t.Errorf("%q is listed", s)
		}
	}
}

// seed is what a server's handler answers, for the public host.
func seed(f *testing.F, server string, handler http.HandlerFunc, paths ...string) {
	for _, path := range paths {
		req, _ := http.NewRequest(http.MethodGet, "http://stage.example"+path, nil)
		var rec recorder
		handler(&rec, req)
		f.Add(bytes.ReplaceAll(rec.Bytes(), []byte("http://stage.example"), []byte(server)))
	}
}

type recorder struct{ bytes.Buffer }

func (*recorder) Header() http.Header { return http.Header{} }
func (*recorder) WriteHeader(int)     {}

func FuzzBitbucket(f *testing.F) {
	seed(f, "https://bitbucket.org", bitbucketCloud, "/2.0/repositories/acme", "/2.0/repositories/acme?page=X2", "/2.0/snippets/acme")
	f.Add([]byte(`{"values":[{"uuid":"1","full_name":"a/b","links":{"clone":[{"name":"https","href":"https://x@bitbucket.org/a/b"}]}}],"next":"https://api.bitbucket.org/2.0/x"}`))
	fuzzForge(f, Bitbucket, bitbucketAPI)
}

func FuzzAzure(f *testing.F) {
	seed(f, azureServer, azureAPI, "/acme/_apis/git/repositories", "/acme/_apis/wiki/wikis")
	f.Add([]byte(`{"value":[{"id":"\u001b","name":"-x","type":"projectWiki","project":{"name":".."}}]}`))
	fuzzForge(f, Azure, azureServer)
}

func FuzzGitLab(f *testing.F) {
	seed(f, "https://gitlab.com", gitLabGroup, "/api/v4/groups/acme%2Fsub/projects?include_subgroups=true", "/api/v4/users/5/projects")
	fuzzForge(f, GitLab, "https://gitlab.com")
}

// FuzzList: what a list's line is taken for is a URL that git may be given, or a folder.
func FuzzList(f *testing.F) {
	for _, line := range []string{"https://github.com/a/b", "git@host:a/b", "ssh://git@h:22/~/b", "file:///", "C:\\x", "https://u:p@h/x", "-x", ".", "[::1]:x"} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for r, err := range List(t.Context(), strings.NewReader(text), Options{}) {
			if err != nil {
				continue
			}
			u, err := url.Parse(r.URL)
			if err != nil || r.Name == "" || r.ID == "" || r.URL[0] == '-' || strings.HasPrefix(u.Host, "-") {
				t.Errorf("%q gives %+v (%v)", text, r, err)
			}
			if password, _ := u.User.Password(); password != "" || u.Scheme != "ssh" && u.User != nil {
				t.Errorf("%q gives %q", text, r.URL)
			}
		}
	})
}
