package localaws_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/revokey-dev/revokey/revoke/localaws"
)

const (
	account = "111122223333"
	other   = "444455556666"
)

// start serves a new server until the test ends.
func start(t *testing.T, opts localaws.Options) (*localaws.Server, string) {
	t.Helper()
	s := localaws.New(opts)
	url, err := s.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, url
}

// config is how the SDK's clients reach the server: one attempt, one region.
func config(url string, k localaws.Key) aws.Config {
	return aws.Config{
		Region: "us-east-1", BaseEndpoint: &url,
		Credentials: credentials.NewStaticCredentialsProvider(k.ID, k.Secret, k.SessionToken),
		Retryer:     func() aws.Retryer { return aws.NopRetryer{} },
	}
}

func stsOf(url string, k localaws.Key) *sts.Client { return sts.NewFromConfig(config(url, k)) }
func iamOf(url string, k localaws.Key) *iam.Client { return iam.NewFromConfig(config(url, k)) }

// identify asks the server who k is.
func identify(t *testing.T, url string, k localaws.Key) (string, error) {
	t.Helper()
	out, err := stsOf(url, k).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", err
	}
	return *out.Arn, nil
}

// wantError fails unless err is AWS's error of that code and HTTP status, and
// returns its message.
func wantError(t *testing.T, err error, code string, status int) string {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) {
		t.Fatalf("error %v, want %s", err, code)
	}
	var resp *smithyhttp.ResponseError
	if !errors.As(err, &resp) {
		t.Fatalf("error %v without a response", err)
	}
	if api.ErrorCode() != code || resp.HTTPStatusCode() != status {
		t.Errorf("error %s (%d), want %s (%d)", api.ErrorCode(), resp.HTTPStatusCode(), code, status)
	}
	return api.ErrorMessage()
}

func TestGetCallerIdentity(t *testing.T) {
	t.Parallel()
	s, url := start(t, localaws.Options{})
	arn := s.AddUser(account, "ci")
	k := s.AddKey(account, "ci")
	if got, err := identify(t, url, k); err != nil || got != arn {
		t.Fatalf("identity %q, %v, want %q", got, err, arn)
	}
	s.SetStatus(k.ID, localaws.Inactive)
	_, err := identify(t, url, k)
	wantError(t, err, "InvalidClientTokenId", http.StatusForbidden)
}
