package revoke

import (
	"context"
	"sync"
	"testing"
	"time"

	"golang.org/x/time/rate"

	"github.com/revokey-dev/revokey/revoke/localaws"
)

// Whoever shares a limiter, retries included, keeps to its rate together.
func TestLimiter(t *testing.T) {
	c := newCloud(t)
	limiter := rate.NewLimiter(100, 1)
	v := NewVerifier(VerifierOptions{Endpoint: c.url, Limiter: limiter})
	v.every, v.doors[0].options.Retryer = 0, impatient()
	op := c.operator(t, OperatorOptions{Limiter: limiter})
	c.Inject(localaws.Fault{Kind: localaws.Throttle, Times: 5})
	var group sync.WaitGroup
	began := time.Now()
	for range 20 {
		k := c.AddKey(own, "ci")
		group.Go(func() {
			if got := v.Check(t.Context(), pair(k), own); got.Status != Live {
				t.Errorf("got %+v", got)
			}
		})
	}
	group.Go(func() {
		if _, err := op.accountOf(t.Context(), c.admin.ID); err != nil {
			t.Error(err)
		}
	})
	group.Wait()
	if n, took := len(c.Requests()), time.Since(began); n != 26 || took < 250*time.Millisecond {
		t.Errorf("%d requests in %v, want 26 in 250 ms or more", n, took)
	}
}

// One key ID is asked about once a second in one partition, retries included.
func TestOneQuestionASecond(t *testing.T) {
	clouds := newPartitions(t)
	v, clk := parted(clouds, "aws", "aws-us-gov"), newClock()
	v.every, v.now, v.sleep = time.Second, clk.now, clk.sleep
	k := clouds["aws"].AddKey(own, "ci")
	for i, want := range []time.Duration{0, time.Second, 3 * time.Second} {
		if i == 2 {
			clouds["aws"].Inject(localaws.Fault{Kind: localaws.Throttle, Times: 2})
		}
		began := clk.t
		if got := v.Check(t.Context(), pair(k), own); got.Status != Live {
			t.Errorf("got %+v", got)
		}
		if waited := clk.t.Sub(began); waited != want {
			t.Errorf("question %d waited %v, want %v", i, waited, want)
		}
	}
	began := clk.t
	if got := v.Check(t.Context(), pair(minted("AKIA", own)), own); got.Status != NotAccepted || !clk.t.Equal(began) {
		t.Errorf("another key, and two partitions, waited %v: %+v", clk.t.Sub(began), got)
	}
}

// Waiting for one's turn uses nothing up of the time that answers may take.
func TestTurnsAreFree(t *testing.T) {
	c := newCloud(t)
	limiter := rate.NewLimiter(5, 1)
	limiter.Allow()
	v := NewVerifier(VerifierOptions{Endpoint: c.url, Limiter: limiter, Timeout: 100 * time.Millisecond})
	if got := v.Check(t.Context(), pair(c.AddKey(own, "ci")), own); got.Status != Live {
		t.Errorf("got %+v", got)
	}
	limiter.Allow()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if got := v.Check(ctx, pair(c.AddKey(own, "ci")), own); got.Status != Unknown || got.Reason != "no verdict: no answer in time" {
		t.Errorf("got %+v", got)
	}
}

// The trace tells each request, and no secret.
func TestTrace(t *testing.T) {
	c := newCloud(t)
	op := c.operator(t, OperatorOptions{})
	v, k := hasty(c.url, 0), c.AddKey(own, "ci")
	c.Inject(localaws.Fault{Kind: localaws.Throttle})
	c.Inject(localaws.Fault{Kind: localaws.Drop})
	var got []Exchange
	ctx := WithTrace(t.Context(), func(e Exchange) { got = append(got, e) })
	v.Check(ctx, pair(k), own)
	s, err := op.in(ctx, own)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.read(ctx, &KeyState{KeyID: k.ID}); err != nil {
		t.Fatal(err)
	}
	want := []Exchange{
		{Action: "sts:GetCallerIdentity", SignedBy: k.ID, HTTPStatus: 400, Code: "Throttling"},
		{Action: "sts:GetCallerIdentity", SignedBy: k.ID},
		{Action: "sts:GetCallerIdentity", SignedBy: k.ID, HTTPStatus: 200},
		{Action: "sts:GetCallerIdentity", SignedBy: c.admin.ID, HTTPStatus: 200},
		{Action: "iam:GetAccessKeyLastUsed", SignedBy: c.admin.ID, HTTPStatus: 200},
		{Action: "iam:ListAccessKeys", SignedBy: c.admin.ID, HTTPStatus: 200},
		{Action: "iam:ListAttachedUserPolicies", SignedBy: c.admin.ID, HTTPStatus: 200},
	}
	if len(got) != len(want) {
		t.Fatalf("got %+v", got)
	}
	for i, e := range got {
		w := want[i]
		if e.Action != w.Action || e.SignedBy != w.SignedBy || e.HTTPStatus != w.HTTPStatus || e.Code != w.Code ||
			"http://"+e.Host != c.url || (e.RequestID == "") != (w.HTTPStatus == 0) || e.Answer == "" || e.Time.IsZero() {
			t.Errorf("%d: got %+v, want %+v", i, e, w)
		}
	}
	mustNotHold(t, k, got)
	mustNotHold(t, c.admin, got)
}

// What counts as the last question is when it went out, not when it got in line
// behind those about other keys.
func TestOneQuestionASecondBehindOthers(t *testing.T) {
	const every = 200 * time.Millisecond
	c := newCloud(t)
	limiter := rate.NewLimiter(rate.Every(every*3/4), 1)
	v := NewVerifier(VerifierOptions{Endpoint: c.url, Limiter: limiter})
	v.every = every
	k := c.AddKey(own, "ci")
	limiter.Allow() // another key's
	var sent []time.Time
	ctx := WithTrace(t.Context(), func(e Exchange) { sent = append(sent, e.Time) })
	for range 2 {
		v.Check(ctx, pair(k), own)
	}
	if between := sent[1].Sub(sent[0]); between < every-every/10 {
		t.Errorf("asked again after %v, want %v", between, every)
	}
}
