package scanner

import "strings"

// redacted stands for a secret in a path or a name.
const redacted = "[redacted]"

// secretHead is how many bytes at the start of a secret are looked up: the
// length of a secret access key, of which session tokens have more.
const secretHead = 40

// redactPlaces takes the found secrets out of the places: a file, a tag or an
// author may be named by one.
func redactPlaces(findings []Finding) {
	secrets := make(map[string]string) // by their first bytes
	for _, f := range findings {
		for _, s := range []string{f.Secret.Unwrap(), f.SessionToken.Unwrap()} {
			if len(s) >= secretHead {
				secrets[s[:secretHead]] = s
			}
		}
	}
	for i := range findings {
		for j := range findings[i].Occurrences {
			p := &findings[i].Occurrences[j].Place
			p.Path = redact(p.Path, secrets)
			p.Tag = redact(p.Tag, secrets)
			p.Author = redact(p.Author, secrets)
			for k, ref := range p.Refs {
				p.Refs[k] = redact(ref, secrets)
			}
			for k, log := range p.Reflogs {
				p.Reflogs[k] = redact(log, secrets)
			}
		}
	}
}

// redact returns s without the secrets, in time linear in its length.
func redact(s string, secrets map[string]string) string {
	for i := 0; i+secretHead <= len(s); i++ {
		secret, ok := secrets[s[i:i+secretHead]]
		if ok && strings.HasPrefix(s[i:], secret) {
			s = s[:i] + redacted + s[i+len(secret):]
		}
	}
	return s
}
