package revoke

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/revokey-dev/revokey/revoke/localaws"
)

// works reports whether IAM does for the key what an administrator may do.
func (c *cloud) works(t *testing.T, k localaws.Key) bool {
	t.Helper()
	client := iam.New(iam.Options{
		Region: "us-east-1", BaseEndpoint: &c.url, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(k.ID, k.Secret, k.SessionToken),
	})
	_, err := client.GetUser(t.Context(), &iam.GetUserInput{UserName: aws.String("admin")})
	if err != nil && errorCode(err) != "AccessDenied" {
		t.Fatal(err)
	}
	return err == nil
}

// revokes makes a plan for the targets, carries it out and returns its results.
func revokes(t *testing.T, r *Revoker, targets ...Target) []Result {
	t.Helper()
	results, err := r.Apply(t.Context(), mustPlan(t, r, targets...))
	if err != nil {
		t.Fatal(err)
	}
	return results
}

// Containment ends the sessions that a key made, leaves the user's other key at
// work, and is taken back.
func TestContainUser(t *testing.T) {
	c := newCloud(t)
	c.AddAdmin(own, "ci")
	k, sibling := c.AddKey(own, "ci"), c.AddKey(own, "ci")
	made := c.AddAdminSession(own, "user/ci", time.Hour)
	r := c.revoker(t)
	r.opts.Aim.Contain = DenySessions
	if !c.works(t, made) {
		t.Fatal("the session does not work before")
	}
	plan := mustPlan(t, r, target(k))
	if len(plan.Steps) != 2 || !strings.Contains(plan.Steps[1].Call, "iam:PutUserPolicy UserName=ci PolicyName=revokey-contain-"+k.ID) || len(c.Policies(own, "ci")) != 0 {
		t.Fatalf("%+v", plan.Steps)
	}
	results, err := r.Apply(t.Context(), plan)
	if err != nil || len(results) != 2 || results[0].Action != Deactivate || results[1].Action != Contain || results[1].Outcome != Verified || results[1].Note != "" {
		t.Fatalf("%+v, %v", results, err)
	}
	if c.works(t, made) || !c.works(t, sibling) {
		t.Errorf("session works: %v, sibling key works: %v", c.works(t, made), c.works(t, sibling))
	}
	if tag := c.Tags(own, "ci")[containTag]; !strings.HasPrefix(tag, k.ID+" 20") {
		t.Errorf("tag %q", tag)
	}
	again := mustPlan(t, r, target(k))
	if !strings.Contains(again.Steps[1].Refusal, "already contained") {
		t.Errorf("%+v", again.Steps[1])
	}
	undone, err := r.Undo(t.Context(), k.ID)
	if err != nil || len(undone) != 2 || undone[0].Action != Release || undone[0].Outcome != Verified || undone[1].Action != Activate {
		t.Fatalf("%+v, %v", undone, err)
	}
	if !c.works(t, made) || len(c.Policies(own, "ci")) != 0 || len(c.Tags(own, "ci")) != 0 {
		t.Error("not taken back")
	}
}

// A key mints sessions until AWS refuses it everywhere: those are denied too.
func TestContainReachesSessionsOfTheLag(t *testing.T) {
	c := newCloud(t)
	k := c.AddKey(own, "ci")
	r := c.revoker(t)
	r.opts.Aim.Contain = DenySessions
	revokes(t, r, Target{KeyID: k.ID, Account: own})
	late := c.AddAdminSession(own, "user/ci", time.Hour)
	if c.works(t, late) {
		t.Error("a session made within the lag works")
	}
}

func TestContainRole(t *testing.T) {
	c := newCloud(t)
	c.AddRole(own, "deploy", own)
	made := c.AddAdminSession(own, "assumed-role/deploy/i-0123", time.Hour)
	r := c.revoker(t)
	r.opts.Aim.Contain = DenySessions
	results := revokes(t, r, target(made))
	if len(results) != 1 || results[0].Outcome != Verified || results[0].Role != "deploy" || c.works(t, made) {
		t.Fatalf("%+v, works %v", results, c.works(t, made))
	}
	mustNotHold(t, made, r.opts.Journal.Entries())
	if undone, err := r.Undo(t.Context()); err != nil || undone[0].Outcome != Verified || !c.works(t, made) {
		t.Errorf("%+v, %v", undone, err)
	}
}

// Everything denied also stops the user's other key.
func TestContainEverything(t *testing.T) {
	c := newCloud(t)
	c.AddAdmin(own, "ci")
	k, sibling := c.AddKey(own, "ci"), c.AddKey(own, "ci")
	r := c.revoker(t)
	r.opts.Aim.Contain = DenyEverything
	revokes(t, r, target(k))
	if c.works(t, sibling) {
		t.Error("the user's other key works")
	}
}

func TestContainRefuses(t *testing.T) {
	c := newCloud(t)
	adminSession := c.AddAdminSession(own, "user/admin", time.Hour)
	tests := []struct {
		name, want string
		target     Target
	}{
		{"session without its token", "revokey trace", Target{KeyID: c.AddSession(own, "assumed-role/a/b", time.Hour).ID, Account: own}},
		{"over", "the session is over", target(c.AddSession(own, "assumed-role/a/b", 0))},
		{"root's session", "service control policy", target(c.AddSession(own, "root", time.Hour))},
		{"federated", "GetFederationToken", target(c.AddSession(own, "federated-user/x", time.Hour))},
		{"Identity Center", "Identity Center", target(c.AddSession(own, "assumed-role/AWSReservedSSO_Admin_0123/ada", time.Hour))},
		{"service-linked", "service-linked", target(c.AddSession(own, "assumed-role/AWSServiceRoleForSupport/x", time.Hour))},
		{"our own user", "makes our own calls", target(adminSession)},
		{"foreign", "not on the list", target(c.AddSession(foreignAccount, "assumed-role/a/b", time.Hour))},
		{"canary", "canary", target(c.AddSession(canaryAccounts[0], "assumed-role/a/b", time.Hour))},
	}
	for _, tt := range tests {
		r := c.revoker(t)
		r.opts.Aim.Contain = DenySessions
		plan := mustPlan(t, r, tt.target)
		if s := plan.Steps[len(plan.Steps)-1]; !strings.Contains(s.Refusal, tt.want) || s.Call != "" {
			t.Errorf("%s: %+v", tt.name, s)
		}
		if results, err := r.Apply(t.Context(), plan); err != nil || results[0].Outcome != Refused {
			t.Errorf("%s: %+v, %v", tt.name, results, err)
		}
	}
	if c.count("PutUserPolicy")+c.count("PutRolePolicy") != 0 {
		t.Error("a policy was put")
	}
	for _, foreign := range []string{foreignAccount, canaryAccounts[0]} {
		for _, req := range c.Requests() {
			if req.Account == foreign {
				t.Errorf("%s was asked about by %s", foreign, req.Action)
			}
		}
	}
}

// What somebody else did to the policy is left alone.
func TestReleaseSparesWhatOthersDid(t *testing.T) {
	c := newCloud(t)
	r := c.revoker(t)
	r.opts.Aim.Contain = DenySessions
	changed, gone := c.AddKey(own, "a"), c.AddKey(own, "b")
	revokes(t, r, Target{KeyID: changed.ID, Account: own}, Target{KeyID: gone.ID, Account: own})
	c.SetPolicy(own, "a", containPrefix+changed.ID, DenyEverything.document(time.Time{}))
	c.SetPolicy(own, "b", containPrefix+gone.ID, "")
	results, err := r.Undo(t.Context(), changed.ID, gone.ID)
	if err != nil || results[0].Outcome != Refused || !strings.Contains(results[0].Reason, "was changed since") ||
		results[2].Outcome != Refused || !strings.Contains(results[2].Reason, "is gone") || c.count("DeleteUserPolicy") != 0 {
		t.Errorf("%+v, %v", results, err)
	}
}

// A tag that may not be set keeps nothing from being contained, and is told.
func TestContainWithoutTag(t *testing.T) {
	c := newCloud(t)
	c.Deny(own, "admin", "iam:TagUser")
	r := c.revoker(t)
	r.opts.Aim.Contain = DenySessions
	results := revokes(t, r, Target{KeyID: c.AddKey(own, "ci").ID, Account: own})
	if results[1].Outcome != Verified || !strings.Contains(results[1].Note, "not allowed iam:TagUser") {
		t.Errorf("%+v", results[1])
	}
}

// A missing permission is named.
func TestContainNamesTheMissingPermission(t *testing.T) {
	for _, action := range []string{"iam:GetUserPolicy", "iam:PutUserPolicy"} {
		c := newCloud(t)
		c.Deny(own, "admin", action)
		r := c.revoker(t)
		r.opts.Aim.Contain = DenySessions
		results := revokes(t, r, Target{KeyID: c.AddKey(own, "ci").ID, Account: own})
		if results[0].Outcome != Verified || results[1].Outcome == Verified || !strings.Contains(results[1].Reason, "not allowed "+action) {
			t.Errorf("%+v", results)
		}
	}
}

// AWS needs some seconds until it refuses a key: the proof waits for it, and says
// how long it took. Throttled calls are made again, and count once.
func TestApplyThroughLagAndThrottling(t *testing.T) {
	if testing.Short() {
		t.Skip("takes as long as AWS does")
	}
	c := newCloud(t)
	k := c.AddKey(own, "ci")
	r := c.revoker(t)
	r.opts.PollFor = time.Minute
	plan := mustPlan(t, r, target(k))
	c.SetLag(4 * time.Second)
	c.Inject(localaws.Fault{Action: "UpdateAccessKey", Kind: localaws.Throttle, Times: 2})
	results, err := r.Apply(t.Context(), plan)
	if err != nil || results[0].Outcome != Verified || results[0].Proof != BySTS || results[0].Seconds < 3.5 || results[0].Seconds > 10 {
		t.Errorf("%+v, %v", results, err)
	}
	if n := c.done("UpdateAccessKey", []string{k.ID})[k.ID]; n != 1 {
		t.Errorf("carried out %d times", n)
	}
}

// A policy that denies less than what is asked for does not count, nor one that somebody
// else has put there under its name.
func TestContainFurther(t *testing.T) {
	c := newCloud(t)
	c.AddAdmin(own, "ci")
	k, sibling := c.AddKey(own, "ci"), c.AddKey(own, "ci")
	r := c.revoker(t)
	r.opts.Aim.Contain = DenySessions
	revokes(t, r, Target{KeyID: k.ID, Account: own})
	r.opts.Aim.Contain = DenyEverything
	if results := revokes(t, r, Target{KeyID: k.ID, Account: own}); results[1].Outcome != Verified || c.works(t, sibling) {
		t.Errorf("everything after sessions: %+v", results[1])
	}
	r.opts.Aim.Contain = DenySessions
	if s := mustPlan(t, r, Target{KeyID: k.ID, Account: own}).Steps[1]; !s.Done() {
		t.Errorf("sessions after everything: %+v", s)
	}
	if undone, err := r.Undo(t.Context(), k.ID); err != nil || undone[0].Outcome != Verified || len(c.Policies(own, "ci")) != 0 || !c.works(t, sibling) {
		t.Errorf("%+v, %v", undone, err)
	}
	c.SetPolicy(own, "ci", containPrefix+k.ID, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`)
	s := mustPlan(t, r, Target{KeyID: k.ID, Account: own}).Steps[1]
	if s.Done() || !strings.Contains(s.Refusal, "not as revokey puts it") {
		t.Errorf("somebody else's: %+v", s)
	}
}

// A key that works again has made sessions since, which the older policy lets through.
func TestContainAnew(t *testing.T) {
	c := newCloud(t)
	c.AddAdmin(own, "ci")
	k := c.AddKey(own, "ci")
	r := c.revoker(t)
	r.opts.Aim.Contain = DenySessions
	c.SetPolicy(own, "ci", containPrefix+k.ID, DenySessions.document(time.Now().Add(-time.Hour)))
	made := c.AddAdminSession(own, "user/ci", time.Hour)
	if results := revokes(t, r, Target{KeyID: k.ID, Account: own}); results[1].Outcome != Verified || c.works(t, made) {
		t.Errorf("%+v, works %v", results[1], c.works(t, made))
	}
	if s := mustPlan(t, r, Target{KeyID: k.ID, Account: own}).Steps[1]; !s.Done() {
		t.Errorf("%+v", s)
	}
}

// Whoever our own role is assumed by makes our calls too, with whatever key.
func TestContainSparesWhoAssumesOurRole(t *testing.T) {
	c := newCloud(t)
	c.AddRole(own, "deploy", own)
	leaked := c.AddKey(own, "admin")
	profiles(t, section("base", c.admin)+"[profile deploy]\nsource_profile = base\nrole_arn = arn:aws:iam::"+own+":role/deploy\n")
	op, err := NewOperator(t.Context(), OperatorOptions{Profile: "deploy", Endpoint: c.url})
	if err != nil {
		t.Fatal(err)
	}
	r := NewRevoker(op, hasty(c.url, 0), RevokerOptions{Accounts: []string{own}, Aim: Aim{Contain: DenyEverything}})
	for _, target := range []Target{target(leaked), target(c.AddAdminSession(own, "user/admin", time.Hour))} {
		steps := mustPlan(t, r, target).Steps
		if s := steps[len(steps)-1]; !strings.Contains(s.Refusal, "makes our own calls") {
			t.Errorf("%+v", s)
		}
	}
	if s := mustPlan(t, r, target(c.AddKey(own, "ci"))).Steps[1]; s.Refusal != "" {
		t.Errorf("%+v", s)
	}
}

// The policy goes where STS says that the session is from, whatever account its key ID
// was taken for; a key that IAM and STS place in two accounts is left alone.
func TestContainWhereTheSessionIs(t *testing.T) {
	c := newCloud(t)
	c.AddRole(member, "OrganizationAccountAccessRole", own)
	for _, account := range []string{own, member} {
		c.AddRole(account, "deploy", account)
	}
	r := c.revoker(t)
	r.opts.Aim.Contain = DenySessions
	mistaken := target(c.AddSession(own, "assumed-role/deploy/i-0123", time.Hour))
	mistaken.Account = member
	results := revokes(t, r, mistaken)
	if results[0].Outcome != Verified || results[0].Account != own || len(c.Policies(member, "role/deploy")) != 0 || len(c.Policies(own, "role/deploy")) != 1 {
		t.Errorf("%+v", results)
	}
	step := Step{KeyState: KeyState{Account: own, Verdict: Verdict{Status: Live, Account: member}}}
	if why := r.hopeless(t.Context(), step, Verdict{Status: Live}); !strings.Contains(why, member) {
		t.Errorf("%q", why)
	}
}

// The tag stays as long as the user is contained for another of its keys; a crash may
// leave it, and is told to.
func TestReleaseOneOfTwo(t *testing.T) {
	c := newCloud(t)
	a, b := c.AddKey(own, "ci"), c.AddKey(own, "ci")
	r := c.revoker(t)
	r.opts.Aim.Contain = DenySessions
	revokes(t, r, Target{KeyID: a.ID, Account: own}, Target{KeyID: b.ID, Account: own})
	for _, tt := range []struct {
		release localaws.Key
		tagged  bool
	}{{b, true}, {a, false}} {
		if undone, err := r.Undo(t.Context(), tt.release.ID); err != nil || undone[0].Outcome != Verified || undone[0].Note != "" {
			t.Errorf("%+v, %v", undone, err)
		}
		if _, tagged := c.Tags(own, "ci")[containTag]; tagged != tt.tagged {
			t.Errorf("after %s: tagged %v", tt.release.ID, tagged)
		}
	}
	interruptedBy(t, r, Release, &Policy{Name: "gone", Document: "x"}, a)
	if settled, err := r.Settle(t.Context()); err != nil || !strings.Contains(settled[0].Seen, containTag) {
		t.Errorf("%+v, %v", settled, err)
	}
}
