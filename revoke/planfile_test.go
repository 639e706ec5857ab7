package revoke

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/revokey-dev/revokey/revoke/localaws"
)

// A plan survives being saved, without any secret, and tells what has changed
// since: what stands against carrying it out, and what is only worth knowing.
func TestPlanSince(t *testing.T) {
	tests := []struct {
		name     string
		change   func(*cloud, *Revoker, localaws.Key)
		blocking string // a part of it; "" is nothing
		noted    string
	}{
		{"nothing", func(*cloud, *Revoker, localaws.Key) {}, "", ""},
		{"switched off by others", func(c *cloud, _ *Revoker, k localaws.Key) { c.SetStatus(k.ID, localaws.Inactive) }, "", "already inactive"},
		{"used since", func(_ *cloud, r *Revoker, k localaws.Key) { r.verifier.Check(context.Background(), pair(k), own) }, "", "it was used since"},
		{"quarantined since", func(c *cloud, _ *Revoker, k localaws.Key) { c.Quarantine(own, "ci") }, "", "AWS has quarantined its user since"},
		{"another key", func(c *cloud, _ *Revoker, k localaws.Key) { c.AddKey(own, "ci") }, "", "had 0 other keys, and has 1"},
		{"no longer ours", func(c *cloud, r *Revoker, k localaws.Key) { r.opts.Accounts = nil }, "not on the list", ""},
		{"another operator", func(c *cloud, r *Revoker, k localaws.Key) {
			r.op.identity = &Identity{Account: own, ARN: "arn:aws:iam::" + own + ":user/eve"}
		}, "and you are arn:aws:iam::" + own + ":user/eve", ""},
		{"another aim", func(c *cloud, r *Revoker, k localaws.Key) { r.opts.Aim.Contain = DenySessions }, "was not to be contained", ""},
		{"another user's", func(c *cloud, r *Revoker, k localaws.Key) {
			c.DeleteKey(k.ID)
			k.User = "cd"
			c.ImportKey(k, localaws.Active)
		}, `its user was "ci", and is "cd"`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newCloud(t)
			r := c.revoker(t)
			k := c.AddKey(own, "ci")
			text, err := json.Marshal(mustPlan(t, r, target(k)))
			if err != nil || strings.Contains(string(text), k.Secret) {
				t.Fatalf("%s, %v", text, err)
			}
			agreed, err := ReadPlan(bytes.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			tt.change(c, r, k)
			d := mustPlan(t, r, agreed.Targets()...).Since(agreed)
			if got := strings.Join(d.Blocking, "\n"); (got == "") != (tt.blocking == "") || !strings.Contains(got, tt.blocking) {
				t.Errorf("blocking: %q", got)
			}
			if got := strings.Join(d.Noted, "\n"); !strings.Contains(got, tt.noted) {
				t.Errorf("noted: %q", got)
			}
		})
	}
}

func TestReadPlanRefuses(t *testing.T) {
	for _, text := range []string{"", "x", "[]", `{"schema":"revokey.finding/v1"}`, "{}"} {
		if _, err := ReadPlan(strings.NewReader(text)); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}

// The keys of many accounts are looked at and switched off in parallel, and told
// of in order.
func TestManyKeys(t *testing.T) {
	c := newCloud(t)
	c.SetLatency(5 * time.Millisecond)
	r := c.revoker(t)
	r.opts.Workers = 8
	var targets []Target
	for i := range 40 {
		account := own
		if i%2 == 1 {
			account = member
		}
		k := c.AddKey(account, "ci-"+string(rune('a'+i%26))+string(rune('a'+i/26)))
		targets = append(targets, Target{KeyID: k.ID, Account: account})
	}
	c.AddRole(member, "OrganizationAccountAccessRole", own)
	var told []string
	r.opts.OnProgress = func(res Result) { told = append(told, res.KeyID) }
	results := revokes(t, r, targets...)
	for i, res := range results {
		if res.Outcome != Verified || res.KeyID != targets[i].KeyID || told[i] != targets[i].KeyID || told[i+40] != targets[i].KeyID {
			t.Errorf("%d: %+v", i, res)
		}
	}
	if n := c.count("AssumeRole"); n != 1 {
		t.Errorf("assumed the role %d times", n)
	}
	check, err := CheckJournal(r.opts.Journal.path)
	if err != nil || check.Broken != "" || check.Entries != 2+3*40 {
		t.Errorf("%+v, %v", check, err)
	}
}
