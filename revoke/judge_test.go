package revoke

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"golang.org/x/time/rate"

	"github.com/revokey-dev/revokey/revoke/localaws"
)

// judge returns a judge of the cloud, with the operator if withIAM.
func (c *cloud) judge(t *testing.T, withIAM bool, opts JudgeOptions) *Judge {
	t.Helper()
	opts.Verifier = hasty(c.url, 0)
	opts.Accounts = []string{own, member}
	if withIAM {
		opts.Reader = NewRevoker(c.operator(t, OperatorOptions{}), nil, RevokerOptions{Accounts: opts.Accounts, Canaries: opts.Canaries})
	}
	return NewJudge(opts)
}

func caseOf(k localaws.Key) Case {
	c := Case{KeyID: k.ID, Account: k.Account}
	if k.Secret != "" {
		cred := pair(k)
		c.Pairs = []*aws.Credentials{&cred}
	}
	return c
}

func alone(k localaws.Key) localaws.Key { k.Secret = ""; return k }

func TestJudge(t *testing.T) {
	traps := Canaries{Accounts: []string{"123456789012"}, Users: []string{"canary-*"}}
	tests := []struct {
		name   string
		setup  func(*cloud) localaws.Key
		opts   JudgeOptions
		noIAM  bool
		want   Status
		proof  Proof
		reason string
		sts    int // questions to STS as the leaked key
	}{
		{name: "active", want: Live, proof: BySTS, sts: 1,
			setup: func(c *cloud) localaws.Key { return c.AddKey(own, "ci") }},
		{name: "active, ID alone", want: Live, proof: ByIAM, reason: "IAM shows it Active; its secret is not known",
			setup: func(c *cloud) localaws.Key { return alone(c.AddKey(own, "ci")) }},
		{name: "active, wrong secret", want: ActiveWrongSecret, proof: BySTS, sts: 1,
			setup: func(c *cloud) localaws.Key {
				k := c.AddKey(own, "ci")
				k.Secret = localaws.NewSecret(nil)
				return k
			}},
		{name: "inactive: STS is not asked", want: Inactive, proof: ByIAM, reason: "IAM shows it Inactive",
			setup: func(c *cloud) localaws.Key {
				k := c.AddKey(own, "ci")
				c.SetStatus(k.ID, localaws.Inactive)
				return k
			}},
		{name: "deleted: STS is not asked", want: Deleted, proof: ByIAM,
			setup: func(c *cloud) localaws.Key { k := c.AddKey(own, "ci"); c.DeleteKey(k.ID); return k }},
		{name: "root", want: Live, proof: BySTS, reason: ":root", sts: 1,
			setup: func(c *cloud) localaws.Key { return c.AddKey(own, "root") }},
		{name: "foreign", want: Live, proof: BySTS, sts: 1,
			setup: func(c *cloud) localaws.Key { return c.AddKey(foreignAccount, "ci") }},
		{name: "foreign, own asked only", want: NotChecked, reason: "not on the list of own accounts", opts: JudgeOptions{OwnOnly: true},
			setup: func(c *cloud) localaws.Key { return c.AddKey(foreignAccount, "ci") }},
		{name: "own, own asked only, without IAM", want: Live, proof: BySTS, sts: 1, noIAM: true, opts: JudgeOptions{OwnOnly: true},
			setup: func(c *cloud) localaws.Key { return c.AddKey(own, "ci") }},
		{name: "an ID that hides its account, own asked only", want: Live, proof: BySTS, sts: 1, opts: JudgeOptions{OwnOnly: true},
			setup: func(c *cloud) localaws.Key { return old(c, own, "ci") }},
		{name: "an ID that hides a foreign account, own asked only", want: NotChecked, reason: foreignAccount, opts: JudgeOptions{OwnOnly: true},
			setup: func(c *cloud) localaws.Key { return old(c, foreignAccount, "ci") }},
		{name: "an ID that hides its account, own asked only, without IAM", want: NotChecked, reason: "does not tell its account", noIAM: true, opts: JudgeOptions{OwnOnly: true},
			setup: func(c *cloud) localaws.Key { return old(c, own, "ci") }},
		{name: "an ID that hides a canary", want: Canary, reason: "not contacted",
			setup: func(c *cloud) localaws.Key { return old(c, canaryAccounts[0], "trap") }},
		{name: "a canary's account", want: Canary, reason: "not contacted", opts: JudgeOptions{OwnOnly: true},
			setup: func(c *cloud) localaws.Key { return c.AddKey(canaryAccounts[0], "trap") }},
		{name: "the user's own canary account", want: Canary, reason: "not contacted", opts: JudgeOptions{Canaries: traps},
			setup: func(c *cloud) localaws.Key { return c.AddKey("123456789012", "trap") }},
		{name: "a canary by its user", want: Canary, reason: "the user is one of the canaries: not contacted", opts: JudgeOptions{Canaries: traps},
			setup: func(c *cloud) localaws.Key { return c.AddKey(own, "canary-7") }},
		{name: "no canary by its user", want: Live, proof: BySTS, sts: 1, opts: JudgeOptions{Canaries: traps},
			setup: func(c *cloud) localaws.Key { return c.AddKey(own, "ci") }},
		{name: "root, where users are canaries", want: Live, proof: BySTS, sts: 1, opts: JudgeOptions{Canaries: traps},
			setup: func(c *cloud) localaws.Key { return c.AddKey(own, "root") }},
		{name: "perhaps a canary: IAM is silent", want: Unknown, reason: "it may be one of the canaries", opts: JudgeOptions{Canaries: traps},
			setup: func(c *cloud) localaws.Key {
				c.Deny(own, "admin", "iam:GetAccessKeyLastUsed")
				return c.AddKey(own, "ci")
			}},
		{name: "a canary by its user, whose keys cannot be listed", want: Canary, reason: "the user is one of the canaries: not contacted", opts: JudgeOptions{Canaries: traps},
			setup: func(c *cloud) localaws.Key {
				c.Deny(own, "admin", "iam:ListAccessKeys")
				return c.AddKey(own, "canary-7")
			}},
		{name: "perhaps a canary: nobody can ask IAM", want: NotChecked, reason: "it may be one of the canaries", noIAM: true, opts: JudgeOptions{Canaries: traps},
			setup: func(c *cloud) localaws.Key { return c.AddKey(own, "ci") }},
		{name: "a canary's session, unawares", want: Canary, proof: BySTS, sts: 1, opts: JudgeOptions{Canaries: traps},
			setup: func(c *cloud) localaws.Key { return c.AddSession(own, "user/canary-7", time.Hour) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newCloud(t)
			k := tt.setup(c)
			j := c.judge(t, !tt.noIAM, tt.opts)
			if j.opts.Reader != nil {
				j.opts.Reader.op.sts = c.hastyOperatorSTS(j.opts.Reader.op)
			}
			got := j.Decide(t.Context(), caseOf(k))
			if v := got.Verdict; v.Status != tt.want || v.Proof != tt.proof || !strings.Contains(v.Reason, tt.reason) {
				t.Errorf("got %s by %q (%s), want %s by %q (…%s…)", v.Status, v.Proof, v.Reason, tt.want, tt.proof, tt.reason)
			}
			n := 0
			for _, r := range c.Requests() {
				if r.KeyID == k.ID {
					n++
				}
			}
			if n != tt.sts {
				t.Errorf("the key was used %d times, want %d: %v", n, tt.sts, c.asked(k.ID))
			}
			if len(got.Exchanges) != len(c.Requests()) {
				t.Errorf("told %d exchanges of %d", len(got.Exchanges), len(c.Requests()))
			}
			mustNotHold(t, k, got)
			mustNotHold(t, k, caseOf(k))
		})
	}
}

// old returns a key of the old generation, whose ID hides its account.
func old(c *cloud, account, user string) localaws.Key {
	k := localaws.Key{ID: "AKIA" + "J" + localaws.NewKeyID(nil, localaws.PrefixKey, own)[5:], Secret: localaws.NewSecret(nil), Account: account, User: user}
	c.ImportKey(k, localaws.Active)
	k.Account = ""
	return k
}

// IAM is read before STS is asked, for that becomes the last use.
func TestJudgeReadsLastUseFirst(t *testing.T) {
	c := newCloud(t)
	k := c.AddKey(own, "ci")
	other := c.AddKey(own, "ci")
	c.SetStatus(other.ID, localaws.Inactive)
	c.Quarantine(own, "ci")
	c.SetOrganization(own, map[string]string{own: "Production"})
	got := c.judge(t, true, JudgeOptions{}).Decide(t.Context(), caseOf(k))
	o := got.Owner
	if o == nil || o.User != "ci" || o.AccountName != "Production" || o.LastUsed != nil || o.Created.IsZero() ||
		len(o.Siblings) != 1 || o.Siblings[0].Status != "Inactive" || !slices.Equal(o.Quarantine, []string{localaws.QuarantinePolicy}) {
		t.Errorf("got %+v", o)
	}
	if want := []string{"GetAccessKeyLastUsed ", "GetCallerIdentity "}; !slices.Equal(c.asked(k.ID), want) {
		t.Errorf("asked %q, want %q", c.asked(k.ID), want)
	}
}

// A name that nobody may see is asked for once, and missed by nobody.
func TestAccountNames(t *testing.T) {
	c := newCloud(t)
	c.AddRole(member, "r", own)
	op := c.operator(t, OperatorOptions{})
	for range 2 {
		if got := op.accountName(t.Context(), own); got != "" {
			t.Errorf("got %q", got)
		}
	}
	if n := c.count("DescribeAccount"); n != 1 {
		t.Errorf("asked %d times", n)
	}
	c.SetOrganization(own, map[string]string{own: "Management", member: "Member\x1b[0m"})
	op = c.operator(t, OperatorOptions{})
	for range 2 {
		for account, want := range map[string]string{own: "Management", member: "Member[0m", foreignAccount: ""} {
			if got := op.accountName(t.Context(), account); got != want {
				t.Errorf("%s: got %q, want %q", account, got, want)
			}
		}
	}
	if n := c.count("DescribeAccount"); n != 4 {
		t.Errorf("asked %d times", n)
	}
}

// Candidates are asked about in their order until one is right, or none matters.
func TestJudgeCandidates(t *testing.T) {
	c := newCloud(t)
	c.SetQuirk(true)
	right, off := c.AddKey(own, "ci"), c.AddKey(own, "ci")
	c.SetStatus(off.ID, localaws.Inactive)
	with := func(k localaws.Key) *aws.Credentials { cred := pair(k); return &cred }
	wrong := func(k localaws.Key) *aws.Credentials { k.Secret = localaws.NewSecret(nil); return with(k) }
	j := c.judge(t, false, JudgeOptions{})
	clk := newClock()
	j.opts.Verifier.now, j.opts.Verifier.sleep = clk.now, clk.sleep

	got := j.Decide(t.Context(), Case{KeyID: right.ID, Account: own, Pairs: []*aws.Credentials{wrong(right), wrong(right), with(right)}})
	if got.Verdict.Status != Live || got.Proven != 2 {
		t.Errorf("got %+v", got)
	}
	got = j.Decide(t.Context(), Case{KeyID: off.ID, Account: own, Pairs: []*aws.Credentials{wrong(off), with(off)}})
	if n := len(c.asked(off.ID)); got.Verdict.Status != NotAccepted || got.Proven != -1 || n != 1 {
		t.Errorf("asked %d times, got %+v", n, got)
	}
}

// What one candidate proved of the key ID is told, though another is without answer.
func TestJudgeCandidateUnanswered(t *testing.T) {
	c := newCloud(t)
	k := c.AddKey(own, "ci")
	right, wrong := pair(k), pair(k)
	wrong.SecretAccessKey = localaws.NewSecret(nil)
	j := c.judge(t, false, JudgeOptions{})
	if got := j.Decide(t.Context(), Case{KeyID: k.ID, Account: own, Pairs: []*aws.Credentials{&wrong}}); got.Verdict.Status != ActiveWrongSecret {
		t.Fatalf("got %+v", got)
	}
	c.Inject(localaws.Fault{Kind: localaws.HTTPError, Status: 403, ContentType: "text/html", Body: html})
	got := j.Decide(t.Context(), Case{KeyID: k.ID, Account: own, Pairs: []*aws.Credentials{&wrong, &right}}).Verdict
	if got.Status != Unknown || !strings.Contains(got.Reason, "HTTP 403") || !strings.Contains(got.Reason, "the key ID is active") {
		t.Errorf("got %+v", got)
	}
}

// A key created seconds ago may not be known to STS yet, while IAM shows it.
func TestJudgeLag(t *testing.T) {
	c := newCloud(t)
	k := c.AddKey(own, "ci")
	j := c.judge(t, true, JudgeOptions{})
	if _, err := j.opts.Reader.op.Identity(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.Inject(localaws.Fault{Action: "GetCallerIdentity", Kind: localaws.HTTPError, Status: 403, ContentType: "text/xml",
		Body: stsError("InvalidClientTokenId", "The security token included in the request is invalid.")})
	got := j.Decide(t.Context(), caseOf(k)).Verdict
	if want := "IAM shows it Active, though STS does not accept it"; got.Status != Live || got.Proof != ByIAM || !strings.HasPrefix(got.Reason, want) {
		t.Errorf("got %+v, want %s", got, want)
	}
}

// What was answered is not asked again; what was not, is.
func TestJudgeRemembers(t *testing.T) {
	c := newCloud(t)
	live, gone := c.AddKey(own, "ci"), minted("AKIA", own)
	j := c.judge(t, false, JudgeOptions{})
	var group sync.WaitGroup
	for range 10 {
		group.Go(func() {
			if got := j.Decide(t.Context(), caseOf(live)); got.Verdict.Status != Live || got.Proven != 0 {
				t.Errorf("got %+v", got)
			}
			gone := gone
			gone.Secret = localaws.NewSecret(nil) // the ID alone is refused
			if got := j.Decide(t.Context(), caseOf(gone)); got.Verdict.Status != NotAccepted {
				t.Errorf("got %+v", got)
			}
		})
	}
	group.Wait()
	if n := len(c.Requests()); n != 2 {
		t.Errorf("%d requests, want 2", n)
	}
	c.Inject(localaws.Fault{Kind: localaws.HTTPError, Status: 403, ContentType: "text/html", Body: html})
	k := c.AddKey(own, "ci")
	for _, want := range []Status{Unknown, Live} {
		if got := j.Decide(t.Context(), caseOf(k)); got.Verdict.Status != want {
			t.Errorf("got %+v, want %s", got, want)
		}
	}
}

// What could not be asked in time is told from what was asked in vain.
func TestJudgeHalts(t *testing.T) {
	c := newCloud(t)
	c.Inject(localaws.Fault{Kind: localaws.Hang, Times: -1})
	j := c.judge(t, false, JudgeOptions{})
	ctx, cancel := context.WithTimeoutCause(t.Context(), 100*time.Millisecond, errors.New("the hour is over"))
	defer cancel()
	k := c.AddKey(own, "ci")
	if got := j.Decide(ctx, caseOf(k)); got.Verdict.Status != Unknown || !strings.Contains(got.Verdict.Reason, "no answer in time") {
		t.Errorf("under way: got %+v", got)
	}
	if got := j.Decide(ctx, caseOf(k)); got.Verdict.Status != NotChecked || got.Verdict.Reason != "not asked: the hour is over" {
		t.Errorf("too late: got %+v", got)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if got := j.Decide(ctx, caseOf(k)); got.Verdict.Status != NotChecked || got.Verdict.Reason != "not asked: interrupted before its turn" {
		t.Errorf("interrupted: got %+v", got)
	}
}

// An Organizations that does not answer is waited for once in a run, not once a key.
func TestAccountNamesOutOfReach(t *testing.T) {
	c := newCloud(t)
	op := c.operator(t, OperatorOptions{})
	op.organizations = organizationsCalls(organizations.NewFromConfig(op.config(), op.settleOrganizations, func(o *organizations.Options) {
		o.HTTPClient, o.Retryer = &http.Client{Timeout: 50 * time.Millisecond}, aws.NopRetryer{}
	}))
	c.Inject(localaws.Fault{Action: "DescribeAccount", Kind: localaws.Hang, Delay: 200 * time.Millisecond, Times: -1})
	began := time.Now()
	for range 10 {
		op.accountName(t.Context(), own)
	}
	if took := time.Since(began); took > 250*time.Millisecond {
		t.Errorf("waited %v", took)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	op = c.operator(t, OperatorOptions{})
	op.accountName(ctx, own)
	if op.nameless {
		t.Error("an interruption was taken for a refusal")
	}
}

// The SDK fetches the operator's session behind the back of who asked for it: an
// answer that comes when the decision is out changes it no more.
func TestJudgeTracesNothingLate(t *testing.T) {
	c := newCloud(t)
	c.AddRole(member, "r", own)
	c.Inject(localaws.Fault{Action: "AssumeRole", Kind: localaws.Hang, Delay: 200 * time.Millisecond})
	accounts := []string{own, member}
	op := c.operator(t, OperatorOptions{RoleNames: []string{"r"}})
	if _, err := op.Identity(t.Context()); err != nil {
		t.Fatal(err)
	}
	j := NewJudge(JudgeOptions{Verifier: hasty(c.url, 0), Accounts: accounts, Reader: NewRevoker(op, nil, RevokerOptions{Accounts: accounts})})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	got := j.Decide(ctx, caseOf(c.AddKey(member, "ci")))
	time.Sleep(300 * time.Millisecond)
	if len(got.Exchanges) != 0 || c.count("AssumeRole") != 1 {
		t.Errorf("got %+v", got.Exchanges)
	}
}

// A key about which nobody was asked yet when the time was over is not checked,
// wherever it waited.
func TestJudgeHaltsInLine(t *testing.T) {
	c := newCloud(t)
	limiter := rate.NewLimiter(rate.Every(time.Hour), 1)
	limiter.Allow()
	j := c.judge(t, false, JudgeOptions{})
	j.opts.Verifier = NewVerifier(VerifierOptions{Endpoint: c.url, Limiter: limiter})
	k := c.AddKey(own, "ci")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 50*time.Millisecond, errors.New("the hour is over"))
	defer cancel()
	if got := j.Decide(ctx, caseOf(k)).Verdict; got.Status != NotChecked || got.Reason != "not asked: the hour is over" || !got.CheckedAt.IsZero() {
		t.Errorf("too late: got %+v", got)
	}
	ctx, stop := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, stop)
	if got := j.Decide(ctx, caseOf(k)).Verdict; got.Status != NotChecked || got.Reason != "not asked: interrupted before its turn" {
		t.Errorf("interrupted: got %+v", got)
	}
}
