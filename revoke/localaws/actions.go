package localaws

// services are those that requests may be signed for.
var services = []string{"sts", "iam", "organizations", "cloudtrail", "account", "secretsmanager"}

// actions are what the server can do, by service and name.
var actions = map[string]func(*Server, *call) (any, error){
	"sts:GetCallerIdentity": (*Server).getCallerIdentity,
	"sts:GetAccessKeyInfo":  (*Server).getAccessKeyInfo,
	"sts:AssumeRole":        (*Server).assumeRole,
	"sts:AssumeRoot":        (*Server).assumeRoot,

	"iam:GetUser":                  (*Server).getUser,
	"iam:ListUsers":                (*Server).listUsers,
	"iam:ListAccessKeys":           (*Server).listAccessKeys,
	"iam:GetAccessKeyLastUsed":     (*Server).getAccessKeyLastUsed,
	"iam:CreateAccessKey":          (*Server).createAccessKey,
	"iam:UpdateAccessKey":          (*Server).updateAccessKey,
	"iam:DeleteAccessKey":          (*Server).deleteAccessKey,
	"iam:ListAttachedUserPolicies": (*Server).listAttachedUserPolicies,
	"iam:ListAccountAliases":       (*Server).listAccountAliases,
	"iam:GetAccountSummary":        (*Server).getAccountSummary,
	"iam:GenerateCredentialReport": (*Server).generateReport,
	"iam:GetCredentialReport":      (*Server).getReport,

	"iam:ListServiceSpecificCredentials":  (*Server).listServiceCredentials,
	"iam:UpdateServiceSpecificCredential": (*Server).updateServiceCredential,
	"iam:DeleteServiceSpecificCredential": (*Server).deleteServiceCredential,

	"iam:PutUserPolicy":    (*Server).putPolicy,
	"iam:GetUserPolicy":    (*Server).getPolicy,
	"iam:DeleteUserPolicy": (*Server).deletePolicy,
	"iam:TagUser":          (*Server).tag,
	"iam:UntagUser":        (*Server).untag,
	"iam:PutRolePolicy":    (*Server).putPolicy,
	"iam:GetRolePolicy":    (*Server).getPolicy,
	"iam:DeleteRolePolicy": (*Server).deletePolicy,
	"iam:TagRole":          (*Server).tag,
	"iam:UntagRole":        (*Server).untag,

	"organizations:DescribeAccount": (*Server).describeAccount,
	"organizations:ListAccounts":    (*Server).listAccounts,

	"cloudtrail:LookupEvents": (*Server).lookupEvents,
	"account:ListRegions":     (*Server).listRegions,

	"secretsmanager:GetSecretValue": (*Server).getSecretValue,
	"secretsmanager:CreateSecret":   (*Server).createSecret,
	"secretsmanager:PutSecretValue": (*Server).putSecretValue,
}
