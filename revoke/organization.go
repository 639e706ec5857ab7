package revoke

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"
)

// organizationsAPI is what is asked of Organizations.
type organizationsAPI struct {
	ListAccounts    call[organizations.ListAccountsInput, organizations.Options, organizations.ListAccountsOutput]
	DescribeAccount call[organizations.DescribeAccountInput, organizations.Options, organizations.DescribeAccountOutput]
}

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
	if known || o.nameless || o.organizations.DescribeAccount == nil {
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

// OrganizationAccounts returns the IDs of the active accounts of the operator's
// organization, which its management account, and whom that delegates to, can list.
func (o *Operator) OrganizationAccounts(ctx context.Context) ([]string, error) {
	var accounts []string
	pages := organizations.NewListAccountsPaginator(listAccounts(o.organizations.ListAccounts), nil) // also past empty pages
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("listing the organization's accounts: %w", failed("organizations:ListAccounts", err))
		}
		for _, a := range page.Accounts {
			if a.State == types.AccountStateActive || a.State == "" && a.Status == types.AccountStatusActive {
				accounts = append(accounts, aws.ToString(a.Id))
			}
		}
	}
	return accounts, nil
}
