package revoke_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/revokey-dev/revokey/revoke/localaws"
	"github.com/revokey-dev/revokey/revoke/revoketest"
)

// TestContract is the same suite that revoke/contract runs against versitygw.
func TestContract(t *testing.T) { revoketest.Suite(t, newLocalAWS) }

func newLocalAWS(t *testing.T) revoketest.Server {
	const account = "111122223333"
	s := localaws.New(localaws.Options{})
	url, err := s.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	s.AddAdmin(account, revoketest.Admin)
	s.AddAdmin(account, revoketest.Marked)
	s.Deny(account, revoketest.Marked, "iam:UpdateAccessKey")
	s.AddUser(account, revoketest.Least)
	s.SetPolicy(account, revoketest.Least, "all", fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["%s"],"Resource":"*"}]}`, strings.Join(revoketest.LeastActions(), `","`)))
	off := s.AddKey(account, revoketest.Nobody)
	s.SetStatus(off.ID, localaws.Inactive)
	key := func(user string) aws.Credentials { return sdkKey(s.AddKey(account, user)) }
	session := func(ttl time.Duration) aws.Credentials {
		return sdkKey(s.AddSession(account, "assumed-role/"+revoketest.Role+"/"+revoketest.SessionTag, ttl))
	}
	return revoketest.Server{
		URL: url, Account: account,
		Admin: key(revoketest.Admin), Live: key(revoketest.Nobody), Off: sdkKey(off),
		Marked: key(revoketest.Marked), Least: key(revoketest.Least), Root: key("root"),
		Session: session(time.Hour), Ended: session(0),
	}
}

func sdkKey(k localaws.Key) aws.Credentials {
	return aws.Credentials{AccessKeyID: k.ID, SecretAccessKey: k.Secret, SessionToken: k.SessionToken}
}
