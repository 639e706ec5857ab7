package forge

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestHostile: what a forge may not offer is refused, by name; the rest is listed.
func TestHostile(t *testing.T) {
	t.Parallel()
	hostile := map[string]func(obj){
		"-upload-pack=x": func(p obj) { p["path_with_namespace"] = "-upload-pack=x/y" },
		"acme/-oProxy":   func(p obj) { p["path_with_namespace"] = "acme/-oProxy" },
		"acme/../../etc": func(p obj) { p["path_with_namespace"] = "acme/../../etc" },
		"acme/esc":       func(p obj) { p["path_with_namespace"] = "acme/esc\x1b]0;x\x07" },
		"acme/rtl":       func(p obj) { p["path_with_namespace"] = "acme/rtl\u202eexe" },
		"acme//empty":    func(p obj) { p["path_with_namespace"] = "acme//empty" },
		"acme/long":      func(p obj) { p["path_with_namespace"] = "acme/long" + strings.Repeat("x", 2000) },
		"acme/dir\\win":  func(p obj) { p["path_with_namespace"] = `acme/dir\win` },
		"acme/option":    func(p obj) { p["http_url_to_repo"] = "--upload-pack=id" },
		"acme/ext":       func(p obj) { p["http_url_to_repo"] = "ext::sh -c id" },
		"acme/file":      func(p obj) { p["http_url_to_repo"] = "file:///etc" },
		"acme/ssh":       func(p obj) { p["http_url_to_repo"] = "ssh://-oProxyCommand=id/x" },
		"acme/elsewhere": func(p obj) { p["http_url_to_repo"] = "https://evil.example/acme/x.git" },
		"acme/lookalike": func(p obj) { p["http_url_to_repo"] = "http://127.0.0.1.evil.example/x.git" },
		"acme/user": func(p obj) {
			p["http_url_to_repo"] = strings.Replace(p["http_url_to_repo"].(string), "://", "://u:p@evil.example#", 1)
		},
		"acme/query":      func(p obj) { p["http_url_to_repo"] = p["http_url_to_repo"].(string) + "?x=y" },
		"acme/controlled": func(p obj) { p["http_url_to_repo"] = p["http_url_to_repo"].(string) + "\r\nX: y" },
		"acme/none":       func(p obj) { p["http_url_to_repo"] = "" },
		"acme/good":       func(p obj) { p["id"] = 7000 }, // a name that another has
		"acme/https2https": func(p obj) {
			p["http_url_to_repo"] = strings.Replace(p["http_url_to_repo"].(string), "http:", "https:", 1)
		},
	}
	s := newStage(t, GitLab, func(w http.ResponseWriter, r *http.Request) {
		good := gitlabProjectJSON(1, "acme/good", r.Host)
		good["web_url"], good["topics"], good["visibility"] = "javascript:alert(1)", []string{"ok", "\x1b[2J"}, "\x1b[2J"
		good["last_activity_at"] = "yesterday"
		page := []obj{good, good} // the same twice
		id := 100
		for name, spoil := range hostile {
			id++
			p := gitlabProjectJSON(id, name, r.Host)
			spoil(p)
			page = append(page, p)
		}
		send(w, page)
	})
	repos, refused, err := collect(t, s.open(t, GitLab, "acme"))
	if err != nil {
		t.Fatal(err)
	}
	if len(repos) != 1 || repos[0].Web != "" || len(repos[0].Topics) != 1 || repos[0].Visibility != "" || !repos[0].Pushed.IsZero() {
		t.Errorf("listed: %+v", repos)
	}
	for name := range hostile {
		if !strings.Contains(strings.Join(refused, "\n"), name) {
			t.Errorf("%s is not refused", name)
		}
	}
	if all := strings.Join(refused, ""); strings.ContainsAny(all, "\x1b\x07\u202e\r\n") {
		t.Errorf("what is refused is told as it came: %q", all)
	}
	if len(refused) != len(hostile) {
		t.Errorf("%d are refused, not %d: %q", len(refused), len(hostile), refused)
	}
}

// TestOtherHosts: neither a redirect nor a page's link takes the token, or as much as a
// question, to another host; nor does a clone URL.
func TestOtherHosts(t *testing.T) {
	t.Parallel()
	evil := newStage(t, GitHub, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "[]") })
	for name, answer := range map[string]http.HandlerFunc{
		"redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, evil.URL+r.URL.Path, http.StatusFound)
		},
		"link": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Link", fmt.Sprintf("<%s/api/v4/x>; rel=\"next\"", evil.URL))
			io.WriteString(w, "[]")
		},
		"link with a user": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Link", fmt.Sprintf("<http://u:p@%s/x>; rel=\"next\"", r.Host))
			io.WriteString(w, "[]")
		},
		"link to a file": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Link", `<file:///etc/passwd>; rel="next"`)
			io.WriteString(w, "[]")
		},
	} {
		s := newStage(t, GitLab, answer)
		_, _, err := collect(t, s.open(t, GitLab, "acme/sub"))
		if err == nil || !strings.Contains(err.Error(), "another host") {
			t.Errorf("%s: %v", name, err)
		}
		s.told(t, err)
	}
	if n := len(evil.requests()); n > 0 {
		t.Errorf("the other host was asked %d times", n)
	}
}

func TestCircles(t *testing.T) {
	t.Parallel()
	for name, link := range map[string]string{"itself": "1", "back": "1"} {
		s := newStage(t, GitLab, func(w http.ResponseWriter, r *http.Request) {
			if name == "back" && r.URL.Query().Get("page") == "1" {
				link = "2"
			}
			linkNextPage(w, r, link)
			io.WriteString(w, "[]")
		})
		if _, _, err := collect(t, s.open(t, GitLab, "acme")); !errors.Is(err, errEndless) {
			t.Errorf("%s: %v", name, err)
		}
		s = newStage(t, GitHub, func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/repos") {
				linkNextPage(w, r, "1")
				io.WriteString(w, "[]")
				return
			}
			io.WriteString(w, `{"type":"Organization"}`)
		})
		if _, _, err := collect(t, s.open(t, GitHub, "acme")); !errors.Is(err, errEndless) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
