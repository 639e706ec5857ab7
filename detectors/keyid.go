package detectors

import (
	"encoding/base32"
	"fmt"
)

// keyIDLen is the length of a key ID: a prefix of four and 16 characters of
// base32. IAM's API allows 16 to 128, but no other length was ever seen.
const keyIDLen = 20

// kindOf returns the kind of credential that a key ID names, by its prefix, and
// whether the prefix is that of a credential at all. AIDA, AROA, APKA and the
// like name users, roles and public keys, which are no secret.
//
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
func kindOf(prefix string) (Kind, bool) {
	switch prefix {
	case "AKIA", "ASIA":
		return AccessKey, true
	case "ABIA", "ACCA":
		return BearerID, true
	}
	return "", false
}

// ValidKeyID reports whether s is exactly one key ID, by its shape: AKIA, ASIA,
// ABIA or ACCA and 16 characters of A to Z and 2 to 7.
func ValidKeyID(s string) bool {
	if len(s) != keyIDLen {
		return false
	}
	for i := range len(s) {
		if !base32Class[s[i]] {
			return false
		}
	}
	_, ok := kindOf(s[:4])
	return ok
}

// AccountID returns the 12 digits of the account that a key ID belongs to, and
// whether the ID carries them. The 16 characters after the prefix are base32:
// of their first 48 bits the first is set in the IDs of the new generation
// (fifth character Q to Z or 2 to 7) and the next 40 are then the account.
// Older IDs carry none; nor do IDs whose 40 bits need a 13th digit, which AWS
// never issued.
//
// https://awsteele.com/blog/2020/09/26/aws-access-key-format.html; for the
// generations, seen in 3,000 IDs:
// https://labs.withsecure.com/publications/a-bitwise-analysis-of-aws-access-key-identifiers.html
func AccountID(keyID string) (string, bool) {
	if !ValidKeyID(keyID) {
		return "", false
	}
	raw, err := base32.StdEncoding.DecodeString(keyID[4:])
	if err != nil || raw[0]&0x80 == 0 {
		return "", false
	}
	var bits uint64
	for _, b := range raw[:6] {
		bits = bits<<8 | uint64(b)
	}
	account := (bits & 0x7fffffffff80) >> 7
	if account >= 1e12 {
		return "", false
	}
	return fmt.Sprintf("%012d", account), true
}
