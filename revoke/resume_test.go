package revoke

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/revokey-dev/revokey/revoke/localaws"
)

// interruptedBy leaves the intents of the action in the journal, without results.
func interruptedBy(t *testing.T, r *Revoker, action Action, policy *Policy, keys ...localaws.Key) {
	t.Helper()
	for _, k := range keys {
		e := Entry{
			ID: newEntryID(), Time: time.Now().Add(-time.Minute), KeyID: k.ID, Account: k.Account, User: k.User,
			Action: action, Phase: PhaseIntent, Operator: "x", Endpoint: r.op.endpoint, Policy: policy,
		}
		if err := r.opts.Journal.Append(e); err != nil {
			t.Fatal(err)
		}
	}
}

// What became of a call, by each kind and each answer; AWS is asked only about
// accounts that are ours, and nothing is changed.
func TestSettle(t *testing.T) {
	c := newCloud(t)
	r := c.revoker(t)
	active, off, gone := c.AddKey(own, "a"), c.AddKey(own, "b"), c.AddKey(own, "c")
	c.SetStatus(off.ID, localaws.Inactive)
	c.DeleteKey(gone.ID)
	put := &Policy{Name: "there", Document: DenyEverything.document(time.Time{})}
	c.SetPolicy(own, "a", "there", put.Document)
	foreign := c.AddKey(foreignAccount, "x")
	tests := []struct {
		action Action
		key    localaws.Key
		policy *Policy
		want   EntryOutcome
	}{
		{Deactivate, active, nil, NotDone}, {Deactivate, off, nil, Done}, {Activate, active, nil, Done}, {Activate, off, nil, NotDone},
		{Delete, off, nil, NotDone}, {Delete, gone, nil, Done}, {Deactivate, foreign, nil, InDoubt},
		{Contain, active, put, Done}, {Release, active, put, NotDone},
		{Contain, off, put, NotDone}, {Release, off, put, Done}, {Contain, active, nil, InDoubt},
	}
	for _, tt := range tests {
		r.opts.Journal = openJournal(t, t.TempDir()+"/journal.jsonl")
		interruptedBy(t, r, tt.action, tt.policy, tt.key)
		settled, err := r.Settle(t.Context())
		if err != nil || len(settled) != 1 || settled[0].Outcome != tt.want || settled[0].Seen == "" {
			t.Errorf("%s %s: %+v, %v; want %s", tt.action, tt.key.User, settled, err, tt.want)
		}
		if left := len(r.opts.Journal.Unfinished()); (left == 0) != (tt.want != InDoubt) {
			t.Errorf("%s %s: %d left open", tt.action, tt.key.User, left)
		}
	}
	if n := len(c.asked(foreign.ID)); n != 0 {
		t.Errorf("the foreign key was asked about %d times", n)
	}
	for _, action := range []string{"UpdateAccessKey", "DeleteAccessKey", "PutUserPolicy", "DeleteUserPolicy"} {
		if c.count(action) != 0 {
			t.Errorf("%s was called", action)
		}
	}
}

// A call that a killed process sent may still be under way.
func TestSettleWaitsForCallsUnderWay(t *testing.T) {
	c := newCloud(t)
	r, clk := c.revoker(t), newClock()
	k := c.AddKey(own, "ci")
	interruptedBy(t, r, Deactivate, nil, k)
	clk.t = time.Now().Add(-time.Minute).Add(2 * time.Second)
	r.now = clk.now
	r.sleep = func(ctx context.Context, d time.Duration) error {
		c.SetStatus(k.ID, localaws.Inactive) // now it has arrived
		return clk.sleep(ctx, d)
	}
	if settled, err := r.Settle(t.Context()); err != nil || settled[0].Outcome != Done {
		t.Errorf("%+v, %v", settled, err)
	}
}

// A run is gone on with where it was begun only.
func TestPlanAgainElsewhere(t *testing.T) {
	c := newCloud(t)
	r := c.revoker(t)
	begin := Entry{ID: "1", Phase: PhaseBegin, Aim: &Aim{}, Steps: []Planned{{KeyID: c.AddKey(own, "ci").ID, Account: own, Action: Deactivate}}}
	if _, err := r.PlanAgain(t.Context(), begin); err == nil || !strings.Contains(err.Error(), "begun at AWS") || len(c.Requests()) != 0 {
		t.Errorf("%v, %v", err, c.Requests())
	}
}

// A root key that was to switch itself off is not looked for among the operator's own.
func TestSettleRootsOwn(t *testing.T) {
	c := newCloud(t)
	r := c.revoker(t)
	root := c.AddKey(own, "root")
	interruptedBy(t, r, Deactivate, nil, localaws.Key{ID: root.ID, Account: own})
	settled, err := r.Settle(t.Context())
	if err != nil || settled[0].Outcome != InDoubt || c.count("ListAccessKeys") != 0 {
		t.Errorf("%+v, %v", settled, err)
	}
}

// With the clock set back nobody knows how long ago a call was sent: it is waited for,
// once for all.
func TestSettleWithTheClockSetBack(t *testing.T) {
	c := newCloud(t)
	r, clk := c.revoker(t), newClock()
	a, b := c.AddKey(own, "a"), c.AddKey(own, "b")
	interruptedBy(t, r, Deactivate, nil, a, b)
	start := time.Now().Add(-time.Hour)
	clk.t = start
	r.now = clk.now
	r.sleep = func(ctx context.Context, d time.Duration) error {
		c.SetStatus(a.ID, localaws.Inactive) // now it has arrived
		return clk.sleep(ctx, d)
	}
	settled, err := r.Settle(t.Context())
	if err != nil || settled[0].Outcome != Done || settled[1].Outcome != NotDone || clk.t.Sub(start) != inFlight {
		t.Errorf("%+v, %v, waited %v", settled, err, clk.t.Sub(start))
	}
}
