package forge

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"
)

// helperMemory is how long a credential of a helper is used before it is asked again:
// a token that it renews may live for an hour, and one fetch is asked for in a moment.
const helperMemory = 5 * time.Minute

// credential is what a forge is shown. The zero credential is none.
type credential struct {
	user  string
	token token
	from  string    // where it comes from, for messages
	until time.Time // its end; zero is unknown
}

// account is who asks, at one server. It is safe for concurrent use.
type account struct {
	kind   string
	server string // "https://host[:port][/prefix]"
	host   string
	o      Options
	app    *app // GitHub's only; nil is none

	mu    sync.Mutex
	known credential
	asked time.Time // when known was
}

// newAccount returns the account of a source at its server, or at the kind's usual one.
func newAccount(s Source, o Options) (*account, error) {
	server := s.Server
	if server == "" {
		hs := homes(s.Kind, o.Getenv)
		if len(hs) == 0 {
			return nil, fmt.Errorf("opening %q: no host; write %s:https://HOST/%s, or set %s", s, s.Kind, s.Path, hostVariable[s.Kind])
		}
		server = hs[0].server
	}
	u, err := url.Parse(server)
	if err != nil || badHost(u.Host) {
		return nil, fmt.Errorf("opening %q: its host is none", s)
	}
	if u.Scheme != "https" && !o.Insecure && !loopback(u.Hostname()) {
		return nil, fmt.Errorf("opening %q: plain HTTP would show the token to anyone on the way; use https", s)
	}
	return &account{kind: s.Kind, server: strings.TrimSuffix(server, "/"), host: plainHost(u), o: o}, nil
}

// credential returns what this host may be shown: of a variable that belongs to it, else of
// git's credential helpers. None is no error, unless a token is there that was meant for it.
func (a *account) credential(ctx context.Context) (credential, error) {
	if a.app != nil {
		return a.app.credential(ctx)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if c := a.fromVariables(); !c.token.isZero() {
		return c, nil
	}
	now := a.o.now()
	if !a.asked.IsZero() && now.Sub(a.asked) < helperMemory && (a.known.until.IsZero() || now.Before(a.known.until)) {
		return a.known, nil
	}
	c, err := fill(ctx, strings.SplitN(a.server, ":", 2)[0], a.host)
	if err != nil {
		return credential{}, err
	}
	if name := a.stray(); c.token.isZero() && name != "" {
		return credential{}, fmt.Errorf("no token for %s: %s is set, but belongs to another host; %s", a.host, name, a.wayOut())
	}
	a.known, a.asked = c, now
	return c, nil
}

// fromVariables returns the first token that belongs to this host.
func (a *account) fromVariables() credential {
	for _, h := range homes(a.kind, a.o.Getenv) {
		if hostIn(h.server) != a.host {
			continue
		}
		for _, name := range h.tokens {
			if value := a.o.Getenv(name); value != "" {
				user := h.user
				if variable, ok := strings.CutPrefix(user, "$"); ok {
					user = a.o.Getenv(variable)
				}
				return credential{user: user, token: newToken(strings.TrimSpace(value)), from: name}
			}
		}
	}
	return credential{}
}

// wayOut tells how a token is meant for this host.
func (a *account) wayOut() string {
	if a.kind == GitHub && !strings.HasSuffix(a.host, ".ghe.com") {
		return "set GH_HOST=" + a.host + " and GH_ENTERPRISE_TOKEN"
	}
	return "if it is meant for this one, set " + hostVariable[a.kind] + "=" + a.server
}

// stray is a token variable of this kind that is set for another host than this, where
// nothing says which. To list without it, as anybody may, would look complete.
func (a *account) stray() string {
	for _, told := range []string{hostVariable[a.kind], jobVariable[a.kind]} {
		if told == "" || a.o.Getenv(told) != "" {
			return ""
		}
	}
	for _, name := range tokenVariables(a.kind, a.o.Getenv) {
		if a.o.Getenv(name) != "" {
			return name
		}
	}
	return ""
}

// forget drops a credential that the forge refused, and reports whether another may be had.
func (a *account) forget() bool {
	if a.app != nil {
		a.app.forget()
		return true
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	again := !a.asked.IsZero() && !a.known.token.isZero()
	a.known, a.asked = credential{}, time.Time{}
	return again
}

// gitUser are the names that forges want beside a token, where a credential has none of its own.
var gitUser = map[string]string{GitHub: "x-access-token", GitLab: "oauth2", Gitea: "oauth2", Bitbucket: "x-token-auth"}

// Authorization returns the header for fetching r from this account's host.
func (a *account) Authorization(ctx context.Context, r Repository) (string, error) {
	if err := a.keeps(r); err != nil {
		return "", err
	}
	c, err := a.credential(ctx)
	if err != nil || c.token.isZero() {
		return "", err
	}
	user := c.user
	switch {
	case c.from == "BITBUCKET_API_TOKEN":
		user = "x-bitbucket-api-token-auth" // the e-mail address is for the API alone
	case user == "":
		user = gitUser[a.kind]
	}
	return basic(user, c.token), nil
}

// keeps returns an error unless r is fetched from this account's host, in the same safety.
func (a *account) keeps(r Repository) error {
	u, err := url.Parse(r.URL)
	if err != nil || checkClone(u, a.o.Insecure) != "" || u.Scheme == "ssh" || !a.ours(u) {
		return fmt.Errorf("authorizing %q: it is not kept at %s", r.Name, a.host)
	}
	return nil
}

// ours reports whether u is at this account's server, or where GitHub keeps its gists.
func (a *account) ours(u *url.URL) bool {
	host := plainHost(u)
	if a.kind == GitHub {
		host = strings.TrimPrefix(host, "gist.")
	}
	return host == a.host && u.Scheme == strings.SplitN(a.server, ":", 2)[0]
}
