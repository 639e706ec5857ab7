package revoke

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/revokey-dev/revokey/revoke/localaws"
)

func TestKeys(t *testing.T) {
	c := newCloud(t)
	c.AddRole(member, "OrganizationAccountAccessRole", own)
	for i := range 120 { // more than a page of users
		c.AddUser(own, fmt.Sprintf("crowd-%03d", i))
	}
	used, off := c.AddKey(own, "ci"), c.AddKey(own, "ci")
	c.SetStatus(off.ID, localaws.Inactive)
	c.SetAge(used.ID, 48*time.Hour, time.Hour)
	far := c.AddKey(member, "far")
	r := c.revoker(t)
	all, err := r.Keys(t.Context(), "")
	if err != nil || len(all) != 3 { // and the administrator's
		t.Fatalf("%+v, %v", all, err)
	}
	got, err := r.Keys(t.Context(), own, "ci")
	if err != nil || len(got) != 2 || got[0].KeyID != used.ID || got[0].Status != "Active" || got[0].LastUsed == nil || got[1].Status != "Inactive" || got[1].LastUsed != nil {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := r.Keys(t.Context(), member); err != nil || len(got) != 1 || got[0].KeyID != far.ID || got[0].Account != member {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := r.Keys(t.Context(), foreignAccount); err == nil || !strings.Contains(err.Error(), "not on the list") {
		t.Errorf("%v", err)
	}
	if _, err := r.Keys(t.Context(), own, "nobody"); err == nil || !strings.Contains(err.Error(), "NoSuchEntity") {
		t.Errorf("%v", err)
	}
}

func TestActivate(t *testing.T) {
	c := newCloud(t)
	off, gone := c.AddKey(own, "ci"), c.AddKey(own, "ci")
	c.SetStatus(off.ID, localaws.Inactive)
	c.DeleteKey(gone.ID)
	foreign := c.AddKey(foreignAccount, "x")
	r := c.revoker(t)
	results, err := r.Activate(t.Context(), target(off), target(gone), target(foreign), target(c.AddKey(own, "cd")))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []Outcome{Verified, Refused, Refused, Refused} {
		if results[i].Outcome != want || results[i].Action != Activate {
			t.Errorf("%+v, want %s", results[i], want)
		}
	}
	if c.count("UpdateAccessKey") != 1 || len(c.asked(foreign.ID)) != 0 {
		t.Errorf("%v", c.Requests())
	}
}

// Each concern, and what is none.
func TestAudit(t *testing.T) {
	c := newCloud(t)
	day := 24 * time.Hour
	add := func(user string, made, used time.Duration) {
		c.SetAge(c.AddKey(own, user).ID, made, used)
	}
	add("old", 100*day, day)
	add("never", 91*day, 0)
	add("unused", 95*day, 92*day)
	add("young", 89*day, 0)
	add("two", day, day)
	add("two", day, day)
	add("root", day, day)
	off := c.AddKey(own, "off")
	c.SetAge(off.ID, 900*day, 0)
	c.SetStatus(off.ID, localaws.Inactive)
	c.SetPassword(own, "clerk", false)
	c.SetPassword(own, "careful", true)
	r := c.revoker(t)
	r.sleep = func(context.Context, time.Duration) error { return nil }
	found, made, err := r.Audit(t.Context(), "", AuditOptions{})
	if err != nil || time.Since(made) > time.Minute {
		t.Fatalf("%v, made %v", err, made)
	}
	var got []string
	for _, a := range found {
		got = append(got, fmt.Sprintf("%s %s %d", a.User, a.Concern, a.Key))
	}
	if diff := cmp.Diff([]string{
		"<root_account> root-key 1", "<root_account> no-mfa 0", "clerk no-mfa 0", "never old 1", "never never-used 1",
		"old old 1", "two two-active 0", "unused old 1", "unused unused 1",
	}, got); diff != "" {
		t.Error(diff)
	}
	c.Deny(own, "admin", "iam:GetCredentialReport")
	if _, _, err := r.Audit(t.Context(), own, AuditOptions{}); err == nil || !strings.Contains(err.Error(), "not allowed iam:GetCredentialReport") {
		t.Errorf("%v", err)
	}
}

func FuzzParseReport(f *testing.F) {
	f.Add([]byte("user,arn,access_key_1_active,access_key_1_last_rotated\nci,x,true,2024-01-02T03:04:05+00:00\n"))
	f.Add([]byte("user,arn\n\"a\n\",b\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		rows, err := parseReport(text)
		for _, row := range rows {
			row.audit(time.Now(), AuditOptions{MaxAge: time.Hour, MaxUnused: time.Hour})
		}
		if err != nil && len(rows) > 0 {
			t.Error("rows and an error")
		}
	})
}
