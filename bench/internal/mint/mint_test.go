package mint

import (
	"encoding/base32"
	"math/rand/v2"
	"regexp"
	"testing"
)

func TestKey(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 0))
	shape := regexp.MustCompile(`^AKIA[Q-Z2-7][A-Z2-7]{15} [A-Za-z0-9/+]{40}$`)
	for range 1000 {
		id, secret := Key(r)
		if !shape.MatchString(id + " " + secret) {
			t.Fatalf("%s and its secret do not have the shape of a key", id)
		}
		b, err := base32.StdEncoding.DecodeString(id[4:])
		if err != nil {
			t.Fatal(err)
		}
		account := uint64(b[0]&0x7f)<<33 | uint64(b[1])<<25 | uint64(b[2])<<17 | uint64(b[3])<<9 | uint64(b[4])<<1 | uint64(b[5])>>7
		if account >= 1e12 {
			t.Fatalf("%s carries %d, which is no account", id, account)
		}
	}
}
