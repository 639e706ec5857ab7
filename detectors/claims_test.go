package detectors_test

import (
	"encoding/base64"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/revokey-dev/revokey/detectors"
	"github.com/revokey-dev/revokey/detectors/detectorstest"
)

// TestClaims holds what credentials tell of themselves.
func TestClaims(t *testing.T) {
	r := rand.New(rand.NewPCG(41, 43))
	id, secret := detectorstest.Mint(r, "ASIA", "210987654321"), detectorstest.MintSecret(r)
	b64 := base64.StdEncoding.EncodeToString
	request := "bedrock.amazonaws.com/?Action=CallWithBearerToken&X-Amz-Credential=" + id +
		"%2F20250102%2Fus-east-1%2Fbedrock%2Faws4_request&X-Amz-Date=20250102T030405Z&X-Amz-Expires=43200&X-Amz-Signature=" + strings.Repeat("f0", 32)
	signed := time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC)
	for name, tt := range map[string]struct {
		text string
		kind detectors.Kind
		want detectors.Claims
	}{
		"presigned": {
			"https://" + request, detectors.AccessKey,
			detectors.Claims{Service: "bedrock", Region: "us-east-1", Signed: signed, Expires: signed.Add(12 * time.Hour)},
		},
		"presigned in v2": {
			"https://b.s3.amazonaws.com/k?AWSAccessKeyId=" + id + "&Expires=1700000000&Signature=x", detectors.AccessKey,
			detectors.Claims{Expires: time.Unix(1700000000, 0).UTC()},
		},
		"authorization": {
			"Authorization: AWS4-HMAC-SHA256 Credential=" + id + "/20250102/eu-west-1/s3/aws4_request, Signature=x", detectors.AccessKey,
			detectors.Claims{Service: "s3", Region: "eu-west-1", Signed: time.Date(2025, 1, 2, 0, 0, 0, 0, time.UTC)},
		},
		"short-term api key": {
			"AWS_BEARER_TOKEN_BEDROCK=bedrock-api-key-" + b64([]byte(request)), detectors.APIKey,
			detectors.Claims{SignedBy: id, Service: "bedrock", Region: "us-east-1", Signed: signed, Expires: signed.Add(12 * time.Hour)},
		},
		"long-term api key": {
			"key: ABSK" + b64([]byte("BedrockAPIKey-a1b2-at-210987654321:"+secret+secret)), detectors.APIKey,
			detectors.Claims{User: "BedrockAPIKey-a1b2-at-210987654321", Account: "210987654321", Service: "bedrock"},
		},
		"service password": {
			"bob+1-at-210987654321, " + b64([]byte(secret[:32])), detectors.ServicePassword,
			detectors.Claims{User: "bob+1-at-210987654321", Account: "210987654321"},
		},
		"service password in a list": {
			"ci,hunter2,bob-at-210987654321,PASS=" + b64([]byte(secret[:32])), detectors.ServicePassword,
			detectors.Claims{User: "bob-at-210987654321", Account: "210987654321"},
		},
		"private key": {
			"APKA" + id[4:] + "\n-----BEGIN PRIVATE KEY-----\n" + secret + "\n-----END PRIVATE KEY-----\n", detectors.PrivateKey,
			detectors.Claims{ID: "APKA" + id[4:]},
		},
	} {
		t.Run(name, func(t *testing.T) {
			matches := detectors.All()[0].Detect([]byte(tt.text))
			for _, m := range matches {
				if m.Kind == tt.kind {
					if diff := cmp.Diff(tt.want, m.Claims); diff != "" {
						t.Errorf("(-want +got)\n%s", diff)
					}
					return
				}
			}
			t.Errorf("no %s, but %v", tt.kind, matches)
		})
	}
}

// TestEncodings holds what the encodings of matches are called, and that their
// spans are of the encoded bytes.
func TestEncodings(t *testing.T) {
	r := rand.New(rand.NewPCG(47, 53))
	id, secret := detectorstest.Mint(r, "AKIA", "210987654321"), detectorstest.MintSecret(r)
	secret = secret[:10] + "/" + secret[11:]
	text := "aws_access_key_id = " + id + "\naws_secret_access_key = " + secret + "\n"
	b64 := base64.StdEncoding.EncodeToString
	for name, tt := range map[string]struct {
		data string
		want []string
	}{
		"plain":         {text, nil},
		"base64":        {b64([]byte(text)), []string{"base64"}},
		"twice":         {b64([]byte("x: " + b64([]byte(text)))), []string{"base64", "base64"}},
		"gzip":          {b64(zipped(text)), []string{"base64", "gzip"}},
		"utf-16":        {string(wide(text, 2, 1)), []string{"utf-16be"}},
		"powershell":    {b64(wide(text, 2, 0)), []string{"base64", "utf-16le"}},
		"json":          {strings.ReplaceAll(text, "/", `\/`), []string{"backslash"}},
		"json, utf-16":  {string(wide(strings.ReplaceAll(text, "/", `\/`), 2, 0)), []string{"utf-16le", "backslash"}},
		"concatenation": {`f("` + id[:4] + `" + "` + id[4:] + `", "` + secret + `")`, []string{"concatenation"}},
	} {
		t.Run(name, func(t *testing.T) {
			data := []byte(tt.data)
			got := detectors.All()[0].Detect(data)
			if len(got) != 1 || got[0].KeyID != id || got[0].Secret.Unwrap() != secret {
				t.Fatalf("found %v", got)
			}
			detectorstest.CheckSpans(t, data, got)
			if diff := cmp.Diff(tt.want, got[0].Encoding); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
