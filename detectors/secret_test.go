package detectors_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/revokey-dev/revokey/detectors"
)

type holder struct {
	Exported detectors.Secret
	hidden   detectors.Secret
	Match    *detectors.Match
	List     []detectors.Secret
}

// TestSecretIsNeverShown prints a Secret, and what holds it, in every way that
// Go has.
func TestSecretIsNeverShown(t *testing.T) {
	raw := strings.Repeat("s3cr", 10)
	secret := detectors.NewSecret(raw)
	match := detectors.Match{Secret: secret, SessionToken: secret}
	values := map[string]any{
		"secret": secret, "pointer": &secret, "match": match, "map": map[string]detectors.Secret{"k": secret},
		"holder": holder{secret, secret, &match, []detectors.Secret{secret}},
	}
	for name, v := range values {
		for _, verb := range "vsdqxXoObcUteEfFgGpTwz" {
			for _, flags := range []string{"", "+", "#", "-80", " ", "0", ".99"} {
				format := "%" + flags + string(verb)
				hide(t, name+" "+format, raw, fmt.Sprintf(format, v))
			}
		}
		hide(t, name+" print", raw, fmt.Sprint(v, v))
		hide(t, name+" error", raw, fmt.Errorf("%w: %v", errors.New("x"), v).Error())
		asJSON, err := json.Marshal(v)
		if err != nil {
			t.Errorf("%s: json: %v", name, err)
		}
		hide(t, name+" json", raw, string(asJSON))
		if asXML, err := xml.Marshal(v); err == nil {
			hide(t, name+" xml", raw, string(asXML))
		}
		var text, object bytes.Buffer
		slog.New(slog.NewTextHandler(&text, nil)).Info("m", "v", v)
		slog.New(slog.NewJSONHandler(&object, nil)).Info("m", "v", v)
		hide(t, name+" slog", raw, text.String()+object.String())
	}
}

func hide(t *testing.T, how, raw, out string) {
	t.Helper()
	hexed := hex.EncodeToString([]byte(raw))
	for _, shown := range []string{raw, hexed, strings.ToUpper(hexed)} {
		if strings.Contains(out, shown) {
			t.Errorf("%s shows the secret: %s", how, out)
		}
	}
}

func TestSecret(t *testing.T) {
	secret, zero := detectors.NewSecret("abc"), detectors.NewSecret("")
	const sum = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" // FIPS 180-2, B.1
	got := []any{secret.Unwrap(), secret.SHA256(), fmt.Sprint(secret), zero.Unwrap(), zero.SHA256(), fmt.Sprint(zero)}
	want := []any{"abc", sum, "[redacted]", "", "", ""}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if secret.IsZero() || !zero.IsZero() {
		t.Error("IsZero is wrong")
	}
	if !secret.Equal(detectors.NewSecret("abc")) || secret.Equal(zero) || !zero.Equal(detectors.Secret{}) {
		t.Error("Equal is wrong")
	}
}
