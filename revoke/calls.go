package revoke

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/account"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

// call is one operation of an AWS service.
//
// The services with many operations are held as a struct of those that are called, never as
// their client in an interface: a type that stands in one keeps all its methods in the program,
// as text/template, with which the command line prints its help, may look up any by name. That
// was 8.5 MB of 32, most of it IAM's other 150 operations.
type call[In, Options, Out any] func(context.Context, *In, ...func(*Options)) (*Out, error)

func iamCalls(c *iam.Client) iamAPI {
	return iamAPI{
		policyAPI: policyAPI{
			GetUserPolicy:    c.GetUserPolicy,
			PutUserPolicy:    c.PutUserPolicy,
			DeleteUserPolicy: c.DeleteUserPolicy,
			TagUser:          c.TagUser,
			UntagUser:        c.UntagUser,
			GetRolePolicy:    c.GetRolePolicy,
			PutRolePolicy:    c.PutRolePolicy,
			DeleteRolePolicy: c.DeleteRolePolicy,
			TagRole:          c.TagRole,
			UntagRole:        c.UntagRole,
		},
		serviceAPI: serviceAPI{
			ListServiceSpecificCredentials:  c.ListServiceSpecificCredentials,
			UpdateServiceSpecificCredential: c.UpdateServiceSpecificCredential,
			DeleteServiceSpecificCredential: c.DeleteServiceSpecificCredential,
		},
		reportAPI: reportAPI{
			ListUsers:                c.ListUsers,
			GenerateCredentialReport: c.GenerateCredentialReport,
			GetCredentialReport:      c.GetCredentialReport,
		},
		ListAccessKeys:           c.ListAccessKeys,
		ListAttachedUserPolicies: c.ListAttachedUserPolicies,
		GetAccessKeyLastUsed:     c.GetAccessKeyLastUsed,
		GetAccountSummary:        c.GetAccountSummary,
		CreateAccessKey:          c.CreateAccessKey,
		UpdateAccessKey:          c.UpdateAccessKey,
		DeleteAccessKey:          c.DeleteAccessKey,
	}
}

func organizationsCalls(c *organizations.Client) organizationsAPI {
	return organizationsAPI{ListAccounts: c.ListAccounts, DescribeAccount: c.DescribeAccount}
}

func secretsCalls(c *secretsmanager.Client) secretsAPI {
	return secretsAPI{GetSecretValue: c.GetSecretValue, CreateSecret: c.CreateSecret, PutSecretValue: c.PutSecretValue}
}

// The calls below are what the SDK's paginators take, each for the client that it is of.
type (
	listUsers                call[iam.ListUsersInput, iam.Options, iam.ListUsersOutput]
	listAccessKeys           call[iam.ListAccessKeysInput, iam.Options, iam.ListAccessKeysOutput]
	listAttachedUserPolicies call[iam.ListAttachedUserPoliciesInput, iam.Options, iam.ListAttachedUserPoliciesOutput]
	listAccounts             call[organizations.ListAccountsInput, organizations.Options, organizations.ListAccountsOutput]
	listRegions              call[account.ListRegionsInput, account.Options, account.ListRegionsOutput]
	lookupEvents             call[cloudtrail.LookupEventsInput, cloudtrail.Options, cloudtrail.LookupEventsOutput]
)

func (f listUsers) ListUsers(ctx context.Context, in *iam.ListUsersInput, opts ...func(*iam.Options)) (*iam.ListUsersOutput, error) {
	return f(ctx, in, opts...)
}

func (f listAccessKeys) ListAccessKeys(ctx context.Context, in *iam.ListAccessKeysInput, opts ...func(*iam.Options)) (*iam.ListAccessKeysOutput, error) {
	return f(ctx, in, opts...)
}

func (f listAttachedUserPolicies) ListAttachedUserPolicies(ctx context.Context, in *iam.ListAttachedUserPoliciesInput, opts ...func(*iam.Options)) (*iam.ListAttachedUserPoliciesOutput, error) {
	return f(ctx, in, opts...)
}

func (f listAccounts) ListAccounts(ctx context.Context, in *organizations.ListAccountsInput, opts ...func(*organizations.Options)) (*organizations.ListAccountsOutput, error) {
	return f(ctx, in, opts...)
}

func (f listRegions) ListRegions(ctx context.Context, in *account.ListRegionsInput, opts ...func(*account.Options)) (*account.ListRegionsOutput, error) {
	return f(ctx, in, opts...)
}

func (f lookupEvents) LookupEvents(ctx context.Context, in *cloudtrail.LookupEventsInput, opts ...func(*cloudtrail.Options)) (*cloudtrail.LookupEventsOutput, error) {
	return f(ctx, in, opts...)
}
