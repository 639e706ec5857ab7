package revoketest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// What a server says, word by word. The SDK is not asked what it makes of it.

// call is a request of the query protocol.
type call struct {
	as     aws.Credentials     // none: not signed
	ago    time.Duration       // since it was signed
	action string              // "sts:GetCallerIdentity"
	params []string            // name, value, …
	tamper func(*http.Request) // done to it after signing
}

func as(cred aws.Credentials, action string, params ...string) call {
	return call{as: cred, action: action, params: params}
}

// answer is what came back, as far as it matters.
type answer struct {
	status                    int
	space, typ, code, message string   // of an error, but space is of any answer
	shape                     []string // the paths of the elements that hold text, sorted
}

var versions = map[string]string{"sts": "2011-06-15", "iam": "2010-05-08"}

func (s Server) send(t *testing.T, c call) answer {
	t.Helper()
	resp, err := http.DefaultClient.Do(s.request(t, c))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	a, err := read(resp.Body)
	if err != nil {
		t.Fatalf("%s: reading the answer: %v", c.action, err)
	}
	a.status = resp.StatusCode
	return a
}

func (s Server) request(t *testing.T, c call) *http.Request {
	t.Helper()
	service, action, _ := strings.Cut(c.action, ":")
	form := url.Values{"Action": {action}, "Version": {versions[service]}}
	for p := range slices.Chunk(c.params, 2) {
		form.Set(p[0], p[1])
	}
	body := form.Encode()
	r, err := http.NewRequestWithContext(t.Context(), "POST", s.URL, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if c.as.HasKeys() {
		hash := sha256.Sum256([]byte(body))
		err = v4.NewSigner().SignHTTP(context.Background(), c.as, r, hex.EncodeToString(hash[:]), service, "us-east-1", time.Now().Add(-c.ago))
		if err != nil {
			t.Fatal(err)
		}
	}
	if c.tamper != nil {
		c.tamper(r)
	}
	return r
}

// read reads an answer without knowing what it should be.
func read(r io.Reader) (a answer, err error) {
	var path []string
	d := xml.NewDecoder(r)
	for {
		token, err := d.Token()
		switch {
		case errors.Is(err, io.EOF):
			slices.Sort(a.shape)
			return a, nil
		case err != nil:
			return a, err
		}
		switch token := token.(type) {
		case xml.StartElement:
			path = append(path, token.Name.Local)
			a.space = token.Name.Space
		case xml.EndElement:
			path = path[:len(path)-1]
		case xml.CharData:
			a.text(strings.Join(path, "/"), string(token))
		}
	}
}

func (a *answer) text(path, text string) {
	if strings.TrimSpace(text) == "" {
		return
	}
	if !slices.Contains(a.shape, path) {
		a.shape = append(a.shape, path)
	}
	switch path {
	case "ErrorResponse/Error/Type":
		a.typ = text
	case "ErrorResponse/Error/Code":
		a.code = text
	case "ErrorResponse/Error/Message":
		a.message += text
	}
}

var spaces = map[string]string{
	"sts": "https://sts.amazonaws.com/doc/2011-06-15/",
	"iam": "https://iam.amazonaws.com/doc/2010-05-08/",
}
