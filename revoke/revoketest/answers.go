package revoketest

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/revokey-dev/revokey/revoke/localaws"
)

// answers is the shape of each answer that is none of an error.
func answers(t *testing.T, s Server) {
	user := []string{"UserName", Nobody}
	key := []string{"UserName", Nobody, "AccessKeyId", s.Live.AccessKeyID}
	metadata := "AccessKeyMetadata/member/AccessKeyId AccessKeyMetadata/member/CreateDate " +
		"AccessKeyMetadata/member/Status AccessKeyMetadata/member/UserName IsTruncated"
	for _, test := range []struct {
		call
		want string
	}{
		{as(s.Live, "sts:GetCallerIdentity"), "Account Arn UserId"},
		{as(s.Admin, "iam:GetUser", user...), "User/Arn User/CreateDate User/Path User/UserId User/UserName"},
		{as(s.Admin, "iam:ListAccessKeys", user...), metadata},
		{as(s.Admin, "iam:ListAccessKeys", append(user, "MaxItems", "1")...), metadata + " Marker"},
		{as(s.Marked, "iam:GetAccessKeyLastUsed", key[2:]...), "AccessKeyLastUsed/LastUsedDate " +
			"AccessKeyLastUsed/Region AccessKeyLastUsed/ServiceName UserName"},
		{as(s.Admin, "iam:GetAccessKeyLastUsed", "AccessKeyId", s.Off.AccessKeyID),
			"AccessKeyLastUsed/Region AccessKeyLastUsed/ServiceName UserName"},
		{as(s.Admin, "iam:UpdateAccessKey", append(key, "Status", "Inactive")...), ""},
		{as(s.Admin, "iam:DeleteAccessKey", key...), ""},
		{as(s.Admin, "iam:CreateAccessKey", user...), "AccessKey/AccessKeyId AccessKey/CreateDate " +
			"AccessKey/SecretAccessKey AccessKey/Status AccessKey/UserName"},
	} {
		service, action, _ := strings.Cut(test.action, ":")
		want := []string{action + "Response/ResponseMetadata/RequestId"}
		for path := range strings.FieldsSeq(test.want) {
			want = append(want, action+"Response/"+action+"Result/"+path)
		}
		slices.Sort(want)
		got := s.send(t, test.call)
		if got.status != http.StatusOK || got.space != spaces[service] || !slices.Equal(got.shape, want) {
			t.Errorf("%s: %+v, want %v", test.action, got, want)
		}
	}
}

const (
	badToken  = "The security token included in the request is invalid."
	badSecret = "The request signature we calculated does not match the signature you provided. " +
		"Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
)

// refusals is each error, by code, HTTP status and words.
func refusals(t *testing.T, s Server) {
	gone := localaws.NewKeyID(nil, localaws.PrefixKey, s.Account)
	user, nobody := []string{"UserName", Nobody}, []string{"UserName", "nobody"}
	key := []string{"UserName", Nobody, "AccessKeyId", s.Live.AccessKeyID}
	noKey := "The Access Key with id " + gone + " cannot be found"
	noUser := "The user with name nobody cannot be found."
	for _, test := range []struct {
		call
		status        int
		code, message string
	}{
		{as(aws.Credentials{}, "sts:GetCallerIdentity"), 403, "MissingAuthenticationToken", "Request is missing Authentication Token"},
		{as(s.Off, "sts:GetCallerIdentity"), 403, "InvalidClientTokenId", badToken},
		{as(s.Off, "iam:GetUser"), 403, "InvalidClientTokenId", badToken},
		{as(withToken(s.Session, "x"), "sts:GetCallerIdentity"), 403, "InvalidClientTokenId", badToken},
		{as(withToken(s.Live, "x"), "sts:GetCallerIdentity"), 403, "InvalidClientTokenId", badToken},
		{as(withToken(s.Session, ""), "sts:GetCallerIdentity"), 403, "InvalidClientTokenId", badToken},
		{as(withSecret(s.Live), "sts:GetCallerIdentity"), 403, "SignatureDoesNotMatch", badSecret},
		{as(withSecret(s.Live), "iam:GetUser"), 403, "SignatureDoesNotMatch", badSecret},
		{as(s.Admin, "iam:UpdateAccessKey", "UserName", Nobody, "AccessKeyId", gone, "Status", "Inactive"), 404, "NoSuchEntity", noKey},
		{as(s.Admin, "iam:UpdateAccessKey", "AccessKeyId", s.Live.AccessKeyID, "Status", "Inactive"), 404, "NoSuchEntity",
			"The Access Key with id " + s.Live.AccessKeyID + " cannot be found"}, // it is not the signer's own
		{as(s.Admin, "iam:DeleteAccessKey", "UserName", Nobody, "AccessKeyId", gone), 404, "NoSuchEntity", noKey},
		{as(s.Admin, "iam:GetAccessKeyLastUsed", "AccessKeyId", gone), 404, "NoSuchEntity", noKey},
		{as(s.Admin, "iam:GetUser", nobody...), 404, "NoSuchEntity", noUser},
		{as(s.Admin, "iam:ListAccessKeys", nobody...), 404, "NoSuchEntity", noUser},
		{as(s.Admin, "iam:CreateAccessKey", user...), 409, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2"},
		{as(s.Admin, "iam:UpdateAccessKey", append(key, "Status", "Off")...), 400, "ValidationError", "1 validation error detected: " +
			"Value 'Off' at 'status' failed to satisfy constraint: Member must satisfy enum value set: [Active, Inactive]"},
		{as(s.Admin, "iam:NoSuchAction"), 400, "InvalidAction", "Could not find operation NoSuchAction for version 2010-05-08"},
		{as(s.Marked, "iam:UpdateAccessKey", append(key, "Status", "Inactive")...), 403, "AccessDenied",
			s.denied(Marked, "iam:UpdateAccessKey", " with an explicit deny in an identity-based policy")},
		{as(s.Live, "iam:ListAccessKeys"), 403, "AccessDenied",
			s.denied(Nobody, "iam:ListAccessKeys", " because no identity-based policy allows the iam:ListAccessKeys action")},
	} {
		service, _, _ := strings.Cut(test.action, ":")
		got := s.send(t, test.call)
		if got.status != test.status || got.code != test.code || got.typ != "Sender" {
			t.Errorf("%s: %d %s %s, want %d %s", test.action, got.status, got.typ, got.code, test.status, test.code)
		}
		if got.message != test.message {
			t.Errorf("%s:\n got %q\nwant %q", test.action, got.message, test.message)
		}
		if got.space != spaces[service] && got.code != "InvalidAction" {
			t.Errorf("%s, %s: namespace %q", test.action, got.code, got.space)
		}
	}
}

// denied is what the user is told about the action on [Nobody].
func (s Server) denied(user, action, why string) string {
	text := "User: " + s.UserARN(user) + " is not authorized to perform: " + action
	if s.PlainDenied {
		return text + " because no identity-based policy allows the " + action + " action"
	}
	return text + " on resource: user " + Nobody + why
}

// clock is what a signature that is too old or too new is told.
func clock(t *testing.T, s Server) {
	for ago, want := range map[time.Duration][2]string{
		16 * time.Minute:  {"Signature expired: ", " - 15 min.)"},
		-16 * time.Minute: {"Signature not yet current: ", " + 15 min.)"},
	} {
		got := s.send(t, call{as: s.Live, action: "sts:GetCallerIdentity", ago: ago})
		if got.status != 403 || got.code != "SignatureDoesNotMatch" ||
			!strings.HasPrefix(got.message, want[0]) || !strings.HasSuffix(got.message, want[1]) {
			t.Errorf("signed %v ago: %+v", ago, got)
		}
	}
	for _, ago := range []time.Duration{14 * time.Minute, -14 * time.Minute} {
		if got := s.send(t, call{as: s.Live, action: "sts:GetCallerIdentity", ago: ago}); got.status != 200 {
			t.Errorf("signed %v ago: %+v", ago, got)
		}
	}
}

// malformed is what signatures that say too little, or not what was signed, are
// told.
func malformed(t *testing.T, s Server) {
	auth := func(old, with string) func(*http.Request) {
		return func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), old, with, 1))
		}
	}
	for _, test := range []struct {
		name   string
		tamper func(*http.Request)
		status int
		code   string
	}{
		{"no signature", auth(", Signature=", ", X="), 400, "IncompleteSignature"},
		{"no credential", auth("Credential=", "X="), 400, "IncompleteSignature"},
		{"no signed headers", auth("SignedHeaders=", "X="), 400, "IncompleteSignature"},
		{"a short credential", auth("/us-east-1/", "/"), 400, "IncompleteSignature"},
		{"another scheme", auth("AWS4-HMAC-SHA256", "Basic"), 403, "MissingAuthenticationToken"},
		{"another service", auth("/sts/", "/s3/"), 400, "SignatureDoesNotMatch"},
		{"another terminator", auth("/aws4_request", "/aws5_request"), 403, "SignatureDoesNotMatch"},
		{"the host not signed", auth(";host;", ";"), 403, "SignatureDoesNotMatch"},
		{"another signature", auth("Signature=", "Signature=0"), 403, "SignatureDoesNotMatch"},
		{"another path", func(r *http.Request) { r.URL.Path = "/a" }, 403, "SignatureDoesNotMatch"},
		{"another query", func(r *http.Request) { r.URL.RawQuery = "a=b" }, 403, "SignatureDoesNotMatch"},
		{"no date", func(r *http.Request) { r.Header.Del("X-Amz-Date") }, 400, "IncompleteSignature"},
		{"a bad date", func(r *http.Request) { r.Header.Set("X-Amz-Date", "today") }, 400, "IncompleteSignature"},
		{"another date", func(r *http.Request) {
			r.Header.Set("X-Amz-Date", time.Now().Add(time.Minute).UTC().Format("20060102T150405Z"))
		}, 403, "SignatureDoesNotMatch"},
	} {
		got := s.send(t, call{as: s.Live, action: "sts:GetCallerIdentity", tamper: test.tamper})
		if got.status != test.status || got.code != test.code || got.typ != "Sender" {
			t.Errorf("%s: %d %s %q, want %d %s", test.name, got.status, got.code, got.message, test.status, test.code)
		}
	}
}
