package revoke

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/google/go-cmp/cmp"

	"github.com/revokey-dev/revokey/revoke/localaws"
)

func mustPlan(t *testing.T, r *Revoker, targets ...Target) Plan {
	t.Helper()
	plan, err := r.Plan(t.Context(), targets)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// Each plan with its refusals, what was asked about the key, and that applying
// the plan changes nothing that was refused.
func TestPlan(t *testing.T) {
	tests := []struct {
		name    string
		setup   func(*cloud) Target
		status  Status
		refusal string   // a part of it; "" is a plan to act
		asked   []string // about the key, or by it
	}{
		{name: "live", status: Live,
			setup: func(c *cloud) Target { return target(c.AddKey(own, "ci")) },
			asked: []string{"GetAccessKeyLastUsed ", "GetCallerIdentity "}},
		{name: "secret not known", status: Live,
			setup: func(c *cloud) Target { return Target{KeyID: c.AddKey(own, "ci").ID, Account: own} },
			asked: []string{"GetAccessKeyLastUsed "}},
		{name: "account not known", status: Live,
			setup: func(c *cloud) Target { return Target{KeyID: c.AddKey(own, "ci").ID} },
			asked: []string{"GetAccessKeyInfo ", "GetAccessKeyLastUsed "}},
		{name: "wrong secret", status: ActiveWrongSecret,
			setup: func(c *cloud) Target {
				k := c.AddKey(own, "ci")
				k.Secret = localaws.NewSecret(nil)
				return target(k)
			},
			asked: []string{"GetAccessKeyLastUsed ", "GetCallerIdentity SignatureDoesNotMatch"}},
		{name: "member account", status: Live,
			setup: func(c *cloud) Target {
				c.AddRole(member, "OrganizationAccountAccessRole", own)
				return target(c.AddKey(member, "ci"))
			},
			asked: []string{"GetAccessKeyLastUsed ", "GetCallerIdentity "}},
		{name: "IAM shows it, STS cannot be asked", status: Live,
			setup: func(c *cloud) Target { return target(c.AddKey(own, "ci")) },
			asked: []string{"GetAccessKeyLastUsed ", "GetCallerIdentity "}},

		{name: "foreign account", status: NotChecked, refusal: "--account " + foreignAccount,
			setup: func(c *cloud) Target { return target(c.AddKey(foreignAccount, "ci")) }},
		{name: "canary", status: Canary, refusal: "canary",
			setup: func(c *cloud) Target { return target(c.AddKey(canaryAccounts[0], "trap")) }},
		{name: "our own key", status: NotChecked, refusal: "signs our own calls",
			setup: func(c *cloud) Target { return Target{KeyID: c.admin.ID, Account: own} },
			asked: []string{"GetCallerIdentity "}}, // who the operator is
		{name: "session", status: NotChecked, refusal: "aws:TokenIssueTime",
			setup: func(c *cloud) Target { return target(c.AddSession(own, "assumed-role/ci/i", time.Hour)) }},
		{name: "root", status: Live, refusal: "root key",
			setup: func(c *cloud) Target { return target(c.AddKey(own, "root")) },
			asked: []string{"GetAccessKeyLastUsed NoSuchEntity", "GetCallerIdentity "}},
		{name: "root, secret not known", status: Unknown, refusal: "may be a root key",
			setup: func(c *cloud) Target { return Target{KeyID: c.AddKey(own, "root").ID, Account: own} },
			asked: []string{"GetAccessKeyLastUsed NoSuchEntity"}},
		{name: "inactive", status: Inactive, refusal: "already inactive",
			setup: func(c *cloud) Target {
				k := c.AddKey(own, "ci")
				c.SetStatus(k.ID, localaws.Inactive)
				return target(k)
			},
			asked: []string{"GetAccessKeyLastUsed "}},
		{name: "deleted", status: Deleted, refusal: "already deleted",
			setup: func(c *cloud) Target { k := c.AddKey(own, "ci"); c.DeleteKey(k.ID); return target(k) },
			asked: []string{"GetAccessKeyLastUsed NoSuchEntity"}},
		{name: "no role to assume", status: Unknown, refusal: "assuming arn:aws:iam::" + member + ":role/OrganizationAccountAccessRole: the operator is not allowed sts:AssumeRole",
			setup: func(c *cloud) Target { return Target{KeyID: c.AddKey(member, "ci").ID, Account: member} }},
		{name: "operator may not look", status: Unknown, refusal: "the operator is not allowed iam:GetAccessKeyLastUsed",
			setup: func(c *cloud) Target {
				c.Deny(own, "admin", "iam:GetAccessKeyLastUsed")
				return Target{KeyID: c.AddKey(own, "ci").ID, Account: own}
			},
			asked: []string{"GetAccessKeyLastUsed AccessDenied"}},
		{name: "operator may not list", status: Unknown, refusal: "the operator is not allowed iam:ListAccessKeys",
			setup: func(c *cloud) Target {
				c.Deny(own, "admin", "iam:ListAccessKeys")
				return Target{KeyID: c.AddKey(own, "ci").ID, Account: own}
			},
			asked: []string{"GetAccessKeyLastUsed "}},
		{name: "operator may not see the account of the ID", status: NotChecked, refusal: "the operator is not allowed sts:GetAccessKeyInfo",
			setup: func(c *cloud) Target {
				c.Deny(own, "admin", "sts:GetAccessKeyInfo")
				return Target{KeyID: c.AddKey(own, "ci").ID}
			},
			asked: []string{"GetAccessKeyInfo AccessDenied"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newCloud(t)
			target := tt.setup(c)
			r := c.revoker(t)
			if strings.Contains(tt.name, "STS cannot") {
				c.Inject(localaws.Fault{Action: "GetCallerIdentity", Kind: localaws.Throttle, Times: -1, Delay: 0})
				r.op.identity = &Identity{Account: own, ARN: "arn:aws:iam::" + own + ":user/admin", KeyID: c.admin.ID}
				tt.asked = append(tt.asked[:1:1], slices.Repeat([]string{"GetCallerIdentity Throttling"}, 6)...)
			}
			step := mustPlan(t, r, target).Steps[0]
			if step.Verdict.Status != tt.status || !strings.Contains(step.Refusal, tt.refusal) || (step.Refusal == "") != (tt.refusal == "") {
				t.Errorf("got %s (%s), refusal %q; want %s, %q", step.Verdict.Status, step.Verdict.Reason, step.Refusal, tt.status, tt.refusal)
			}
			if (step.Call == "") != (step.Refusal != "") || (step.By == "") != (step.Refusal != "") {
				t.Errorf("call %q by %q, refusal %q", step.Call, step.By, step.Refusal)
			}
			if diff := cmp.Diff(tt.asked, c.asked(target.KeyID)); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
			if tt.refusal == "" {
				return
			}
			results, err := r.Apply(t.Context(), Plan{Steps: []Step{step}})
			if err != nil || results[0].Outcome != Refused || c.count("UpdateAccessKey") != 0 || len(r.opts.Journal.Entries()) != 0 {
				t.Errorf("applied what was refused: %+v, %v", results, err)
			}
		})
	}
}

func TestPlanTells(t *testing.T) {
	c := newCloud(t)
	k, sibling := c.AddKey(own, "ci"), c.AddKey(own, "ci")
	c.Quarantine(own, "ci")
	r := c.revoker(t)
	before := r.verifier.Check(t.Context(), pair(k), own) // a use, which must not be ours
	time.Sleep(10 * time.Millisecond)
	plan := mustPlan(t, r, target(k), Target{KeyID: k.ID, Account: own})
	if len(plan.Steps) != 1 || plan.Operator.KeyID != c.admin.ID || plan.Endpoint != c.url {
		t.Fatalf("got %+v", plan)
	}
	step := plan.Steps[0]
	if step.User != "ci" || step.Created.IsZero() || step.LastUsed == nil || step.LastUsed.Service != "sts" || step.LastUsed.Time.After(before.CheckedAt.Add(time.Second)) {
		t.Errorf("got %+v", step)
	}
	if len(step.Siblings) != 1 || step.Siblings[0].KeyID != sibling.ID || step.Siblings[0].Status != "Active" {
		t.Errorf("siblings %+v", step.Siblings)
	}
	if diff := cmp.Diff([]string{localaws.QuarantinePolicy}, step.Quarantine); diff != "" {
		t.Error(diff)
	}
	if want := "iam:UpdateAccessKey UserName=ci AccessKeyId=" + k.ID + " Status=Inactive"; step.Call != want || step.By != "arn:aws:iam::"+own+":user/admin" {
		t.Errorf("%s by %s", step.Call, step.By)
	}
	mustNotHold(t, k, plan)
	mustNotHold(t, k, step)
	mustNotHold(t, k, target(k))
	mustNotHold(t, c.admin, r)
	mustNotHold(t, k, r.verifier)
}

func TestPlanNotesWhatItCouldNotRead(t *testing.T) {
	c := newCloud(t)
	c.Deny(own, "admin", "iam:ListAttachedUserPolicies")
	step := mustPlan(t, c.revoker(t), target(c.AddKey(own, "ci"))).Steps[0]
	if step.Refusal != "" || len(step.Notes) != 1 || !strings.Contains(step.Notes[0], "iam:ListAttachedUserPolicies") {
		t.Errorf("got %+v", step)
	}
}

func TestPlanWithoutOperator(t *testing.T) {
	c := newCloud(t)
	r := c.revoker(t)
	c.Close()
	r.op.sts = c.hastyOperatorSTS(r.op)
	if _, err := r.Plan(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("got %v", err)
	}
}

// An operator who is a session of the key's user may have been made by that key.
func TestPlanSparesTheKeyBehindOurSession(t *testing.T) {
	c := newCloud(t)
	sibling := c.AddKey(own, "admin")
	r := c.revoker(t)
	r.op.identity = &Identity{Account: own, ARN: "arn:aws:iam::" + own + ":user/path/admin", KeyID: minted("ASIA", own).ID}
	if step := mustPlan(t, r, target(sibling)).Steps[0]; !strings.Contains(step.Refusal, "perhaps this one") {
		t.Errorf("got %+v", step)
	}
}

func TestPlanSparesTheKeyBelowOurRole(t *testing.T) {
	c := newCloud(t)
	c.AddRole(own, "deploy", own)
	profiles(t, section("base", c.admin)+"[profile deploy]\nsource_profile = base\nrole_arn = arn:aws:iam::"+own+":role/deploy\n")
	op, err := NewOperator(t.Context(), OperatorOptions{Profile: "deploy", Endpoint: c.url})
	if err != nil {
		t.Fatal(err)
	}
	r := NewRevoker(op, nil, RevokerOptions{Accounts: []string{own}})
	if step := mustPlan(t, r, target(c.admin)).Steps[0]; !strings.Contains(step.Refusal, "signs our own calls") {
		t.Errorf("got %+v", step)
	}
}

func TestInspect(t *testing.T) {
	c := newCloud(t)
	off, gone := c.AddKey(own, "ci"), c.AddKey(own, "ci")
	c.SetStatus(off.ID, localaws.Inactive)
	c.DeleteKey(gone.ID)
	r := c.revoker(t)
	for _, tt := range []struct {
		name  string
		keyID string
		acct  string
		want  Status
		proof Proof
		asked int
	}{
		{"active", c.AddKey(own, "ci").ID, own, Live, ByIAM, 1},
		{"inactive", off.ID, own, Inactive, ByIAM, 1},
		{"deleted", gone.ID, own, Deleted, ByIAM, 1},
		{"never existed", minted("AKIA", own).ID, "", Deleted, ByIAM, 2},
		{"foreign", c.AddKey(foreignAccount, "ci").ID, foreignAccount, NotChecked, "", 0},
		{"canary", c.AddKey(canaryAccounts[0], "x").ID, canaryAccounts[0], Canary, "", 0},
		{"session", c.AddSession(own, "assumed-role/a/b", time.Hour).ID, own, NotChecked, "", 0},
		{"unreachable account", c.AddKey(member, "ci").ID, member, Unknown, "", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := r.Inspect(t.Context(), tt.keyID, tt.acct)
			if v := got.Verdict; v.Status != tt.want || v.Proof != tt.proof || v.Reason == "" || v.CheckedAt.IsZero() || v.Account != got.Account {
				t.Errorf("got %+v, want %s by %q", v, tt.want, tt.proof)
			}
			if asked := c.asked(tt.keyID); len(asked) != tt.asked {
				t.Errorf("asked %q", asked)
			}
		})
	}
}

// An account whose summary cannot be read may have root keys.
func TestInspectProvesNoDeletionWithoutSummary(t *testing.T) {
	c := newCloud(t)
	c.Deny(own, "admin", "iam:GetAccountSummary")
	got := c.revoker(t).Inspect(t.Context(), minted("AKIA", own).ID, own)
	if got.Verdict.Status != Unknown || !strings.Contains(got.Verdict.Reason, "not allowed iam:GetAccountSummary") {
		t.Errorf("got %+v", got.Verdict)
	}
}

func TestApply(t *testing.T) {
	c := newCloud(t)
	c.AddRole(member, "OrganizationAccountAccessRole", own)
	leaked := c.AddKey(own, "ci")
	c.Quarantine(own, "ci") // which would stop the leaked key, not the administrator
	remote, idOnly := c.AddKey(member, "deploy"), c.AddKey(own, "cd")
	r := c.revoker(t)
	var progress []Outcome
	r.opts.OnProgress = func(res Result) { progress = append(progress, res.Outcome) }
	c.SetLag(100 * time.Millisecond)

	plan := mustPlan(t, r, target(leaked), target(remote), Target{KeyID: idOnly.ID, Account: own}, target(c.AddKey(foreignAccount, "x")))
	results, err := r.Apply(t.Context(), plan)
	if err != nil {
		t.Fatal(err)
	}
	type brief struct {
		Outcome Outcome
		Proof   Proof
	}
	var got []brief
	for _, res := range results {
		got = append(got, brief{res.Outcome, res.Proof})
	}
	if diff := cmp.Diff([]brief{{Verified, BySTS}, {Verified, BySTS}, {Verified, ByIAM}, {Refused, ""}}, got); diff != "" {
		t.Errorf("%s\n%+v", diff, results)
	}
	if s := results[0].Seconds; s < 0.1 || s > 2 || results[0].RequestID == "" {
		t.Errorf("got %+v", results[0])
	}
	if diff := cmp.Diff([]Outcome{Requested, Requested, Requested, Refused, Verified, Verified, Verified}, progress); diff != "" {
		t.Error(diff)
	}
	checkJournal(t, r, leaked, remote, idOnly)
	mustNotHold(t, leaked, results)
	mustNotHold(t, leaked, r.opts.Journal.Entries())

	// Applied again, the same plan does no harm; planned again, there is nothing to do.
	if again := mustPlan(t, r, target(leaked)).Steps[0]; !strings.Contains(again.Refusal, "already inactive") {
		t.Errorf("got %+v", again)
	}
}

// checkJournal looks for an intent and a result of each key, in this order, and
// for no secret in the file.
func checkJournal(t *testing.T, r *Revoker, keys ...localaws.Key) {
	t.Helper()
	entries := slices.DeleteFunc(r.opts.Journal.Entries(), func(e Entry) bool { return e.Phase != PhaseIntent && e.Phase != PhaseResult })
	if len(entries) != 2*len(keys) {
		t.Fatalf("%d entries: %+v", len(entries), entries)
	}
	file, err := os.ReadFile(r.opts.Journal.path)
	if err != nil {
		t.Fatal(err)
	}
	for i, k := range keys {
		intent, result := entries[2*i], entries[2*i+1]
		if intent.Phase != PhaseIntent || result.Phase != PhaseResult || intent.ID != result.ID || intent.KeyID != k.ID ||
			result.Outcome != Done || result.RequestID == "" || result.Endpoint == "" || intent.Operator != "arn:aws:iam::"+own+":user/admin" ||
			(intent.Role == "") != (k.Account == own) {
			t.Errorf("%s:\n%+v\n%+v", k.ID, intent, result)
		}
		if strings.Contains(string(file), k.Secret) {
			t.Error("a secret in the journal")
		}
	}
}

// spied returns IAM with a look at the world in the moment of the call.
func spied(api iamAPI, look func()) iamAPI {
	update := api.UpdateAccessKey
	api.UpdateAccessKey = func(ctx context.Context, in *iam.UpdateAccessKeyInput, opts ...func(*iam.Options)) (*iam.UpdateAccessKeyOutput, error) {
		look()
		return update(ctx, in, opts...)
	}
	return api
}

func TestApplyRecordsBeforeItCalls(t *testing.T) {
	c := newCloud(t)
	r := c.revoker(t)
	k := c.AddKey(own, "ci")
	plan := mustPlan(t, r, target(k))
	s, err := r.op.in(t.Context(), own)
	if err != nil {
		t.Fatal(err)
	}
	looked := false
	s.iam = spied(s.iam, func() {
		looked = true
		file, err := os.ReadFile(r.opts.Journal.path)
		if err != nil || strings.Count(string(file), "\n") != 2 || !strings.Contains(string(file), `"phase":"intent"`) || !strings.Contains(string(file), k.ID) {
			t.Errorf("in the journal when AWS is called: %s (%v)", file, err)
		}
	})
	if _, err := r.Apply(t.Context(), plan); err != nil || !looked {
		t.Errorf("looked %v, %v", looked, err)
	}
}

func TestApplyGoesOnAfterFailure(t *testing.T) {
	c := newCloud(t)
	first, gone, last := c.AddKey(own, "a"), c.AddKey(own, "b"), c.AddKey(own, "c")
	r := c.revoker(t)
	plan := mustPlan(t, r, target(first), target(gone), target(last))
	c.DeleteKey(gone.ID)
	results, err := r.Apply(t.Context(), plan)
	if err != nil {
		t.Fatal(err)
	}
	if results[0].Outcome != Verified || results[1].Outcome != Failed || results[2].Outcome != Verified || !strings.Contains(results[1].Reason, "NoSuchEntity") {
		t.Errorf("got %+v", results)
	}
	if e := r.opts.Journal.Entries()[4]; e.Outcome != NotDone || e.Error == "" || len(r.opts.Journal.Undoable()) != 2 {
		t.Errorf("got %+v", e)
	}
}

func TestApplyNamesTheMissingPermission(t *testing.T) {
	c := newCloud(t)
	c.Deny(own, "admin", "iam:UpdateAccessKey")
	r := c.revoker(t)
	results, err := r.Apply(t.Context(), mustPlan(t, r, target(c.AddKey(own, "ci"))))
	if err != nil || results[0].Outcome != Failed || !strings.Contains(results[0].Reason, "not allowed iam:UpdateAccessKey") {
		t.Errorf("got %+v, %v", results, err)
	}
}

// What AWS was not heard of, and does not show, may have happened: the journal must
// not say no.
func TestApplyUnheard(t *testing.T) {
	c := newCloud(t)
	k := c.AddKey(own, "ci")
	r := c.revoker(t)
	plan := mustPlan(t, r, target(k))
	c.Deny(own, "admin", "iam:ListAccessKeys")
	c.Inject(localaws.Fault{Action: "UpdateAccessKey", Kind: localaws.HalfBody, Times: -1})
	results, err := r.Apply(t.Context(), plan)
	if err != nil {
		t.Fatal(err)
	}
	if got := r.opts.Journal.Unfinished(); len(got) != 1 || got[0].KeyID != k.ID {
		t.Errorf("got %+v of %+v", got, results)
	}
	undone, err := r.Undo(t.Context(), k.ID)
	if err != nil || undone[0].Outcome != Refused || !strings.Contains(undone[0].Reason, "not whether AWS carried it out") {
		t.Errorf("got %+v, %v", undone, err)
	}
}

// Someone sets the key back while we look: requested is all that can be said.
func TestApplyReactivatedByOthers(t *testing.T) {
	c := newCloud(t)
	k := c.AddKey(own, "ci")
	r, clk := c.revoker(t), newClock()
	c.SetLag(time.Hour) // AWS never comes to refuse it
	r.now, r.opts.PollEvery, r.opts.PollFor = clk.now, 10*time.Second, time.Minute
	plan := mustPlan(t, r, target(k))
	r.sleep = func(ctx context.Context, d time.Duration) error {
		c.SetStatus(k.ID, localaws.Active)
		return clk.sleep(ctx, d)
	}
	results, err := r.Apply(t.Context(), plan)
	if err != nil || results[0].Outcome != Requested || results[0].Proof != "" || results[0].Seconds != 60 {
		t.Errorf("got %+v, %v", results, err)
	}
	for _, want := range []string{"not proven after 60 s", "STS accepts it", "IAM shows it Active"} {
		if !strings.Contains(results[0].Reason, want) {
			t.Errorf("reason %q lacks %q", results[0].Reason, want)
		}
	}
}

func TestApplyInterrupted(t *testing.T) {
	c := newCloud(t)
	r := c.revoker(t)
	c.SetLag(time.Hour)
	ctx, cancel := context.WithCancel(t.Context())
	plan := mustPlan(t, r, target(c.AddKey(own, "a")), target(c.AddKey(own, "b")))
	r.opts.OnProgress = func(Result) { cancel() }
	results, err := r.Apply(ctx, plan)
	if err != context.Canceled || len(results) != 1 || results[0].Outcome != Requested || c.count("UpdateAccessKey") != 1 {
		t.Errorf("got %+v, %v", results, err)
	}
}

func TestApplyWithoutJournal(t *testing.T) {
	c := newCloud(t)
	r := c.revoker(t)
	plan := mustPlan(t, r, target(c.AddKey(own, "a")), target(c.AddKey(own, "b")))
	r.opts.Journal.Close()
	results, err := r.Apply(t.Context(), plan)
	if err == nil || len(results) != 0 {
		t.Errorf("got %+v, %v", results, err)
	}
	r.opts.Journal = nil
	if _, err := r.Apply(t.Context(), plan); err == nil {
		t.Error("applied without a journal")
	}
	if n := c.count("UpdateAccessKey"); n != 0 {
		t.Errorf("%d calls without a record", n)
	}
}

// A plan is no permission: whoever made it, the limits hold when it is applied.
func TestApplyChecksForgedPlans(t *testing.T) {
	c := newCloud(t)
	r := c.revoker(t)
	foreign := c.AddKey(foreignAccount, "x")
	var steps []Step
	for _, k := range []localaws.Key{c.admin, foreign, c.AddKey(canaryAccounts[1], "x"), {ID: minted("AKIA", own).ID, Account: own}} {
		steps = append(steps, Step{KeyState: KeyState{KeyID: k.ID, Account: k.Account, Owner: Owner{User: k.User}}})
	}
	results, err := r.Apply(t.Context(), Plan{Steps: steps})
	if err != nil {
		t.Fatal(err)
	}
	for _, res := range results {
		if res.Outcome != Refused || res.Reason == "" {
			t.Errorf("got %+v", res)
		}
	}
	if c.count("UpdateAccessKey") != 0 || len(c.asked(foreign.ID)) != 0 {
		t.Errorf("asked: %+v", c.Requests())
	}
}

func TestUndo(t *testing.T) {
	c := newCloud(t)
	k, other, taken := c.AddKey(own, "ci"), c.AddKey(own, "cd"), c.AddKey(own, "ce")
	byHand := c.AddKey(own, "cf")
	c.SetStatus(byHand.ID, localaws.Inactive)
	r := c.revoker(t)
	if _, err := r.Apply(t.Context(), mustPlan(t, r, target(k), target(other), target(taken))); err != nil {
		t.Fatal(err)
	}
	results, err := r.Undo(t.Context(), k.ID, byHand.ID)
	if err != nil || results[0].Outcome != Verified || results[0].Action != Activate || results[0].Proof != ByIAM {
		t.Errorf("got %+v, %v", results, err)
	}
	if results[1].Outcome != Refused || !strings.Contains(results[1].Reason, "no deactivation") {
		t.Errorf("got %+v", results[1])
	}
	if got := r.verifier.Check(t.Context(), pair(k), own); got.Status != Live {
		t.Errorf("got %+v", got)
	}
	c.SetStatus(taken.ID, localaws.Active)
	results, err = r.Undo(t.Context())
	if err != nil || len(results) != 2 || results[0].Outcome != Verified || results[0].KeyID != other.ID ||
		results[1].Outcome != Refused || !strings.Contains(results[1].Reason, "someone else reactivated it") {
		t.Errorf("got %+v, %v", results, err)
	}
	if left := r.opts.Journal.Undoable(); len(left) != 1 || left[0].KeyID != taken.ID {
		t.Errorf("left: %+v", left)
	}
}

func TestUndoKeepsTheLimits(t *testing.T) {
	c := newCloud(t)
	r := c.revoker(t)
	k := c.AddKey(own, "ci")
	if _, err := r.Apply(t.Context(), mustPlan(t, r, target(k))); err != nil {
		t.Fatal(err)
	}
	before := c.count("UpdateAccessKey")
	r.opts.Accounts = []string{member}
	if results, err := r.Undo(t.Context()); err != nil || results[0].Outcome != Refused || !strings.Contains(results[0].Reason, "--account "+own) {
		t.Errorf("got %+v, %v", results, err)
	}
	r.opts.Accounts = []string{own}
	r.op.endpoint = ""
	if results, err := r.Undo(t.Context()); err != nil || results[0].Outcome != Refused || !strings.Contains(results[0].Reason, c.url) {
		t.Errorf("got %+v, %v", results, err)
	}
	if c.count("UpdateAccessKey") != before {
		t.Error("reactivated against the limits")
	}
}
