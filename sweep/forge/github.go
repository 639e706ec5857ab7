package forge

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"strconv"
	"strings"

	"github.com/google/go-github/v88/github"
)

// pageSize is what GitHub, GitLab and Bitbucket give at most.
const pageSize = 100

type gitHub struct {
	*account
	owner string
	wire  *wire
}

func openGitHub(s Source, o Options) (Forge, error) {
	a, err := newAccount(s, o)
	if err != nil {
		return nil, err
	}
	api := githubAPI(a)
	if a.app, err = newApp(a, api); err != nil {
		return nil, fmt.Errorf("opening %q: %w", s, err)
	}
	w, err := newWire(api, o, a.bearer)
	if err != nil {
		return nil, fmt.Errorf("opening %q: %w", s, err)
	}
	w.forget = a.forget
	return &gitHub{a, s.Path, w}, nil
}

// listing is one run through what an owner has. The client is here and not in gitHub for
// the size of the command: what an interface can hold keeps all of its methods, and
// those of its fields, in the binary. That would be 4 MB, not 1.
type listing struct {
	*gitHub
	api *github.Client
}

// githubAPI is where the API is: https://docs.github.com/rest/using-the-rest-api/getting-started-with-the-rest-api
func githubAPI(a *account) string {
	if a.host == "github.com" || strings.HasSuffix(a.host, ".ghe.com") {
		return "https://api." + a.host + "/"
	}
	return a.server + "/api/v3/"
}

// bearer shows the account's token to its API.
func (a *account) bearer(ctx context.Context, req *http.Request) (string, error) {
	c, err := a.credential(ctx)
	if err != nil || c.token.isZero() {
		return "", err
	}
	req.Header.Set("Authorization", "Bearer "+c.token.unwrap())
	return c.from, nil
}

func (g *gitHub) Repositories(ctx context.Context) iter.Seq2[Repository, error] {
	return g.vetted(ctx, func(yield func(Repository, error) bool) {
		api := g.wire.base.String()
		// The client's own check of limits would fail where the wire waits.
		client, err := github.NewClient(github.WithHTTPClient(g.wire.client()), github.WithURLs(&api, nil), github.WithDisableRateLimitCheck())
		if err != nil {
			yield(Repository{}, err)
			return
		}
		l := listing{g, client}
		owner, _, err := client.Users.Get(ctx, g.owner)
		if status(err) == http.StatusNotFound {
			err = fmt.Errorf("no organisation or user %q there, or the token may not know of it: %w", g.owner, err)
		}
		if err != nil {
			yield(Repository{}, err)
			return
		}
		list, own := l.pages(ctx, owner)
		for r, err := range list {
			if !g.each(r, err, yield) {
				return
			}
		}
		if g.o.Snippets {
			l.gists(ctx, owner, own)(yield)
		}
	})
}

// pages lists an organisation's repositories, or a user's: all of them if it is the
// token's own, else those that are public. Oldest first: what is created meanwhile comes last.
func (g listing) pages(ctx context.Context, owner *github.User) (list iter.Seq2[*github.Repository, error], own bool) {
	c, err := g.credential(ctx)
	switch {
	case err != nil:
	case c.token.isZero():
		g.o.Warn(fmt.Sprintf("no token for %s: of %s only what is public is listed, slowly", g.host, g.owner))
	}
	if owner.GetType() == "Organization" {
		o := github.RepositoryListByOrgOptions{Type: "all", Sort: "created", Direction: "asc"}
		return paged(func(l github.ListOptions) ([]*github.Repository, *github.Response, error) {
			o.ListOptions = l
			return g.api.Repositories.ListByOrg(ctx, g.owner, &o)
		}), false
	}
	if err == nil && !c.token.isZero() {
		if self, _, err := g.api.Users.Get(ctx, ""); err == nil && self.GetID() == owner.GetID() {
			o := github.RepositoryListByAuthenticatedUserOptions{Affiliation: "owner", Sort: "created", Direction: "asc"}
			return paged(func(l github.ListOptions) ([]*github.Repository, *github.Response, error) {
				o.ListOptions = l
				return g.api.Repositories.ListByAuthenticatedUser(ctx, &o)
			}), true
		}
		g.o.Warn(fmt.Sprintf("%s is a user, and the token another's: only what is public is listed", g.owner))
	}
	o := github.RepositoryListByUserOptions{Type: "owner", Sort: "created", Direction: "asc"}
	return paged(func(l github.ListOptions) ([]*github.Repository, *github.Response, error) {
		o.ListOptions = l
		return g.api.Repositories.ListByUser(ctx, g.owner, &o)
	}), false
}

// each yields one repository, and its wiki if that is asked for.
func (g *gitHub) each(r *github.Repository, err error, yield func(Repository, error) bool) bool {
	if err != nil {
		return yield(Repository{}, err)
	}
	repo := fromGitHub(r)
	if !yield(repo, nil) {
		return false
	}
	if !g.o.Wikis || !r.GetHasWiki() {
		return true
	}
	return yield(repo.wiki(".wiki"), nil)
}

func fromGitHub(r *github.Repository) Repository {
	visibility := r.GetVisibility()
	if visibility == "" && r.Private != nil {
		visibility = map[bool]string{true: "private", false: "public"}[*r.Private]
	}
	return Repository{
		ID: strconv.FormatInt(r.GetID(), 10), Name: r.GetFullName(), URL: r.GetCloneURL(), Web: r.GetHTMLURL(), Kind: KindRepository,
		Visibility: visibility, Archived: r.GetArchived(), Fork: r.GetFork(), Topics: r.Topics,
		Size: int64(r.GetSize()) << 10, Pushed: r.GetPushedAt().Time,
	}
}

// wiki is that of r, where the forge keeps it beside r under a name with this ending.
func (r Repository) wiki(ending string) Repository {
	r.ID, r.Name, r.Kind = r.ID+ending, r.Name+ending, KindWiki
	r.URL = strings.TrimSuffix(r.URL, ".git") + ending + ".git"
	r.Size, r.Empty, r.Topics = 0, false, nil
	return r
}

// paged yields what the pages of a listing hold, one page after the other.
func paged[T any](get func(github.ListOptions) ([]T, *github.Response, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for page := 1; page != 0; {
			items, resp, err := get(github.ListOptions{Page: page, PerPage: pageSize})
			if err != nil {
				yield(*new(T), err)
				return
			}
			for _, item := range items {
				if !yield(item, nil) {
					return
				}
			}
			if next := resp.NextPage; next == 0 || next == page+1 && next <= maxPages {
				page = next
				continue
			}
			yield(*new(T), errEndless)
			return
		}
	}
}

// gists lists those of a user, or of the members of an organisation: the secret ones
// too where the user is the token's own.
func (g listing) gists(ctx context.Context, owner *github.User, own bool) iter.Seq2[Repository, error] {
	if owner.GetType() != "Organization" {
		return g.gistsOf(ctx, g.owner, own)
	}
	return func(yield func(Repository, error) bool) {
		members := paged(func(l github.ListOptions) ([]*github.User, *github.Response, error) {
			return g.api.Organizations.ListMembers(ctx, g.owner, &github.ListMembersOptions{ListOptions: l})
		})
		for member, err := range members {
			if err != nil {
				yield(Repository{}, err)
				return
			}
			for r, err := range g.gistsOf(ctx, member.GetLogin(), false) {
				if err != nil {
					err = apart(g.host+"/gist/"+member.GetLogin(), err)
				}
				if !yield(r, err) {
					return
				}
			}
		}
	}
}

func (g listing) gistsOf(ctx context.Context, user string, own bool) iter.Seq2[Repository, error] {
	if why := badSegment(user); why != "" {
		return func(yield func(Repository, error) bool) {
			yield(Repository{}, &Refused{printable(user, maxName), "its name " + why})
		}
	}
	if own {
		user = "" // the list of one's own has the secret ones
	}
	list := paged(func(l github.ListOptions) ([]*github.Gist, *github.Response, error) {
		return g.api.Gists.List(ctx, user, &github.GistListOptions{ListOptions: l})
	})
	return func(yield func(Repository, error) bool) {
		for gist, err := range list {
			if !yield(fromGist(gist), err) {
				return
			}
		}
	}
}

func fromGist(g *github.Gist) Repository {
	if g == nil {
		return Repository{}
	}
	return Repository{
		ID: "gist-" + g.GetID(), Name: "gist/" + g.GetOwner().GetLogin() + "/" + g.GetID(), URL: g.GetGitPullURL(), Web: g.GetHTMLURL(), Kind: KindSnippet,
		Visibility: map[bool]string{true: "public", false: "private"}[g.GetPublic()], Pushed: g.GetUpdatedAt().Time,
	}
}
