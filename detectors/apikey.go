package detectors

import (
	"bytes"
	"encoding/base64"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// otherMatches returns the credentials in a view that are not made of an access
// key.
func otherMatches(v *view) []Match {
	found := apiKeys(v)
	found = append(found, dashed(v)...)
	return append(found, privateKeys(v)...)
}

// opaque returns the match of a credential that is one secret, which stands at s.
func opaque(v *view, kind Kind, s Span, claims Claims) Match {
	text := string(v.text[s.Start:s.End])
	m := Match{Kind: kind, Class: classifyFiller(text[min(len(text), 4):]), Secret: NewSecret(text), Claims: claims}
	m.At, m.Encoding = v.origin(s)
	m.SecretAt = m.At
	return m
}

// The heads of API keys, and the least of what follows. Those seen have 109 to 269
// characters behind ABSK; what is inside is NAME-at-ACCOUNT:SECRET in base64.
const (
	longTermHead  = "ABSK"
	leastLongTerm = 100
	shortTermMid  = "-api-key-"
)

// startsAPIKey reports whether a run of base64 starts as a long-term API key does.
func startsAPIKey(run []byte) bool { return bytes.HasPrefix(run, []byte(longTermHead)) }

func apiKeys(v *view) []Match {
	var found []Match
	for start, end := range runs(v.text, base64Class, leastLongTerm) {
		s := Span{start, withPadding(v.text, end)}
		if startsAPIKey(v.text[start:end]) {
			if claims, ok := longTerm(v.text[start+len(longTermHead) : end]); ok {
				found = append(found, opaque(v, APIKey, s, claims))
			}
		} else if head := shortTermStart(v.text, start); head < start {
			if claims := signedRequest(decoded(v.text[start:end])); claims.SignedBy != "" {
				claims.Service = string(v.text[head : start-len(shortTermMid)])
				found = append(found, opaque(v, APIKey, Span{head, s.End}, claims))
			}
		}
	}
	return found
}

// shortTermStart returns where the name of a service starts that with "-api-key-"
// stands before data[at], or at.
func shortTermStart(data []byte, at int) int {
	if !bytes.HasSuffix(data[:at], []byte(shortTermMid)) {
		return at
	}
	end := at - len(shortTermMid)
	start := end
	for start > max(0, end-20) && 'a' <= data[start-1] && data[start-1] <= 'z' {
		start--
	}
	if start == end {
		return at
	}
	return start
}

func decoded(run []byte) []byte {
	text := make([]byte, base64.RawStdEncoding.DecodedLen(len(run)))
	n, _ := base64.RawStdEncoding.Decode(text, run)
	return text[:n]
}

var longTermText = regexp.MustCompile(`^([!-9;-~]{3,100}):[ -~]`)

// longTerm returns what a long-term API key says of itself, and whether it is one.
func longTerm(run []byte) (Claims, bool) {
	alias := longTermText.FindSubmatch(decoded(run))
	if alias == nil {
		return Claims{}, false
	}
	c := Claims{User: string(alias[1]), Service: "bedrock"}
	if strings.Contains(strings.ToLower(c.User), "logs") {
		c.Service = "logs"
	}
	c.Account = accountAt(c.User)
	return c, true
}

// accountAt returns the account at the end of NAME-at-ACCOUNT, as the names of
// service-specific credentials are.
func accountAt(name string) string {
	_, account, _ := strings.Cut(name, "-at-")
	if len(account) != 12 || strings.Trim(account, decimal) != "" {
		return ""
	}
	return account
}

// urlReach is how far a presigned URL is read before and behind its key ID.
const urlReach = 600

var (
	credentialScope = regexp.MustCompile(`^(?:/|\\/|%(?:25)*2F|\\u002[fF])(\d{8})(?:/|\\/|%(?:25)*2F|\\u002[fF])([a-z0-9-]{2,30})(?:/|\\/|%(?:25)*2F|\\u002[fF])([a-z0-9-]{2,40})(?:/|\\/|%(?:25)*2F|\\u002[fF])aws4_request`)
	signedAt        = regexp.MustCompile(`(?i)X-Amz-Date(?:=|%(?:25)*3D)(\d{8}T\d{6}Z)`)
	signedFor       = regexp.MustCompile(`(?i)X-Amz-Expires(?:=|%(?:25)*3D)(\d{1,7})`)
	expires         = regexp.MustCompile(`[?&;]Expires(?:=|%(?:25)*3D)(\d{9,11})`)
)

// presigned returns what a signed request says that the key ID at s stands in:
// X-Amz-Credential=ID/date/region/service/aws4_request with its date and the
// seconds that it is good for; or AWSAccessKeyId=ID with Expires, seconds since
// 1970, of the older kind.
//
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
func presigned(data []byte, s Span) Claims {
	var c Claims
	line := urlAround(data, s)
	if scope := credentialScope.FindSubmatch(data[s.End:min(len(data), s.End+150)]); scope != nil {
		c.Region, c.Service = string(scope[2]), string(scope[3])
		c.Signed, _ = time.Parse("20060102", string(scope[1]))
		if m := signedAt.FindSubmatch(line); m != nil {
			c.Signed, _ = time.Parse("20060102T150405Z", string(m[1]))
		}
		if m := signedFor.FindSubmatch(line); m != nil && !c.Signed.IsZero() {
			seconds, _ := strconv.Atoi(string(m[1]))
			c.Expires = c.Signed.Add(time.Duration(seconds) * time.Second)
		}
	} else if bytes.HasSuffix(data[:s.Start], []byte("AWSAccessKeyId=")) {
		if m := expires.FindSubmatch(line); m != nil {
			seconds, _ := strconv.ParseInt(string(m[1]), 10, 64)
			c.Expires = time.Unix(seconds, 0).UTC()
		}
	}
	return c
}

var urlEnd = classOf(" \t\r\n\"'<>`")

// urlAround returns the URL that s stands in.
func urlAround(data []byte, s Span) []byte {
	from, to := s.Start, s.End
	for stop := max(0, from-urlReach); from > stop && !urlEnd[data[from-1]]; {
		from--
	}
	for stop := min(len(data), to+urlReach); to < stop && !urlEnd[data[to]]; {
		to++
	}
	return data[from:to]
}

// signedRequest returns what a presigned URL says, with the key ID in it.
func signedRequest(url []byte) Claims {
	for at := nextPrefix(url, 0); at >= 0; at = nextPrefix(url, at+1) {
		if wholeKeyID(url, at) {
			c := presigned(url, Span{at, at + keyIDLen})
			c.SignedBy = string(url[at : at+keyIDLen])
			return c
		}
	}
	return Claims{}
}
