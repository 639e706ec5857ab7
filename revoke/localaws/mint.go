package localaws

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"strconv"
)

// Prefixes of the key IDs that sign requests: a user's or the root user's
// long-term key, and a session's. The list of all prefixes is in the IAM user
// guide, under "IAM identifiers".
const (
	PrefixKey     = "AKIA"
	PrefixSession = "ASIA"
)

// NewKeyID returns a key ID of the new generation, which carries its account:
// prefix, then base32 of ten bytes whose 48 leading bits are a one, the account
// in 40 bits, and seven random bits. The leading one is what makes the fifth
// character one of Q-Z and 2-7. Equal bytes from r give equal IDs; a nil r is
// crypto/rand. It panics when account is not a number of at most 12 digits.
//
// Source: Aidan Steele and Tal Be'ery on the layout, checked against public IDs
// of known accounts.
func NewKeyID(r io.Reader, prefix, account string) string {
	n, err := strconv.ParseUint(account, 10, 40)
	if err != nil || len(account) > 12 {
		panic(fmt.Sprintf("localaws: %q is not an account ID", account))
	}
	b := random(r, 10)
	head := 1<<47 | n<<7 | uint64(b[5]&0x7f)
	binary.BigEndian.PutUint16(b, uint16(head>>32))
	binary.BigEndian.PutUint32(b[2:], uint32(head))
	return prefix + base32.StdEncoding.EncodeToString(b)
}

// NewSecret returns a secret access key: 40 characters of [A-Za-z0-9/+].
// Equal bytes from r give equal secrets; a nil r is crypto/rand.
func NewSecret(r io.Reader) string {
	return base64.StdEncoding.EncodeToString(random(r, 30))
}

// NewSessionToken returns a session token that begins as those of STS do since
// 2019. Equal bytes from r give equal tokens; a nil r is crypto/rand.
func NewSessionToken(r io.Reader) string {
	return base64.StdEncoding.EncodeToString(append([]byte("!\n\torigin_ec"), random(r, 300)...))
}

// newEntityID returns the unique ID of a user (AIDA) or role (AROA).
func newEntityID(r io.Reader, prefix string) string {
	return prefix + base32.StdEncoding.EncodeToString(random(r, 11))[:17]
}

// newRequestID returns a random UUID, the form of AWS's request IDs.
func newRequestID(r io.Reader) string {
	b := random(r, 16)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// accountOf returns the account that a key ID of the new generation carries,
// and whether it is one.
func accountOf(keyID string) (string, bool) {
	if len(keyID) != 20 {
		return "", false
	}
	b, err := base32.StdEncoding.DecodeString(keyID[4:])
	if err != nil || b[0] < 0x80 {
		return "", false
	}
	n := binary.BigEndian.Uint64(b) >> 23 & (1<<40 - 1)
	return fmt.Sprintf("%012d", n), n < 1e12
}

func random(r io.Reader, n int) []byte {
	if r == nil {
		r = rand.Reader
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(r, b); err != nil {
		panic("localaws: reading randomness: " + err.Error())
	}
	return b
}
