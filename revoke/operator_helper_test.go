package revoke

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/revokey-dev/revokey/revoke/localaws"
)

func target(k localaws.Key) Target {
	cred := pair(k)
	return Target{KeyID: k.ID, Account: k.Account, Leaked: &cred}
}

// as makes the environment that of an operator with the key, and no other.
func as(t *testing.T, k localaws.Key) {
	t.Helper()
	dir := t.TempDir()
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": k.ID, "AWS_SECRET_ACCESS_KEY": k.Secret, "AWS_SESSION_TOKEN": k.SessionToken,
		"AWS_CONFIG_FILE": dir + "/config", "AWS_SHARED_CREDENTIALS_FILE": dir + "/credentials",
		"AWS_PROFILE": "", "AWS_REGION": "", "AWS_EC2_METADATA_DISABLED": "true",
	} {
		t.Setenv(name, value)
	}
}

// operator returns the cloud's administrator.
func (c *cloud) operator(t *testing.T, opts OperatorOptions) *Operator {
	t.Helper()
	as(t, c.admin)
	opts.Endpoint = c.url
	op, err := NewOperator(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	return op
}

// revoker returns the administrator at work in own and member, with a journal.
func (c *cloud) revoker(t *testing.T) *Revoker {
	t.Helper()
	j := openJournal(t, t.TempDir()+"/journal.jsonl")
	r := NewRevoker(c.operator(t, OperatorOptions{RoleNames: []string{"OrganizationAccountAccessRole"}}), hasty(c.url, 0), RevokerOptions{
		Accounts: []string{own, member}, Journal: j, PollEvery: 5 * time.Millisecond, PollFor: 2 * time.Second, Workers: 1,
	})
	return r
}

// hastyOperatorSTS returns op's client without the waits between attempts.
func (c *cloud) hastyOperatorSTS(op *Operator) stsAPI {
	return sts.New(op.sts.(*sts.Client).Options(), func(o *sts.Options) { o.Retryer = impatient() })
}
