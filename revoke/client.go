package revoke

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// maxAnswer bounds what is read of an answer. Ours are below 10 KB; what is
// longer comes from something that is not AWS.
const maxAnswer = 1 << 20

// bareClient is the HTTP client of a leaked pair. A request shows nothing of the
// machine that it comes from, and the answer is taken from the host that was
// asked: no redirect is followed.
func bareClient(timeout time.Duration) *http.Client {
	transport := awshttp.NewBuildableClient().GetTransport() // with http.ProxyFromEnvironment
	transport.OnProxyConnectResponse = proxyAnswer
	return &http.Client{
		Transport:     bareTransport{transport},
		Timeout:       timeout,
		CheckRedirect: stayOnHost,
	}
}

// staying returns the SDK's client as one that follows no redirect. The SDK's own
// is made first, for only that takes AWS_CA_BUNDLE in.
func staying(client aws.HTTPClient) aws.HTTPClient {
	sdk, ok := client.(*awshttp.BuildableClient)
	if !ok {
		return client
	}
	return &http.Client{Transport: sdk.GetTransport(), Timeout: sdk.GetTimeout(), CheckRedirect: stayOnHost}
}

// proxyAnswer says who refused, where net/http would say only "Forbidden".
func proxyAnswer(_ context.Context, proxy *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the proxy %s answered %s", proxy.Host, resp.Status)
	}
	return nil
}

// stayOnHost hands a redirect to the SDK as the answer, which then is none.
func stayOnHost(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

type bareTransport struct{ next http.RoundTripper }

// RoundTrip removes what the SDK takes from the environment (AWS_EXECUTION_ENV,
// and Lambda's trace ID; neither is signed) and bounds the answer.
func (t bareTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("User-Agent", "revokey")
	r.Header.Del("X-Amzn-Trace-Id")
	resp, err := t.next.RoundTrip(r)
	if err == nil {
		resp.Body = http.MaxBytesReader(nil, resp.Body, maxAnswer)
	}
	return resp, err
}

// newRetryer repeats what is worth repeating (throttling, 5xx, lost connections)
// with jitter. Six attempts wait 15 s at most between them. What AWS_NEW_RETRIES_2026
// would change is set here, but for a step in the length of the pauses.
func newRetryer() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = 6
		o.MaxBackoff = 4 * time.Second
		o.Backoff = retry.NewExponentialJitterBackoff(o.MaxBackoff)
		o.RateLimiter = ratelimit.NewTokenRateLimit(retry.DefaultRetryRateTokens)
		o.RetryCost, o.RetryTimeoutCost, o.ThrottlingRetryCost = retry.DefaultRetryCost, retry.DefaultRetryCost, retry.DefaultRetryCost
		o.NoRetryIncrement = retry.DefaultNoRetryIncrement
	})
}
