package forge

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strings"
)

// azure speaks with Azure DevOps by hand: it is one endpoint, and the client has had no
// release since 2024.
type azure struct {
	*account
	path string // "ORG", "ORG/PROJECT", "COLLECTION" …
	wire *wire
}

// azureList is what of a listing is used:
// https://learn.microsoft.com/rest/api/azure/devops/git/repositories/list
type azureList[T any] struct{ Value []T }

type azureRepository struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Web      string `json:"webUrl"`
	Branch   string `json:"defaultBranch"`
	Size     int64  `json:"size"`
	Fork     bool   `json:"isFork"`
	Disabled bool   `json:"isDisabled"`
	Project  struct {
		ID         string  `json:"id"`
		Name       string  `json:"name"`
		Visibility string  `json:"visibility"`
		Updated    lenient `json:"lastUpdateTime"`
	} `json:"project"`
}

// azureWiki is one of https://learn.microsoft.com/rest/api/azure/devops/wiki/wikis/list
type azureWiki struct {
	Name       string `json:"name"`
	Type       string `json:"type"` // "projectWiki" has a repository of its own, "codeWiki" shows a listed one
	Project    string `json:"projectId"`
	Repository string `json:"repositoryId"`
}

func openAzure(s Source, o Options) (Forge, error) {
	a, err := newAccount(s, o)
	if err != nil {
		return nil, err
	}
	w, err := newWire(a.server, o, a.azureToken)
	if err != nil {
		return nil, fmt.Errorf("opening %q: %w", s, err)
	}
	w.forget = a.forget
	return &azure{a, s.Path, w}, nil
}

// azureToken shows the account's token to its API, as Basic without a user.
func (a *account) azureToken(ctx context.Context, req *http.Request) (string, error) {
	req.Header.Set("X-TFS-FedAuthRedirect", "Suppress") // 401 rather than the page to sign in on
	c, err := a.credential(ctx)
	if err != nil || c.token.isZero() {
		return "", err
	}
	req.Header.Set("Authorization", basic(c.user, c.token))
	return c.from, nil
}

func (z *azure) Repositories(ctx context.Context) iter.Seq2[Repository, error] {
	return z.vetted(ctx, func(yield func(Repository, error) bool) {
		if c, err := z.credential(ctx); err == nil && c.token.isZero() {
			z.o.Warn(fmt.Sprintf("no token for %s: of %s only what is public is listed", z.host, z.path))
		}
		projects := map[string]azureRepository{}
		on := azurePages(ctx, z, "git/repositories", yield, func(r azureRepository) bool {
			projects[r.Project.ID] = r
			return yield(z.repository(r), nil)
		})
		if !on || !z.o.Wikis {
			return
		}
		azurePages(ctx, z, "wiki/wikis", yield, func(w azureWiki) bool {
			return w.Type != "projectWiki" || yield(z.wikiOf(w, projects[w.Project]), nil)
		})
	})
}

// azurePages hands each entry of a listing to take, and reports whether to go on.
func azurePages[T any](ctx context.Context, z *azure, what string, yield func(Repository, error) bool, take func(T) bool) bool {
	address := z.server + "/" + escaped(z.path) + "/_apis/" + what + "?api-version=6.0"
	on := true
	err := walk(ctx, z.wire, address, func(page azureList[T], h http.Header) (string, bool) {
		for _, v := range page.Value {
			if on = on && take(v); !on {
				break
			}
		}
		if more := h.Get("X-Ms-Continuationtoken"); more != "" {
			return address + "&continuationToken=" + url.QueryEscape(more), on
		}
		return "", on
	})
	if status(err) == http.StatusNotFound {
		err = fmt.Errorf("no organisation or project %q there, or the token may not know of it: %w", z.path, err)
	}
	return on && (err == nil || yield(Repository{}, err))
}

// organisation is the path without its project: the listing of a project is a part of that.
func (z *azure) organisation() string {
	parts := strings.Split(z.path, "/")
	if z.server == azureServer || len(parts) == 1 {
		return parts[0]
	}
	if parts[0] == "tfs" && len(parts) > 1 { // Azure DevOps Server's usual folder
		return strings.Join(parts[:2], "/")
	}
	return parts[0]
}

// repository builds the URL by itself: the one that is given may have an organisation's
// older host.
func (z *azure) repository(r azureRepository) Repository {
	path := z.organisation() + "/" + r.Project.Name + "/_git/" + r.Name
	return Repository{
		ID: r.ID, Name: z.organisation() + "/" + r.Project.Name + "/" + r.Name, URL: z.server + "/" + escaped(path), Web: r.Web, Kind: KindRepository,
		Visibility: r.Project.Visibility, Archived: r.Disabled, Fork: r.Fork, Empty: r.Branch == "" && r.Size == 0, Size: r.Size,
	}
}

// wikiOf is the hidden repository of a project's wiki. r is any of that project.
func (z *azure) wikiOf(w azureWiki, r azureRepository) Repository {
	project := first(r.Project.Name, w.Project)
	path := z.organisation() + "/" + project + "/_git/" + w.Name
	return Repository{
		ID: w.Repository, Name: z.organisation() + "/" + project + "/" + w.Name, URL: z.server + "/" + escaped(path), Kind: KindWiki,
		Visibility: r.Project.Visibility,
	}
}
