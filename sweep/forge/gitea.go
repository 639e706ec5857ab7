package forge

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"strconv"

	"code.gitea.io/sdk/gitea"
)

// giteaPage is what Gitea gives at most, unless its MAX_RESPONSE_ITEMS says otherwise.
const giteaPage = 50

type giteaForge struct {
	*account
	owner string
	wire  *wire
}

func openGitea(s Source, o Options) (Forge, error) {
	a, err := newAccount(s, o)
	if err != nil {
		return nil, err
	}
	w, err := newWire(a.server, o, a.giteaToken)
	if err != nil {
		return nil, fmt.Errorf("opening %q: %w", s, err)
	}
	w.forget = a.forget
	return &giteaForge{a, s.Path, w}, nil
}

// giteaToken shows the account's token to its API. What a helper keeps may be a password.
func (a *account) giteaToken(ctx context.Context, req *http.Request) (string, error) {
	c, err := a.credential(ctx)
	if err != nil || c.token.isZero() {
		return "", err
	}
	req.Header.Set("Authorization", basic(first(c.user, gitUser[Gitea]), c.token))
	return c.from, nil
}

func (g *giteaForge) Repositories(ctx context.Context) iter.Seq2[Repository, error] {
	return g.vetted(ctx, func(yield func(Repository, error) bool) {
		// With a version given, the client does not ask for it.
		api, err := gitea.NewClient(g.server, gitea.SetHTTPClient(g.wire.client()), gitea.SetContext(ctx), gitea.SetGiteaVersion(""))
		if err != nil {
			yield(Repository{}, err)
			return
		}
		if c, err := g.credential(ctx); err == nil && c.token.isZero() {
			g.o.Warn(fmt.Sprintf("no token for %s: of %s only what is public is listed", g.host, g.owner))
		}
		_, _, err = api.GetOrg(g.owner)
		list := func(l gitea.ListOptions) ([]*gitea.Repository, *gitea.Response, error) {
			return api.ListOrgRepos(g.owner, gitea.ListOrgReposOptions{ListOptions: l})
		}
		if status(err) == http.StatusNotFound {
			_, _, err = api.GetUserInfo(g.owner)
			list = func(l gitea.ListOptions) ([]*gitea.Repository, *gitea.Response, error) {
				return api.ListUserRepos(g.owner, gitea.ListReposOptions{ListOptions: l})
			}
		}
		if status(err) == http.StatusNotFound {
			err = fmt.Errorf("no organisation or user %q there, or the token may not know of it: %w", g.owner, err)
		}
		if err != nil {
			yield(Repository{}, err)
			return
		}
		g.pages(list)(yield)
	})
}

func (g *giteaForge) pages(list func(gitea.ListOptions) ([]*gitea.Repository, *gitea.Response, error)) iter.Seq2[Repository, error] {
	return func(yield func(Repository, error) bool) {
		for page := 1; page != 0; {
			repos, resp, err := list(gitea.ListOptions{Page: page, PageSize: giteaPage})
			if err != nil {
				yield(Repository{}, err)
				return
			}
			for _, r := range repos {
				if r != nil && !g.each(r, yield) {
					return
				}
			}
			if next := resp.NextPage; next == 0 || next == page+1 && next <= maxPages {
				page = next
				continue
			}
			yield(Repository{}, errEndless)
			return
		}
	}
}

func (g *giteaForge) each(r *gitea.Repository, yield func(Repository, error) bool) bool {
	visibility := map[bool]string{true: "private", false: "public"}[r.Private]
	if r.Internal {
		visibility = "internal"
	}
	repo := Repository{
		ID: strconv.FormatInt(r.ID, 10), Name: r.FullName, URL: r.CloneURL, Web: r.HTMLURL, Kind: KindRepository,
		Visibility: visibility, Archived: r.Archived, Fork: r.Fork, Empty: r.Empty, Topics: r.Topics, Size: int64(r.Size) << 10, Pushed: r.Updated,
	}
	if !yield(repo, nil) {
		return false
	}
	if !g.o.Wikis || !r.HasWiki || r.ExternalWiki != nil {
		return true
	}
	return yield(repo.wiki(".wiki"), nil)
}
