package forge

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// gitLab speaks with two endpoints of GitLab's API, by hand: GitLab's own client makes the
// command 5 MB larger.
type gitLab struct {
	*account
	path string
	wire *wire
}

// gitlabProject is what of https://docs.gitlab.com/api/groups/#list-projects is used.
type gitlabProject struct {
	ID         int64           `json:"id"`
	Path       string          `json:"path_with_namespace"`
	URL        string          `json:"http_url_to_repo"`
	Web        string          `json:"web_url"`
	Visibility string          `json:"visibility"`
	Archived   bool            `json:"archived"`
	Empty      bool            `json:"empty_repo"`
	Fork       json.RawMessage `json:"forked_from_project"`
	Topics     []string        `json:"topics"`
	Activity   lenient         `json:"last_activity_at"`
	Wiki       string          `json:"wiki_access_level"`
	Snippets   string          `json:"snippets_access_level"`
	Statistics struct {
		Repository int64 `json:"repository_size"`
	} `json:"statistics"` // for reporters and above
}

type gitlabSnippet struct {
	ID      int64   `json:"id"`
	Web     string  `json:"web_url"`
	Updated lenient `json:"updated_at"`
}

func openGitLab(s Source, o Options) (Forge, error) {
	a, err := newAccount(s, o)
	if err != nil {
		return nil, err
	}
	w, err := newWire(a.server+"/api/v4", o, a.gitlabToken)
	if err != nil {
		return nil, fmt.Errorf("opening %q: %w", s, err)
	}
	w.forget = a.forget
	return &gitLab{a, s.Path, w}, nil
}

// gitlabToken shows the account's token to its API: any but a job's is taken as a bearer's.
func (a *account) gitlabToken(ctx context.Context, req *http.Request) (string, error) {
	c, err := a.credential(ctx)
	if err == nil && c.from == "CI_JOB_TOKEN" {
		req.Header.Set("JOB-TOKEN", c.token.unwrap())
		return c.from, nil
	}
	return a.bearer(ctx, req)
}

func (g *gitLab) Repositories(ctx context.Context) iter.Seq2[Repository, error] {
	return g.vetted(ctx, func(yield func(Repository, error) bool) {
		if c, err := g.credential(ctx); err == nil && c.token.isZero() {
			g.o.Warn(fmt.Sprintf("no token for %s: of %s only what is public is listed", g.host, g.path))
		}
		on := true
		each := func(projects []gitlabProject, h http.Header) (string, bool) {
			for _, p := range projects {
				if on = on && g.each(ctx, p, yield); !on {
					break
				}
			}
			return nextLink(h), on
		}
		// Oldest first: what is created meanwhile comes last.
		query := "?per_page=" + strconv.Itoa(pageSize) + "&order_by=id&sort=asc&statistics=true"
		err := walk(ctx, g.wire, g.at("groups/"+url.PathEscape(g.path))+"/projects"+query+"&include_subgroups=true&with_shared=false", each)
		if status(err) == http.StatusNotFound && !strings.Contains(g.path, "/") {
			var user string
			if user, err = g.user(ctx); err == nil {
				err = walk(ctx, g.wire, g.at("users/"+user)+"/projects"+query, each)
			}
		}
		if err != nil && on {
			yield(Repository{}, err)
		}
	})
}

func (g *gitLab) at(path string) string { return g.server + "/api/v4/" + path }

// user returns the ID of the user with this path.
func (g *gitLab) user(ctx context.Context) (string, error) {
	var found []struct {
		ID       int64  `json:"id"`
		Username string `json:"username"`
	}
	if _, err := get(ctx, g.wire, g.at("users?username="+url.QueryEscape(g.path)), &found); err != nil {
		return "", err
	}
	for _, u := range found {
		if strings.EqualFold(u.Username, g.path) {
			return strconv.FormatInt(u.ID, 10), nil
		}
	}
	return "", fmt.Errorf("no group or user %q there, or the token may not know of it", g.path)
}

// each yields a project, with its wiki and its snippets if they are asked for.
func (g *gitLab) each(ctx context.Context, p gitlabProject, yield func(Repository, error) bool) bool {
	r := p.repository()
	if !yield(r, nil) {
		return false
	}
	if g.o.Wikis && p.Wiki != "disabled" && !yield(r.wiki(".wiki"), nil) {
		return false
	}
	if !g.o.Snippets || p.Snippets == "disabled" || p.ID <= 0 {
		return true
	}
	on := true
	err := walk(ctx, g.wire, g.at("projects/"+r.ID+"/snippets?per_page="+strconv.Itoa(pageSize)), func(snippets []gitlabSnippet, h http.Header) (string, bool) {
		for _, s := range snippets {
			if on = on && yield(s.repository(r), nil); !on {
				break
			}
		}
		return nextLink(h), on
	})
	return on && (err == nil || yield(Repository{}, apart(r.Name+"/snippets", err)))
}

func (p gitlabProject) repository() Repository {
	return Repository{
		ID: strconv.FormatInt(p.ID, 10), Name: p.Path, URL: p.URL, Web: p.Web, Kind: KindRepository,
		Visibility: p.Visibility, Archived: p.Archived, Fork: len(p.Fork) > 0 && string(p.Fork) != "null", Empty: p.Empty,
		Topics: p.Topics, Size: p.Statistics.Repository, Pushed: p.Activity.Time,
	}
}

// repository is that of a snippet of project r: https://docs.gitlab.com/user/snippets/#clone-a-snippet-locally
func (s gitlabSnippet) repository(r Repository) Repository {
	id := "/snippets/" + strconv.FormatInt(s.ID, 10)
	return Repository{
		ID: r.ID + id, Name: r.Name + id, URL: strings.TrimSuffix(r.URL, ".git") + id + ".git", Web: s.Web, Kind: KindSnippet,
		Visibility: r.Visibility, Archived: r.Archived, Pushed: s.Updated.Time,
	}
}
