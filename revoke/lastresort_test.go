package revoke

import (
	"strings"
	"testing"
	"time"

	"github.com/revokey-dev/revokey/revoke/localaws"
)

// alone returns a revoker without an operator, in an environment whose credentials
// must not be used.
func (c *cloud) alone(t *testing.T) *Revoker {
	t.Helper()
	as(t, c.admin)
	return NewRevoker(NewSelfOperator(c.url, nil), hasty(c.url, 0), RevokerOptions{
		Accounts: []string{own}, Journal: openJournal(t, t.TempDir()+"/journal.jsonl"), Aim: Aim{BySelf: true}, Workers: 1,
		PollEvery: 5 * time.Millisecond, PollFor: 2 * time.Second,
	})
}

// mayItself lets the user change its own keys, as many a user may.
func (c *cloud) mayItself(user string) localaws.Key {
	c.AddAdmin(own, user)
	return c.AddKey(own, user)
}

// The leaked key signs the call that ends it; no other credentials are used, and an
// administrator takes it back.
func TestBySelf(t *testing.T) {
	c := newCloud(t)
	k := c.mayItself("ci")
	root := c.AddKey(own, "root")
	r := c.alone(t)
	results := revokes(t, r, target(k), target(root))
	for _, res := range results {
		if res.Outcome != Verified || res.Proof != BySTS {
			t.Errorf("%+v", res)
		}
	}
	for _, req := range c.Requests() {
		if req.KeyID == c.admin.ID {
			t.Errorf("%s was asked with the environment's credentials", req.Action)
		}
	}
	for _, e := range r.opts.Journal.Undoable() {
		if e.Operator != "arn:aws:iam::"+own+":user/ci" && e.Operator != "arn:aws:iam::"+own+":root" || e.Role != "" {
			t.Errorf("%+v", e)
		}
	}
	again := mustPlan(t, r, target(k))
	if !again.Steps[0].Done() {
		t.Errorf("%+v", again.Steps[0])
	}
	admin := c.revoker(t)
	admin.opts.Journal = r.opts.Journal
	undone, err := admin.Undo(t.Context())
	if err != nil || undone[0].Outcome != Verified || undone[1].Outcome != Refused || !strings.Contains(undone[1].Reason, "only root itself") {
		t.Errorf("%+v, %v", undone, err)
	}
}

// Once AWS has quarantined the user, the leaked key is denied what the
// administrator is not.
func TestBySelfIsStoppedByQuarantine(t *testing.T) {
	c := newCloud(t)
	k := c.mayItself("ci")
	c.Quarantine(own, "ci")
	results := revokes(t, c.alone(t), target(k))
	if results[0].Outcome != Failed || !strings.Contains(results[0].Reason, "not allowed iam:UpdateAccessKey by the leaked key itself") {
		t.Errorf("%+v", results)
	}
	if results := revokes(t, c.revoker(t), target(k)); results[0].Outcome != Verified {
		t.Errorf("%+v", results)
	}
}

func TestBySelfRefuses(t *testing.T) {
	c := newCloud(t)
	off := c.mayItself("off")
	c.SetStatus(off.ID, localaws.Inactive)
	for name, tt := range map[string]struct {
		target Target
		want   string
	}{
		"foreign":         {target(c.AddKey(foreignAccount, "x")), "not on the list"},
		"canary":          {target(c.AddKey(canaryAccounts[0], "x")), "canary"},
		"without secret":  {Target{KeyID: c.AddKey(own, "y").ID, Account: own}, "secret is not known"},
		"session":         {target(c.AddSession(own, "assumed-role/a/b", time.Hour)), "a session cannot"},
		"inactive":        {target(off), "does not accept it"},
		"account unknown": {Target{KeyID: c.AddKey(own, "z").ID}, "no operator"},
	} {
		r := c.alone(t)
		plan := mustPlan(t, r, tt.target)
		if s := plan.Steps[0]; !strings.Contains(s.Refusal, tt.want) {
			t.Errorf("%s: %+v", name, s)
		}
		if results, err := r.Apply(t.Context(), plan); err != nil || results[0].Outcome != Refused {
			t.Errorf("%s: %+v, %v", name, results, err)
		}
	}
	if c.count("UpdateAccessKey") != 0 {
		t.Error("a key was touched")
	}
}
