package forge

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// get asks for a URL of the API and decodes the answer into v. A URL that is not the
// API's is refused by w.
func get(ctx context.Context, w *wire, address string, v any) (http.Header, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fmt.Errorf("the address of the next page cannot be read") // url's own error repeats it
	}
	resp, err := w.client().Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(v); err != nil {
		return nil, fmt.Errorf("reading the answer of %s: %w", w.base.Host, err)
	}
	return resp.Header, nil
}

// walk gets page after page, and hands each to take, which returns the address of the
// next, "" for none, and whether to go on. It ends a walk in circles.
func walk[T any](ctx context.Context, w *wire, address string, take func(T, http.Header) (next string, on bool)) error {
	seen := map[string]bool{}
	for address != "" {
		if seen[address] || len(seen) > maxPages {
			return errEndless
		}
		seen[address] = true
		var page T
		header, err := get(ctx, w, address, &page)
		if err != nil {
			return err
		}
		next, on := take(page, header)
		if !on {
			return nil
		}
		if next != "" {
			if next, err = resolve(address, next); err != nil {
				return err
			}
		}
		address = next
	}
	return nil
}

func resolve(address, next string) (string, error) {
	base, err := url.Parse(address)
	if err == nil {
		base, err = base.Parse(next)
	}
	if err != nil {
		return "", fmt.Errorf("the address of the next page cannot be read")
	}
	return base.String(), nil
}

var linkNext = regexp.MustCompile(`<([^<>]*)>[^<>,]*;\s*rel="?next"?(?:[\s;,]|$)`)

// nextLink returns the page after this one, as the Link header of RFC 8288 tells it.
func nextLink(h http.Header) string {
	if m := linkNext.FindStringSubmatch(strings.Join(h.Values("Link"), ", ")); m != nil {
		return m[1]
	}
	return ""
}

// escaped is a path for a URL, part by part.
func escaped(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		parts[i] = url.PathEscape(part)
	}
	return strings.Join(parts, "/")
}

// lenient is a time that is zero where it cannot be read: a date decides nothing.
type lenient struct{ time.Time }

func (l *lenient) UnmarshalJSON(text []byte) error {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05.999999"} {
		if t, err := time.Parse(`"`+layout+`"`, string(text)); err == nil {
			l.Time = t
			break
		}
	}
	return nil
}
