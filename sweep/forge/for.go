package forge

import "fmt"

// For returns the forge that r came from, to authorize fetching it: what a worker needs
// that was sent r. It takes nothing but the kind and the host from r, so that no r can
// send a token elsewhere than to the host it belongs to.
func For(r Repository, o Options) (Forge, error) {
	switch r.Forge {
	case ListOf:
		return openList(Source{Kind: ListOf, Path: "-"}, o.filled())
	}
	return nil, fmt.Errorf("opening the forge of %q: no such forge %q", r.Name, r.Forge)
}
