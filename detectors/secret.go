package detectors

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
)

const redacted = "[redacted]"

// Secret holds a string that no output may show. It prints as "[redacted]"
// under every verb of fmt, in JSON and text encodings and in slog; the value
// stands behind a pointer, so that fmt cannot reach it through an unexported
// field either. The zero Secret is none, and prints as nothing.
type Secret struct{ value *string }

// NewSecret returns a Secret that holds s. NewSecret("") is the zero Secret.
func NewSecret(s string) Secret {
	if s == "" {
		return Secret{}
	}
	return Secret{&s}
}

// Unwrap returns the raw secret, "" for the zero Secret. It is called only
// where the value is handed to AWS.
func (s Secret) Unwrap() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsZero reports whether s holds no secret.
func (s Secret) IsZero() bool { return s.value == nil }

// Equal reports whether both hold the same secret, or both none.
func (s Secret) Equal(t Secret) bool { return s.Unwrap() == t.Unwrap() }

// SHA256 returns the SHA-256 of the raw secret in lower-case hexadecimal, ""
// for the zero Secret. 40 random characters cannot be found again from it.
func (s Secret) SHA256() string {
	if s.IsZero() {
		return ""
	}
	sum := sha256.Sum256([]byte(s.Unwrap()))
	return hex.EncodeToString(sum[:])
}

// String returns "[redacted]", or "" for the zero Secret.
func (s Secret) String() string {
	if s.IsZero() {
		return ""
	}
	return redacted
}

// Format writes what String returns, whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, s.String()) }

// MarshalText returns what String returns; JSON and XML use it too.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue returns what String returns.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
