package forge

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// For returns the forge that r came from, to authorize fetching it: what a worker needs
// that was sent r. It takes nothing but the kind and the server from r, so that no r can
// send a token elsewhere than to the host it belongs to. Keep it for the next repository
// of that kind and host: it remembers what was minted.
func For(r Repository, o Options) (Forge, error) {
	u, err := url.Parse(r.URL)
	if err != nil {
		return nil, fmt.Errorf("opening the forge of %q: its URL cannot be read", r.Name)
	}
	s := Source{Kind: r.Forge, Server: u.Scheme + "://" + plainHost(u), Path: "any"}
	switch r.Forge {
	case ListOf:
		s = Source{Kind: ListOf, Path: "-"}
	case GitHub:
		s.Server = strings.Replace(s.Server, "://gist.", "://", 1)
	case CodeCommit:
		m := codecommitHost.FindStringSubmatch(u.Hostname())
		if m == nil {
			return nil, fmt.Errorf("opening the forge of %q: %q is no host of CodeCommit's", r.Name, u.Host)
		}
		s.Path = m[1]
	}
	return Open(s, o)
}

// codecommitHost are the hosts that git clones from, with the region:
// https://docs.aws.amazon.com/codecommit/latest/userguide/regions.html
var codecommitHost = regexp.MustCompile(`^(?:vpce-[a-z0-9-]+\.)?git-codecommit(?:-fips)?\.([a-z0-9-]+)\.(?:vpce\.)?amazonaws\.com(?:\.cn)?$`)

// kindOf tells which forge is at a host, as far as the host or the variables tell; "" is
// none that is known.
func kindOf(u *url.URL, getenv func(string) string) string {
	host := strings.TrimPrefix(plainHost(u), "gist.")
	if codecommitHost.MatchString(u.Hostname()) {
		return CodeCommit
	}
	for _, kind := range []string{GitHub, GitLab, Gitea, Bitbucket, Azure} {
		for _, h := range homes(kind, getenv) {
			if hostIn(h.server) == host {
				return kind
			}
		}
	}
	return map[string]string{"github.com": GitHub, "gitlab.com": GitLab, "dev.azure.com": Azure}[host]
}
