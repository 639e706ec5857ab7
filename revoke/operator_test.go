package revoke

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/google/go-cmp/cmp"

	"github.com/revokey-dev/revokey/revoke/localaws"
)

func TestOperatorIdentity(t *testing.T) {
	c := newCloud(t)
	op := c.operator(t, OperatorOptions{})
	for range 2 {
		id, err := op.Identity(t.Context())
		if err != nil || id.Account != own || id.ARN != "arn:aws:iam::"+own+":user/admin" || id.KeyID != c.admin.ID || id.UserID == "" {
			t.Errorf("got %+v, %v", id, err)
		}
	}
	if n := c.count("GetCallerIdentity"); n != 1 {
		t.Errorf("asked %d times", n)
	}
	mustNotHold(t, c.admin, op)
}

func TestOperatorWithoutCredentials(t *testing.T) {
	as(t, localaws.Key{})
	for profile, want := range map[string]string{
		"":     "no AWS credentials for the operator: set AWS_PROFILE, or pass --profile",
		"nope": `no profile "nope" in the AWS configuration: pass another --profile`,
	} {
		_, err := NewOperator(t.Context(), OperatorOptions{Profile: profile})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("profile %q: got %v", profile, err)
		}
	}
}

func TestOperatorRejected(t *testing.T) {
	c := newCloud(t)
	op := c.operator(t, OperatorOptions{})
	c.SetStatus(c.admin.ID, localaws.Inactive)
	_, err := op.Identity(t.Context())
	if err == nil || !strings.Contains(err.Error(), "asking STS who the operator is: AWS answered InvalidClientTokenId") {
		t.Errorf("got %v", err)
	}
}

// profiles writes the shared configuration and makes it the environment's.
func profiles(t *testing.T, text string) {
	t.Helper()
	as(t, localaws.Key{})
	if err := os.WriteFile(os.Getenv("AWS_CONFIG_FILE"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func section(name string, k localaws.Key) string {
	return "[profile " + name + "]\naws_access_key_id = " + k.ID + "\naws_secret_access_key = " + k.Secret + "\n"
}

// A profile that assumes a role does so where our calls go, whatever else the
// environment names; and the key below the role counts as our own.
func TestOperatorAssumesProfileRole(t *testing.T) {
	c := newCloud(t)
	c.AddRole(member, "deploy", own)
	trap := newCloud(t)
	profiles(t, section("base", c.admin)+"[profile deploy]\nsource_profile = base\nrole_arn = arn:aws:iam::"+member+":role/deploy\nendpoint_url = "+trap.url+"\n")
	t.Setenv("AWS_ENDPOINT_URL", trap.url)
	t.Setenv("AWS_ENDPOINT_URL_STS", trap.url)
	t.Setenv("AWS_ENDPOINT_URL_IAM", trap.url)
	t.Setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")

	op, err := NewOperator(t.Context(), OperatorOptions{Profile: "deploy", Endpoint: c.url})
	if err != nil {
		t.Fatal(err)
	}
	id, err := op.Identity(t.Context())
	if err != nil || !strings.Contains(id.ARN, ":assumed-role/deploy/") {
		t.Errorf("got %+v, %v", id, err)
	}
	for keyID, want := range map[string]bool{c.admin.ID: true, id.KeyID: true, minted("AKIA", own).ID: false} {
		if got, err := op.signs(t.Context(), keyID); err != nil || got != want {
			t.Errorf("signs(%s) = %v, %v", keyID, got, err)
		}
	}
	mustNotHold(t, c.admin, op)
	if n := len(trap.Requests()); n != 0 {
		t.Errorf("%d requests went astray", n)
	}
}

// Without an endpoint of ours the calls go to AWS, whatever else the environment
// names.
func TestOperatorIgnoresAmbientEndpoints(t *testing.T) {
	c := newCloud(t)
	hostile(t)
	for name, value := range map[string]string{
		"AWS_REGION": "us-west-2", "AWS_USE_FIPS_ENDPOINT": "false", "AWS_USE_DUALSTACK_ENDPOINT": "false",
		"AWS_ACCESS_KEY_ID": c.admin.ID, "AWS_SECRET_ACCESS_KEY": c.admin.Secret, "AWS_SESSION_TOKEN": "",
	} {
		t.Setenv(name, value)
	}
	op, err := NewOperator(t.Context(), OperatorOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var hosts []string
	wire := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		hosts = append(hosts, r.URL.Host)
		return plain(403, stsError("AccessDenied", "no")), nil
	})}
	op.sts = sts.New(op.sts.(*sts.Client).Options(), func(o *sts.Options) { o.HTTPClient = wire })
	_, err = op.Identity(t.Context())
	if err == nil || !strings.Contains(err.Error(), "the operator is not allowed sts:GetCallerIdentity") {
		t.Errorf("got %v", err)
	}
	_, _ = op.newIAM(op.signer).GetAccountSummary(t.Context(), nil, func(o *iam.Options) { o.HTTPClient = wire })
	secrets := op.secrets(&session{creds: op.signer}, "eu-central-1")
	_, _ = secrets.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: aws.String("ci")}, func(o *secretsmanager.Options) { o.HTTPClient = wire })
	if diff := cmp.Diff([]string{"sts.us-west-2.amazonaws.com", "iam.amazonaws.com", "secretsmanager.eu-central-1.amazonaws.com"}, hosts); diff != "" {
		t.Error(diff)
	}
}

func TestOperatorFollowsNoRedirect(t *testing.T) {
	c, elsewhere := newCloud(t), newCloud(t)
	op := c.operator(t, OperatorOptions{})
	here := httptest.NewServer(http.RedirectHandler(elsewhere.url, http.StatusTemporaryRedirect))
	defer here.Close()
	op.endpoint = here.URL
	op.sts = sts.New(op.sts.(*sts.Client).Options(), op.settleSTS)
	if _, err := op.Identity(t.Context()); err == nil || !strings.Contains(err.Error(), "HTTP 307") {
		t.Errorf("got %v", err)
	}
	if _, err := op.newIAM(op.signer).GetAccountSummary(t.Context(), nil); err == nil || len(elsewhere.Requests()) != 0 {
		t.Errorf("got %v, %d requests went elsewhere", err, len(elsewhere.Requests()))
	}
}
