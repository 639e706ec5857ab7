package localaws

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Signature Version 4, from the receiving side. The rules are in the IAM user
// guide under "Create a signed AWS API request"; the words of the refusals are
// those that AWS's users quote in public issues, or versitygw's.

const (
	sigAlgorithm = "AWS4-HMAC-SHA256"
	sigTime      = "20060102T150405Z"
	sigLeeway    = 15 * time.Minute
	quirkWindow  = 5 * time.Second
)

// signature is what a request says of its signature.
type signature struct {
	keyID, date, region, service string
	scope                        string   // date/region/service/aws4_request
	headers                      []string // signed, in the order given
	value                        string   // hex
}

var (
	errMissingToken = apiError{http.StatusForbidden, "MissingAuthenticationToken", "Request is missing Authentication Token"}
	errInvalidToken = apiError{http.StatusForbidden, "InvalidClientTokenId", "The security token included in the request is invalid."}
	errExpiredToken = apiError{http.StatusForbidden, "ExpiredToken", "The security token included in the request is expired"}
	errMismatch     = mismatch("The request signature we calculated does not match the signature you provided. " +
		"Check your AWS Secret Access Key and signing method. Consult the service documentation for details.")
)

func mismatch(message string) error {
	return apiError{http.StatusForbidden, "SignatureDoesNotMatch", message}
}

// badScope is a mismatch in the scope. That some of them are 400 and others 403
// is versitygw's finding.
func badScope(message string) error {
	return apiError{http.StatusBadRequest, "SignatureDoesNotMatch", message}
}

func incomplete(message string) error {
	return apiError{http.StatusBadRequest, "IncompleteSignature", message}
}

// authenticate finds out who signed the request, and sets c.key and
// c.callerARN. From then on the request counts as the key's last use, whatever
// becomes of it.
func (s *Server) authenticate(r *http.Request, body []byte, c *call) (err error) {
	if c.sig, err = parseSignature(r); err != nil {
		return err
	}
	if err := s.checkScope(r, c.sig); err != nil {
		return err
	}
	key, err := s.lookUp(c.sig, r.Header.Get("X-Amz-Security-Token"))
	if err != nil {
		return err
	}
	if err := s.checkSecret(key, r, body, c.sig); err != nil {
		return err
	}
	c.key, c.callerARN = key, s.arn(key.owner)
	key.lastUsed, key.service, key.region = s.clock(), c.sig.service, c.sig.region
	return nil
}

// parseSignature reads the Authorization header.
func parseSignature(r *http.Request) (signature, error) {
	algorithm, rest, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if algorithm != sigAlgorithm {
		return signature{}, errMissingToken
	}
	parts := map[string]string{}
	for part := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		parts[name] = value
	}
	for _, name := range []string{"Credential", "SignedHeaders", "Signature"} {
		if parts[name] == "" {
			return signature{}, incomplete("Authorization header requires '" + name + "' parameter.")
		}
	}
	cred := strings.Split(parts["Credential"], "/")
	if len(cred) != 5 {
		return signature{}, incomplete("Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term")
	}
	return signature{
		keyID: cred[0], date: cred[1], region: cred[2], service: cred[3], scope: strings.Join(cred[1:], "/"),
		headers: strings.Split(parts["SignedHeaders"], ";"), value: parts["Signature"],
	}, nil
}

// checkScope checks all of the signature that needs no key: its date, scope and
// the headers that it has to cover.
func (s *Server) checkScope(r *http.Request, sig signature) error {
	date := r.Header.Get("X-Amz-Date")
	t, err := time.Parse(sigTime, date)
	if err != nil {
		return incomplete("Date must be in ISO-8601 'basic format'. Got '" + date + "'. See http://en.wikipedia.org/wiki/ISO_8601")
	}
	if err := checkDate(t, s.clock().Add(s.skew)); err != nil {
		return err
	}
	switch {
	case sig.date != date[:8]:
		return badScope("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP.")
	case sig.region == "":
		return mismatch("Credential should be scoped to a valid region. ")
	case !slices.Contains(services, sig.service):
		return badScope("Credential should be scoped to correct service: 'sts'.")
	case !strings.HasSuffix(sig.scope, "/aws4_request"):
		return mismatch("Credential should be scoped with a valid terminator: 'aws4_request'.")
	}
	return checkSigned(r, sig.headers)
}

func checkDate(t, now time.Time) error {
	at := func(t time.Time) string { return t.UTC().Format(sigTime) }
	oldest, newest := now.Add(-sigLeeway), now.Add(sigLeeway)
	switch {
	case t.Before(oldest):
		return mismatch("Signature expired: " + at(t) + " is now earlier than " + at(oldest) + " (" + at(now) + " - 15 min.)")
	case t.After(newest):
		return mismatch("Signature not yet current: " + at(t) + " is still later than " + at(newest) + " (" + at(now) + " + 15 min.)")
	}
	return nil
}

// checkSigned demands that the signature covers the host and every X-Amz header:
// nobody on the way may change whom the request is for, or swap its token.
func checkSigned(r *http.Request, signed []string) error {
	if !slices.Contains(signed, "host") {
		return mismatch("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
	}
	for name := range r.Header {
		name = strings.ToLower(name)
		if strings.HasPrefix(name, "x-amz-") && !slices.Contains(signed, name) {
			return incomplete("The request signature does not conform to AWS standards. Header(s) not signed: " + name + ".")
		}
	}
	return nil
}

// lookUp returns the key that the request names, if authentication accepts it
// now, in the partition asked, with the session token given. AWS says the same
// of a key that never existed, is inactive, was deleted or belongs to another
// partition, and so does lookUp.
func (s *Server) lookUp(sig signature, token string) (*accessKey, error) {
	now := s.clock()
	key := s.state.keys[sig.keyID]
	switch {
	case key == nil || key.statusAt(now) != Active || partitionOf(sig.region) != s.partition:
		return nil, errInvalidToken
	case !hmac.Equal([]byte(token), []byte(key.SessionToken)):
		return nil, errInvalidToken
	case !key.expires.IsZero() && !now.Before(key.expires):
		return nil, errExpiredToken
	}
	return key, nil
}

func partitionOf(region string) string {
	for _, p := range []string{"us-gov", "cn", "eusc"} {
		if strings.HasPrefix(region, p+"-") {
			return "aws-" + p
		}
	}
	return "aws"
}

func (s *Server) checkSecret(key *accessKey, r *http.Request, body []byte, sig signature) error {
	now, wrongSeen := s.clock(), key.wrongSeen
	if !hmac.Equal([]byte(sig.value), []byte(sign(key.Secret, r, body, sig))) {
		key.wrongSeen = now
		return errMismatch
	}
	key.wrongSeen = time.Time{}
	if s.quirk && !wrongSeen.IsZero() && now.Sub(wrongSeen) < quirkWindow {
		return errMismatch
	}
	return nil
}

// sign returns the signature that the request has if the secret made it.
func sign(secret string, r *http.Request, body []byte, sig signature) string {
	request := sha256.Sum256([]byte(canonical(r, body, sig.headers)))
	text := strings.Join([]string{sigAlgorithm, r.Header.Get("X-Amz-Date"), sig.scope, hex.EncodeToString(request[:])}, "\n")
	key := []byte("AWS4" + secret)
	for part := range strings.SplitSeq(sig.scope, "/") {
		key = mac(key, part)
	}
	return hex.EncodeToString(mac(key, text))
}

func mac(key []byte, data string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(data))
	return h.Sum(nil)
}

// canonical returns the canonical request. The path is encoded once more than
// it was sent, as for every service but S3.
func canonical(r *http.Request, body []byte, signed []string) string {
	path := r.URL.EscapedPath()
	if path == "" {
		path = "/"
	}
	hash := sha256.Sum256(body)
	var headers strings.Builder
	for _, name := range signed {
		headers.WriteString(name + ":" + headerValue(r, name) + "\n")
	}
	return strings.Join([]string{
		r.Method, strings.ReplaceAll(escape(path), "%2F", "/"), canonicalQuery(r.URL.Query()),
		headers.String(), strings.Join(signed, ";"), hex.EncodeToString(hash[:]),
	}, "\n")
}

// headerValue returns a header as it is signed: runs of spaces are one space.
// net/http keeps two headers elsewhere.
func headerValue(r *http.Request, name string) string {
	switch name {
	case "host":
		return r.Host
	case "content-length":
		return strconv.FormatInt(r.ContentLength, 10)
	}
	values := slices.Clone(r.Header.Values(name))
	for i, v := range values {
		values[i] = strings.Join(strings.Fields(v), " ")
	}
	return strings.Join(values, ",")
}

// canonicalQuery sorts by name, then value, both as encoded: sorting what is not
// encoded yet, or joined by "=", gives another order for "a/b" and "a-b".
func canonicalQuery(query url.Values) string {
	var pairs [][]string
	for name, values := range query {
		for _, v := range values {
			pairs = append(pairs, []string{escape(name), escape(v)})
		}
	}
	slices.SortFunc(pairs, slices.Compare)
	var text []string
	for _, p := range pairs {
		text = append(text, p[0]+"="+p[1])
	}
	return strings.Join(text, "&")
}

// escape leaves only the unreserved characters of RFC 3986 as they are.
func escape(s string) string {
	return strings.ReplaceAll(url.QueryEscape(s), "+", "%20")
}
