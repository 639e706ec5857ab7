package revoke

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"unicode"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
)

// classify returns what an error of GetCallerIdentity says about the pair that
// signed it. It decides on error codes. SignatureDoesNotMatch alone has several
// causes, which only the text tells apart; the texts are AWS's documented ones.
// What it does not recognise is Unknown.
func classify(err error) Verdict {
	v := Verdict{Status: Unknown, Reason: "no verdict: " + describe(err), RequestID: requestID(err)}
	switch errorCode(err) {
	case "InvalidClientTokenId":
		v.Status, v.Proof = NotAccepted, BySTS
		v.Reason = "STS does not accept it (InvalidClientTokenId)"
	case "SignatureDoesNotMatch":
		if cause := signatureCause(err); cause != "" {
			v.Reason = "no verdict: " + cause
			break
		}
		v.Status, v.Proof = ActiveWrongSecret, BySTS
		v.Reason = "the key ID is active, but this is not its secret (SignatureDoesNotMatch)"
	case "ExpiredToken", "ExpiredTokenException": // on the wire, and in the API model
		v.Status, v.Proof = Expired, BySTS
		v.Reason = "the session is over (ExpiredToken)"
	case regionDisabled:
		v.Reason = "no verdict: STS is switched off in the region asked (RegionDisabledException): pass --aws-endpoint of another, such as https://sts.us-east-1.amazonaws.com"
	}
	return v
}

// wrongSecret begins the one text of SignatureDoesNotMatch that is about the secret.
const wrongSecret = "The request signature we calculated does not match"

// signatureCause returns why a SignatureDoesNotMatch says nothing about the
// secret, or "" if it does.
func signatureCause(err error) string {
	var api smithy.APIError
	errors.As(err, &api)
	text := api.ErrorMessage()
	switch {
	case strings.HasPrefix(text, "Signature expired"):
		return "this machine's clock is behind AWS's: set it, and ask again"
	case strings.HasPrefix(text, "Signature not yet current"):
		return "this machine's clock is ahead of AWS's: set it, and ask again"
	case strings.HasPrefix(text, "Credential should be scoped"):
		return "the endpoint wants another region than the one that was signed for"
	case !strings.HasPrefix(text, wrongSecret):
		return describe(err) + ": is there a proxy that changes requests, or another endpoint?"
	}
	return ""
}

// errorCode returns AWS's error code, or "" where the answer holds none.
func errorCode(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) && api.ErrorCode() != unreadable {
		return api.ErrorCode()
	}
	return ""
}

// regionDisabled is STS's code where the account has it switched off in the region.
const regionDisabled = "RegionDisabledException"

// unreadable is the SDK's code for an answer that is not AWS's XML.
const unreadable = "UnknownError"

// httpStatus returns the HTTP status of the answer, or 0 without an answer.
func httpStatus(err error) int {
	var resp *awshttp.ResponseError
	if errors.As(err, &resp) && resp.Response != nil {
		return resp.HTTPStatusCode()
	}
	return 0
}

func requestID(err error) string {
	var resp *awshttp.ResponseError
	if errors.As(err, &resp) {
		return requestIDIn(resp.ServiceRequestID())
	}
	return ""
}

// requestIDOf returns the request ID of an answer, as requestID does that of an error.
func requestIDOf(md middleware.Metadata) string {
	id, _ := awsmiddleware.GetRequestIDMetadata(md)
	return requestIDIn(id)
}

// requestIDIn returns what an answer gives for its ID, if it may be one: AWS's are UUIDs, or
// shorter. Anything else may be what the server was told.
func requestIDIn(id string) string {
	if len(id) > len("01234567-89ab-cdef-0123-456789abcdef") || strings.ContainsFunc(id, func(r rune) bool {
		return r != '-' && !strings.ContainsRune(base64Letters, r)
	}) {
		return ""
	}
	return id
}

// describe says what err is in a few words. AWS's own text is taken up to its
// first line only, for what follows may repeat the request, token included; and that
// line without what is as long as a secret, for it may repeat that too.
func describe(err error) string {
	var api smithy.APIError
	status := httpStatus(err)
	switch {
	case errors.As(err, &api) && api.ErrorCode() != unreadable:
		return fmt.Sprintf("AWS answered %s (HTTP %d): %s", quoted(api.ErrorCode()), status, quoted(api.ErrorMessage()))
	case errors.Is(err, context.Canceled):
		return "interrupted"
	case isTimeout(err):
		return "no answer in time"
	case status != 0:
		return fmt.Sprintf("the answer cannot be read (HTTP %d %s): is there a proxy, or another endpoint?", status, http.StatusText(status))
	}
	return "no answer: " + networkCause(err)
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}

// networkCause says what kept a request from being answered.
func networkCause(err error) string {
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	var op *net.OpError
	switch {
	case errors.As(err, &dns):
		return fmt.Sprintf("looking up %s: %s", dns.Name, dns.Err)
	case errors.As(err, &cert):
		return "the certificate is not trusted: " + quoted(cert.Err.Error())
	case errors.As(err, &op) && op.Op == "proxyconnect":
		return "the proxy cannot be reached: " + quoted(innermost(op).Error())
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the connection was cut"
	}
	return quoted(innermost(err).Error())
}

func innermost(err error) error {
	for next := err; next != nil; next = errors.Unwrap(next) {
		err = next
	}
	return err
}

// base64Letters are those of secrets and session tokens.
const base64Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="

// secretLen is the length of a secret.
const secretLen = 40

// quoted is printable for what a server says: without the runs of base64 that are as long as
// a secret, or longer, as session tokens are.
func quoted(s string) string {
	var b strings.Builder
	run := 0 // where it begins
	s = printable(s)
	for i := 0; i <= len(s); i++ {
		if i < len(s) && strings.IndexByte(base64Letters, s[i]) >= 0 {
			continue
		}
		if i-run < secretLen {
			b.WriteString(s[run:i])
		} else {
			b.WriteString("…")
		}
		if i < len(s) {
			b.WriteByte(s[i])
		}
		run = i + 1
	}
	return b.String()
}

// printable returns the first line of s, without what a terminal would obey.
func printable(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, s)
}
