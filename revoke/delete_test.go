package revoke

import (
	"strings"
	"testing"
	"time"

	"github.com/revokey-dev/revokey/revoke/localaws"
)

// dated puts a deactivation into the journal that happened some time ago.
func dated(t *testing.T, r *Revoker, keyID string, ago time.Duration) {
	t.Helper()
	e := Entry{
		ID: newEntryID(), Time: time.Now().Add(-ago), KeyID: keyID, Account: own, User: "ci",
		Action: Deactivate, Phase: PhaseResult, Outcome: Done, Operator: "x", Endpoint: r.op.endpoint,
	}
	if err := r.opts.Journal.Append(e); err != nil {
		t.Fatal(err)
	}
}

const fortnight = 14 * 24 * time.Hour

func TestDelete(t *testing.T) {
	c := newCloud(t)
	k := c.AddKey(own, "ci")
	c.SetStatus(k.ID, localaws.Inactive)
	r := c.revoker(t)
	r.opts.Aim = Aim{Delete: true, InactiveFor: fortnight}
	dated(t, r, k.ID, fortnight+time.Minute)
	results := revokes(t, r, target(k))
	if len(results) != 1 || results[0].Action != Delete || results[0].Outcome != Verified || c.count("DeleteAccessKey") != 1 {
		t.Fatalf("%+v", results)
	}
	if again := mustPlan(t, r, target(k)).Steps[0]; !strings.Contains(again.Refusal, "already deleted") {
		t.Errorf("%+v", again)
	}
	if undone, err := r.Undo(t.Context(), k.ID); err != nil || undone[0].Outcome != Refused {
		t.Errorf("a deletion was undone: %+v, %v", undone, err)
	}
}

func TestDeleteRefuses(t *testing.T) {
	tests := []struct {
		name, want string
		prepare    func(t *testing.T, c *cloud, r *Revoker, k localaws.Key)
	}{
		{"active", "deactivate it first", func(t *testing.T, c *cloud, r *Revoker, k localaws.Key) {
			c.SetStatus(k.ID, localaws.Active)
			dated(t, r, k.ID, 2*fortnight)
		}},
		{"deactivated by others", "the journal has no deactivation", func(*testing.T, *cloud, *Revoker, localaws.Key) {}},
		{"too fresh", "due on", func(t *testing.T, c *cloud, r *Revoker, k localaws.Key) { dated(t, r, k.ID, fortnight-time.Minute) }},
		{"our clock runs ahead", "due on", func(t *testing.T, c *cloud, r *Revoker, k localaws.Key) {
			dated(t, r, k.ID, time.Minute)
			r.now = func() time.Time { return time.Now().Add(2 * fortnight) }
		}},
		{"our clock was set back", "due on", func(t *testing.T, c *cloud, r *Revoker, k localaws.Key) {
			dated(t, r, k.ID, 0)
			r.now = func() time.Time { return time.Now().Add(-2 * fortnight) }
		}},
		{"used in between", "someone reactivated it in between", func(t *testing.T, c *cloud, r *Revoker, k localaws.Key) {
			dated(t, r, k.ID, 2*fortnight)
			c.SetStatus(k.ID, localaws.Active)
			c.works(t, k)
			c.SetStatus(k.ID, localaws.Inactive)
		}},
		{"our own key", "signs our own calls", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newCloud(t)
			k := c.AddKey(own, "ci")
			c.SetStatus(k.ID, localaws.Inactive)
			r := c.revoker(t)
			r.opts.Aim = Aim{Delete: true, InactiveFor: fortnight}
			if tt.prepare == nil {
				k = c.admin
			} else {
				tt.prepare(t, c, r, k)
			}
			plan := mustPlan(t, r, Target{KeyID: k.ID, Account: own})
			if !strings.Contains(plan.Steps[0].Refusal, tt.want) {
				t.Errorf("%q", plan.Steps[0].Refusal)
			}
			if results, err := r.Apply(t.Context(), plan); err != nil || results[0].Outcome != Refused || c.count("DeleteAccessKey") != 0 {
				t.Errorf("%+v, %v", results, err)
			}
		})
	}
}

// Somebody activates the key after the plan was made: it is needed.
func TestDeleteLooksAgain(t *testing.T) {
	c := newCloud(t)
	k := c.AddKey(own, "ci")
	c.SetStatus(k.ID, localaws.Inactive)
	r := c.revoker(t)
	r.opts.Aim = Aim{Delete: true}
	plan := mustPlan(t, r, target(k))
	c.SetStatus(k.ID, localaws.Active)
	results, err := r.Apply(t.Context(), plan)
	if err != nil || results[0].Outcome != Refused || !strings.Contains(results[0].Reason, "not inactive any more") || c.count("DeleteAccessKey") != 0 {
		t.Errorf("%+v, %v", results, err)
	}
}

// No clock of ours makes a key old enough: neither one that ran behind when the key was
// deactivated, nor one that runs ahead now, of whatever kind the key is.
func TestDeleteByAWSsClock(t *testing.T) {
	wrong := func(d time.Duration) func() time.Time { return func() time.Time { return time.Now().Add(d) } }
	for _, tt := range []struct {
		name string
		then time.Duration // by how much our clock is wrong at the deactivation
		now  time.Duration // and at the deletion
	}{{"behind", -2 * fortnight, 0}, {"ahead", 0, 2 * fortnight}} {
		c := newCloud(t)
		r := c.revoker(t)
		k, id := c.AddKey(own, "ci"), c.AddServiceCredential(own, "ci", bedrock, "x")
		targets := []Target{{KeyID: k.ID, Account: own}, {KeyID: id, Account: own}}
		r.now = wrong(tt.then)
		revokes(t, r, targets...)
		r.now, r.opts.Aim = wrong(tt.now), Aim{Delete: true, InactiveFor: fortnight}
		for _, s := range mustPlan(t, r, targets...).Steps {
			if !strings.Contains(s.Refusal, "due on") {
				t.Errorf("%s: %s: %q", tt.name, s.KeyID, s.Refusal)
			}
		}
	}
}
