package forge

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

const (
	// maxAnswer bounds one answer. A page of 100 repositories is below 1 MB.
	maxAnswer = 16 << 20
	// defaultPatience bounds one answer in time, from the question to its last byte.
	defaultPatience = 60 * time.Second
	// maxFailures is how often one question is asked that fails: about a minute.
	maxFailures = 6
	// maxPauses is how often one question may be put off by limits.
	maxPauses = 8
)

// wire is the way to a forge's API: an [http.RoundTripper] for whatever client. What comes
// back is whole, valid, and of that API alone; what the forge refuses is an error.
//
//   - A request to another host, by a redirect or by a page's link, is not sent.
//   - Limits are waited for, as the forge states them; what fails in passing is repeated.
//   - What has not changed since it was kept is taken from the cache.
type wire struct {
	base      *url.URL
	o         Options
	authorize authorize   // nil is nobody
	forget    func() bool // drops a credential that was refused, and reports whether another may be had; nil is no
	cache     cache

	mu   sync.Mutex
	hold time.Time // until when the forge asked to wait
	why  string
}

// authorize sets the header of a request, and tells where the token comes from, "" for none.
type authorize func(context.Context, *http.Request) (from string, err error)

func newWire(api string, o Options, who authorize) (*wire, error) {
	base, err := url.Parse(api)
	if err != nil {
		return nil, fmt.Errorf("reading the address of the API: %w", err)
	}
	return &wire{base: base, o: o, authorize: who, cache: cache{o.Cache}}, nil
}

func (w *wire) client() *http.Client { return &http.Client{Transport: w} }

// errFinal marks a failure that asking again does not mend.
var errFinal = errors.New("asking again would not help")

// RoundTrip asks until there is an answer, or no hope of one.
func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme != w.base.Scheme || plainHost(req.URL) != plainHost(w.base) || req.URL.User != nil {
		return nil, fmt.Errorf("%s sends us on to %q, which is another host: not asked", w.base.Host, printable(req.URL.Host, 100))
	}
	ctx := req.Context()
	for failures, pauses, renewed := 0, 0, false; ; {
		if err := w.held(ctx); err != nil {
			return nil, err
		}
		a, err := w.ask(req)
		switch {
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case errors.Is(err, errFinal):
			return nil, err
		case err == nil:
			off := w.putOff(a, pauses)
			if a.StatusCode < 400 {
				return a.Response, nil
			}
			err = a.refusal(w.base.Host)
			if off {
				if pauses++; pauses > maxPauses {
					return nil, fmt.Errorf("%s puts us off again and again: %w", w.base.Host, err)
				}
				continue
			}
			if a.StatusCode == http.StatusUnauthorized && w.forget != nil && !renewed && w.forget() {
				renewed = true
				continue
			}
			if a.StatusCode < 500 {
				return nil, err
			}
		}
		if failures++; failures >= maxFailures {
			return nil, fmt.Errorf("%s, asked %d times: %w", w.base.Host, failures, err)
		}
		if err := w.pause(ctx, time.Second<<failures, err.Error()); err != nil {
			return nil, err
		}
	}
}

// held waits for what the forge asked for, after whichever request.
func (w *wire) held(ctx context.Context) error {
	w.mu.Lock()
	hold, why := w.hold, w.why
	w.mu.Unlock()
	left := hold.Sub(w.o.now())
	switch {
	case left <= 0:
		return ctx.Err()
	case left > maxPause:
		return fmt.Errorf("%s, until %s: too long to wait", why, hold.UTC().Format(time.RFC3339))
	}
	return w.pause(ctx, left, why)
}

// pause waits, a little longer than d, and tells of it.
func (w *wire) pause(ctx context.Context, d time.Duration, why string) error {
	d += rand.N(min(d/5, 10*time.Second) + 1) // workers that were stopped together do not come back together
	w.o.Waiting(w.o.now().Add(d), why)
	return w.o.sleep(ctx, d)
}

// putOff keeps all requests back for as long as an answer asks, and reports whether it
// does. That is a second at least: what is past by a clock that goes wrong, or 0, would be
// asked again at once.
func (w *wire) putOff(a *answer, pauses int) bool {
	now := w.o.now()
	until, why := limited(a.Response, a.body, now, pauses)
	if why == "" {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if soonest := now.Add(time.Second); until.Before(soonest) {
		until = soonest
	}
	w.hold, w.why = until, w.base.Host+": "+why
	return true
}

// answer is a response that was read to its end.
type answer struct {
	*http.Response
	body []byte
	from string // where the token came from
}

// ask sends req once and reads the whole answer: a body that is cut off, too slow, too long
// or no JSON where it has to be is an error here, not in the middle of some decoder.
func (w *wire) ask(req *http.Request) (*answer, error) {
	out := req.Clone(req.Context())
	if req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			return nil, fmt.Errorf("asking %s: %w", w.base.Host, err)
		}
		out.Body = body
	}
	out.Header.Set("User-Agent", "revokey")
	a := &answer{}
	if w.authorize != nil {
		var err error
		if a.from, err = w.authorize(req.Context(), out); err != nil {
			return nil, final{err}
		}
	}
	return a, w.send(out, a)
}

// final is an error that is its own text, and [errFinal].
type final struct{ error }

func (f final) Unwrap() []error { return []error{f.error, errFinal} }

// send fills a with the answer to out, or with what is kept where that is still good.
func (w *wire) send(out *http.Request, a *answer) error {
	ctx, cancel := context.WithTimeout(out.Context(), w.o.patience)
	defer cancel()
	kept := w.cache.get(out)
	if kept != nil {
		out.Header.Set("If-None-Match", kept.ETag)
	}
	resp, err := w.o.Network.RoundTrip(out.WithContext(ctx))
	if err != nil {
		return fmt.Errorf("asking %s: %w", w.base.Host, err)
	}
	defer resp.Body.Close()
	a.Response = resp
	if a.body, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1)); err != nil {
		return fmt.Errorf("reading the answer of %s: %w", w.base.Host, err)
	}
	if len(a.body) > maxAnswer {
		return final{fmt.Errorf("the answer of %s is longer than %d MiB", w.base.Host, maxAnswer>>20)}
	}
	if resp.StatusCode == http.StatusNotModified {
		if kept == nil {
			return fmt.Errorf("%s answers 304 to what nobody had", w.base.Host)
		}
		kept.restore(a)
	} else if err := a.check(w.base.Host); err != nil {
		return err
	} else {
		w.cache.put(out, a)
	}
	resp.Body = io.NopCloser(bytes.NewReader(a.body))
	resp.ContentLength = int64(len(a.body))
	return nil
}

// check returns an error for a good answer that is not what was asked for, such as the
// page to sign in on, or that of a proxy.
func (a *answer) check(host string) error {
	if a.StatusCode/100 != 2 || a.StatusCode == http.StatusNoContent || json.Valid(a.body) {
		return nil
	}
	return fmt.Errorf("the answer of %s is not JSON but %q", host, printable(a.Header.Get("Content-Type"), 60))
}

// StatusError is an answer that refuses, with what the forge says of it.
type StatusError struct {
	Host    string
	Status  int
	Message string // the forge's; printable, and short
	Token   string // where the token came from, "" for none
}

func (e *StatusError) Error() string {
	s := fmt.Sprintf("%s answers %d %s", e.Host, e.Status, http.StatusText(e.Status))
	if e.Message != "" {
		s += fmt.Sprintf(" (%q)", e.Message)
	}
	if e.Token == "" {
		return s + ", asked without a token"
	}
	return s + ", asked with the token of " + e.Token
}

// refusal makes an error of an answer.
func (a *answer) refusal(host string) error {
	e := &StatusError{Host: host, Status: a.StatusCode, Token: a.from}
	var said struct {
		Message string
		Error   json.RawMessage
	}
	if json.Unmarshal(a.body, &said) == nil {
		e.Message = printable(first(said.Message, strings.Trim(string(said.Error), `"`)), 200)
	}
	return e
}

// status tells the status that err is about, 0 for none.
func status(err error) int {
	var e *StatusError
	if errors.As(err, &e) {
		return e.Status
	}
	return 0
}

// apart makes of what is refused of one repository an error that leaves out that alone.
func apart(name string, err error) error {
	if s := status(err); s == http.StatusForbidden || s == http.StatusNotFound {
		return &Refused{printable(name, maxName), err.Error()}
	}
	return err
}

// printable is s without what a terminal would obey, and hardly longer than n bytes.
func printable(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if unprintable(r) {
			return -1
		}
		return r
	}, s)
	if len(s) > n {
		s = strings.ToValidUTF8(s[:n], "") + "…"
	}
	return s
}
