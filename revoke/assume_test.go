package revoke

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/time/rate"
)

// Of several roles the first that may be assumed is, once for all keys of the
// account, in a session that names the operator.
func TestAssumeFirstRoleOfSeveral(t *testing.T) {
	c := newCloud(t)
	c.AddRole(member, "Second", own)
	c.AddRole(member, "Third", own)
	r := c.revoker(t)
	r.op = c.operator(t, OperatorOptions{RoleNames: []string{"First", "Second", "Third"}})
	results := revokes(t, r, target(c.AddKey(member, "a")), target(c.AddKey(member, "b")))
	if results[0].Outcome != Verified || results[1].Outcome != Verified {
		t.Fatalf("%+v", results)
	}
	if n := c.count("AssumeRole"); n != 2 { // First, refused, and Second
		t.Errorf("%d times assumed a role", n)
	}
	if role := r.opts.Journal.Entries()[1].Role; role != "arn:aws:iam::"+member+":role/Second" {
		t.Errorf("journal: role %q", role)
	}
	if !slices.ContainsFunc(c.callers(), func(arn string) bool { return arn == "arn:aws:sts::"+member+":assumed-role/Second/revokey-admin" }) {
		t.Errorf("callers %q", c.callers())
	}
}

func (c *cloud) callers() []string {
	var arns []string
	for _, r := range c.Requests() {
		arns = append(arns, r.CallerARN)
	}
	return arns
}

func TestAssumeOptions(t *testing.T) {
	c := newCloud(t)
	c.AddRole(member, "R", own)
	c.SetExternalID(member, "R", "ticket-1")
	k := c.AddKey(member, "a")
	r := c.revoker(t)
	r.op = c.operator(t, OperatorOptions{RoleNames: []string{"R"}, Assume: AssumeOptions{ExternalID: "wrong"}})
	if step := mustPlan(t, r, Target{KeyID: k.ID, Account: member}).Steps[0]; !strings.Contains(step.Refusal, "not allowed sts:AssumeRole") {
		t.Errorf("%+v", step)
	}
	r.op = c.operator(t, OperatorOptions{RoleNames: []string{"R"}, Assume: AssumeOptions{ExternalID: "ticket-1", SessionName: "ada@night", SourceIdentity: "ada"}})
	if results := revokes(t, r, Target{KeyID: k.ID, Account: member}); results[0].Outcome != Verified {
		t.Errorf("%+v", results)
	}
	if !slices.Contains(c.callers(), "arn:aws:sts::"+member+":assumed-role/R/ada@night") {
		t.Errorf("callers %q", c.callers())
	}
}

func TestSessionName(t *testing.T) {
	for arn, want := range map[string]string{
		"arn:aws:iam::111122223333:user/path/ada":                             "revokey-ada",
		"arn:aws:sts::111122223333:assumed-role/R/ada@example.com":            "revokey-ada@example.com",
		"arn:aws:iam::111122223333:root":                                      "revokey-root",
		"arn:aws:iam::111122223333:user/" + "a+b c" + strings.Repeat("x", 80): "revokey-abc" + strings.Repeat("x", 53),
	} {
		if got := sessionName(Identity{ARN: arn}); got != want {
			t.Errorf("%s: %q", arn, got)
		}
	}
}

func TestOrganizationAccounts(t *testing.T) {
	c := newCloud(t)
	c.SetOrganization(own, map[string]string{own: "main", member: "payments", "222233334444": "suspended-old", "333344445555": "lab"})
	op := c.operator(t, OperatorOptions{})
	got, err := op.OrganizationAccounts(t.Context())
	if diff := cmp.Diff([]string{own, "333344445555", member}, got); diff != "" || err != nil {
		t.Errorf("%s%v", diff, err)
	}
	c.Deny(own, "admin", "organizations:ListAccounts")
	if _, err := op.OrganizationAccounts(t.Context()); err == nil || !strings.Contains(err.Error(), "not allowed organizations:ListAccounts") {
		t.Errorf("%v", err)
	}
}

// A role's session that ends in mid-run is renewed, and early enough: a request that
// waits for its turn is signed by what will not have ended then.
func TestAssumeAgain(t *testing.T) {
	if testing.Short() {
		t.Skip("takes as long as sessions live")
	}
	c := newCloud(t)
	c.AddRole(member, "R", own)
	c.SetSessionLife(1300 * time.Millisecond)
	k := c.AddKey(member, "ci")
	r := c.revoker(t)
	r.op = c.operator(t, OperatorOptions{RoleNames: []string{"R"}, Limiter: rate.NewLimiter(2, 1)})
	results := revokes(t, r, Target{KeyID: k.ID, Account: member})
	time.Sleep(1500 * time.Millisecond)
	undone, err := r.Undo(t.Context())
	if results[0].Outcome != Verified || err != nil || undone[0].Outcome != Verified {
		t.Errorf("%+v, %+v, %v", results, undone, err)
	}
	for _, req := range c.Requests() {
		if req.Code != "" && req.Action != "DescribeAccount" {
			t.Errorf("%s: %s", req.Action, req.Code)
		}
	}
	if n := c.count("AssumeRole"); n < 2 {
		t.Errorf("assumed %d times", n)
	}
}
