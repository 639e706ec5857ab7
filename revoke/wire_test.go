package revoke

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/revokey-dev/revokey/revoke/localaws"
)

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// through puts f in the place of the door's network.
func (d *door) through(f roundTripper) {
	client := *d.options.HTTPClient.(*http.Client)
	client.Transport = bareTransport{f}
	d.options.HTTPClient = &client
}

// onWire looks at each request as it leaves through the door.
func (d *door) onWire(look func(*http.Request)) {
	network := d.options.HTTPClient.(*http.Client).Transport.(bareTransport).next
	d.through(func(r *http.Request) (*http.Response, error) {
		look(r)
		return network.RoundTrip(r)
	})
}

func plain(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
}

// mustNotHold fails the test if v, printed or marshaled in any way, shows what is
// secret of k.
func mustNotHold(t *testing.T, k localaws.Key, v any) {
	t.Helper()
	var texts []string
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%p"} {
		texts = append(texts, fmt.Sprintf(verb, v))
	}
	if b, err := json.Marshal(v); err == nil {
		texts = append(texts, string(b))
	}
	for _, text := range texts {
		if strings.Contains(text, k.Secret) && k.Secret != "" || k.SessionToken != "" && strings.Contains(text, k.SessionToken) {
			t.Errorf("%T shows a secret", v)
		}
	}
}
