package revoke

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/revokey-dev/revokey/revoke/localaws"
)

const html = "<html><body>Access to this site is blocked</body></html>"

func stsError(code, message string) string {
	return `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>` + code +
		`</Code><Message>` + message + `</Message></Error><RequestId>1-2-3</RequestId></ErrorResponse>`
}

// fault returns a setup for a live key in an STS that answers so.
func fault(f localaws.Fault) func(*cloud) localaws.Key {
	return func(c *cloud) localaws.Key {
		c.Inject(f)
		return c.AddKey(own, "ci")
	}
}

func answer(status int, contentType, body string) func(*cloud) localaws.Key {
	return fault(localaws.Fault{Kind: localaws.HTTPError, Times: -1, Status: status, ContentType: contentType, Body: body})
}

func TestCheck(t *testing.T) {
	tests := []struct {
		name     string
		setup    func(*cloud) localaws.Key
		want     Status
		reason   string // a part of it
		requests int
		proof    Proof
	}{
		{name: "live", want: Live, reason: ":user/ci", requests: 1, proof: BySTS,
			setup: func(c *cloud) localaws.Key { return c.AddKey(own, "ci") }},
		{name: "root", want: Live, reason: ":root", requests: 1, proof: BySTS,
			setup: func(c *cloud) localaws.Key { return c.AddKey(own, "root") }},
		{name: "assumed role", want: Live, reason: ":assumed-role/ci/i-0", requests: 1, proof: BySTS,
			setup: func(c *cloud) localaws.Key { return c.AddSession(own, "assumed-role/ci/i-0", time.Hour) }},
		{name: "federated user", want: Live, reason: ":federated-user/bob", requests: 1, proof: BySTS,
			setup: func(c *cloud) localaws.Key { return c.AddSession(own, "federated-user/bob", time.Hour) }},
		{name: "denied GetCallerIdentity", want: Live, requests: 1, proof: BySTS,
			setup: func(c *cloud) localaws.Key { c.Deny(own, "ci", "*"); return c.AddKey(own, "ci") }},
		{name: "quarantined", want: Live, requests: 1, proof: BySTS,
			setup: func(c *cloud) localaws.Key { c.Quarantine(own, "ci"); return c.AddKey(own, "ci") }},

		{name: "inactive", want: NotAccepted, reason: "inactive, deleted or never existed", requests: 1, proof: BySTS,
			setup: func(c *cloud) localaws.Key {
				k := c.AddKey(own, "ci")
				c.SetStatus(k.ID, localaws.Inactive)
				return k
			}},
		{name: "deleted", want: NotAccepted, reason: "inactive, deleted or never existed", requests: 1, proof: BySTS,
			setup: func(c *cloud) localaws.Key { k := c.AddKey(own, "ci"); c.DeleteKey(k.ID); return k }},
		{name: "never existed", want: NotAccepted, reason: "inactive, deleted or never existed", requests: 1, proof: BySTS,
			setup: func(*cloud) localaws.Key { return minted(localaws.PrefixKey, own) }},
		{name: "wrong secret", want: ActiveWrongSecret, reason: "not its secret", requests: 1, proof: BySTS,
			setup: func(c *cloud) localaws.Key {
				k := c.AddKey(own, "ci")
				k.Secret = localaws.NewSecret(nil)
				return k
			}},

		{name: "session without token", want: NeedsToken, reason: "token", requests: 0,
			setup: func(c *cloud) localaws.Key {
				k := c.AddSession(own, "assumed-role/ci/i-0", time.Hour)
				k.SessionToken = ""
				return k
			}},
		{name: "session with a wrong token", want: NotAccepted, reason: "token", requests: 1, proof: BySTS,
			setup: func(c *cloud) localaws.Key {
				k := c.AddSession(own, "assumed-role/ci/i-0", time.Hour)
				k.SessionToken = localaws.NewSessionToken(nil)
				return k
			}},
		{name: "session expired", want: Expired, reason: "over", requests: 1, proof: BySTS,
			setup: func(c *cloud) localaws.Key { return c.AddSession(own, "assumed-role/ci/i-0", -time.Hour) }},
		{name: "expired, as the model says it", want: Expired, reason: "over", requests: 1, proof: BySTS,
			setup: answer(400, "text/xml", stsError("ExpiredTokenException", "The security token included in the request is expired"))},
		{name: "long-term key beside a session's token", want: Live, requests: 1, proof: BySTS,
			setup: func(c *cloud) localaws.Key {
				k := c.AddKey(own, "ci")
				k.SessionToken = localaws.NewSessionToken(nil)
				return k
			}},
		{name: "canary", want: Canary, reason: "not contacted", requests: 0,
			setup: func(*cloud) localaws.Key { return minted(localaws.PrefixKey, canaryAccounts[0]) }},
		{name: "no secret", want: NotChecked, reason: "secret", requests: 0,
			setup: func(c *cloud) localaws.Key { k := c.AddKey(own, "ci"); k.Secret = ""; return k }},

		// The SDK corrects its clock by the answer's Date, and asks again.
		{name: "clock 20 minutes behind", want: Live, requests: 2, proof: BySTS,
			setup: func(c *cloud) localaws.Key { c.SetSkew(20 * time.Minute); return c.AddKey(own, "ci") }},
		{name: "clock 20 minutes ahead", want: Live, requests: 2, proof: BySTS,
			setup: func(c *cloud) localaws.Key { c.SetSkew(-20 * time.Minute); return c.AddKey(own, "ci") }},
		{name: "clock behind, uncorrected", want: Unknown, reason: "clock is behind", requests: 1,
			setup: answer(403, "text/xml", stsError("SignatureDoesNotMatch", "Signature expired: 20260101T000000Z is now earlier than 20260101T000500Z (20260101T002000Z - 15 min.)"))},
		{name: "clock ahead, uncorrected", want: Unknown, reason: "clock is ahead", requests: 1,
			setup: answer(403, "text/xml", stsError("SignatureDoesNotMatch", "Signature not yet current: 20260101T002000Z is still later than 20260101T001500Z (20260101T000000Z + 15 min.)"))},
		{name: "scoped to another region", want: Unknown, reason: "region", requests: 1,
			setup: answer(403, "text/xml", stsError("SignatureDoesNotMatch", "Credential should be scoped to a valid region."))},
		{name: "a signature refused for another cause", want: Unknown, reason: "'Host' or ':authority' must be", requests: 1,
			setup: answer(403, "text/xml", stsError("SignatureDoesNotMatch", "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."))},
		{name: "a signature refused for no cause", want: Unknown, reason: "SignatureDoesNotMatch (HTTP 403)", requests: 1,
			setup: answer(403, "text/xml", stsError("SignatureDoesNotMatch", ""))},

		{name: "throttled, then answered", want: Live, requests: 4, proof: BySTS,
			setup: fault(localaws.Fault{Kind: localaws.Throttle, Times: 3})},
		{name: "throttled forever", want: Unknown, reason: "Throttling", requests: 6,
			setup: fault(localaws.Fault{Kind: localaws.Throttle, Times: -1})},
		{name: "500", want: Unknown, reason: "ServiceFailure", requests: 6,
			setup: answer(500, "text/xml", stsError("ServiceFailure", "try again"))},
		{name: "STS off in the region", want: Unknown, reason: "RegionDisabledException", requests: 1,
			setup: answer(403, "text/xml", stsError("RegionDisabledException", "STS is not activated"))},
		{name: "a code from the future", want: Unknown, reason: "NeverHeardOf", requests: 1,
			setup: answer(403, "text/xml", stsError("NeverHeardOf", "x"))},
		{name: "502 in HTML", want: Unknown, reason: "HTTP 502", requests: 6,
			setup: answer(502, "text/html", html)},
		{name: "a proxy's 403", want: Unknown, reason: "HTTP 403 Forbidden): is there a proxy", requests: 1,
			setup: answer(403, "text/html", html)},
		{name: "S3's shape", want: Unknown, reason: "HTTP 403", requests: 1,
			setup: answer(403, "application/xml", "<Error><Code>InvalidAccessKeyId</Code></Error>")},
		{name: "200 in HTML", want: Unknown, reason: "proxy", requests: 1,
			setup: answer(200, "text/html", html)},
		{name: "403 and nothing", want: Unknown, reason: "HTTP 403", requests: 1,
			setup: answer(403, "text/xml", "")},
		{name: "200 and nothing", want: Unknown, reason: "names no identity", requests: 1,
			setup: fault(localaws.Fault{Kind: localaws.EmptyBody, Times: -1})},
		{name: "a login page elsewhere", want: Unknown, reason: "HTTP 302", requests: 1,
			setup: answer(302, "text/html", "")},
		{name: "half a body", want: Unknown, reason: "cannot be read", requests: 1,
			setup: fault(localaws.Fault{Kind: localaws.HalfBody, Times: -1})},
		{name: "half a refusal", want: Unknown, reason: "cannot be read", requests: 1,
			setup: func(c *cloud) localaws.Key {
				c.Inject(localaws.Fault{Kind: localaws.HalfBody, Times: -1})
				return minted(localaws.PrefixKey, own)
			}},
		{name: "connection cut", want: Unknown, reason: "connection was cut", requests: 6,
			setup: fault(localaws.Fault{Kind: localaws.Drop, Times: -1})},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := newCloud(t)
			k := tt.setup(c)
			got := hasty(c.url, 0).Check(t.Context(), pair(k), k.Account)
			if got.Status != tt.want || got.Proof != tt.proof || !strings.Contains(got.Reason, tt.reason) {
				t.Errorf("got %s by %q (%s), want %s by %q (…%s…)", got.Status, got.Proof, got.Reason, tt.want, tt.proof, tt.reason)
			}
			if n := len(c.Requests()); n != tt.requests {
				t.Errorf("%d requests, want %d", n, tt.requests)
			}
			if got.Status != Live && got.Status != Canary && strings.Contains(got.Reason, "dead") || got.CheckedAt.IsZero() {
				t.Errorf("unfounded: %+v", got)
			}
			mustNotHold(t, k, got)
		})
	}
}

// minted returns a key that no server knows.
func minted(prefix, account string) localaws.Key {
	return localaws.Key{ID: localaws.NewKeyID(nil, prefix, account), Secret: localaws.NewSecret(nil), Account: account}
}

func TestCheckIdentity(t *testing.T) {
	c := newCloud(t)
	k := c.AddKey(own, "ci")
	got := hasty(c.url, 0).Check(t.Context(), pair(k), "")
	if want := "arn:aws:iam::" + own + ":user/ci"; got.ARN != want || got.Account != own || !strings.HasPrefix(got.UserID, "AIDA") || got.RequestID == "" {
		t.Errorf("got %+v, want ARN %s", got, want)
	}
}

// An ID of the old generation hides its account until STS tells it.
func TestCheckCanaryUnawares(t *testing.T) {
	c := newCloud(t)
	k := c.AddKey(canaryAccounts[3], "trap")
	if got := hasty(c.url, 0).Check(t.Context(), pair(k), ""); got.Status != Canary {
		t.Errorf("got %+v", got)
	}
}

func TestCheckHang(t *testing.T) {
	c := newCloud(t)
	c.Inject(localaws.Fault{Kind: localaws.Hang, Times: -1})
	got := hasty(c.url, 300*time.Millisecond).Check(t.Context(), pair(c.AddKey(own, "ci")), own)
	if got.Status != Unknown || !strings.Contains(got.Reason, "no answer in time") {
		t.Errorf("got %s (%s)", got.Status, got.Reason)
	}
}

func TestCheckInterrupted(t *testing.T) {
	c := newCloud(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	got := hasty(c.url, 0).Check(ctx, pair(c.AddKey(own, "ci")), own)
	if got.Status != Unknown || !strings.Contains(got.Reason, "interrupted") {
		t.Errorf("got %s (%s)", got.Status, got.Reason)
	}
}

func TestCheckNetwork(t *testing.T) {
	tlsServer := httptest.NewUnstartedServer(http.NotFoundHandler())
	tlsServer.Config.ErrorLog = log.New(io.Discard, "", 0)
	tlsServer.StartTLS()
	defer tlsServer.Close()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()

	tests := []struct{ name, endpoint, reason string }{
		{"refused", "http://" + closed.Addr().String(), "connection refused"},
		{"untrusted certificate", tlsServer.URL, "certificate is not trusted"},
		{"no TLS", strings.Replace(tlsServer.URL, "https", "http", 1), "HTTP 400"},
		{"unknown name", "http://sts.invalid", "looking up sts.invalid"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k := minted(localaws.PrefixKey, own)
			got := hasty(tt.endpoint, 0).Check(t.Context(), pair(k), own)
			if got.Status != Unknown || !strings.Contains(got.Reason, tt.reason) {
				t.Errorf("got %s (%s), want unknown (…%s…)", got.Status, got.Reason, tt.reason)
			}
		})
	}
}

func TestCheckQuirk(t *testing.T) {
	c := newCloud(t)
	c.SetQuirk(true)
	k := c.AddKey(own, "ci")
	v, clk := hasty(c.url, 0), newClock()
	v.now, v.sleep = clk.now, clk.sleep
	began := clk.t

	wrong := pair(k)
	wrong.SecretAccessKey = localaws.NewSecret(nil)
	first, second := v.Check(t.Context(), wrong, own), v.Check(t.Context(), pair(k), own)
	if first.Status != ActiveWrongSecret || second.Status != Live {
		t.Errorf("got %s, %s", first.Status, second.Status)
	}
	if waited := clk.t.Sub(began); waited != quirk || len(c.Requests()) != 3 {
		t.Errorf("waited %v for %d requests, want %v for 3", waited, len(c.Requests()), quirk)
	}

	// Three candidates, none of them right: each is asked, doubted and asked again.
	for range 3 {
		wrong.SecretAccessKey = localaws.NewSecret(nil)
		if got := v.Check(t.Context(), wrong, own); got.Status != ActiveWrongSecret {
			t.Errorf("got %+v", got)
		}
	}
}

// The SDK's signer keeps a derived key by key ID alone: asked with the right
// secret first, a client would sign for the wrong one with it, and be answered.
func TestCheckTellsSecretsApart(t *testing.T) {
	c := newCloud(t)
	k := c.AddKey(own, "ci")
	v, clk := hasty(c.url, 0), newClock()
	v.now, v.sleep = clk.now, clk.sleep
	wrong := pair(k)
	wrong.SecretAccessKey = localaws.NewSecret(nil)
	for _, want := range []Status{Live, ActiveWrongSecret, Live} {
		cred := pair(k)
		if want != Live {
			cred = wrong
		}
		if got := v.Check(t.Context(), cred, own); got.Status != want {
			t.Errorf("got %s, want %s", got.Status, want)
		}
	}
}

// Whatever order the goroutines come in, one asks at a time, and each pair gets
// its own verdict.
func TestCheckConcurrently(t *testing.T) {
	c := newCloud(t)
	k := c.AddKey(own, "ci")
	v := hasty(c.url, 0)
	v.sleep = func(context.Context, time.Duration) error { return nil }
	c.SetLatency(2 * time.Millisecond)
	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() {
			cred, want := pair(k), Live
			if i%2 == 1 {
				cred.SecretAccessKey, want = localaws.NewSecret(nil), ActiveWrongSecret
			}
			if got := v.Check(t.Context(), cred, own); got.Status != want {
				t.Errorf("got %s, want %s", got.Status, want)
			}
		})
	}
	group.Wait()
}

func TestCheckPartitions(t *testing.T) {
	commercial, gov := newCloud(t), newCloud(t)
	gov.SetPartition("aws-us-gov")
	k := gov.AddKey(own, "ci")
	v := hasty("", 0)
	v.doors = v.doors[:2]
	v.doors[0].options.BaseEndpoint, v.doors[1].options.BaseEndpoint = &commercial.url, &gov.url
	if got := v.Check(t.Context(), pair(k), own); got.Status != Live || !strings.HasPrefix(got.ARN, "arn:aws-us-gov:") {
		t.Errorf("got %+v", got)
	}
	if got := v.Check(t.Context(), pair(minted("AKIA", own)), own); got.Status != NotAccepted || !strings.Contains(got.Reason, "in aws, aws-us-gov") {
		t.Errorf("got %+v", got)
	}
	gov.Close()
	if got := v.Check(t.Context(), pair(k), own); got.Status != Unknown || !strings.Contains(got.Reason, "in aws-us-gov no verdict") {
		t.Errorf("got %+v", got)
	}
}

// The doors lead where AWS is, one into each partition.
func TestDoors(t *testing.T) {
	var hosts []string
	v := NewVerifier(VerifierOptions{Timeout: time.Second})
	for i := range v.doors {
		v.doors[i].through(func(r *http.Request) (*http.Response, error) {
			hosts = append(hosts, r.URL.Scheme+"://"+r.URL.Host)
			return plain(403, stsError("InvalidClientTokenId", "The security token included in the request is invalid.")), nil
		})
	}
	got := v.Check(t.Context(), pair(minted("AKIA", own)), own)
	want := []string{"https://sts.us-east-1.amazonaws.com", "https://sts.us-gov-west-1.amazonaws.com", "https://sts.eusc-de-east-1.amazonaws.eu", "https://sts.cn-north-1.amazonaws.com.cn"}
	if got.Status != NotAccepted || !slices.Equal(hosts, want) {
		t.Errorf("got %+v of %q, want %q", got, hosts, want)
	}
}

// Nothing in the environment shows in a leaked pair's request, or redirects it.
func TestCheckIgnoresEnvironment(t *testing.T) {
	c := newCloud(t)
	k := c.AddKey(own, "ci")
	record := func() http.Header {
		var seen http.Header
		v := hasty(c.url, 0)
		v.doors[0].onWire(func(r *http.Request) { seen = r.Header.Clone() })
		if got := v.Check(t.Context(), pair(k), own); got.Status != Live {
			t.Fatalf("got %+v", got)
		}
		for _, varies := range []string{"Amz-Sdk-Invocation-Id", "X-Amz-Date", "Authorization"} {
			seen.Del(varies)
		}
		return seen
	}
	before := record()
	hostile(t)
	if diff := cmp.Diff(before, record()); diff != "" {
		t.Errorf("the environment shows (-without +with):\n%s", diff)
	}
}

// hostile sets every variable that the SDK reads to something that would be seen.
func hostile(t *testing.T) {
	t.Helper()
	trap := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s %s was sent to a host that only the environment names", r.Method, r.URL)
	}))
	t.Cleanup(trap.Close)
	file := t.TempDir() + "/config"
	other := minted("AKIA", foreignAccount)
	config := "[default]\nregion = cn-north-1\nendpoint_url = " + trap.URL + "\nservices = s\naws_access_key_id = " + other.ID +
		"\naws_secret_access_key = " + other.Secret + "\n[services s]\nsts =\n  endpoint_url = " + trap.URL + "\niam =\n  endpoint_url = " + trap.URL + "\nsecrets_manager =\n  endpoint_url = " + trap.URL + "\n"
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"AWS_CONFIG_FILE": file, "AWS_SHARED_CREDENTIALS_FILE": file, "AWS_PROFILE": "default", "AWS_DEFAULT_PROFILE": "default",
		"AWS_ACCESS_KEY_ID": other.ID, "AWS_SECRET_ACCESS_KEY": other.Secret, "AWS_SESSION_TOKEN": "token",
		"AWS_REGION": "cn-north-1", "AWS_DEFAULT_REGION": "cn-north-1",
		"AWS_ENDPOINT_URL": trap.URL, "AWS_ENDPOINT_URL_STS": trap.URL, "AWS_ENDPOINT_URL_IAM": trap.URL, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false",
		"AWS_USE_FIPS_ENDPOINT": "true", "AWS_USE_DUALSTACK_ENDPOINT": "true", "AWS_ACCOUNT_ID_ENDPOINT_MODE": "required",
		"AWS_EC2_METADATA_SERVICE_ENDPOINT": trap.URL, "AWS_CONTAINER_CREDENTIALS_FULL_URI": trap.URL,
		"AWS_RETRY_MODE": "adaptive", "AWS_MAX_ATTEMPTS": "1", "AWS_DEFAULTS_MODE": "mobile", "AWS_SDK_UA_APP_ID": "app", "AWS_EXECUTION_ENV": "env",
		"AWS_LAMBDA_FUNCTION_NAME": "fn", "_X_AMZN_TRACE_ID": "Root=1-5759e988-bd862e3fe1be46a994272793", "AWS_STS_REGIONAL_ENDPOINTS": "legacy",
		"AWS_ROLE_ARN": "arn:aws:iam::" + foreignAccount + ":role/x", "AWS_WEB_IDENTITY_TOKEN_FILE": file, "AWS_DISABLE_CLOCK_SKEW_CORRECTION": "true",

		"AWS_ACCESS_KEY": other.ID, "AWS_SECRET_KEY": other.Secret, "AWS_ACCOUNT_ID": foreignAccount, "AWS_ROLE_SESSION_NAME": "x",
		"AWS_AUTH_SCHEME_PREFERENCE": "sigv4a", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "token", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": file,
		"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/trap", "AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "ipv4",
		"AWS_EC2_METADATA_V1_DISABLED": "false", "AWS_DISABLE_REQUEST_COMPRESSION": "false", "AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES": "1",
		"AWS_REQUEST_CHECKSUM_CALCULATION": "when_supported", "AWS_RESPONSE_CHECKSUM_VALIDATION": "when_supported",
		"AWS_ENABLE_ENDPOINT_DISCOVERY": "true", "AWS_ENDPOINT_URL_ORGANIZATIONS": trap.URL, "AWS_ENDPOINT_URL_SIGNIN": trap.URL,
		"AWS_ENDPOINT_URL_ACCOUNT": trap.URL, "AWS_ENDPOINT_URL_CLOUDTRAIL": trap.URL, "AWS_ENDPOINT_URL_SECRETS_MANAGER": trap.URL, "AWS_SERVICE": "trap",
		"AWS_ENDPOINT_URL_SSO": trap.URL, "AWS_ENDPOINT_URL_SSO_OIDC": trap.URL, "AWS_LOGIN_CACHE_DIRECTORY": t.TempDir(),
		"AWS_NEW_RETRIES_2026": "true", "AWS_ENABLE_DEFAULT_SOCKET_TIMEOUT_2026": "true", "AWS_RESTRICT_FILE_PERMISSIONS": "unrestricted",
		"AWS_S3_DISABLE_EXPRESS_SESSION_AUTH": "true", "AWS_S3_DISABLE_MULTIREGION_ACCESS_POINTS": "true", "AWS_S3_USE_ARN_REGION": "true",
	} {
		t.Setenv(name, value)
	}
}

// HTTPS_PROXY is honoured, and blamed for what it does. net/http reads it once in
// a process, so that each case needs its own.
func TestCheckThroughProxy(t *testing.T) {
	if os.Getenv("REVOKEY_TEST_PROXIED") != "" {
		v := NewVerifier(VerifierOptions{Timeout: 5 * time.Second})
		v.doors = v.doors[:1]
		v.doors[0].options.Retryer = impatient()
		got := v.Check(t.Context(), pair(minted("AKIA", own)), own)
		os.Stdout.WriteString(got.Status.String() + ": " + got.Reason)
		return
	}
	var asked []string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.Host)
		http.Error(w, html, http.StatusForbidden)
	}))
	defer proxy.Close()
	gone := httptest.NewServer(nil)
	gone.Close()
	for url, want := range map[string]string{
		proxy.URL: "unknown: no verdict: no answer: the proxy " + strings.TrimPrefix(proxy.URL, "http://") + " answered 403 Forbidden",
		gone.URL:  "unknown: no verdict: no answer: the proxy cannot be reached: connection refused",
	} {
		cmd := exec.Command(os.Args[0], "-test.run=^TestCheckThroughProxy$")
		cmd.Env = append(os.Environ(), "REVOKEY_TEST_PROXIED=1", "HTTPS_PROXY="+url, "https_proxy="+url, "NO_PROXY=", "no_proxy=")
		if out, err := cmd.CombinedOutput(); err != nil || !strings.HasPrefix(string(out), want) {
			t.Errorf("got %s (%v), want %s", out, err, want)
		}
	}
	if !slices.Contains(asked, "CONNECT sts.us-east-1.amazonaws.com:443") {
		t.Errorf("asked the proxy %q", asked)
	}
}

func TestCheckFollowsNoRedirect(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the request was sent on")
	}))
	defer elsewhere.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		here := httptest.NewServer(http.RedirectHandler(elsewhere.URL, status))
		got := hasty(here.URL, 0).Check(t.Context(), pair(minted("AKIA", own)), own)
		if got.Status != Unknown {
			t.Errorf("%d: got %+v", status, got)
		}
		here.Close()
	}
}

// AWS's text on a wrong signature may go on with the request, token included.
func TestReasonHoldsNoToken(t *testing.T) {
	c := newCloud(t)
	k := c.AddSession(own, "assumed-role/ci/i", time.Hour)
	c.Inject(localaws.Fault{Kind: localaws.HTTPError, Times: -1, Status: 400, ContentType: "text/xml",
		Body: stsError("IncompleteSignature", "Bad\x1b signature.\n\nThe Canonical String should have been\n"+k.SessionToken)})
	got := hasty(c.url, 0).Check(t.Context(), pair(k), own)
	mustNotHold(t, k, got)
	if got.Status != Unknown || strings.ContainsFunc(got.Reason, func(r rune) bool { return r < ' ' }) {
		t.Errorf("got %+v", got)
	}
}

func TestVerifierAsksNothingOfEmptyPairs(t *testing.T) {
	v := NewVerifier(VerifierOptions{Endpoint: "http://127.0.0.1:1"})
	if got := v.Check(t.Context(), aws.Credentials{}, ""); got.Status != NotChecked {
		t.Errorf("got %+v", got)
	}
}
