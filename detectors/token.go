package detectors

import "bytes"

// A session token is base64 of 100 characters and more. AWS does not document
// its shape: those seen are of 200 to 1,500 characters.
const leastToken = 100

// tokenHeads are how session tokens start: base64 of the first bytes of what is
// inside, among them "aws" and "origin_ec".
var tokenHeads = [][]byte{
	[]byte("IQoJb3JpZ2luX2Vj"), []byte("FwoGZXIvYXdz"), []byte("FQoGZXIvYXdz"), []byte("AQoDYXdz"),
}

// findTokens returns the session tokens in data: long runs of base64 that start
// as tokens do or whose name says that they are one.
func findTokens(data []byte) []*mark {
	var found []*mark
	for start, end := range runs(data, base64Class, leastToken) {
		if escaped(data, start, end) {
			continue
		}
		m := &mark{Span: Span{start, withPadding(data, end)}, kind: sessionToken}
		if hasTokenHead(data[start:end]) {
			m.name.rank = awsSecret
		} else {
			m.name = nameBefore(data, 0, start)
		}
		if m.name.rank >= keyish {
			found = append(found, m)
		}
	}
	return found
}

func hasTokenHead(run []byte) bool {
	for _, head := range tokenHeads {
		if bytes.HasPrefix(run, head) {
			return true
		}
	}
	return false
}

// withPadding returns the end of a run of base64 with the up to two "=" behind.
func withPadding(data []byte, end int) int {
	for range 2 {
		if end < len(data) && data[end] == '=' {
			end++
		}
	}
	return end
}

// passwordLen is the length of an SES password: a byte for its version and 32 of
// an HMAC, in base64.
//
// https://docs.aws.amazon.com/ses/latest/dg/smtp-credentials.html
const passwordLen = 44

// findPasswords returns what may be an SES password in data: 44 characters of
// base64 whose first byte is version 4, or the older 2.
func findPasswords(data []byte) []*mark {
	var found []*mark
	for start, end := range runs(data, base64Class, passwordLen) {
		if end-start != passwordLen || glued(data, start, end) || !hasVersion(data[start], data[start+1]) {
			continue
		}
		if looksRandom(data[start : start+secretLen]) {
			found = append(found, &mark{Span: Span{start, end}, kind: smtpPassword})
		}
	}
	return found
}

func hasVersion(a, b byte) bool {
	version := sextets[a]<<2 | sextets[b]>>4
	return version == 4 || version == 2
}
