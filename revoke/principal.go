package revoke

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/smithy-go/middleware"
)

// policyAPI is what is asked of IAM about inline policies and tags.
type policyAPI struct {
	GetUserPolicy    call[iam.GetUserPolicyInput, iam.Options, iam.GetUserPolicyOutput]
	PutUserPolicy    call[iam.PutUserPolicyInput, iam.Options, iam.PutUserPolicyOutput]
	DeleteUserPolicy call[iam.DeleteUserPolicyInput, iam.Options, iam.DeleteUserPolicyOutput]
	TagUser          call[iam.TagUserInput, iam.Options, iam.TagUserOutput]
	UntagUser        call[iam.UntagUserInput, iam.Options, iam.UntagUserOutput]
	GetRolePolicy    call[iam.GetRolePolicyInput, iam.Options, iam.GetRolePolicyOutput]
	PutRolePolicy    call[iam.PutRolePolicyInput, iam.Options, iam.PutRolePolicyOutput]
	DeleteRolePolicy call[iam.DeleteRolePolicyInput, iam.Options, iam.DeleteRolePolicyOutput]
	TagRole          call[iam.TagRoleInput, iam.Options, iam.TagRoleOutput]
	UntagRole        call[iam.UntagRoleInput, iam.Options, iam.UntagRoleOutput]
}

// principal is who has an inline policy: a user, or a role.
type principal struct {
	role bool
	name string
}

func (p principal) String() string {
	if p.role {
		return "role " + p.name
	}
	return "user " + p.name
}

func (p principal) kind() string {
	if p.role {
		return "Role"
	}
	return "User"
}

// permission is that to Get, Put or Delete its inline policies.
func (p principal) permission(verb string) string { return "iam:" + verb + p.kind() + "Policy" }

func (p principal) tagPermission(verb string) string { return "iam:" + verb + p.kind() }

func (p principal) call(verb string) string {
	return fmt.Sprintf("%s %sName=%s", p.permission(verb), p.kind(), p.name)
}

// policy returns the text of the inline policy, "" if there is none, and the time
// by AWS's clock.
func (s *session) policy(ctx context.Context, p principal, name string) (text string, now time.Time, err error) {
	var escaped *string
	var md middleware.Metadata
	if p.role {
		var out *iam.GetRolePolicyOutput
		if out, err = s.iam.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: &p.name, PolicyName: &name}); err == nil {
			escaped, md = out.PolicyDocument, out.ResultMetadata
		}
	} else {
		var out *iam.GetUserPolicyOutput
		if out, err = s.iam.GetUserPolicy(ctx, &iam.GetUserPolicyInput{UserName: &p.name, PolicyName: &name}); err == nil {
			escaped, md = out.PolicyDocument, out.ResultMetadata
		}
	}
	now = serverTime(md, err)
	switch {
	case errorCode(err) == "NoSuchEntity": // also where there is no such principal, which putting it then tells
		return "", now, nil
	case err != nil:
		return "", now, fmt.Errorf("asking IAM for the policies of %s: %w", p, failed(p.permission("Get"), err))
	}
	text, err = url.PathUnescape(aws.ToString(escaped))
	return text, now, err
}

func (s *session) putPolicy(ctx context.Context, p principal, policy Policy) (md middleware.Metadata, err error) {
	if p.role {
		out, err := s.iam.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: &p.name, PolicyName: &policy.Name, PolicyDocument: &policy.Document})
		if err == nil {
			md = out.ResultMetadata
		}
		return md, err
	}
	out, err := s.iam.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: &p.name, PolicyName: &policy.Name, PolicyDocument: &policy.Document})
	if err == nil {
		md = out.ResultMetadata
	}
	return md, err
}

func (s *session) deletePolicy(ctx context.Context, p principal, name string) (md middleware.Metadata, err error) {
	if p.role {
		out, err := s.iam.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: &p.name, PolicyName: &name})
		if err == nil {
			md = out.ResultMetadata
		}
		return md, err
	}
	out, err := s.iam.DeleteUserPolicy(ctx, &iam.DeleteUserPolicyInput{UserName: &p.name, PolicyName: &name})
	if err == nil {
		md = out.ResultMetadata
	}
	return md, err
}

func (s *session) tag(ctx context.Context, p principal, value string) (err error) {
	tags := []types.Tag{{Key: aws.String(containTag), Value: &value}}
	if p.role {
		_, err = s.iam.TagRole(ctx, &iam.TagRoleInput{RoleName: &p.name, Tags: tags})
	} else {
		_, err = s.iam.TagUser(ctx, &iam.TagUserInput{UserName: &p.name, Tags: tags})
	}
	return err
}

func (s *session) untag(ctx context.Context, p principal) (err error) {
	keys := []string{containTag}
	if p.role {
		_, err = s.iam.UntagRole(ctx, &iam.UntagRoleInput{RoleName: &p.name, TagKeys: keys})
	} else {
		_, err = s.iam.UntagUser(ctx, &iam.UntagUserInput{UserName: &p.name, TagKeys: keys})
	}
	return err
}
