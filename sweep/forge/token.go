package forge

import (
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
)

const redacted = "[redacted]"

// token holds a string that no output may show. It prints as "[redacted]" under every
// verb of fmt, in JSON and text encodings and in slog; the value stands behind a pointer, so
// that fmt cannot reach it through an unexported field either. The zero token is none.
type token struct{ value *string }

func newToken(s string) token {
	if s == "" {
		return token{}
	}
	return token{&s}
}

// unwrap returns the raw token, "" for the zero token. It is called only where the value
// is put into a header for the host it belongs to.
func (t token) unwrap() string {
	if t.value == nil {
		return ""
	}
	return *t.value
}

func (t token) isZero() bool { return t.value == nil }

func (t token) String() string {
	if t.isZero() {
		return ""
	}
	return redacted
}

func (t token) Format(f fmt.State, _ rune)   { io.WriteString(f, t.String()) }
func (t token) MarshalText() ([]byte, error) { return []byte(t.String()), nil }
func (t token) LogValue() slog.Value         { return slog.StringValue(t.String()) }

// basic is the value of an Authorization header of RFC 7617.
func basic(user string, password token) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password.unwrap()))
}
