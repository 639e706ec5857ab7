package revoke

import (
	"context"
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/revokey-dev/revokey/revoke/localaws"
)

// least returns the actions that docs/permissions.md lists, by policy.
func least(t *testing.T) map[string][]string {
	t.Helper()
	page, err := os.ReadFile("../docs/permissions.md")
	if err != nil {
		t.Fatal(err)
	}
	actions := map[string][]string{}
	for _, m := range regexp.MustCompile("(?s)```json policy=(\\w+)\n(.*?)```").FindAllSubmatch(page, -1) {
		var doc struct{ Statement []struct{ Action []string } }
		if err := json.Unmarshal(m[2], &doc); err != nil || len(doc.Statement) != 1 {
			t.Fatalf("%s: %v", m[1], err)
		}
		actions[string(m[1])] = doc.Statement[0].Action
	}
	return actions
}

// completes reports whether all of a rotation was done and proven, and by which key.
func completes(t *testing.T, r *Revoker, aim RotationAim) (keyID string, ok bool) {
	t.Helper()
	p, err := r.PlanRotation(t.Context(), aim)
	if err != nil || p.Refusal != "" {
		return "", false
	}
	results, err := r.Rotate(t.Context(), p)
	for _, res := range results {
		if res.Outcome != Verified {
			return "", false
		}
		if res.Action == Create {
			keyID = res.KeyID
		}
	}
	return keyID, err == nil && keyID != ""
}

// What docs/permissions.md lists is enough for what it lists it for, and without
// any one of it that does not come to its end.
func TestLeastPrivilege(t *testing.T) {
	works := map[string]func(*testing.T, *cloud, *Revoker) bool{
		"revoke": func(t *testing.T, c *cloud, r *Revoker) bool {
			results := revokes(t, r, Target{KeyID: c.AddKey(own, "ci").ID, Account: own})
			undone, err := r.Undo(t.Context())
			return err == nil && results[0].Outcome == Verified && len(undone) == 1 && undone[0].Outcome == Verified
		},
		"contain": func(t *testing.T, c *cloud, r *Revoker) bool {
			r.opts.Aim.Contain = DenySessions
			results := revokes(t, r, Target{KeyID: c.AddKey(own, "ci").ID, Account: own})
			undone, err := r.Undo(t.Context())
			return err == nil && results[1].Outcome == Verified && len(undone) == 2 && undone[0].Outcome == Verified && undone[1].Outcome == Verified
		},
		"delete": func(t *testing.T, c *cloud, r *Revoker) bool {
			k := c.AddKey(own, "ci")
			c.SetStatus(k.ID, localaws.Inactive)
			r.opts.Aim = Aim{Delete: true, InactiveFor: time.Hour}
			dated(t, r, k.ID, 2*time.Hour)
			return revokes(t, r, Target{KeyID: k.ID, Account: own})[0].Outcome == Verified
		},
		"service": func(t *testing.T, c *cloud, r *Revoker) bool {
			c.AddServiceCredential(own, "ci", bedrock, "alias")
			return revokes(t, r, Target{Name: "alias", Account: own})[0].Outcome == Verified
		},
		"rotate": func(t *testing.T, c *cloud, r *Revoker) bool {
			c.AddUser(own, "ci")
			to := Destination{Secret: "ci"}
			first, ok := completes(t, r, RotationAim{User: "ci", To: to})
			c.SetStatus(c.AddKey(own, "ci").ID, localaws.Inactive)
			_, again := completes(t, r, RotationAim{KeyID: first, Account: own, To: to, DeleteInactive: true})
			return ok && again
		},
		"audit": func(t *testing.T, c *cloud, r *Revoker) bool {
			r.sleep = func(context.Context, time.Duration) error { return nil }
			_, _, err := r.Audit(t.Context(), own, AuditOptions{})
			return err == nil
		},
		"trace": func(t *testing.T, c *cloud, r *Revoker) bool {
			trace, err := r.Trace(t.Context(), c.AddKey(own, "ci").ID, own, TraceOptions{})
			return err == nil && len(trace.Missing) == 0
		},
	}
	listed := least(t)
	if len(listed) != len(works) {
		t.Fatalf("docs/permissions.md lists %v", listed)
	}
	try := func(t *testing.T, name string, without string) bool {
		c := newCloud(t)
		c.AddUser(own, "op")
		c.admin = c.AddKey(own, "op") // who the operator of the tests is
		allowed := slices.DeleteFunc(slices.Concat(listed["revoke"], listed[name]), func(a string) bool { return a == without })
		document, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": []map[string]any{{"Effect": "Allow", "Action": allowed, "Resource": "*"}}})
		if err != nil {
			t.Fatal(err)
		}
		c.SetPolicy(own, "op", "least", string(document))
		r := c.revoker(t)
		r.opts.PollFor = 10 * time.Millisecond
		return works[name](t, c, r)
	}
	for name := range works {
		if !try(t, name, "") {
			t.Errorf("%s: what is listed is not enough", name)
		}
		for _, action := range listed[name] {
			if try(t, name, action) {
				t.Errorf("%s: %s is listed, and not needed", name, action)
			}
		}
	}
}
