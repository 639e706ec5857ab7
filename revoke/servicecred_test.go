package revoke

import (
	"strings"
	"testing"

	"github.com/revokey-dev/revokey/revoke/localaws"
)

const bedrock = "bedrock.amazonaws.com"

// A service's credential is found by its alias, by its user name and by its ID, is
// switched off, brought back and deleted.
func TestServiceCredential(t *testing.T) {
	c := newCloud(t)
	alias, login := "BedrockAPIKey-a1b2-at-"+own, "ci-at-"+own
	for range 120 { // more than a page
		c.AddServiceCredential(own, "crowd", "codecommit.amazonaws.com", "other")
	}
	byAlias := c.AddServiceCredential(own, "BedrockAPIKey-a1b2", bedrock, alias)
	byLogin := c.AddServiceCredential(own, "ci", "codecommit.amazonaws.com", login)
	byID := c.AddServiceCredential(own, "ci", bedrock, "x")
	r := c.revoker(t)
	results := revokes(t, r, Target{Name: alias, Account: own}, Target{Name: login, Account: own}, Target{KeyID: byID, Account: own})
	for i, id := range []string{byAlias, byLogin, byID} {
		if res := results[i]; res.KeyID != id || res.Outcome != Verified || res.Proof != ByIAM || c.ServiceStatus(id) != localaws.Inactive {
			t.Errorf("%+v", res)
		}
	}
	if again := mustPlan(t, r, Target{Name: alias, Account: own}).Steps[0]; !again.Done() {
		t.Errorf("%+v", again)
	}
	if undone, err := r.Undo(t.Context(), byAlias); err != nil || undone[0].Outcome != Verified || c.ServiceStatus(byAlias) != localaws.Active {
		t.Errorf("%+v, %v", undone, err)
	}
	r.opts.Aim = Aim{Delete: true}
	results = revokes(t, r, Target{Name: login, Account: own}, Target{Name: alias, Account: own})
	if results[0].Outcome != Verified || c.ServiceStatus(byLogin) != "" || results[1].Outcome != Refused || c.ServiceStatus(byAlias) != localaws.Active {
		t.Errorf("%+v", results)
	}
	if gone := mustPlan(t, r, Target{Name: login, Account: own}).Steps[0]; gone.Verdict.Status != Deleted {
		t.Errorf("%+v", gone)
	}
}

func TestServiceCredentialRefuses(t *testing.T) {
	c := newCloud(t)
	id := c.AddServiceCredential(foreignAccount, "ci", bedrock, "BedrockAPIKey-a1b2-at-"+foreignAccount)
	r := c.revoker(t)
	for _, account := range []string{foreignAccount, canaryAccounts[0]} {
		if s := mustPlan(t, r, Target{Name: "BedrockAPIKey-a1b2-at-" + account, Account: account}).Steps[0]; s.Refusal == "" {
			t.Errorf("%+v", s)
		}
	}
	if c.count("ListServiceSpecificCredentials") != 0 || c.ServiceStatus(id) != localaws.Active {
		t.Error("others were asked")
	}
	c.Deny(own, "admin", "iam:ListServiceSpecificCredentials")
	if s := mustPlan(t, r, Target{Name: "x", Account: own}).Steps[0]; !strings.Contains(s.Refusal, "not allowed iam:ListServiceSpecificCredentials") {
		t.Errorf("%+v", s)
	}
}

// A root key is deleted from the management account, if that is asked for, and only
// that key.
func TestDeleteRootKey(t *testing.T) {
	c := newCloud(t)
	c.SetOrganization(own, map[string]string{own: "main", member: "payments"})
	c.AddRole(member, "OrganizationAccountAccessRole", own)
	k, user := c.AddKey(member, "root"), c.AddKey(member, "ci")
	r := c.revoker(t)
	if s := mustPlan(t, r, target(k)).Steps[0]; s.Refusal == "" {
		t.Errorf("without being asked: %+v", s)
	}
	r.opts.Aim.DeleteRoot = true
	plan := mustPlan(t, r, target(k), target(user), Target{KeyID: minted("AKIA", member).ID, Account: member})
	if s := plan.Steps[0]; !s.Root || s.Action != Delete || !strings.Contains(s.Call, "sts:AssumeRoot") {
		t.Errorf("%+v", s)
	}
	if s := plan.Steps[1]; s.Root || s.does() != Deactivate {
		t.Errorf("a user's key: %+v", s)
	}
	if s := plan.Steps[2]; s.Verdict.Status != Deleted {
		t.Errorf("a key that is nobody's: %+v", s)
	}
	results, err := r.Apply(t.Context(), plan)
	if err != nil || results[0].Outcome != Verified || results[0].Action != Delete {
		t.Fatalf("%+v, %v", results, err)
	}
	if v := r.verifier.Check(t.Context(), pair(k), member); v.Status != NotAccepted {
		t.Errorf("%+v", v)
	}
	if e := r.opts.Journal.of(k.ID)[0]; e.Role != "arn:aws:iam::"+member+":root" || e.Action != Delete {
		t.Errorf("%+v", e)
	}
	// The account of the operator itself cannot be entered as root.
	self := c.AddKey(own, "root")
	if s := mustPlan(t, r, target(self)).Steps[0]; !strings.Contains(s.Refusal, "becoming root of account "+own) {
		t.Errorf("%+v", s)
	}
}
