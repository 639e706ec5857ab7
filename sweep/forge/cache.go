package forge

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
)

// cache is a folder that holds answers with their ETags, one a file. The zero cache
// holds none. It never fails: what it cannot read or write it has not. It may be deleted at
// any time, and used by several processes.
type cache struct{ dir string }

// page is an answer that was kept, with what matters of its headers. The request's
// headers are not: they hold the token.
type page struct {
	URL    string
	ETag   string
	Header http.Header
	Body   []byte
}

// pageHeaders are those by which listings go on.
var pageHeaders = []string{"Link", "Content-Type", "X-Total-Count", "X-Ms-Continuationtoken"}

// get returns what is kept of the answer to req, nil for nothing.
func (c cache) get(req *http.Request) *page {
	if c.dir == "" || req.Method != http.MethodGet {
		return nil
	}
	f, err := os.Open(c.path(req))
	if err != nil {
		return nil
	}
	defer f.Close()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		return nil
	}
	var p page
	text, err := io.ReadAll(io.LimitReader(unzipped, 2*maxAnswer)) // its end checks the sum; the body is base64 here
	if err != nil || json.Unmarshal(text, &p) != nil || p.URL != req.URL.String() || p.ETag == "" || !json.Valid(p.Body) {
		return nil
	}
	return &p
}

// put keeps an answer, if it says by which ETag to ask for it again.
func (c cache) put(req *http.Request, a *answer) {
	etag := a.Header.Get("ETag")
	if c.dir == "" || req.Method != http.MethodGet || a.StatusCode != http.StatusOK || etag == "" {
		return
	}
	p := page{URL: req.URL.String(), ETag: etag, Header: http.Header{}, Body: a.body}
	for _, name := range pageHeaders {
		if values := a.Header.Values(name); len(values) > 0 {
			p.Header[http.CanonicalHeaderKey(name)] = values
		}
	}
	// What cannot be kept is asked for again: no error of the listing.
	_ = c.write(c.path(req), p)
}

func (c cache) write(path string, p page) error {
	if err := os.MkdirAll(c.dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(c.dir, "new-*") // with 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // not there any more if all went well
	zipped := gzip.NewWriter(f)
	err = json.NewEncoder(zipped).Encode(p)
	for _, close := range []func() error{zipped.Close, f.Close} {
		if e := close(); err == nil {
			err = e
		}
	}
	if err != nil {
		return fmt.Errorf("keeping an answer: %w", err)
	}
	return os.Rename(f.Name(), path)
}

func (c cache) path(req *http.Request) string {
	sum := sha256.Sum256([]byte(req.URL.String()))
	return filepath.Join(c.dir, hex.EncodeToString(sum[:16])+".json.gz")
}

// restore makes of a 304 the answer that it stands for.
func (p *page) restore(a *answer) {
	a.StatusCode, a.Status, a.body = http.StatusOK, "200 OK", p.Body
	for name, values := range p.Header {
		if a.Header.Get(name) == "" {
			a.Header[name] = values
		}
	}
}
