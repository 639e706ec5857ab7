package detectors_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/revokey-dev/revokey/detectors"
	"github.com/revokey-dev/revokey/detectors/detectorstest"
)

// What may be a secret is taken out of a text, wherever it stands in it, and nothing else.
func TestRedact(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	id, token := detectorstest.Mint(r, "AKIA", "111122223333"), detectorstest.MintToken(r)
	secret := "abc+De/f" + detectorstest.MintSecret(r)[8:]
	plain := strings.NewReplacer("+", "x", "/", "Y").Replace(secret)
	for _, tt := range []struct{ text, want string }{
		{secret, "[redacted]"},
		{"name-" + secret + ".env", "name-[redacted].env"},
		{"a/folder/" + plain + "/name", "a/folder/[redacted]/name"},
		{"refs/heads/feature/" + plain, "refs/heads/feature/[redacted]"},
		{"git tells: " + plain + " " + secret, "git tells: [redacted] [redacted]"},
		{"https://" + id + ":" + secret + "@example.com/x", "https://" + id + ":[redacted]@example.com/x"},
		{"Ada <" + plain + "@example.com>", "Ada <[redacted]@example.com>"},
		{"X-Amz-Security-Token:[" + token + "]", "X-Amz-Security-Token:[[redacted]]"},
		{"key da2-abcdefghijklmnopqrstuvwx23 is none", "key [redacted] is none"},
		{"", ""},
		{id, id},
		{strings.Repeat("a1", 20), strings.Repeat("a1", 20)},
		{"src/main/java/org/example/application/web/ServletContextListener.java", "src/main/java/org/example/application/web/ServletContextListener.java"},
		{"commit 6bbc93c82237b0aa1f2f0e0c6bbc93c82237b0aa of 2024", "commit 6bbc93c82237b0aa1f2f0e0c6bbc93c82237b0aa of 2024"},
		{"arn:aws:iam::111122223333:user/department/deploy", "arn:aws:iam::111122223333:user/department/deploy"},
	} {
		if got := detectors.Redact(tt.text); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.text, got, tt.want)
		}
	}
}
