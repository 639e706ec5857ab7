package scanner

import (
	"slices"
	"strings"

	"github.com/revokey-dev/revokey/detectors"
)

// redacted stands for a secret in a path or a name.
const redacted = "[redacted]"

// secretHead is how many bytes at the start of a secret are looked up. The shortest,
// an AppSync key, has 30.
const secretHead = 20

// redactPlaces takes the found secrets out of the places, and what may be another: a file,
// a tag or an author may be named by one.
func redactPlaces(findings []Finding) {
	secrets := secretsOf(findings)
	for i := range findings {
		f := &findings[i]
		f.Claims.User = redact(f.Claims.User, secrets)
		for j := range f.Occurrences {
			f.Occurrences[j].redact(secrets)
		}
		for j := range f.Candidates {
			f.Candidates[j].At.redact(secrets)
		}
	}
}

func (o *Occurrence) redact(secrets map[string][]string) {
	o.Path = redact(o.Path, secrets)
	o.Member = redact(o.Member, secrets)
	o.Tag = redact(o.Tag, secrets)
	o.Author = redact(o.Author, secrets)
	o.Allow.Reason = redact(o.Allow.Reason, secrets)
	for i, ref := range o.Refs {
		o.Refs[i] = redact(ref, secrets)
	}
	for i, log := range o.Reflogs {
		o.Reflogs[i] = redact(log, secrets)
	}
}

// redact takes the found secrets out of what was skipped: a member of an archive may
// be named by one.
func (s *Summary) redact(findings []Finding) {
	secrets := secretsOf(findings)
	for i := range s.Skipped {
		s.Skipped[i].What = redact(s.Skipped[i].What, secrets)
		s.Skipped[i].Reason = redact(s.Skipped[i].Reason, secrets)
	}
	for i := range s.Notes {
		s.Notes[i] = redact(s.Notes[i], secrets)
	}
}

// secretsOf returns the found secrets by their first bytes, which tokens have in common,
// the longest first.
func secretsOf(findings []Finding) map[string][]string {
	secrets := make(map[string][]string)
	add := func(s string) {
		if len(s) >= secretHead && !slices.Contains(secrets[s[:secretHead]], s) {
			secrets[s[:secretHead]] = append(secrets[s[:secretHead]], s)
		}
	}
	for _, f := range findings {
		add(f.Secret.Unwrap())
		add(f.SessionToken.Unwrap())
		add(f.SMTPPassword.Unwrap())
		for _, c := range f.Candidates {
			add(c.Secret.Unwrap())
		}
	}
	for _, alike := range secrets {
		slices.SortFunc(alike, func(a, b string) int { return len(b) - len(a) })
	}
	return secrets
}

// redact returns s without the secrets, and without what may be another.
func redact(s string, secrets map[string][]string) string {
	for i := 0; i+secretHead <= len(s); i++ {
		for _, secret := range secrets[s[i:i+secretHead]] {
			if strings.HasPrefix(s[i:], secret) {
				s = s[:i] + redacted + s[i+len(secret):]
				break
			}
		}
	}
	return detectors.Redact(s)
}
