package revoke

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// brokenOff leaves in the journal a rotation that has created the key, and stored it
// or not.
func brokenOff(t *testing.T, r *Revoker, aim RotationAim, keyID string, stored bool) (begin Entry) {
	t.Helper()
	begin = Entry{ID: newEntryID(), Time: time.Now(), Phase: PhaseBegin, Operator: "x", Endpoint: r.op.endpoint, Rotation: &aim}
	lines := []Entry{begin, {Phase: PhaseResult, Outcome: Done, Action: Create}}
	if stored {
		lines = append(lines, Entry{Phase: PhaseResult, Outcome: Done, Action: Store})
	}
	for i, e := range lines {
		if i > 0 {
			e.ID, e.Run, e.KeyID, e.User, e.Account, e.Endpoint = newEntryID(), begin.ID, keyID, aim.User, own, r.op.endpoint
		}
		if err := r.opts.Journal.Append(e); err != nil {
			t.Fatal(err)
		}
	}
	return begin
}

// A key that was to be shown, and was not: it is deleted, and none is made instead,
// for there is nobody to show it to.
func TestRotateOnShown(t *testing.T) {
	c := newCloud(t)
	r := c.revoker(t)
	lost := c.AddKey(own, "ci")
	begin := brokenOff(t, r, RotationAim{User: "ci", Account: own}, lost.ID, false)
	p, err := r.RotateOn(t.Context(), begin, func(aws.Credentials) error { return errors.New("nobody is there") })
	if err != nil || p.Orphan != lost.ID {
		t.Fatalf("%+v, %v", p, err)
	}
	results, err := r.Rotate(t.Context(), p)
	if err != nil || len(results) != 2 || results[0].Action != Delete || results[0].Outcome != Verified || results[1].Outcome != Refused {
		t.Errorf("%+v, %v", results, err)
	}
	if len(c.KeysOf(own, "ci")) != 0 || c.count("CreateAccessKey") != 0 || len(r.opts.Journal.Interrupted()) != 0 {
		t.Error("it is not as if nothing had been")
	}
}

// A stored key that somebody has replaced since is not ours to judge: nothing is done,
// and the plan says that there is nothing to go on with.
func TestRotateOnChanged(t *testing.T) {
	c := newCloud(t)
	r := c.revoker(t)
	old, made, theirs := c.AddKey(own, "ci"), c.AddKey(own, "ci"), c.AddKey(own, "other")
	c.SetSecret(own, "us-east-1", "ci", `{"access_key_id":"`+theirs.ID+`","secret_access_key":"`+theirs.Secret+`"}`)
	aim := RotationAim{KeyID: old.ID, User: "ci", Account: own, To: Destination{Secret: "ci", Overwrite: true}}
	begin := brokenOff(t, r, aim, made.ID, true)
	p, err := r.RotateOn(t.Context(), begin, nil)
	if err != nil || !p.Over || !strings.Contains(p.Refusal, "somebody has changed it since") {
		t.Fatalf("%+v, %v", p, err)
	}
	if results, err := r.Rotate(t.Context(), p); err != nil || results[0].Outcome != Refused || c.count("DeleteAccessKey")+c.count("UpdateAccessKey") != 0 {
		t.Errorf("%+v, %v", results, err)
	}
}

// A rotation is gone on with where it was begun only.
func TestRotateOnElsewhere(t *testing.T) {
	c := newCloud(t)
	r := c.revoker(t)
	begin := Entry{ID: "1", Phase: PhaseBegin, Rotation: &RotationAim{User: "ci", Account: own, To: Destination{Secret: "ci"}}}
	if _, err := r.RotateOn(t.Context(), begin, nil); err == nil || !strings.Contains(err.Error(), "begun at AWS") || len(c.Requests()) != 0 {
		t.Errorf("%v, %v", err, c.Requests())
	}
}

// A key that was used is lost to nobody, whatever the journal knows of its secret.
func TestRotateOnUsed(t *testing.T) {
	c := newCloud(t)
	r := c.revoker(t)
	made := c.AddKey(own, "ci")
	begin := brokenOff(t, r, RotationAim{User: "ci", Account: own, To: intoProfile(t)}, made.ID, false)
	r.verifier.Check(t.Context(), pair(made), own)
	p, err := r.RotateOn(t.Context(), begin, nil)
	if err != nil || p.Orphan != "" || !strings.Contains(p.Refusal, "was used") {
		t.Errorf("%+v, %v", p, err)
	}
}

// What was put at the place since the plan was made is not replaced.
func TestRotateLooksAgainAtThePlace(t *testing.T) {
	for _, kind := range []string{"profile", "secret"} {
		c := newCloud(t)
		r := c.revoker(t)
		old, theirs := c.AddKey(own, "ci"), c.AddKey(own, "other")
		to := intoProfile(t)
		if kind == "secret" {
			to = Destination{Secret: "ci", Region: "us-east-1"}
		}
		p := mustPlanRotation(t, r, RotationAim{KeyID: old.ID, Account: own, To: to})
		c.SetSecret(own, "us-east-1", "ci", `{"access_key_id":"`+theirs.ID+`","secret_access_key":"`+theirs.Secret+`"}`)
		os.MkdirAll(filepath.Dir(p.Aim.To.File), 0o700)
		os.WriteFile(p.Aim.To.File, fmt.Appendf(nil, "[ci]\naws_access_key_id=%s\naws_secret_access_key=%s\n", theirs.ID, theirs.Secret), 0o600)
		results, err := r.Rotate(t.Context(), p)
		if err != nil || len(results) != 1 || results[0].Outcome != Refused || c.count("CreateAccessKey") != 0 {
			t.Errorf("%s: %+v, %v", kind, results, err)
		}
		if got := pairIn(t, r, to); got.AccessKeyID != theirs.ID {
			t.Errorf("%s: it holds %s", kind, got.AccessKeyID)
		}
	}
}
