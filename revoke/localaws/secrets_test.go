package localaws_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/revokey-dev/revokey/revoke/localaws"
)

// A secret by the SDK's own client: made, read, replaced, read by its ARN; and each
// refusal by its code.
func TestSecrets(t *testing.T) {
	t.Parallel()
	s, url := start(t, localaws.Options{})
	s.AddAdmin(account, "admin")
	admin, nobody := s.AddKey(account, "admin"), s.AddKey(account, "ci")
	c := secretsmanager.NewFromConfig(config(url, admin))
	name, first, second := aws.String("ci/aws"), aws.String(`{"a":1}`), aws.String(`{"a":2}`)

	_, err := c.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: name})
	wantError(t, err, "ResourceNotFoundException", 400)
	_, err = c.PutSecretValue(t.Context(), &secretsmanager.PutSecretValueInput{SecretId: name, SecretString: first})
	wantError(t, err, "ResourceNotFoundException", 400)
	made, err := c.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: name, SecretString: first})
	if err != nil || !strings.HasPrefix(*made.ARN, "arn:aws:secretsmanager:us-east-1:"+account+":secret:ci/aws-") {
		t.Fatalf("%+v, %v", made, err)
	}
	_, err = c.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: name, SecretString: second})
	wantError(t, err, "ResourceExistsException", 400)

	token := aws.String("01234567890123456789012345678901")
	for range 2 { // a call repeated by its token makes no second version
		if _, err := c.PutSecretValue(t.Context(), &secretsmanager.PutSecretValueInput{SecretId: made.ARN, SecretString: second, ClientRequestToken: token}); err != nil {
			t.Fatal(err)
		}
	}
	_, err = c.PutSecretValue(t.Context(), &secretsmanager.PutSecretValueInput{SecretId: name, SecretString: first, ClientRequestToken: token})
	wantError(t, err, "ResourceExistsException", 400)
	for stage, want := range map[string]*string{"AWSCURRENT": second, "AWSPREVIOUS": first} {
		got, err := c.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: name, VersionStage: &stage})
		if err != nil || *got.SecretString != *want || got.CreatedDate == nil {
			t.Errorf("%s: %v", stage, err)
		}
	}
	if value, versions := s.Secret(account, "us-east-1", "ci/aws"); value != *second || versions != 2 {
		t.Errorf("%d versions", versions)
	}

	_, err = secretsmanager.NewFromConfig(config(url, nobody)).GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: name})
	wantError(t, err, "AccessDeniedException", 400)
	elsewhere := config(url, admin)
	elsewhere.Region = "eu-central-1"
	_, err = secretsmanager.NewFromConfig(elsewhere).GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: name})
	wantError(t, err, "ResourceNotFoundException", 400)
	wrong := admin
	wrong.Secret = localaws.NewSecret(nil)
	_, err = secretsmanager.NewFromConfig(config(url, wrong)).GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: name})
	wantError(t, err, "SignatureDoesNotMatch", 403)
}
