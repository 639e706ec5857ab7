package forge

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// codecommitHeader returns the Authorization header by which CodeCommit lets git in:
// Basic, the user being the key ID (with "%" and the session token, if there is one), the
// password a time and the Signature Version 4 of a request with method GIT for the
// repository's path. It is good for 15 minutes.
//
// It is documented by its two implementations: the AWS CLI's credential helper
// (https://github.com/aws/aws-cli/blob/develop/awscli/customizations/codecommit.py) and
// https://github.com/aws/git-remote-codecommit.
func codecommitHeader(creds aws.Credentials, region string, u *url.URL, now time.Time) string {
	stamp := now.UTC().Format("20060102T150405")
	canonical := "GIT\n" + u.EscapedPath() + "\n\nhost:" + u.Hostname() + "\n\nhost\n"
	scope := strings.Join([]string{stamp[:8], region, "codecommit", "aws4_request"}, "/")
	sum := sha256.Sum256([]byte(canonical))
	key := []byte("AWS4" + creds.SecretAccessKey)
	for part := range strings.SplitSeq(scope, "/") {
		key = sign(key, part)
	}
	signature := sign(key, strings.Join([]string{"AWS4-HMAC-SHA256", stamp, scope, hex.EncodeToString(sum[:])}, "\n"))
	user := creds.AccessKeyID
	if creds.SessionToken != "" {
		user += "%" + creds.SessionToken
	}
	return basic(user, newToken(stamp+"Z"+hex.EncodeToString(signature)))
}

func sign(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}
