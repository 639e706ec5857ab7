package contract

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/versity/versitygw/iamapi/types"

	"github.com/revokey-dev/revokey/revoke/localaws"
	"github.com/revokey-dev/revokey/revoke/revoketest"
)

// account is versitygw's only one.
const account = "000000000000"

func TestVersitygw(t *testing.T) { revoketest.Suite(t, newVersitygw) }

// newVersitygw serves a new versitygw with the suite's users and keys. They are
// written to its file before it starts, for the key IDs that it makes itself
// have 21 characters, and it makes no sessions without an identity provider.
func newVersitygw(t *testing.T) revoketest.Server {
	s := revoketest.Server{
		Account: account,
		Admin:   mint(localaws.PrefixKey), Live: mint(localaws.PrefixKey), Off: mint(localaws.PrefixKey),
		Marked: mint(localaws.PrefixKey), Least: mint(localaws.PrefixKey), Root: mint(localaws.PrefixKey),
		Session: mint(localaws.PrefixSession), Ended: mint(localaws.PrefixSession),
		Deviations: revoketest.Deviations{
			NoExpired: true, NoPolicyLists: true, NoKeyInfo: true, PlainDenied: true,
		},
	}
	s.URL = "http://" + serve(t, seed(t, s), s.Root)
	return s
}

func mint(prefix string) aws.Credentials {
	cred := aws.Credentials{AccessKeyID: localaws.NewKeyID(nil, prefix, account), SecretAccessKey: localaws.NewSecret(nil)}
	if prefix == localaws.PrefixSession {
		cred.SessionToken = localaws.NewSessionToken(nil)
	}
	return cred
}

// file is versitygw's iam.json. It fills in what is missing here.
type file struct {
	Users          map[string]types.User    `json:"users"`
	AccessKeyIndex map[string]string        `json:"accessKeyIndex"`
	Sessions       map[string]types.Session `json:"sessions"`
}

// seed writes the keys of s, and returns the directory.
func seed(t *testing.T, s revoketest.Server) string {
	t.Helper()
	f := file{map[string]types.User{}, map[string]string{}, map[string]types.Session{}}
	f.add(revoketest.Admin, `{"Effect":"Allow","Action":"*","Resource":"*"}`, s.Admin)
	f.add(revoketest.Nobody, "", s.Live, s.Off)
	f.Users[revoketest.Nobody].AccessKeys[1].Status = "Inactive"
	f.add(revoketest.Marked, `{"Effect":"Allow","Action":"*","Resource":"*"},`+
		`{"Effect":"Deny","Action":"iam:UpdateAccessKey","Resource":"*"}`, s.Marked)
	f.add(revoketest.Least, fmt.Sprintf(`{"Effect":"Allow","Action":["%s"],"Resource":"*"}`, strings.Join(revoketest.LeastActions(), `","`)), s.Least)
	f.addSession(s.Session, time.Hour)
	f.addSession(s.Ended, -time.Hour)
	data, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "iam.json"), data, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// add adds a user with an inline policy of the statements, and active keys.
func (f file) add(name, statements string, keys ...aws.Credentials) {
	u := types.User{
		Path: "/", UserName: name, UserID: "AIDA" + "QAAAAAAAAAAAA" + "EXAM", Arn: "arn:aws:iam::" + account + ":user/" + name,
		CreateDate: time.Now(),
	}
	for _, k := range keys {
		u.AccessKeys = append(u.AccessKeys, types.AccessKeyEntry{
			AccessKeyId: k.AccessKeyID, SecretAccessKey: k.SecretAccessKey, Status: "Active", CreateDate: time.Now(),
		})
		f.AccessKeyIndex[k.AccessKeyID] = name
	}
	if statements != "" {
		u.Policies.Inline = []types.PolicyEntry{{
			PolicyName: "all", PolicyDocument: `{"Version":"2012-10-17","Statement":[` + statements + `]}`,
		}}
	}
	f.Users[name] = u
}

func (f file) addSession(k aws.Credentials, ttl time.Duration) {
	f.Sessions[k.AccessKeyID] = types.Session{
		AccessKeyId: k.AccessKeyID, SecretAccessKey: k.SecretAccessKey, SessionToken: k.SessionToken,
		RoleArn: "arn:aws:iam::" + account + ":role/" + revoketest.Role, RoleName: revoketest.Role,
		RoleID: "AROA" + "QAAAAAAAAAAAA" + "EXAM", RoleSessionName: revoketest.SessionTag,
		CreateDate: time.Now(), Expiration: time.Now().Add(ttl),
	}
}

// freePort returns an address of this machine that nobody listens on. versitygw
// does not tell which port it was given for port 0.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
