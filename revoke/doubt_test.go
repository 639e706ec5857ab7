package revoke

import (
	"strings"
	"testing"

	"github.com/revokey-dev/revokey/revoke/localaws"
)

const deniedXML = `<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no more</Message></Error></ErrorResponse>`

// The first answer is lost, and AWS refuses the repeated call for what the first has
// done: the call was carried out.
func TestCarriedOutThoughRefusedAgain(t *testing.T) {
	c := newCloud(t)
	k, off := c.AddKey(own, "ci"), c.AddKey(own, "cd")
	c.SetStatus(off.ID, localaws.Inactive)
	r := c.revoker(t)
	r.opts.Aim.Contain = DenySessions
	revokes(t, r, Target{KeyID: k.ID, Account: own})
	c.Inject(localaws.Fault{Action: "DeleteUserPolicy", Kind: localaws.EmptyBody, Status: 502})
	undone, err := r.Undo(t.Context(), k.ID)
	if err != nil || undone[0].Action != Release || undone[0].Outcome != Verified || len(c.Tags(own, "ci")) != 0 {
		t.Errorf("%+v, %v, tags %v", undone, err, c.Tags(own, "ci"))
	}
	r.opts.Aim = Aim{Delete: true}
	plan := mustPlan(t, r, Target{KeyID: off.ID, Account: own})
	c.Inject(localaws.Fault{Action: "DeleteAccessKey", Kind: localaws.EmptyBody, Status: 502})
	if results, err := r.Apply(t.Context(), plan); err != nil || results[0].Outcome != Verified {
		t.Errorf("%+v, %v", results, err)
	}
	if n := len(r.opts.Journal.Unfinished()) + len(r.opts.Journal.Undoable()); n != 0 {
		t.Errorf("%+v", r.opts.Journal.Entries())
	}
}

// The first answer is lost, the repeated call is refused: nobody knows.
func TestInDoubtThoughRefusedAfterwards(t *testing.T) {
	c := newCloud(t)
	k := c.AddKey(own, "ci")
	r := c.revoker(t)
	plan := mustPlan(t, r, target(k))
	c.Inject(localaws.Fault{Action: "UpdateAccessKey", Kind: localaws.EmptyBody, Status: 502})
	c.Deny(own, "admin", "iam:ListAccessKeys")
	c.Inject(localaws.Fault{Action: "UpdateAccessKey", Kind: localaws.HTTPError, Status: 403, Times: -1, ContentType: "text/xml", Body: deniedXML})
	results, err := r.Apply(t.Context(), plan)
	if err != nil || results[0].Outcome != Failed || !strings.Contains(results[0].Reason, "may have been carried out") {
		t.Errorf("%+v, %v", results, err)
	}
	if left := r.opts.Journal.Unfinished(); len(left) != 1 {
		t.Errorf("%+v", r.opts.Journal.Entries())
	}
}

// Secrets Manager stored the new key, and was not heard; its refusals afterwards must
// not have the key deleted whose secret stands there.
func TestRotateStoredThoughRefusedAfterwards(t *testing.T) {
	c := newCloud(t)
	r := c.revoker(t)
	old := c.AddKey(own, "ci")
	to := Destination{Secret: "ci/aws", Region: "eu-central-1"}
	c.SetSecret(own, "eu-central-1", "ci/aws", `{"access_key_id":"`+old.ID+`","secret_access_key":"`+old.Secret+`"}`)
	p := mustPlanRotation(t, r, RotationAim{KeyID: old.ID, Account: own, To: to})
	c.Inject(localaws.Fault{Action: "PutSecretValue", Kind: localaws.EmptyBody, Status: 502})
	c.Inject(localaws.Fault{Action: "PutSecretValue", Kind: localaws.HTTPError, Status: 400, Times: -1, ContentType: "application/x-amz-json-1.1", Body: `{"__type":"AccessDeniedException"}`})
	results, err := r.Rotate(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	pair := pairIn(t, r, to)
	if keys := c.keysOf(t, r, "ci"); keys[pair.AccessKeyID] != "Active" {
		t.Errorf("the secret holds %s, the user %v: %+v", pair.AccessKeyID, keys, results)
	}
}
