package revoke

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
)

// organizationsAPI is what is asked of Organizations.
type organizationsAPI interface {
	DescribeAccount(context.Context, *organizations.DescribeAccountInput, ...func(*organizations.Options)) (*organizations.DescribeAccountOutput, error)
}

var _ organizationsAPI = (*organizations.Client)(nil)

func (o *Operator) settleOrganizations(oo *organizations.Options) {
	oo.BaseEndpoint, oo.HTTPClient = o.baseEndpoint(), staying(oo.HTTPClient)
	oo.APIOptions = append(oo.APIOptions, o.gate.attach)
	oo.Retryer = retry.AddWithMaxAttempts(newRetryer(), 2) // nothing hangs on the answer
}

// accountName returns what the organization calls the account, or "": only its
// management account, and whom that delegates to, can tell. It asks once for an
// account, and after a refusal, or in vain, no more at all. A name is of use, never needed, so
// that its absence is no error.
func (o *Operator) accountName(ctx context.Context, account string) string {
	o.naming.Lock()
	defer o.naming.Unlock()
	name, known := o.names[account]
	if known || o.nameless || o.organizations == nil {
		return name
	}
	out, err := o.organizations.DescribeAccount(ctx, &organizations.DescribeAccountInput{AccountId: &account})
	switch {
	case ctx.Err() != nil:
		return ""
	case err != nil && errorCode(err) != "AccountNotFoundException":
		o.nameless = true
	case err == nil && out.Account != nil:
		name = printable(aws.ToString(out.Account.Name))
	}
	o.names[account] = name
	return name
}
