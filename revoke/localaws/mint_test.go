package localaws_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/revokey-dev/revokey/revoke/localaws"
)

func TestNewKeyID(t *testing.T) {
	t.Parallel()
	shape := regexp.MustCompile(`^AKIA[Q-Z2-7][A-Z2-7]{15}$`)
	for _, account := range []string{"000000000000", "000000000001", account, "999999999999"} {
		id := localaws.NewKeyID(nil, localaws.PrefixKey, account)
		if got, ok := localaws.AccountOf(id); !shape.MatchString(id) || !ok || got != account {
			t.Errorf("%s carries %s, %v, want %s", id, got, ok, account)
		}
	}
}

// TestAccountOf holds our arithmetic against IDs whose account is public: they
// are canaries, or were published with their account.
func TestAccountOf(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{
		"ASIA" + "Y34FZKBOKMUTVV7A": "609629065308",
		"AKIA" + "RZPUZDIKMV7WWWTS": "123456789012",
		"AKIA" + "XYZDQCEN4B6JSJQI": "534261010715",
		"AKIA" + "YVP4CIPPERUVIFXG": "595918472158",
		"AKIA" + "6ODU5DHTROGBLLPV": "992382622183",
		"AKIA" + "IOSFODNN7EXAMPLE": "", // of the old generation
		"AKIA":                      "",
	} {
		if got, ok := localaws.AccountOf(id); ok != (want != "") || ok && got != want {
			t.Errorf("%s: %s, %v, want %s", id, got, ok, want)
		}
	}
}

func TestNewKeyIDRefusesWhatIsNoAccount(t *testing.T) {
	t.Parallel()
	for _, account := range []string{"", "x", "-1", "1000000000000"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%q was taken", account)
				}
			}()
			localaws.NewKeyID(nil, localaws.PrefixKey, account)
		}()
	}
}

func TestNewSecret(t *testing.T) {
	t.Parallel()
	shape := regexp.MustCompile(`^[A-Za-z0-9/+]{40}$`)
	if s := localaws.NewSecret(nil); !shape.MatchString(s) {
		t.Error("secret of the wrong shape")
	}
	if tok := localaws.NewSessionToken(nil); !strings.HasPrefix(tok, "IQoJb3JpZ2luX2Vj") || len(tok) < 100 {
		t.Error("token of the wrong shape")
	}
	if a, b := localaws.NewSecret(seed()), localaws.NewSecret(seed()); a != b {
		t.Error("equal bytes give other secrets")
	}
	if a, b := localaws.NewSecret(nil), localaws.NewSecret(nil); a == b {
		t.Error("two secrets are equal")
	}
}

// TestSeeded shows that a server with seeded randomness is the same every time.
func TestSeeded(t *testing.T) {
	t.Parallel()
	a := localaws.New(localaws.Options{Rand: seed()}).AddKey(account, "ci")
	b := localaws.New(localaws.Options{Rand: seed()}).AddKey(account, "ci")
	if a != b {
		t.Errorf("%v and %v", a, b)
	}
}

func seed() *rand.ChaCha8 { return rand.NewChaCha8([32]byte{1}) }

// TestPrintedKeysShowNoSecret prints a key, and what holds one, in every way.
func TestPrintedKeysShowNoSecret(t *testing.T) {
	t.Parallel()
	k := localaws.New(localaws.Options{}).AddSession(account, "assumed-role/ci/x", 0)
	holder := struct {
		Key  localaws.Key
		List []localaws.Key
	}{k, []localaws.Key{k}}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		fmt.Fprintf(&out, verb+verb, k, holder)
		fmt.Fprintf(&out, verb+verb, &k, &holder)
	}
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(h).Info("key", "key", k, "holder", holder)
	}
	if err := json.NewEncoder(&out).Encode(holder); err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{k.Secret, k.SessionToken, fmt.Sprintf("%x", k.Secret)} {
		if strings.Contains(out.String(), secret) {
			t.Error("a secret was printed")
		}
	}
	if !strings.Contains(out.String(), k.ID) {
		t.Error("no ID was printed")
	}
}
