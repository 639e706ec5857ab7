// Package revoketest holds what package revoke relies on of an STS and IAM
// server, as a suite of tests. It is run against localaws, on which all other
// tests stand, and against a server that others wrote, so that localaws is not
// merely what we believe of AWS.
package revoketest

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/revokey-dev/revokey/revoke"
)

// The users of a [Server].
const (
	Admin      = "secops" // everything is allowed to it
	Nobody     = "ci"     // nothing is
	Marked     = "marked" // everything is, but iam:UpdateAccessKey is denied explicitly
	Least      = "least"  // [LeastActions] are
	Role       = "deploy" // the sessions' role: nothing is allowed to it
	SessionTag = "i-0123" // the sessions' name
)

// LeastActions are what docs/permissions.md lists for deactivating a key.
func LeastActions() []string {
	return []string{"iam:GetAccessKeyLastUsed", "iam:ListAccessKeys", "iam:UpdateAccessKey"}
}

// Server is a server with one account, in which the users above and these keys
// exist, none of which was ever used.
type Server struct {
	URL     string
	Account string

	Admin   aws.Credentials // of [Admin]
	Live    aws.Credentials // of [Nobody]
	Off     aws.Credentials // of [Nobody], inactive
	Marked  aws.Credentials // of [Marked]
	Least   aws.Credentials // of [Least]
	Root    aws.Credentials // of the root user
	Session aws.Credentials // of [Role], good for an hour
	Ended   aws.Credentials // of [Role], over

	Deviations
}

// Deviations are where a server is known not to do as AWS. The zero value is
// AWS's way. What versitygw has nothing of, the suite does not ask for:
// sts:AssumeRole, iam:GetAccountSummary, managed policies, more than one account.
type Deviations struct {
	// NoExpired: the server forgets sessions that are over, and answers
	// InvalidClientTokenId for them instead of ExpiredToken.
	NoExpired bool
	// NoPolicyLists: the server has no iam:ListAttachedUserPolicies, so that a
	// quarantine cannot be seen.
	NoPolicyLists bool
	// NoKeyInfo: the server has no sts:GetAccessKeyInfo, so that the account has to
	// come from the key ID.
	NoKeyInfo bool
	// PlainDenied: the server's AccessDenied names no resource, and does not tell an
	// explicit denial from a permission that is missing.
	PlainDenied bool
}

// Suite runs all tests, each against a new server. They set environment
// variables, so that the caller's test cannot be parallel.
func Suite(t *testing.T, newServer func(*testing.T) Server) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, Server)
	}{
		{"answers", answers},
		{"refusals", refusals},
		{"malformed", malformed},
		{"clock", clock},
		{"verdicts", verdicts},
		{"second secret", secondSecret},
		{"operator", operators},
		{"inspection", inspection},
		{"last use", lastUse},
		{"deactivation and undo", deactivation},
		{"deactivation without the secret", withoutSecret},
		{"what is refused", refused},
		{"quarantine", quarantine},
		{"an operator without permissions", powerless},
		{"containment and release", containment},
		{"deletion", deletion},
		{"rotation", rotation},
		{"least privilege", leastPrivilege},
		{"the last resort", lastResort},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, newServer(t)) })
	}
}

// UserARN returns the ARN of the account's user.
func (s Server) UserARN(name string) string { return "arn:aws:iam::" + s.Account + ":user/" + name }

// verifier asks s.
func (s Server) verifier() *revoke.Verifier {
	return revoke.NewVerifier(revoke.VerifierOptions{Endpoint: s.URL})
}

// operator is who has cred, in an environment that holds nothing else of AWS.
func (s Server) operator(t *testing.T, cred aws.Credentials) *revoke.Operator {
	t.Helper()
	for _, name := range []string{"AWS_PROFILE", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_IAM"} {
		t.Setenv(name, "")
	}
	none := filepath.Join(t.TempDir(), "none")
	if err := os.WriteFile(none, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_CONFIG_FILE", none)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", none)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_REGION", "us-east-1")
	t.Setenv("AWS_ACCESS_KEY_ID", cred.AccessKeyID)
	t.Setenv("AWS_SECRET_ACCESS_KEY", cred.SecretAccessKey)
	t.Setenv("AWS_SESSION_TOKEN", cred.SessionToken)
	op, err := revoke.NewOperator(t.Context(), revoke.OperatorOptions{Endpoint: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	return op
}

// revoker acts for the operator in the server's account.
func (s Server) revoker(t *testing.T, cred aws.Credentials) (*revoke.Revoker, *revoke.Journal) {
	t.Helper()
	j, err := revoke.OpenJournal(filepath.Join(t.TempDir(), "journal.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	})
	return revoke.NewRevoker(s.operator(t, cred), s.verifier(), revoke.RevokerOptions{
		Accounts: []string{s.Account}, Journal: j, PollEvery: 10 * time.Millisecond, PollFor: 10 * time.Second,
	}), j
}

// without returns what is to be expected of a server that deviates, or does not.
func without[T any](deviates bool, deviation, normal T) T {
	if deviates {
		return deviation
	}
	return normal
}
