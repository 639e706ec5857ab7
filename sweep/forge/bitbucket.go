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

const bitbucketAPI = "https://api.bitbucket.org"

// bitbucket speaks with Bitbucket Cloud by hand: it is one endpoint, and no client of
// Atlassian's own.
type bitbucket struct {
	*account
	workspace string
	api       string
	wire      *wire
}

// bitbucketPage is what of a listing is used:
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-repositories/#api-repositories-workspace-get
type bitbucketPage struct {
	Next   string
	Values []bitbucketRepository
}

type bitbucketRepository struct {
	UUID     string          `json:"uuid"`
	FullName string          `json:"full_name"`
	Private  bool            `json:"is_private"`
	Parent   json.RawMessage `json:"parent"`
	Main     json.RawMessage `json:"mainbranch"`
	Wiki     bool            `json:"has_wiki"`
	Size     int64           `json:"size"`
	Updated  lenient         `json:"updated_on"`
	ID       string          `json:"id"` // a snippet's
	Links    struct {
		HTML  struct{ Href string }
		Clone []struct{ Name, Href string }
	}
}

func openBitbucket(s Source, o Options) (Forge, error) {
	a, err := newAccount(s, o)
	if err != nil {
		return nil, err
	}
	api := bitbucketAPI
	if a.server != bitbucketServer {
		api = a.server
	}
	w, err := newWire(api, o, a.bitbucketToken)
	if err != nil {
		return nil, fmt.Errorf("opening %q: %w", s, err)
	}
	w.forget = a.forget
	return &bitbucket{a, s.Path, api + "/2.0/", w}, nil
}

// bitbucketToken shows the account's token to its API: a workspace's as a bearer's, a
// user's beside the e-mail address, what a helper keeps as git would.
func (a *account) bitbucketToken(ctx context.Context, req *http.Request) (string, error) {
	c, err := a.credential(ctx)
	if err != nil || c.token.isZero() {
		return "", err
	}
	switch {
	case c.from == "BITBUCKET_API_TOKEN" && c.user == "":
		return "", fmt.Errorf("BITBUCKET_API_TOKEN is set, but BITBUCKET_EMAIL is not: Bitbucket wants both")
	case c.user == "x-token-auth" || c.user == "":
		return a.bearer(ctx, req)
	}
	req.Header.Set("Authorization", basic(c.user, c.token))
	return c.from, nil
}

func (b *bitbucket) Repositories(ctx context.Context) iter.Seq2[Repository, error] {
	return b.vetted(ctx, func(yield func(Repository, error) bool) {
		if c, err := b.credential(ctx); err == nil && c.token.isZero() {
			b.o.Warn(fmt.Sprintf("no token for %s: of %s only what is public is listed", b.host, b.workspace))
		}
		on := b.pages(ctx, "repositories/"+url.PathEscape(b.workspace)+"?sort=created_on&", b.each, yield)
		if on && b.o.Snippets {
			b.pages(ctx, "snippets/"+url.PathEscape(b.workspace)+"?", b.snippet, yield)
		}
	})
}

// pages yields what each makes of the entries of a listing, and reports whether to go on.
func (b *bitbucket) pages(ctx context.Context, path string, each func(bitbucketRepository, func(Repository, error) bool) bool, yield func(Repository, error) bool) bool {
	on := true
	err := walk(ctx, b.wire, b.api+path+"pagelen="+strconv.Itoa(pageSize), func(p bitbucketPage, _ http.Header) (string, bool) {
		for _, r := range p.Values {
			if on = on && each(r, yield); !on {
				break
			}
		}
		return p.Next, on
	})
	if status(err) == http.StatusNotFound {
		err = fmt.Errorf("no workspace %q there, or the token may not know of it: %w", b.workspace, err)
	}
	return on && (err == nil || yield(Repository{}, err))
}

func (b *bitbucket) each(r bitbucketRepository, yield func(Repository, error) bool) bool {
	repo := Repository{
		ID: r.UUID, Name: r.FullName, URL: r.clone(), Web: r.Links.HTML.Href, Kind: KindRepository, Visibility: r.visibility(),
		Fork: given(r.Parent), Empty: !given(r.Main), Size: r.Size, Pushed: r.Updated.Time,
	}
	if !yield(repo, nil) {
		return false
	}
	if !b.o.Wikis || !r.Wiki {
		return true
	}
	wiki := repo.wiki("/wiki")
	wiki.URL = strings.TrimSuffix(repo.URL, "/") + "/wiki" // https://support.atlassian.com/bitbucket-cloud/docs/clone-a-wiki/
	return yield(wiki, nil)
}

func (b *bitbucket) snippet(r bitbucketRepository, yield func(Repository, error) bool) bool {
	return yield(Repository{
		ID: "snippet-" + r.ID, Name: b.workspace + "/snippets/" + r.ID, URL: r.clone(), Web: r.Links.HTML.Href, Kind: KindSnippet,
		Visibility: r.visibility(), Pushed: r.Updated.Time,
	}, nil)
}

// clone is the HTTPS URL of the two that Bitbucket gives.
func (r bitbucketRepository) clone() string {
	for _, link := range r.Links.Clone {
		if link.Name == "https" {
			return link.Href
		}
	}
	return ""
}

func (r bitbucketRepository) visibility() string {
	return map[bool]string{true: "private", false: "public"}[r.Private]
}

// given reports whether JSON holds a value that is not null.
func given(value json.RawMessage) bool { return len(value) > 0 && string(value) != "null" }
