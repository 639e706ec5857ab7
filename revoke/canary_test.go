package revoke

import (
	"slices"
	"strings"
	"testing"
)

// Where users have canaries, a key of which nobody tells whose it is may be one: its
// pair is not used, for that raises the alarm.
func TestPlanSparesWhatMayBeACanary(t *testing.T) {
	c := newCloud(t)
	k := c.AddKey(own, "canary-1")
	c.Deny(own, "admin", "iam:GetAccessKeyLastUsed")
	r, alone := c.revoker(t), c.alone(t)
	for name, r := range map[string]*Revoker{"IAM is silent": r, "by itself": alone} {
		r.opts.Canaries = Canaries{Users: []string{"canary-*"}}
		step := mustPlan(t, r, target(k)).Steps[0]
		if !strings.Contains(step.Refusal, "may be one of the canaries") {
			t.Errorf("%s: %+v", name, step)
		}
	}
	if asked := c.asked(k.ID); slices.ContainsFunc(asked, func(a string) bool { return strings.HasPrefix(a, "GetCallerIdentity") }) {
		t.Errorf("the canary was used: %q", asked)
	}
}
