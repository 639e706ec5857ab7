package revoketest

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/revokey-dev/revokey/revoke"
)

// aimed is a revoker that aims at something else than a deactivation alone.
func (s Server) aimed(t *testing.T, op *revoke.Operator, aim revoke.Aim) (*revoke.Revoker, *revoke.Journal) {
	t.Helper()
	j, err := revoke.OpenJournal(filepath.Join(t.TempDir(), "journal.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	return revoke.NewRevoker(op, s.verifier(), revoke.RevokerOptions{
		Accounts: []string{s.Account}, Journal: j, Aim: aim, PollEvery: 10 * time.Millisecond, PollFor: 10 * time.Second,
	}), j
}

// containment is that a policy which denies everything stops the user's keys, and
// that undo takes it away.
func containment(t *testing.T, s Server) {
	r, _ := s.aimed(t, s.operator(t, s.Admin), revoke.Aim{Contain: revoke.DenyEverything})
	results := apply(t, r, revoke.Target{KeyID: s.Marked.AccessKeyID, Account: s.Account})
	i := slices.IndexFunc(results, func(r revoke.Result) bool { return r.Action == revoke.Contain })
	if i < 0 || results[i].Outcome != revoke.Verified {
		t.Fatalf("%+v", results)
	}
	if _, err := r.Undo(t.Context(), s.Marked.AccessKeyID); err != nil {
		t.Fatal(err)
	}
	// The key works again, and is allowed again what its user is.
	k := s.inspectAs(t, s.Marked)
	if k.Verdict.Status != revoke.Live {
		t.Errorf("released, but %s", k.Verdict.Reason)
	}
}

// inspectAs asks about a key as somebody.
func (s Server) inspectAs(t *testing.T, cred aws.Credentials) revoke.KeyState {
	t.Helper()
	r, _ := s.revoker(t, cred)
	return r.Inspect(t.Context(), s.Live.AccessKeyID, s.Account)
}

// deletion is that an inactive key is deleted, and an active one is not.
func deletion(t *testing.T, s Server) {
	r, j := s.aimed(t, s.operator(t, s.Admin), revoke.Aim{Delete: true})
	results := apply(t, r, revoke.Target{KeyID: s.Off.AccessKeyID, Account: s.Account}, revoke.Target{KeyID: s.Live.AccessKeyID, Account: s.Account})
	if results[0].Outcome != revoke.Verified || results[1].Outcome != revoke.Refused || len(j.Undoable()) != 0 {
		t.Errorf("%+v", results)
	}
	if k := s.inspectAs(t, s.Admin); k.Verdict.Status != revoke.Live || len(k.Siblings) != 0 {
		t.Errorf("%+v", k)
	}
}

// leastPrivilege is that what docs/permissions.md lists is enough, and that it does
// not contain: the missing permission is named.
func leastPrivilege(t *testing.T, s Server) {
	r, _ := s.aimed(t, s.operator(t, s.Least), revoke.Aim{Contain: revoke.DenySessions})
	results := apply(t, r, revoke.Target{KeyID: s.Live.AccessKeyID, Account: s.Account, Leaked: &s.Live})
	if results[0].Outcome != revoke.Verified || results[1].Outcome != revoke.Refused || !strings.Contains(results[1].Reason, "not allowed iam:GetUserPolicy") {
		t.Fatalf("%+v", results)
	}
	undone, err := r.Undo(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want(t, undone, revoke.Activate, revoke.Verified, revoke.ByIAM)
}

// lastResort is that a key which may switches itself off, and that one whose user
// is denied it does not.
func lastResort(t *testing.T, s Server) {
	r, _ := s.aimed(t, revoke.NewSelfOperator(s.URL, nil), revoke.Aim{BySelf: true})
	results := apply(t, r, revoke.Target{KeyID: s.Marked.AccessKeyID, Account: s.Account, Leaked: &s.Marked})
	want(t, results, revoke.Deactivate, revoke.Failed, "")
	results = apply(t, r, revoke.Target{KeyID: s.Admin.AccessKeyID, Account: s.Account, Leaked: &s.Admin})
	want(t, results, revoke.Deactivate, revoke.Verified, revoke.BySTS)
}
