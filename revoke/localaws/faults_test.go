package localaws_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/revokey-dev/revokey/revoke/localaws"
)

func TestThrottle(t *testing.T) {
	t.Parallel()
	s, url := start(t, localaws.Options{})
	k := s.AddKey(account, "ci")
	s.Inject(localaws.Fault{Action: "AssumeRole", Kind: localaws.HTTPError, Status: 500}) // not for us
	s.Inject(localaws.Fault{Action: "GetCallerIdentity", Times: 2, Kind: localaws.Throttle})
	for range 2 {
		_, err := identify(t, url, k)
		if got := wantError(t, err, "Throttling", http.StatusBadRequest); got != "Rate exceeded" {
			t.Error(got)
		}
	}
	if _, err := identify(t, url, k); err != nil {
		t.Error(err)
	}
}

// TestTheSDKRetries shows that the faults are those that the SDK knows.
func TestTheSDKRetries(t *testing.T) {
	t.Parallel()
	s, url := start(t, localaws.Options{})
	for _, f := range []localaws.Fault{
		{Kind: localaws.Throttle}, {Kind: localaws.HTTPError, Status: 502}, {Kind: localaws.Drop},
	} {
		s.Inject(f)
		cfg := config(url, s.AddKey(account, "ci"))
		cfg.Retryer = nil
		if _, err := sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), nil); err != nil {
			t.Errorf("%+v: %v", f, err)
		}
	}
}

func TestForeignAnswers(t *testing.T) {
	t.Parallel()
	s, url := start(t, localaws.Options{})
	k := s.AddKey(account, "ci")
	s.Inject(localaws.Fault{Kind: localaws.HTTPError, Status: 403, ContentType: "text/html", Body: "<html>blocked</html>"})
	if status, body := ask(url).do(t, k); status != 403 || body != "<html>blocked</html>" {
		t.Errorf("%d %q", status, body)
	}
	s.Inject(localaws.Fault{Kind: localaws.HTTPError})
	if status, body := ask(url).do(t, k); status != 500 || body != "" {
		t.Errorf("%d %q", status, body)
	}
	s.Inject(localaws.Fault{Kind: localaws.EmptyBody})
	if status, body := ask(url).do(t, k); status != 200 || body != "" {
		t.Errorf("%d %q", status, body)
	}
	s.Inject(localaws.Fault{Kind: localaws.EmptyBody, Status: 403})
	_, err := identify(t, url, k)
	var resp *smithyhttp.ResponseError
	if !errors.As(err, &resp) || resp.HTTPStatusCode() != 403 {
		t.Errorf("empty 403: %v", err)
	}
}

func TestDrop(t *testing.T) {
	t.Parallel()
	s, url := start(t, localaws.Options{})
	s.Inject(localaws.Fault{Kind: localaws.Drop})
	if _, err := identify(t, url, s.AddKey(account, "ci")); !errors.Is(err, io.EOF) {
		t.Errorf("error %v, want EOF", err)
	}
}

func TestHang(t *testing.T) {
	t.Parallel()
	s, url := start(t, localaws.Options{})
	c := stsOf(url, s.AddKey(account, "ci"))
	s.Inject(localaws.Fault{Kind: localaws.Hang})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := c.GetCallerIdentity(ctx, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want the deadline", err)
	}
	begin := time.Now()
	s.Inject(localaws.Fault{Kind: localaws.Hang, Delay: 50 * time.Millisecond})
	if _, err := c.GetCallerIdentity(t.Context(), nil); err != nil || time.Since(begin) < 50*time.Millisecond {
		t.Errorf("after %v: %v", time.Since(begin), err)
	}
}

// TestCloseEndsWhatHangs would not return if Close waited for its clients.
func TestCloseEndsWhatHangs(t *testing.T) {
	t.Parallel()
	s := localaws.New(localaws.Options{})
	url, err := s.Start()
	if err != nil {
		t.Fatal(err)
	}
	s.Inject(localaws.Fault{Kind: localaws.Hang})
	done := make(chan error)
	go func() { _, err := identify(t, url, s.AddKey(account, "ci")); done <- err }()
	time.Sleep(20 * time.Millisecond) // for the request to arrive; too short makes the test weaker, not wrong
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err == nil {
		t.Error("answered after Close")
	}
}

func TestAnswerLostAfterTheDeed(t *testing.T) {
	t.Parallel()
	for _, kind := range []localaws.FaultKind{localaws.HalfBody, localaws.EmptyBody} {
		s, url, admin, leaked := leak(t)
		s.Inject(localaws.Fault{Action: "UpdateAccessKey", Kind: kind})
		err := setStatus(t, iamOf(url, admin), leaked, &leaked.User, types.StatusTypeInactive)
		if kind == localaws.HalfBody && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("error %v, want an unexpected EOF", err)
		}
		if got := statuses(t, iamOf(url, admin), &leaked.User)[leaked.ID]; got != types.StatusTypeInactive {
			t.Errorf("IAM shows %s, want Inactive", got)
		}
	}
}

func TestSkew(t *testing.T) {
	t.Parallel()
	for skew, want := range map[time.Duration]string{
		20 * time.Minute:  "Signature expired: ",
		-20 * time.Minute: "Signature not yet current: ",
	} {
		s, url := start(t, localaws.Options{})
		s.SetSkew(skew)
		k := s.AddKey(account, "ci")
		_, err := identify(t, url, k)
		if got := wantError(t, err, "SignatureDoesNotMatch", 403); !strings.HasPrefix(got, want) || !strings.HasSuffix(got, "15 min.)") {
			t.Errorf("%v: %s", skew, got)
		}
		cfg := config(url, k) // with its own retryer the SDK learns the time from the answer
		cfg.Retryer = nil
		if _, err := sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), nil); err != nil {
			t.Errorf("%v: %v", skew, err)
		}
	}
}

// ticker is a clock that the test moves.
type ticker struct{ now chan time.Time }

func newTicker() ticker {
	c := ticker{make(chan time.Time, 1)}
	c.now <- time.Now()
	return c
}

func (c ticker) Now() time.Time { t := <-c.now; c.now <- t; return t }

func (c ticker) Add(d time.Duration) { c.now <- (<-c.now).Add(d) }

func TestLag(t *testing.T) {
	t.Parallel()
	clock := newTicker()
	s, url := start(t, localaws.Options{Now: clock.Now})
	s.AddAdmin(account, "secops")
	admin, leaked := s.AddKey(account, "secops"), s.AddKey(account, "ci")
	s.SetLag(4 * time.Second)
	if err := setStatus(t, iamOf(url, admin), leaked, &leaked.User, types.StatusTypeInactive); err != nil {
		t.Fatal(err)
	}
	if got := statuses(t, iamOf(url, admin), &leaked.User)[leaked.ID]; got != types.StatusTypeInactive {
		t.Errorf("IAM shows %s at once, want Inactive", got)
	}
	for _, step := range []struct {
		wait time.Duration
		live bool
	}{{0, true}, {3999 * time.Millisecond, true}, {time.Millisecond, false}} {
		clock.Add(step.wait)
		if _, err := identify(t, url, leaked); (err == nil) != step.live {
			t.Errorf("after %v more: %v, want live %v", step.wait, err, step.live)
		}
	}
	s.SetStatus(leaked.ID, localaws.Active) // by the test: at once
	if _, err := identify(t, url, leaked); err != nil {
		t.Error(err)
	}
}

func TestSessionEnds(t *testing.T) {
	t.Parallel()
	clock := newTicker()
	s, url := start(t, localaws.Options{Now: clock.Now})
	k := s.AddSession(account, "assumed-role/ci/x", time.Minute)
	if _, err := identify(t, url, k); err != nil {
		t.Error(err)
	}
	clock.Add(time.Minute)
	_, err := identify(t, url, k)
	wantError(t, err, "ExpiredToken", http.StatusForbidden)
}

func TestQuirk(t *testing.T) {
	t.Parallel()
	for _, on := range []bool{false, true} {
		clock := newTicker()
		s, url := start(t, localaws.Options{Now: clock.Now})
		s.SetQuirk(on)
		k := s.AddKey(account, "ci")
		wrong := k
		wrong.Secret = localaws.NewSecret(nil)
		try := func(k localaws.Key, want bool) {
			t.Helper()
			if _, err := identify(t, url, k); (err == nil) != want {
				t.Errorf("quirk %v: %v, want accepted %v", on, err, want)
			}
		}
		try(wrong, false)
		try(k, !on)  // the second secret within five seconds
		try(k, true) // the same, submitted again
		try(wrong, false)
		clock.Add(5 * time.Second)
		try(k, true)
	}
}

func TestLatency(t *testing.T) {
	t.Parallel()
	s, url := start(t, localaws.Options{})
	s.SetLatency(30 * time.Millisecond)
	begin := time.Now()
	if _, err := identify(t, url, s.AddKey(account, "ci")); err != nil || time.Since(begin) < 30*time.Millisecond {
		t.Errorf("after %v: %v", time.Since(begin), err)
	}
}

func TestOnlyLoopback(t *testing.T) {
	t.Parallel()
	s, url := start(t, localaws.Options{})
	host, _, err := net.SplitHostPort(strings.TrimPrefix(url, "http://"))
	if err != nil || host != "127.0.0.1" {
		t.Errorf("listens on %s, %v", url, err)
	}
	if _, err := s.Start(); err == nil {
		t.Error("started twice")
	}
}
