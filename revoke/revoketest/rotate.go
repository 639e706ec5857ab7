package revoketest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/revokey-dev/revokey/revoke"
)

// rotation is that a key is rotated into a profile: the new one there works, the old
// one does not any more; and that a user with two keys is refused, until there is room.
func rotation(t *testing.T, s Server) {
	r, j := s.revoker(t, s.Admin)
	file := filepath.Join(t.TempDir(), "credentials")
	aim := revoke.RotationAim{KeyID: s.Live.AccessKeyID, Account: s.Account, To: revoke.Destination{Profile: "ci", File: file}}
	p, err := r.PlanRotation(t.Context(), aim)
	if err != nil || !strings.Contains(p.Refusal, "--delete-inactive to delete "+s.Off.AccessKeyID) {
		t.Fatalf("%q, %v", p.Refusal, err)
	}
	aim.DeleteInactive = true
	if p, err = r.PlanRotation(t.Context(), aim); err != nil || p.Refusal != "" {
		t.Fatalf("%q, %v", p.Refusal, err)
	}
	results, err := r.Rotate(t.Context(), p)
	if err != nil || len(results) != 4 {
		t.Fatalf("%+v, %v", results, err)
	}
	for i, action := range []revoke.Action{revoke.Delete, revoke.Store, revoke.Create, revoke.Deactivate} {
		if results[i].Action != action || results[i].Outcome != revoke.Verified {
			t.Errorf("%+v, want it to %s", results[i], action)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(text), "[ci]\naws_access_key_id = "+results[2].KeyID+"\n") {
		t.Errorf("%v", err)
	}
	if v := s.verifier().Check(t.Context(), s.Live, s.Account); v.Status != revoke.NotAccepted {
		t.Errorf("rotated, but the old key is %v: %s", v.Status, v.Reason)
	}
	if len(j.Interrupted())+len(j.Unfinished()) != 0 {
		t.Errorf("journal: %+v", j.Entries())
	}
}
