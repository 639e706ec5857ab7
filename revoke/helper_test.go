package revoke

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"

	"github.com/revokey-dev/revokey/revoke/localaws"
)

// Accounts of the tests. Ours are "own", where the operator lives, and "member".
const (
	own            = "111122223333"
	member         = "444455556666"
	foreignAccount = "999988887777"
)

// cloud is one localaws with an administrator as the operator of the tests.
type cloud struct {
	*localaws.Server
	url   string
	admin localaws.Key
}

func newCloud(t *testing.T) *cloud {
	t.Helper()
	c := &cloud{Server: localaws.New(localaws.Options{})}
	c.AddAdmin(own, "admin")
	c.admin = c.AddKey(own, "admin")
	url, err := c.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.url = url
	return c
}

// asked returns the requests that concern the key, signed by it or about it, as
// "Action Code".
func (c *cloud) asked(keyID string) []string {
	var asked []string
	for _, r := range c.Requests() {
		if r.KeyID == keyID || r.Target == keyID {
			asked = append(asked, r.Action+" "+r.Code)
		}
	}
	return asked
}

func (c *cloud) count(action string) int {
	n := 0
	for _, r := range c.Requests() {
		if r.Action == action {
			n++
		}
	}
	return n
}

func pair(k localaws.Key) aws.Credentials {
	return aws.Credentials{AccessKeyID: k.ID, SecretAccessKey: k.Secret, SessionToken: k.SessionToken}
}

// clock is a time that passes only in sleep.
type clock struct{ t time.Time }

func newClock() *clock { return &clock{time.Now()} }

func (c *clock) now() time.Time { return c.t }

func (c *clock) sleep(ctx context.Context, d time.Duration) error {
	c.t = c.t.Add(d)
	return ctx.Err()
}

// impatient is a retryer like ours that does not wait.
func impatient() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = 6
		o.MaxBackoff = time.Millisecond
	})
}

// hasty returns a Verifier that waits for nothing but answers.
func hasty(endpoint string, timeout time.Duration) *Verifier {
	v := NewVerifier(VerifierOptions{Endpoint: endpoint, Timeout: timeout})
	v.every = 0
	for i := range v.doors {
		v.doors[i].options.Retryer = impatient()
	}
	return v
}

// done returns how often AWS carried out a call about each key.
func (c *cloud) done(action string, keys []string) map[string]int {
	times := make(map[string]int)
	for _, id := range keys {
		times[id] = 0
	}
	for _, r := range c.Requests() {
		if _, ours := times[r.Target]; ours && r.Action == action && r.Code == "" && r.Status == 200 {
			times[r.Target]++
		}
	}
	return times
}
