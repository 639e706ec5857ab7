package revoketest

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/revokey-dev/revokey/revoke"
	"github.com/revokey-dev/revokey/revoke/localaws"
)

// operators is that each kind of identity knows who it is.
func operators(t *testing.T, s Server) {
	for arn, cred := range map[string]aws.Credentials{
		s.UserARN(Admin):                      s.Admin,
		"arn:aws:iam::" + s.Account + ":root": s.Root,
		"arn:aws:sts::" + s.Account + ":assumed-role/" + Role + "/" + SessionTag: s.Session,
	} {
		id, err := s.operator(t, cred).Identity(t.Context())
		if err != nil || id.ARN != arn || id.Account != s.Account || id.KeyID != cred.AccessKeyID || id.UserID == "" {
			t.Errorf("%+v, %v, want %s", id, err, arn)
		}
	}
	if _, err := s.operator(t, s.Off).Identity(t.Context()); err == nil {
		t.Error("an inactive key is taken for an operator")
	}
}

// inspection is what IAM shows of keys whose secret need not be known.
func inspection(t *testing.T, s Server) {
	r, _ := s.revoker(t, s.Admin)
	gone := localaws.NewKeyID(nil, localaws.PrefixKey, s.Account)
	tests := []struct {
		name, id, user string
		want           revoke.Status
		siblings       int
	}{
		{"active", s.Live.AccessKeyID, Nobody, revoke.Live, 1},
		{"inactive", s.Off.AccessKeyID, Nobody, revoke.Inactive, 1},
		{"an only key", s.Admin.AccessKeyID, Admin, revoke.Live, 0},
		{"root", s.Root.AccessKeyID, "", revoke.Unknown, 0},
		{"never existed", gone, "", revoke.Unknown, 0}, // for root has a key
	}
	for _, test := range tests {
		k := r.Inspect(t.Context(), test.id, s.Account)
		if k.Verdict.Status != test.want || k.User != test.user || len(k.Siblings) != test.siblings {
			t.Errorf("%s: %v (%s) of user %q with siblings %v", test.name, k.Verdict.Status, k.Verdict.Reason, k.User, k.Siblings)
		}
		if noted := len(k.Notes) > 0; noted != (s.NoPolicyLists && k.User != "") {
			t.Errorf("%s: notes %v", test.name, k.Notes)
		}
	}
	k := r.Inspect(t.Context(), s.Live.AccessKeyID, without(s.NoKeyInfo, s.Account, ""))
	if k.Account != s.Account || k.Created.IsZero() {
		t.Errorf("account %q, created %v", k.Account, k.Created)
	}
}

// lastUse is that STS's question becomes a key's last use, and IAM's does not.
func lastUse(t *testing.T, s Server) {
	r, _ := s.revoker(t, s.Admin)
	for range 2 {
		if k := r.Inspect(t.Context(), s.Live.AccessKeyID, s.Account); k.LastUsed != nil {
			t.Fatalf("never used, but last used %+v", k.LastUsed)
		}
	}
	s.verifier().Check(t.Context(), withSecret(s.Live), s.Account)
	if k := r.Inspect(t.Context(), s.Live.AccessKeyID, s.Account); k.LastUsed != nil {
		t.Errorf("a wrong secret counts as a use: %+v", k.LastUsed)
	}
	s.verifier().Check(t.Context(), s.Live, s.Account)
	k := r.Inspect(t.Context(), s.Live.AccessKeyID, s.Account)
	if k.LastUsed == nil || time.Since(k.LastUsed.Time) > time.Minute || k.LastUsed.Service != "sts" || k.LastUsed.Region != "us-east-1" {
		t.Errorf("last used %+v", k.LastUsed)
	}
}

// deactivation is the main job: plan, apply, proof, undo.
func deactivation(t *testing.T, s Server) {
	r, j := s.revoker(t, s.Admin)
	results := apply(t, r, revoke.Target{KeyID: s.Live.AccessKeyID, Account: s.Account, Leaked: &s.Live})
	want(t, results, revoke.Deactivate, revoke.Verified, revoke.BySTS)
	if k := r.Inspect(t.Context(), s.Live.AccessKeyID, s.Account); k.Verdict.Status != revoke.Inactive {
		t.Errorf("IAM shows %v: %s", k.Verdict.Status, k.Verdict.Reason)
	}
	plan, err := r.Plan(t.Context(), []revoke.Target{{KeyID: s.Live.AccessKeyID, Account: s.Account, Leaked: &s.Live}})
	if err != nil || !strings.Contains(plan.Steps[0].Refusal, "already inactive") {
		t.Errorf("planned again: %+v, %v", plan.Steps, err)
	}
	if left := j.Undoable(); len(left) != 1 || left[0].KeyID != s.Live.AccessKeyID || left[0].RequestID == "" {
		t.Errorf("journal: %+v", left)
	}
	results, err = r.Undo(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want(t, results, revoke.Activate, revoke.Verified, revoke.ByIAM)
	if v := s.verifier().Check(t.Context(), s.Live, s.Account); v.Status != revoke.Live {
		t.Errorf("undone, but %v: %s", v.Status, v.Reason)
	}
}

// withoutSecret is the same with the key ID alone: IAM is the proof.
func withoutSecret(t *testing.T, s Server) {
	r, _ := s.revoker(t, s.Admin)
	results := apply(t, r, revoke.Target{KeyID: s.Live.AccessKeyID, Account: s.Account})
	want(t, results, revoke.Deactivate, revoke.Verified, revoke.ByIAM)
	if v := s.verifier().Check(t.Context(), s.Live, s.Account); v.Status != revoke.NotAccepted {
		t.Errorf("deactivated, but %v: %s", v.Status, v.Reason)
	}
}

// refused is what the plan leaves alone, and that it then is as it was.
func refused(t *testing.T, s Server) {
	r, j := s.revoker(t, s.Admin)
	foreign := localaws.NewKeyID(nil, localaws.PrefixKey, "999999999999")
	results := apply(t, r,
		revoke.Target{KeyID: s.Off.AccessKeyID, Account: s.Account},
		revoke.Target{KeyID: s.Admin.AccessKeyID, Account: s.Account},
		revoke.Target{KeyID: s.Root.AccessKeyID, Account: s.Account, Leaked: &s.Root},
		revoke.Target{KeyID: s.Session.AccessKeyID, Account: s.Account, Leaked: &s.Session},
		revoke.Target{KeyID: foreign, Account: "999999999999"},
	)
	for _, res := range results {
		if res.Outcome != revoke.Refused || res.Reason == "" {
			t.Errorf("%+v, want it refused", res)
		}
	}
	if len(results) != 5 || len(j.Entries()) != 0 {
		t.Errorf("%d results, %d journal entries", len(results), len(j.Entries()))
	}
	for _, cred := range []aws.Credentials{s.Admin, s.Root, s.Session} {
		if v := s.verifier().Check(t.Context(), cred, s.Account); v.Status != revoke.Live {
			t.Errorf("%s: %v, %s", cred.AccessKeyID, v.Status, v.Reason)
		}
	}
}

// quarantine is why the leaked key is the last resort: an explicit denial stops
// it, and not the administrator.
func quarantine(t *testing.T, s Server) {
	target := revoke.Target{KeyID: s.Live.AccessKeyID, Account: s.Account, Leaked: &s.Live}
	marked, j := s.revoker(t, s.Marked)
	results := apply(t, marked, target)
	want(t, results, revoke.Deactivate, revoke.Failed, "")
	if !strings.Contains(results[0].Reason, "not allowed iam:UpdateAccessKey") {
		t.Errorf("reason %q", results[0].Reason)
	}
	if len(j.Undoable()) != 0 || len(j.Unfinished()) != 0 {
		t.Errorf("journal: %+v", j.Entries())
	}
	admin, _ := s.revoker(t, s.Admin)
	want(t, apply(t, admin, target), revoke.Deactivate, revoke.Verified, revoke.BySTS)
}

// powerless is that a missing permission is named, and is not taken for an answer
// about the key.
func powerless(t *testing.T, s Server) {
	for _, cred := range []aws.Credentials{s.Live, s.Session} {
		r, _ := s.revoker(t, cred)
		for _, id := range []string{s.Marked.AccessKeyID, localaws.NewKeyID(nil, localaws.PrefixKey, s.Account)} {
			k := r.Inspect(t.Context(), id, s.Account)
			if k.Verdict.Status != revoke.Unknown || !strings.Contains(k.Verdict.Reason, "not allowed iam:GetAccessKeyLastUsed") {
				t.Errorf("%v: %s", k.Verdict.Status, k.Verdict.Reason)
			}
		}
	}
}

// apply plans for the targets and carries the plan out.
func apply(t *testing.T, r *revoke.Revoker, targets ...revoke.Target) []revoke.Result {
	t.Helper()
	plan, err := r.Plan(t.Context(), targets)
	if err != nil {
		t.Fatal(err)
	}
	results, err := r.Apply(t.Context(), plan)
	if err != nil {
		t.Fatal(err)
	}
	return results
}

// want fails unless there is one result, and it is that.
func want(t *testing.T, results []revoke.Result, action revoke.Action, outcome revoke.Outcome, proof revoke.Proof) {
	t.Helper()
	if len(results) != 1 || results[0].Action != action || results[0].Outcome != outcome || results[0].Proof != proof {
		t.Fatalf("%+v, want %s %s by %q", results, action, outcome, proof)
	}
}
