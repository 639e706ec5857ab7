package forge

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
	"github.com/google/go-github/v88/github"
)

// appReserve is what is left of an installation's token, which lives an hour, when the
// next is minted: a large fetch that begins now is not to outlive it.
const appReserve = 15 * time.Minute

// app mints tokens as an installation of a GitHub App.
type app struct {
	mint func() (*ghinstallation.Transport, error)
	now  func() time.Time

	mu   sync.Mutex
	last *ghinstallation.Transport
}

// newApp returns the app that the variables name, nil if they name none for this host.
func newApp(a *account, api string) (*app, error) {
	id, file := a.o.Getenv("GITHUB_APP_ID"), a.o.Getenv("GITHUB_APP_PRIVATE_KEY_FILE")
	if id == "" || hostIn(homes(GitHub, a.o.Getenv)[0].server) != a.host {
		return nil, nil
	}
	appID, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return nil, errors.New("GITHUB_APP_ID is no number")
	}
	installation, err := strconv.ParseInt(a.o.Getenv("GITHUB_APP_INSTALLATION_ID"), 10, 64)
	if err != nil {
		return nil, errors.New("GITHUB_APP_ID is set, but GITHUB_APP_INSTALLATION_ID is no number")
	}
	key, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading the file that GITHUB_APP_PRIVATE_KEY_FILE names: %w", err)
	}
	w, err := newWire(api, a.o, nil)
	if err != nil {
		return nil, err
	}
	mint := func() (*ghinstallation.Transport, error) {
		t, err := ghinstallation.New(w, appID, installation, key)
		if err != nil {
			return nil, fmt.Errorf("the file that GITHUB_APP_PRIVATE_KEY_FILE names holds no RSA key in PEM")
		}
		t.BaseURL = strings.TrimSuffix(api, "/")
		if !a.o.Snippets { // listing members needs more
			t.InstallationTokenOptions = &github.InstallationTokenOptions{Permissions: &github.InstallationPermissions{Contents: github.Ptr("read"), Metadata: github.Ptr("read")}}
		}
		return t, nil
	}
	_, err = mint()
	return &app{mint: mint, now: a.o.now}, err
}

// credential returns a token that lives a while yet.
func (p *app) credential(ctx context.Context) (credential, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.last != nil {
		if end, _, err := p.last.Expiry(); err != nil || end.Sub(p.now()) < appReserve {
			p.last = nil
		}
	}
	if p.last == nil {
		fresh, err := p.mint()
		if err != nil {
			return credential{}, err
		}
		if _, err := fresh.Token(ctx); err != nil {
			return credential{}, fmt.Errorf("minting a token as the GitHub App: %w", err)
		}
		p.last = fresh
	}
	value, err := p.last.Token(ctx)
	if err != nil {
		return credential{}, fmt.Errorf("minting a token as the GitHub App: %w", err)
	}
	return credential{user: gitUser[GitHub], token: newToken(value), from: "the GitHub App"}, nil
}

// forget drops a token that was refused, such as one that was revoked.
func (p *app) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last = nil
}
