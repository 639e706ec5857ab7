package localaws_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/revokey-dev/revokey/revoke/localaws"
)

const whoAmI = "Action=GetCallerIdentity&Version=2011-06-15"

// sent is a request about to be signed by the SDK's signer, the oracle of these
// tests, and what is done to it before and after.
type sent struct {
	method, url, body string
	header            http.Header
	service, region   string
	time              time.Time
	tamper            func(*http.Request) // after signing
}

func (q sent) request(t *testing.T, k localaws.Key) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), q.method, q.url, strings.NewReader(q.body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	for name, values := range q.header {
		r.Header[name] = values
	}
	hash := sha256.Sum256([]byte(q.body))
	creds := aws.Credentials{AccessKeyID: k.ID, SecretAccessKey: k.Secret, SessionToken: k.SessionToken}
	err = v4.NewSigner().SignHTTP(context.Background(), creds, r, hex.EncodeToString(hash[:]), q.service, q.region, q.time)
	if err != nil {
		t.Fatal(err)
	}
	if q.tamper != nil {
		q.tamper(r)
	}
	return r
}

// do sends q and returns the answer's HTTP status and body.
func (q sent) do(t *testing.T, k localaws.Key) (int, string) {
	t.Helper()
	resp, err := http.DefaultClient.Do(q.request(t, k))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func ask(url string) sent {
	return sent{method: "POST", url: url, body: whoAmI, service: "sts", region: "us-east-1", time: time.Now()}
}

func code(body string) string {
	_, rest, _ := strings.Cut(body, "<Code>")
	c, _, _ := strings.Cut(rest, "</Code>")
	return c
}

func TestSignaturesOfTheSDKAreAccepted(t *testing.T) {
	t.Parallel()
	s, url := start(t, localaws.Options{})
	k, session := s.AddKey(account, "ci"), s.AddSession(account, "assumed-role/ci/i-0123", time.Hour)
	tests := map[string]func(*sent){
		"as clients send it":   func(*sent) {},
		"another region":       func(q *sent) { q.region = "eu-central-2" },
		"the query in the URL": func(q *sent) { q.method, q.url, q.body = "GET", url+"/?"+whoAmI, "" },
		"a query that sorts oddly": func(q *sent) {
			q.url += "/?a=2&a=1&a-b=3&A=%20+%2B&empty=&%C3%BC=~*"
		},
		"a path to encode": func(q *sent) { q.url += "/a%20b/%C3%BC/x%2Fy/~(1)" },
		"headers with runs of spaces": func(q *sent) {
			q.header = http.Header{"X-Amz-Meta-One": {"  a   b  "}, "X-Amz-Meta-Two": {"1", "2"}}
		},
		"almost too old":   func(q *sent) { q.time = q.time.Add(-14 * time.Minute) },
		"almost too early": func(q *sent) { q.time = q.time.Add(14 * time.Minute) },
	}
	for name, change := range tests {
		q := ask(url)
		change(&q)
		for _, k := range []localaws.Key{k, session} {
			if status, body := q.do(t, k); status != http.StatusOK {
				t.Errorf("%s, %v: %d %s", name, k, status, body)
			}
		}
	}
}

func TestWhatWasTamperedWithIsRefused(t *testing.T) {
	t.Parallel()
	s, url := start(t, localaws.Options{})
	k := s.AddKey(account, "ci")
	tests := map[string]struct {
		change func(*sent, *localaws.Key)
		want   string
	}{
		"secret": {func(_ *sent, k *localaws.Key) { k.Secret = flip(k.Secret, 39) }, "SignatureDoesNotMatch"},
		"body": {func(q *sent, _ *localaws.Key) {
			q.tamper = func(r *http.Request) {
				r.Body = io.NopCloser(strings.NewReader(strings.Replace(whoAmI, "2011", "2012", 1)))
			}
		}, "SignatureDoesNotMatch"},
		"header": {func(q *sent, _ *localaws.Key) {
			q.tamper = func(r *http.Request) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") }
		}, "SignatureDoesNotMatch"},
		"query": {func(q *sent, _ *localaws.Key) {
			q.tamper = func(r *http.Request) { r.URL.RawQuery = "a=1" }
		}, "SignatureDoesNotMatch"},
		"path": {func(q *sent, _ *localaws.Key) {
			q.tamper = func(r *http.Request) { r.URL.Path = "/a" }
		}, "SignatureDoesNotMatch"},
		"method": {func(q *sent, _ *localaws.Key) {
			q.tamper = func(r *http.Request) { r.Method = "PUT" }
		}, "SignatureDoesNotMatch"},
		"host": {func(q *sent, _ *localaws.Key) {
			q.tamper = func(r *http.Request) { r.Host = "sts.amazonaws.com" }
		}, "SignatureDoesNotMatch"},
		"date": {func(q *sent, _ *localaws.Key) {
			q.tamper = func(r *http.Request) {
				r.Header.Set("X-Amz-Date", q.time.Add(time.Second).UTC().Format("20060102T150405Z"))
			}
		}, "SignatureDoesNotMatch"},
		"region":        {edit("/us-east-1/", "/us-east-2/"), "SignatureDoesNotMatch"},
		"service":       {edit("/sts/", "/iam/"), "SignatureDoesNotMatch"},
		"other service": {func(q *sent, _ *localaws.Key) { q.service = "s3" }, "SignatureDoesNotMatch"},
		"terminator":    {edit("/aws4_request", "/aws5_request"), "SignatureDoesNotMatch"},
		"an unsigned header of ours": {func(q *sent, _ *localaws.Key) {
			q.tamper = func(r *http.Request) { r.Header.Set("X-Amz-Target", "x") }
		}, "IncompleteSignature"},
		"host not signed":    {edit(";host;", ";"), "SignatureDoesNotMatch"},
		"no signature":       {edit(" Signature=", " X="), "IncompleteSignature"},
		"a short credential": {edit("/sts/", "/"), "IncompleteSignature"},
		"no date": {func(q *sent, _ *localaws.Key) {
			q.tamper = func(r *http.Request) { r.Header.Del("X-Amz-Date") }
		}, "IncompleteSignature"},
		"unsigned": {func(q *sent, _ *localaws.Key) {
			q.tamper = func(r *http.Request) { r.Header.Del("Authorization") }
		}, "MissingAuthenticationToken"},
		"another scheme":            {edit("AWS4-HMAC-SHA256", "Basic"), "MissingAuthenticationToken"},
		"too old":                   {func(q *sent, _ *localaws.Key) { q.time = q.time.Add(-16 * time.Minute) }, "SignatureDoesNotMatch"},
		"too early":                 {func(q *sent, _ *localaws.Key) { q.time = q.time.Add(16 * time.Minute) }, "SignatureDoesNotMatch"},
		"key ID":                    {func(_ *sent, k *localaws.Key) { k.ID = localaws.NewKeyID(nil, "AKIA", account) }, "InvalidClientTokenId"},
		"a token with a user's key": {func(_ *sent, k *localaws.Key) { k.SessionToken = "x" }, "InvalidClientTokenId"},
		"another partition":         {func(q *sent, _ *localaws.Key) { q.region = "us-gov-west-1" }, "InvalidClientTokenId"},
		"a huge body":               {func(q *sent, _ *localaws.Key) { q.body += strings.Repeat("&a=b", 1<<15) }, "RequestEntityTooLarge"},
	}
	for name, test := range tests {
		q, k := ask(url), k
		test.change(&q, &k)
		if status, body := q.do(t, k); code(body) != test.want || status < 400 {
			t.Errorf("%s: %d %q, want %s", name, status, code(body), test.want)
		}
	}
	if status, body := ask(url).do(t, k); status != http.StatusOK {
		t.Errorf("untouched: %d %s", status, body)
	}
}

// TestEveryByteOfTheSignatureCounts flips each hex digit in turn.
func TestEveryByteOfTheSignatureCounts(t *testing.T) {
	t.Parallel()
	s, url := start(t, localaws.Options{})
	k := s.AddKey(account, "ci")
	for i := range 64 {
		q := ask(url)
		q.tamper = func(r *http.Request) {
			auth := r.Header.Get("Authorization")
			r.Header.Set("Authorization", flip(auth, len(auth)-64+i))
		}
		if _, body := q.do(t, k); code(body) != "SignatureDoesNotMatch" {
			t.Errorf("digit %d: %q", i, code(body))
		}
	}
}

// TestRandomRequests signs requests of any shape with the SDK's signer.
func TestRandomRequests(t *testing.T) {
	t.Parallel()
	s, base := start(t, localaws.Options{})
	k := s.AddKey(account, "ci")
	r := rand.New(rand.NewPCG(1, 2))
	text := func() string {
		b := make([]byte, r.IntN(6))
		for i := range b {
			b[i] = byte(r.IntN(256))
		}
		return string(b)
	}
	for range 300 {
		q := ask(base + "/" + url.PathEscape(text()) + "?" + url.Values{text(): {text(), text()}, text(): {text()}}.Encode())
		q.body += "&" + url.Values{text(): {text()}}.Encode()
		if status, body := q.do(t, k); status != http.StatusOK {
			t.Fatalf("%s: %d %s", q.url, status, body)
		}
	}
}

// FuzzServeHTTP sends what nobody signed: it must be refused, in AWS's XML.
func FuzzServeHTTP(f *testing.F) {
	auth := "AWS4-HMAC-SHA256 Credential=%s/20260102/us-east-1/sts/aws4_request, SignedHeaders=host;x-amz-date, Signature=00"
	s := localaws.New(localaws.Options{Now: func() time.Time { return time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC) }})
	k := s.AddKey(account, "ci")
	f.Add(fmt.Sprintf(auth, k.ID), "20260102T000000Z", "/?a=b", whoAmI)
	f.Add("AWS4-HMAC-SHA256 Credential=////, SignedHeaders=;, Signature=", "20260102T000000.1Z", "/", "%")
	f.Add("", "", "/%zz", "")
	f.Fuzz(func(t *testing.T, auth, date, target, body string) {
		r := httptest.NewRequest("POST", "/", strings.NewReader(body))
		if u, err := url.ParseRequestURI(target); err == nil {
			r.URL = u
		}
		r.Header.Set("Authorization", auth)
		r.Header.Set("X-Amz-Date", date)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if code(w.Body.String()) == "" || w.Code < 400 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	})
}

// edit replaces a part of the Authorization header.
func edit(old, with string) func(*sent, *localaws.Key) {
	return func(q *sent, _ *localaws.Key) {
		q.tamper = func(r *http.Request) {
			auth := r.Header.Get("Authorization")
			r.Header.Set("Authorization", strings.Replace(auth, old, with, 1))
		}
	}
}

// flip changes the character at i into another of the same class.
func flip(s string, i int) string {
	c := byte('0')
	if s[i] == c {
		c = '1'
	}
	return s[:i] + string(c) + s[i+1:]
}
