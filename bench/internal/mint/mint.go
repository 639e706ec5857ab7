// Package mint makes key pairs that look real and that AWS never issued. It is
// small enough to stand here a second time: this module needs none but itself.
package mint

import (
	"encoding/base32"
	"encoding/base64"
	"math/rand/v2"
)

// Key returns a key ID of the new generation and its secret. The ID carries
// a random account: a one, the account in 40 bits, and random bits, in base32.
func Key(r *rand.Rand) (id, secret string) {
	b := random(r, 10)
	account := r.Uint64N(1e12)
	for i := range 5 {
		b[i] = byte(account >> (33 - 8*i))
	}
	b[0] |= 0x80
	b[5] = b[5]&0x7f | byte(account<<7)
	return "AKIA" + base32.StdEncoding.EncodeToString(b), base64.StdEncoding.EncodeToString(random(r, 30))
}

func random(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}
