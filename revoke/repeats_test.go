package revoke

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"

	"github.com/revokey-dev/revokey/revoke/localaws"
)

// Whoever answers in the place of AWS was sent the session token, and may know the secret. No
// verdict repeats either: not from an error, nor from the name of who it is.
func TestVerdictRepeatsNoSecret(t *testing.T) {
	t.Parallel()
	session := localaws.New(localaws.Options{}).AddSession(own, "user/ci", 0)
	cred := aws.Credentials{AccessKeyID: session.ID, SecretAccessKey: session.Secret, SessionToken: session.SessionToken}
	told := cred.SecretAccessKey + " and " + cred.SessionToken
	for name, body := range map[string]string{
		"an error": stsError("Odd"+cred.SecretAccessKey, "x-amz-security-token:"+told),
		"identity": `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::1:user/` + told + `</Arn><UserId>` + told + `</UserId><Account>` + told + `</Account></GetCallerIdentityResult><ResponseMetadata><RequestId>` + cred.SecretAccessKey + `</RequestId></ResponseMetadata></GetCallerIdentityResponse>`,
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/xml")
			if name == "an error" {
				w.WriteHeader(http.StatusForbidden)
			}
			fmt.Fprint(w, body)
		}))
		defer s.Close()
		var heard []Exchange
		ctx := WithTrace(t.Context(), func(e Exchange) { heard = append(heard, e) })
		text, err := json.Marshal(NewVerifier(VerifierOptions{Endpoint: s.URL}).Check(ctx, cred, own))
		if err != nil {
			t.Fatal(err)
		}
		all := string(text) + fmt.Sprintf("%+v", heard)
		if len(heard) == 0 || strings.Contains(all, cred.SecretAccessKey) || strings.Contains(all, cred.SessionToken) {
			t.Errorf("%s: %s", name, all)
		}
	}
}

// What AWS says of a call is told without what is as long as a secret; and what it gives for
// an ID of the request is one.
func TestQuoted(t *testing.T) {
	t.Parallel()
	secret, token := localaws.NewSecret(nil), localaws.NewSessionToken(nil)
	for _, tt := range []struct{ said, want string }{
		{"User: arn:aws:iam::111122223333:user/a/b is not authorized to perform: iam:UpdateAccessKey", "User: arn:aws:iam::111122223333:user/a/b is not authorized to perform: iam:UpdateAccessKey"},
		{"Value '" + secret + "' at 'secretString'", "Value '…' at 'secretString'"},
		{"map[X-Amz-Security-Token:[" + token + "]]", "map[X-Amz-Security-Token:[…]]"},
		{secret, "…"},
		{"", ""},
	} {
		err := errors.New(tt.said)
		if got := describe(&smithy.GenericAPIError{Code: "Odd", Message: tt.said}); got != "AWS answered Odd (HTTP 0): "+tt.want {
			t.Errorf("%q: got %q", tt.said, got)
		}
		if got := describe(err); got != "no answer: "+tt.want {
			t.Errorf("%q: got %q", tt.said, got)
		}
	}
	if requestIDIn(secret) != "" || requestIDIn(token) != "" || requestIDIn("a b") != "" {
		t.Error("a secret is taken for the ID of a request")
	}
	if id := "01234567-89ab-cdef-0123-456789abcdef"; requestIDIn(id) != id || requestIDIn("1-2-3") == "" {
		t.Error("the ID of a request is not")
	}
}

// A file without a whole line that is passed as a journal by mistake is none.
func TestCheckNoJournal(t *testing.T) {
	t.Parallel()
	file := t.TempDir() + "/string.json"
	if err := os.WriteFile(file, []byte(`"no journal"`), 0o600); err != nil {
		t.Fatal(err)
	}
	if check, err := CheckJournal(file); err != nil || check.Broken == "" {
		t.Errorf("%+v, %v", check, err)
	}
}
