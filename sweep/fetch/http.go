package fetch

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/revokey-dev/revokey/sweep"
	"github.com/revokey-dev/revokey/sweep/forge"
)

// maxAdvertised is how many bytes of refs are taken in.
const maxAdvertised = 512 << 20

// maxRedirects is how often a server may send us on.
const maxRedirects = 5

var errElsewhere = errors.New("it redirects to another host, which is not followed")

func (f *Fetcher) newClient() *http.Client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = max(4, f.o.Parallel)
	t.ResponseHeaderTimeout = f.o.Stall
	return &http.Client{Transport: t, CheckRedirect: func(req *http.Request, via []*http.Request) error {
		if len(via) > maxRedirects || req.URL.Host != via[0].URL.Host || req.URL.Scheme != via[0].URL.Scheme {
			return errElsewhere
		}
		return nil
	}}
}

const advertisement = "/info/refs"

// lookByHTTP reads the refs that the server advertises: one request, in version 0 of the
// protocol, which lists them at once. See https://git-scm.com/docs/http-protocol.
func (f *Fetcher) lookByHTTP(ctx context.Context, r forge.Repository, u *url.URL) (s sweep.Sight, err error) {
	authorization, err := f.authorization(ctx, r)
	if err != nil {
		return s, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	at := *u
	at.Path = strings.TrimSuffix(u.Path, "/") + advertisement
	at.RawQuery = "service=git-upload-pack"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
	if err != nil {
		return s, errPermanent{err}
	}
	req.Header.Set("User-Agent", "git/2.39.5 revokey") // some servers answer nobody else
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	resp, err := f.client.Do(req)
	switch {
	case errors.Is(err, errElsewhere):
		return s, errPermanent{errElsewhere}
	case err != nil && ctx.Err() != nil:
		return s, context.Cause(ctx)
	case err != nil:
		return s, fmt.Errorf("asking for its refs: %w", withoutURL(err))
	}
	defer resp.Body.Close()
	if err := refusal(resp, authorization != ""); err != nil {
		return s, err
	}
	body := &stallReader{r: io.LimitReader(resp.Body, maxAdvertised), after: f.o.Stall, stop: cancel}
	if s.Tips, s.Head, err = readAdvertisement(body); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return s, fmt.Errorf("reading its refs: %w", err)
	}
	final := *resp.Request.URL
	final.User = nil // which a redirect may name
	final.Path, final.RawQuery = strings.TrimSuffix(final.Path, advertisement), ""
	s.URL = final.String()
	return s, nil
}

// withoutURL returns what went wrong; which repository is told elsewhere.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// stallReader ends a body of which nothing comes for a while.
type stallReader struct {
	r     io.Reader
	after time.Duration
	stop  context.CancelCauseFunc
}

var errStalled = errors.New("nothing came for too long")

func (s *stallReader) Read(p []byte) (int, error) {
	t := time.AfterFunc(s.after, func() { s.stop(errStalled) })
	defer t.Stop()
	return s.r.Read(p)
}

// refusal is the error for an answer that is no advertisement.
func refusal(resp *http.Response, authorized bool) error {
	switch code := resp.StatusCode; {
	case code == http.StatusOK:
		return nil
	case code == http.StatusUnauthorized && !authorized:
		return permanentf("its server wants a token, and there is none: see docs/forges.md")
	case resp.Header.Get("Retry-After") != "":
		return errLater{fmt.Errorf("its server answers with %s, and wants to be left alone for a while", resp.Status), retryAfter(resp.Header, time.Now())}
	case code == http.StatusForbidden:
		return permanentf("its server refuses it to us (403)")
	case code == http.StatusNotFound || code == http.StatusGone:
		return permanentf("it is not there (%d): deleted, renamed, or not to be seen with this token", code)
	}
	return fmt.Errorf("its server answers with %s", resp.Status)
}

// errLater is an error that another attempt may mend, but not at once.
type errLater struct {
	error
	after time.Duration
}

// RetryAfter says for how long the server asks to be left alone.
func (e errLater) RetryAfter() time.Duration { return e.after }

func (e errLater) Unwrap() error { return e.error }

// retryAfter reads seconds, or a time; see https://www.rfc-editor.org/rfc/rfc9110#field.retry-after.
func retryAfter(h http.Header, now time.Time) time.Duration {
	value := h.Get("Retry-After")
	if n, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(n) * time.Second
	}
	if t, err := http.ParseTime(value); err == nil {
		return max(0, t.Sub(now))
	}
	return 0
}

var errNotGit = errors.New("its server does not answer as git does")

// readAdvertisement returns the hash of the refs, and what HEAD names, if that is told.
func readAdvertisement(from io.Reader) (sum, head string, err error) {
	in := bufio.NewReaderSize(from, 64<<10)
	first, err := packet(in)
	if err != nil || !bytes.HasPrefix(first, []byte("# service=git-upload-pack")) {
		return "", "", errors.Join(errNotGit, unlessEOF(err))
	}
	if flush, err := packet(in); err != nil || flush != nil {
		return "", "", errors.Join(errNotGit, unlessEOF(err))
	}
	t := newTips()
	for {
		line, err := packet(in)
		if err != nil {
			return "", "", errors.Join(errNotGit, unlessEOF(err))
		}
		if line == nil {
			return t.sum(), head, nil
		}
		line, capabilities, _ := bytes.Cut(line, []byte{0}) // some of which change each time
		for word := range bytes.FieldsSeq(capabilities) {
			if name, ok := bytes.CutPrefix(word, []byte("symref=HEAD:")); ok && branch.Match(name) {
				head = string(name)
			}
		}
		line = bytes.TrimSuffix(line, []byte("\n"))
		if id, name, ok := bytes.Cut(line, []byte(" ")); !ok || len(id) < 40 && !bytes.Equal(id, []byte("shallow")) || len(name) == 0 {
			return "", "", errNotGit
		}
		if !bytes.HasSuffix(line, []byte(" capabilities^{}")) {
			t.add(line)
		}
	}
}

// branch is a name that can be written into a file as it is.
var branch = regexp.MustCompile(`^refs/heads/[\w][\w./+-]{0,200}$`)

func unlessEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return errors.New("it ends too early")
	}
	return err
}

// packet reads a pkt-line; nil for a flush. It is valid until the next call.
func packet(in *bufio.Reader) ([]byte, error) {
	head, err := in.Peek(4)
	if err != nil {
		return nil, err
	}
	n, err := strconv.ParseUint(string(head), 16, 16)
	if err != nil {
		return nil, errors.New("no length of a line")
	}
	if n == 0 {
		_, err := in.Discard(4)
		return nil, err
	}
	if n < 4 {
		return nil, errors.New("a line shorter than its length")
	}
	line := make([]byte, n)
	if _, err := io.ReadFull(in, line); err != nil {
		return nil, err
	}
	return line[4:], nil
}

// tips hashes refs.
type tips struct {
	h hash.Hash
	n int
}

func newTips() *tips { return &tips{h: sha256.New()} }

func (t *tips) add(ref []byte) {
	t.n++
	t.h.Write(ref)
	t.h.Write([]byte{'\n'})
}

// noTips is the sum of no refs at all: of an empty repository.
const noTips = "none"

func (t *tips) sum() string {
	if t.n == 0 {
		return noTips
	}
	return hex.EncodeToString(t.h.Sum(nil))
}
