package revoketest

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/revokey-dev/revokey/revoke"
	"github.com/revokey-dev/revokey/revoke/localaws"
)

// verdicts is every verdict that STS alone can give.
func verdicts(t *testing.T, s Server) {
	user, session := s.UserARN(Nobody), "arn:aws:sts::"+s.Account+":assumed-role/"+Role+"/"+SessionTag
	unknown := aws.Credentials{AccessKeyID: localaws.NewKeyID(nil, localaws.PrefixKey, s.Account), SecretAccessKey: localaws.NewSecret(nil)}
	tests := []struct {
		name string
		cred aws.Credentials
		want revoke.Status
		arn  string
	}{
		{"live", s.Live, revoke.Live, user},
		{"wrong secret", withSecret(s.Live), revoke.ActiveWrongSecret, ""},
		{"inactive", s.Off, revoke.NotAccepted, ""},
		{"inactive, wrong secret", withSecret(s.Off), revoke.NotAccepted, ""},
		{"never existed", unknown, revoke.NotAccepted, ""},
		{"denied, but alive", s.Marked, revoke.Live, s.UserARN(Marked)},
		{"root", s.Root, revoke.Live, "arn:aws:iam::" + s.Account + ":root"},
		{"session", s.Session, revoke.Live, session},
		{"session without its token", withToken(s.Session, ""), revoke.NeedsToken, ""},
		{"session with another token", withToken(s.Session, "x"), revoke.NotAccepted, ""},
		{"session, wrong secret", withSecret(s.Session), revoke.ActiveWrongSecret, ""},
		{"session that is over", s.Ended, without(s.NoExpired, revoke.NotAccepted, revoke.Expired), ""},
	}
	for _, test := range tests {
		v := s.verifier().Check(t.Context(), test.cred, s.Account)
		if v.Status != test.want || v.ARN != test.arn || v.Account != s.Account {
			t.Errorf("%s: %v, %q of %q (%s), want %v, %q", test.name, v.Status, v.ARN, v.Account, v.Reason, test.want, test.arn)
		}
		if v.Status != revoke.NeedsToken && v.RequestID == "" {
			t.Errorf("%s: no request ID", test.name)
		}
		if strings.Contains(v.Reason, test.cred.SecretAccessKey) {
			t.Errorf("%s: the reason holds the secret", test.name)
		}
	}
}

// secondSecret is that the right one of two secrets is found.
func secondSecret(t *testing.T, s Server) {
	v := s.verifier()
	if got := v.Check(t.Context(), withSecret(s.Live), s.Account); got.Status != revoke.ActiveWrongSecret {
		t.Errorf("the wrong one: %v, %s", got.Status, got.Reason)
	}
	if got := v.Check(t.Context(), s.Live, s.Account); got.Status != revoke.Live {
		t.Errorf("the right one: %v, %s", got.Status, got.Reason)
	}
}

// withSecret is cred with a secret that is not its own.
func withSecret(cred aws.Credentials) aws.Credentials {
	cred.SecretAccessKey = localaws.NewSecret(nil)
	return cred
}

func withToken(cred aws.Credentials, token string) aws.Credentials {
	cred.SessionToken = token
	return cred
}
