package revoke

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
)

// rootTask is the policy of a session of [Operator.asRoot]: it may look at the root
// user's credentials and delete them, and nothing else; it cannot deactivate.
const rootTask = "policy/root-task/IAMDeleteRootUserCredentials"

// asRoot returns a session as the root user of a member account, as the
// organization's management account, or whom that delegates IAM to, may have it.
func (o *Operator) asRoot(ctx context.Context, account string) (*session, error) {
	id, err := o.Identity(ctx)
	if err != nil {
		return nil, err
	}
	task := fmt.Sprintf("arn:%s:iam::aws:%s", id.partition(), rootTask)
	as := aws.NewCredentialsCache(aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
		out, err := o.sts.AssumeRoot(ctx, &sts.AssumeRootInput{
			TargetPrincipal: &account, TaskPolicyArn: &types.PolicyDescriptorType{Arn: &task},
		})
		if err != nil {
			return aws.Credentials{}, err
		}
		return aws.Credentials{
			AccessKeyID: aws.ToString(out.Credentials.AccessKeyId), SecretAccessKey: aws.ToString(out.Credentials.SecretAccessKey),
			SessionToken: aws.ToString(out.Credentials.SessionToken), CanExpire: true, Expires: aws.ToTime(out.Credentials.Expiration),
		}, nil
	}), inTime)
	if _, err := as.Retrieve(ctx); err != nil {
		return nil, fmt.Errorf("becoming root of account %s: %w: the organization needs root sessions enabled (iam:EnableOrganizationsRootSessions), and you its management account", account, failed("sts:AssumeRoot", err))
	}
	return &session{o.newIAM(as), fmt.Sprintf("arn:%s:iam::%s:root", id.partition(), account), as}, nil
}

// perhapsRootKey reports whether the key is root's, or no user has it so that it
// may be.
func perhapsRootKey(step Step, byIAM Verdict) bool {
	return strings.HasSuffix(step.Verdict.ARN, ":root") || step.userless && byIAM.Status != Deleted
}

// decideRoot plans to delete a root key, for good.
func (r *Revoker) decideRoot(ctx context.Context, step Step) Step {
	step.Action, step.Root = Delete, true
	s, err := r.op.asRoot(ctx, step.Account)
	if err != nil {
		return step.refused(err.Error())
	}
	switch there, err := s.hasRootKey(ctx, step.KeyID); {
	case err != nil:
		return step.refused(err.Error())
	case !there:
		step.Verdict = Verdict{Status: Deleted, Proof: ByIAM, Reason: "no user has it, nor has root", Account: step.Account}
		return step.refused("already deleted: nothing to do")
	}
	step.By = s.as
	step.Call = fmt.Sprintf("iam:DeleteAccessKey AccessKeyId=%s, as root by sts:AssumeRoot", step.KeyID)
	step.Notes = append(step.Notes, "a root key cannot be deactivated this way: it is deleted, for good")
	return step
}

func (s *session) hasRootKey(ctx context.Context, keyID string) (bool, error) {
	keys, err := s.keys(ctx, "")
	for _, k := range keys {
		if aws.ToString(k.AccessKeyId) == keyID {
			return true, nil
		}
	}
	return false, err
}
