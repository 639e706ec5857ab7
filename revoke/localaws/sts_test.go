package localaws_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/revokey-dev/revokey/revoke/localaws"
)

func TestIdentities(t *testing.T) {
	t.Parallel()
	s, url := start(t, localaws.Options{})
	s.AddUser(account, "ci")
	tests := []struct {
		key       localaws.Key
		arn, user string // user: how the unique ID begins
	}{
		{s.AddKey(account, "ci"), "arn:aws:iam::111122223333:user/ci", "AIDA"},
		{s.AddKey(account, ""), "arn:aws:iam::111122223333:root", account},
		{s.AddKey(account, "root"), "arn:aws:iam::111122223333:root", account},
		{s.AddSession(account, "assumed-role/ci/i-0123", time.Hour), "arn:aws:sts::111122223333:assumed-role/ci/i-0123", "AROA"},
		{s.AddSession(account, "federated-user/x", time.Hour), "arn:aws:sts::111122223333:federated-user/x", account + ":x"},
		{s.AddSession(account, "user/ci", time.Hour), "arn:aws:iam::111122223333:user/ci", "AIDA"},
	}
	for _, test := range tests {
		out, err := stsOf(url, test.key).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
		if err != nil {
			t.Errorf("%s: %v", test.arn, err)
			continue
		}
		if *out.Arn != test.arn || *out.Account != account || !strings.HasPrefix(*out.UserId, test.user) {
			t.Errorf("got %s %s %s, want %s %s…", *out.Arn, *out.Account, *out.UserId, test.arn, test.user)
		}
	}
}

func TestKeysThatSTSRefuses(t *testing.T) {
	t.Parallel()
	s, url := start(t, localaws.Options{})
	key := func(change func(*localaws.Key)) localaws.Key {
		k := s.AddKey(account, "ci")
		change(&k)
		return k
	}
	session := func(ttl time.Duration, token string) localaws.Key {
		k := s.AddSession(account, "assumed-role/ci/x", ttl)
		k.SessionToken = strings.ReplaceAll(token, "its own", k.SessionToken)
		return k
	}
	imported := localaws.Key{ID: localaws.NewKeyID(nil, localaws.PrefixKey, other), Secret: localaws.NewSecret(nil), Account: other, User: "x"}
	s.ImportKey(imported, localaws.Inactive)
	tests := map[string]struct {
		key  localaws.Key
		code string
	}{
		"never existed":        {key(func(k *localaws.Key) { k.ID = localaws.NewKeyID(nil, localaws.PrefixKey, account) }), "InvalidClientTokenId"},
		"inactive":             {key(func(k *localaws.Key) { s.SetStatus(k.ID, localaws.Inactive) }), "InvalidClientTokenId"},
		"deleted":              {key(func(k *localaws.Key) { s.DeleteKey(k.ID) }), "InvalidClientTokenId"},
		"imported inactive":    {imported, "InvalidClientTokenId"},
		"wrong secret":         {key(func(k *localaws.Key) { k.Secret = localaws.NewSecret(nil) }), "SignatureDoesNotMatch"},
		"session, no token":    {session(time.Hour, ""), "InvalidClientTokenId"},
		"session, wrong token": {session(time.Hour, "x"), "InvalidClientTokenId"},
		"session, over":        {session(0, "its own"), "ExpiredToken"},
		"user's key and token": {key(func(k *localaws.Key) { k.SessionToken = "x" }), "InvalidClientTokenId"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := identify(t, url, test.key)
			wantError(t, err, test.code, http.StatusForbidden)
		})
	}
	s.SetStatus(imported.ID, localaws.Active)
	if _, err := identify(t, url, imported); err != nil {
		t.Errorf("made active: %v", err)
	}
}

func TestPartition(t *testing.T) {
	t.Parallel()
	s, url := start(t, localaws.Options{})
	s.SetPartition("aws-us-gov")
	k := s.AddKey(account, "ci")
	_, err := identify(t, url, k)
	wantError(t, err, "InvalidClientTokenId", http.StatusForbidden)

	cfg := config(url, k)
	cfg.Region = "us-gov-west-1"
	out, err := sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), nil)
	if err != nil || *out.Arn != "arn:aws-us-gov:iam::111122223333:user/ci" {
		t.Errorf("in its own partition: %v, %v", out, err)
	}
}

func TestGetAccessKeyInfo(t *testing.T) {
	t.Parallel()
	s, url := start(t, localaws.Options{})
	asker := stsOf(url, s.AddKey(account, "ci"))
	old := localaws.Key{ID: "AKIA" + "IAAAAAAAAAAAAAAA", Secret: localaws.NewSecret(nil), Account: other, User: "x"}
	unknownOld := "AKIA" + "JAAAAAAAAAAAAAAA"
	s.ImportKey(old, localaws.Active)
	for _, id := range []string{localaws.NewKeyID(nil, localaws.PrefixKey, other), old.ID} {
		out, err := asker.GetAccessKeyInfo(t.Context(), &sts.GetAccessKeyInfoInput{AccessKeyId: &id})
		if err != nil || *out.Account != other {
			t.Errorf("%s: %v, %v, want %s", id, out, err, other)
		}
	}
	_, err := asker.GetAccessKeyInfo(t.Context(), &sts.GetAccessKeyInfoInput{AccessKeyId: &unknownOld})
	wantError(t, err, "ValidationError", http.StatusBadRequest)
}

func TestAssumeRole(t *testing.T) {
	t.Parallel()
	s, url := start(t, localaws.Options{})
	s.AddAdmin(account, "secops")
	s.AddRole(other, "Responder", account)
	s.AddRole(other, "Closed")
	admin, ci, root := s.AddKey(account, "secops"), s.AddKey(account, "ci"), s.AddKey(account, "root")
	session := "revokey"

	arn := "arn:aws:iam::444455556666:role/path/Responder"
	out, err := stsOf(url, admin).AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: &arn, RoleSessionName: &session})
	if err != nil {
		t.Fatal(err)
	}
	c := out.Credentials
	k := localaws.Key{ID: *c.AccessKeyId, Secret: *c.SecretAccessKey, SessionToken: *c.SessionToken}
	want := "arn:aws:sts::444455556666:assumed-role/Responder/revokey"
	if got, err := identify(t, url, k); err != nil || got != want || *out.AssumedRoleUser.Arn != want {
		t.Errorf("session is %s, %v, want %s", got, err, want)
	}
	if left := time.Until(*c.Expiration); left < 59*time.Minute || left > time.Hour {
		t.Errorf("session ends in %v, want an hour", left)
	}

	closed, missing, short := "arn:aws:iam::444455556666:role/Closed", "arn:aws:iam::444455556666:role/None", int32(60)
	refusals := map[string]struct {
		key  localaws.Key
		in   sts.AssumeRoleInput
		code string
	}{
		"not trusted":  {admin, sts.AssumeRoleInput{RoleArn: &closed, RoleSessionName: &session}, "AccessDenied"},
		"no such role": {admin, sts.AssumeRoleInput{RoleArn: &missing, RoleSessionName: &session}, "AccessDenied"},
		"not allowed":  {ci, sts.AssumeRoleInput{RoleArn: &arn, RoleSessionName: &session}, "AccessDenied"},
		"root":         {root, sts.AssumeRoleInput{RoleArn: &arn, RoleSessionName: &session}, "AccessDenied"},
		"bad name":     {admin, sts.AssumeRoleInput{RoleArn: &arn, RoleSessionName: new("a b")}, "ValidationError"},
		"too short":    {admin, sts.AssumeRoleInput{RoleArn: &arn, RoleSessionName: &session, DurationSeconds: &short}, "ValidationError"},
	}
	for name, test := range refusals {
		t.Run(name, func(t *testing.T) {
			_, err := stsOf(url, test.key).AssumeRole(t.Context(), &test.in)
			status := map[string]int{"AccessDenied": 403, "ValidationError": 400}[test.code]
			wantError(t, err, test.code, status)
		})
	}
}
