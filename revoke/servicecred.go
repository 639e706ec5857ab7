package revoke

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/smithy-go/middleware"
)

// serviceAPI is what is asked of IAM about service-specific credentials: API keys
// of Bedrock and CloudWatch Logs, passwords of CodeCommit and Keyspaces.
type serviceAPI struct {
	ListServiceSpecificCredentials  call[iam.ListServiceSpecificCredentialsInput, iam.Options, iam.ListServiceSpecificCredentialsOutput]
	UpdateServiceSpecificCredential call[iam.UpdateServiceSpecificCredentialInput, iam.Options, iam.UpdateServiceSpecificCredentialOutput]
	DeleteServiceSpecificCredential call[iam.DeleteServiceSpecificCredentialInput, iam.Options, iam.DeleteServiceSpecificCredentialOutput]
}

// isServiceID reports whether the ID is a service-specific credential's. Source:
// the IAM user guide, under "IAM identifiers".
func isServiceID(id string) bool { return strings.HasPrefix(id, "ACCA") }

// serviceStep plans for a service-specific credential, which its name or its ID
// tells. IAM alone knows it, and is the proof.
func (r *Revoker) serviceStep(ctx context.Context, step Step, name string) Step {
	s, err := r.op.in(ctx, step.Account)
	if err != nil {
		return step.refused(err.Error())
	}
	found, err := s.serviceCredential(ctx, step.KeyID, name)
	switch {
	case err != nil:
		step.Verdict = Verdict{Status: Unknown, Reason: err.Error()}
		return step.refused(err.Error())
	case found == nil:
		step.Verdict = Verdict{Status: Deleted, Proof: ByIAM, Reason: "no user of the account has it"}
		return step.refused("already deleted: nothing to do")
	}
	step.KeyID, step.Service, step.User = aws.ToString(found.ServiceSpecificCredentialId), aws.ToString(found.ServiceName), aws.ToString(found.UserName)
	step.Created, step.Verdict = aws.ToTime(found.CreateDate), shown(found.Status)
	if found.Status == types.StatusTypeExpired {
		step.Verdict = Verdict{Status: Expired, Proof: ByIAM, Reason: "IAM shows it Expired"}
	}
	return r.decideService(ctx, s, step)
}

func (r *Revoker) decideService(ctx context.Context, s *session, step Step) Step {
	switch status := step.Verdict.Status; {
	case r.opts.Canaries.isUser(step.User):
		return step.refused(canaryUserReason)
	case status == Expired:
		return step.refused("expired: nothing to do")
	case step.Action == Delete:
		if why := r.undeletable(ctx, step, step.Verdict); why != "" {
			return step.refused(why)
		}
	case status == Inactive:
		return step.refused("already inactive: nothing to do")
	case status != Live:
		return step.refused(step.Verdict.Reason)
	}
	step.By = s.as
	step.Call = fmt.Sprintf("iam:UpdateServiceSpecificCredential UserName=%s ServiceSpecificCredentialId=%s Status=Inactive", step.User, step.KeyID)
	if step.Action == Delete {
		step.Call = fmt.Sprintf("iam:DeleteServiceSpecificCredential UserName=%s ServiceSpecificCredentialId=%s", step.User, step.KeyID)
	}
	return step
}

// serviceCredential returns the credential with the ID or else the name: nil if no
// user has it.
func (s *session) serviceCredential(ctx context.Context, id, name string) (*types.ServiceSpecificCredentialMetadata, error) {
	in := &iam.ListServiceSpecificCredentialsInput{AllUsers: aws.Bool(true)}
	for {
		out, err := s.iam.ListServiceSpecificCredentials(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("asking IAM for service-specific credentials: %w", failed("iam:ListServiceSpecificCredentials", err))
		}
		for _, c := range out.ServiceSpecificCredentials {
			named := name != "" && (aws.ToString(c.ServiceCredentialAlias) == name || aws.ToString(c.ServiceUserName) == name)
			if isServiceID(id) && aws.ToString(c.ServiceSpecificCredentialId) == id || named {
				return &c, nil
			}
		}
		if in.Marker = out.Marker; aws.ToString(in.Marker) == "" {
			return nil, nil
		}
	}
}

// setServiceStatus is [session.setStatus] of a service-specific credential.
func (s *session) setServiceStatus(key KeyState, service string, action Action) change {
	return change{
		key: key, action: action, service: service, permission: "iam:UpdateServiceSpecificCredential",
		call: func(ctx context.Context) (middleware.Metadata, error) {
			out, err := s.iam.UpdateServiceSpecificCredential(ctx, &iam.UpdateServiceSpecificCredentialInput{
				UserName: optional(key.User), ServiceSpecificCredentialId: &key.KeyID, Status: action.status(),
			})
			if err != nil {
				return middleware.Metadata{}, err
			}
			return out.ResultMetadata, nil
		},
		seen: func(ctx context.Context) (bool, string) {
			v := s.serviceVerdict(ctx, key.KeyID)
			return v.Status == shown(action.status()).Status, v.Reason
		},
	}
}

// deletingService is [session.deleting] of a service-specific credential.
func (s *session) deletingService(key KeyState, service string) change {
	return change{
		key: key, action: Delete, service: service, permission: "iam:DeleteServiceSpecificCredential",
		call: func(ctx context.Context) (middleware.Metadata, error) {
			out, err := s.iam.DeleteServiceSpecificCredential(ctx, &iam.DeleteServiceSpecificCredentialInput{
				UserName: optional(key.User), ServiceSpecificCredentialId: &key.KeyID,
			})
			if err != nil {
				return middleware.Metadata{}, err
			}
			return out.ResultMetadata, nil
		},
		seen: func(ctx context.Context) (bool, string) {
			v := s.serviceVerdict(ctx, key.KeyID)
			return v.Status == Deleted, v.Reason
		},
	}
}

// serviceVerdict is what IAM shows of a service-specific credential.
func (s *session) serviceVerdict(ctx context.Context, id string) Verdict {
	switch found, err := s.serviceCredential(ctx, id, ""); {
	case err != nil:
		return Verdict{Status: Unknown, Reason: err.Error()}
	case found == nil:
		return Verdict{Status: Deleted, Proof: ByIAM, Reason: "IAM lists it no more"}
	default:
		return shown(found.Status)
	}
}
