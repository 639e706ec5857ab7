// Package detectorstest makes credentials that look real, and holds the suite
// that every detector must pass. It is for tests: nothing that it makes was
// ever issued by AWS.
package detectorstest

import (
	"encoding/base32"
	"encoding/base64"
	"math/rand/v2"
	"strconv"
)

const base64Chars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// Mint returns a key ID of the new generation with the four letters of prefix
// that carries account, 12 digits: the inverse of detectors.AccountID. It
// panics where account is no number.
func Mint(r *rand.Rand, prefix, account string) string {
	n, err := strconv.ParseUint(account, 10, 40)
	if err != nil {
		panic("detectorstest: minting a key ID: " + err.Error())
	}
	var raw [10]byte
	head := 1<<47 | n<<7 | r.Uint64N(1<<7)
	for i := range 6 {
		raw[i] = byte(head >> (40 - 8*i))
	}
	for i := 6; i < len(raw); i++ {
		raw[i] = byte(r.Uint32())
	}
	return prefix + base32.StdEncoding.EncodeToString(raw[:])
}

// MintSecret returns a secret: 40 random characters of base64.
func MintSecret(r *rand.Rand) string {
	b := make([]byte, 40)
	for i := range b {
		b[i] = base64Chars[r.IntN(len(base64Chars))]
	}
	return string(b)
}

// MintToken returns a session token that starts as AWS's do.
func MintToken(r *rand.Rand) string {
	raw := make([]byte, 400+r.IntN(400))
	for i := range raw {
		raw[i] = byte(r.Uint32())
	}
	return "IQoJb3JpZ2luX2Vj" + base64.StdEncoding.EncodeToString(raw)
}
