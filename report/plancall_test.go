package report

import (
	"strings"
	"testing"

	"github.com/revokey-dev/revokey/revoke"
)

// A plan says whom a containment locks out: no less than it does.
func TestPlanTellsWhomItLocksOut(t *testing.T) {
	for _, tt := range []struct {
		contain revoke.Containment
		role    string
		want    string
	}{
		{revoke.DenySessions, "deploy", "every session of the role that is older than the call ends"},
		{revoke.DenyEverything, "deploy", "the role can do nothing any more, whoever has it"},
		{revoke.DenyEverything, "", "the user can do nothing any more, with any key"},
	} {
		s := revoke.Step{Action: revoke.Contain, Role: tt.role, Call: "iam:Put… PolicyName=p: " + tt.contain.String()}
		if got := Plan(revoke.Plan{Aim: revoke.Aim{Contain: tt.contain}, Steps: []revoke.Step{s}}, Style{}); !strings.Contains(got, tt.want) {
			t.Errorf("%s of %q: %s", tt.contain, tt.role, got)
		}
	}
}
