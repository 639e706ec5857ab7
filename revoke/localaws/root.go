package localaws

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// rootTask is all that a session of assumeRoot may do under the task policy that
// deletes root's credentials. Source: the policy's JSON, as kept by moto.
var rootTask = []string{
	"iam:DeleteAccessKey", "iam:DeleteSigningCertificate", "iam:DeleteLoginProfile", "iam:DeactivateMFADevice", "iam:DeleteVirtualMFADevice",
	"iam:ListAccessKeys", "iam:ListSigningCertificates", "iam:GetLoginProfile", "iam:ListMFADevices", "iam:GetUser", "iam:GetAccessKeyLastUsed",
}

// assumeRoot makes a session of the root user of a member account for an
// administrator of the organization's management account.
func (s *Server) assumeRoot(c *call) (any, error) {
	account := c.form.Get("TargetPrincipal")
	if err := s.authorize(c, "arn:"+s.partition+":iam::"+account+":root"); err != nil {
		return nil, err
	}
	task := c.form.Get("TaskPolicyArn.arn")
	_, member := s.state.names[account]
	switch {
	case !strings.HasSuffix(task, ":aws:policy/root-task/IAMDeleteRootUserCredentials"):
		return nil, errorf(http.StatusBadRequest, "ValidationError", "The task policy %s is not supported.", task)
	case !slices.Contains([]string{s.state.management}, c.caller().account) || !member || account == s.state.management:
		return nil, denied(c, "arn:"+s.partition+":iam::"+account+":root", "")
	}
	root := s.user(account, "root")
	k := s.addSession(root, 15*time.Minute)
	k.allowed = rootTask
	return struct{ Credentials credentials }{credentials{k.ID, k.Secret, k.SessionToken, stamp(k.expires)}}, nil
}
