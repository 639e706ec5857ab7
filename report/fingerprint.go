package report

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/revokey-dev/revokey/scanner"
)

// Fingerprints returns what the credential is called where people agree about it: in
// a baseline, an ignore file, a dashboard. The same credential has the same ones in
// every clone and every scan, for they depend on no line number, time or commit.
//
// No bit of a secret goes into them. They are written into repositories and sent to
// dashboards, which others read than those who could read the secret, and they outlive its
// removal from the history. A hash of it, salted or slow, would let each of these readers try
// whether a secret that they have from elsewhere is this one, or complete one of
// which a picture shows all but a few characters. So a credential is known by
// what is public of it: its key ID, of which AWS issues no two secrets, and whether its
// secret is known: who agreed to an ID that stood alone has not agreed to the pair.
//
// A credential that tells no ID is known by its places: one fingerprint for each path.
func (r Record) Fingerprints() []string {
	if id := r.publicID(); id != "" {
		return []string{digest(string(r.Kind), "id", id, r.form())}
	}
	var prints []string
	seen := make(map[string]bool)
	for _, o := range r.Occurrences {
		print := digest(string(r.Kind), "place", o.placeName(), r.form())
		if !seen[print] {
			seen[print] = true
			prints = append(prints, print)
		}
	}
	return prints
}

// publicID is what names the credential and is no secret; "" where nothing is.
func (r Record) publicID() string {
	c := Value(r.Claims)
	switch {
	case r.KeyID != nil:
		return *r.KeyID
	case c.ID != nil:
		return *c.ID
	case c.User != nil:
		return *c.User
	case c.SignedBy != nil && c.Signed != nil:
		return *c.SignedBy + " " + c.Signed.UTC().Format(time.RFC3339)
	}
	return ""
}

// form tells the pair from its ID alone.
func (r Record) form() string {
	if r.SecretSHA256 == nil {
		return "id-alone"
	}
	return "with-secret"
}

// placeName names what the occurrence stands in, without a line.
func (o Occurrence) placeName() string {
	switch o.Where {
	case scanner.InStdin:
		return string(o.Where)
	case scanner.InTagMessage, scanner.InCommitMessage, scanner.InCommitHeader:
		return string(o.Where) + " " + Value(o.Object)
	}
	if o.Path == nil {
		return string(o.Where) + " " + Value(o.Object)
	}
	return "path " + *o.Path + "\x00" + Value(o.Member)
}

// fingerprintLength is how many hexadecimal digits a fingerprint has: 128 bits, and
// not 40 characters, which a secret has.
const fingerprintLength = 32

// IsFingerprint reports whether s has the form of a fingerprint.
func IsFingerprint(s string) bool {
	return len(s) == fingerprintLength && strings.Trim(s, "0123456789abcdef") == ""
}

func digest(parts ...string) string {
	h := sha256.New()
	h.Write([]byte("revokey.fingerprint/v1"))
	for _, p := range parts {
		h.Write([]byte{0})
		h.Write([]byte(p))
	}
	return hex.EncodeToString(h.Sum(nil))[:fingerprintLength]
}

// fingerprint is the first of [Record.Fingerprints], "" where there is none.
func (r Record) fingerprint() string {
	if prints := r.Fingerprints(); len(prints) > 0 {
		return prints[0]
	}
	return ""
}
