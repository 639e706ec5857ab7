package main

import (
	"errors"
	"testing"

	"github.com/revokey-dev/revokey/report"
	"github.com/revokey-dev/revokey/revoke"
)

// What a step that was refused leaves open.
func TestLeftOpen(t *testing.T) {
	for _, tt := range []struct {
		name   string
		action revoke.Action
		status revoke.Status
		want   error
	}{
		{"an inactive key", revoke.Deactivate, revoke.Inactive, nil},
		{"an active key", revoke.Deactivate, revoke.Live, errLive},
		{"a canary", revoke.Deactivate, revoke.Canary, nil},
		{"an inactive key that was to be deleted", revoke.Delete, revoke.Inactive, errIncomplete},
		{"an inactive key whose user was to be contained", revoke.Contain, revoke.Inactive, errIncomplete},
		{"a deleted key whose user was to be contained", revoke.Contain, revoke.Deleted, errIncomplete},
		{"a session that is over", revoke.Contain, revoke.Expired, nil},
		{"a canary that was to be contained", revoke.Contain, revoke.Canary, nil},
	} {
		step := revoke.Step{Action: tt.action, Refusal: "for a reason"}
		step.Verdict.Status = tt.status
		if got := leftOpen(step); !errors.Is(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

// After a revocation nothing is live that was proven to be off, by whatever action.
func TestStillLive(t *testing.T) {
	key, session := "AKIA", "ASIA"
	for _, tt := range []struct {
		name   string
		id     *string
		result revoke.Result
		want   error
	}{
		{"deactivated", &key, revoke.Result{Action: revoke.Deactivate, Outcome: revoke.Verified}, nil},
		{"a root key deleted", &key, revoke.Result{Action: revoke.Delete, Outcome: revoke.Verified}, nil},
		{"a session contained", &session, revoke.Result{Action: revoke.Contain, Outcome: revoke.Verified}, nil},
		{"a key's user contained", &key, revoke.Result{Action: revoke.Contain, Outcome: revoke.Verified}, errLive},
		{"not proven", &key, revoke.Result{Action: revoke.Delete, Outcome: revoke.Requested}, errLive},
	} {
		tt.result.KeyID = *tt.id
		var s suspect
		s.Record = report.Record{KeyID: tt.id}
		s.Verdict.Status = revoke.Live
		if got := stillLive([]suspect{s}, revoke.Plan{}, []revoke.Result{tt.result}); !errors.Is(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

// The question names the gravest that the answer allows.
func TestQuestion(t *testing.T) {
	step := func(action revoke.Action, refusal string) revoke.Step {
		return revoke.Step{Action: action, Refusal: refusal}
	}
	for want, steps := range map[string][]revoke.Step{
		"Deactivate 2 keys?":                              {step(revoke.Deactivate, ""), step(revoke.Deactivate, ""), step(revoke.Delete, "no")},
		"Delete 1 key for good?":                          {step(revoke.Delete, "")},
		"Make these 2 calls?":                             {step(revoke.Deactivate, ""), step(revoke.Contain, "")},
		"Make these 2 calls, of which 1 delete for good?": {step(revoke.Deactivate, ""), step(revoke.Delete, "")},
	} {
		if got := question(revoke.Plan{Steps: steps}); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
