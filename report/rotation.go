package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/revokey-dev/revokey/revoke"
)

// Rotation returns the plan of a rotation, for people.
func Rotation(p revoke.Rotation, now time.Time) string {
	var b strings.Builder
	line := func(what, format string, args ...any) {
		fmt.Fprintf(&b, "%-11s %s\n", what, Printable(fmt.Sprintf(format, args...)))
	}
	aim := p.Aim
	if p.Refusal != "" {
		subject := "a key of user " + aim.User
		if aim.KeyID != "" {
			subject = aim.KeyID
		}
		line("LEAVE", "%s: %s", subject, p.Refusal)
		return b.String()
	}
	user := fmt.Sprintf("user %s, account %s", aim.User, aim.Account)
	if p.Orphan != "" {
		line("DELETE", "%s, %s: an interrupted run made it, and its secret was never stored", p.Orphan, user)
	}
	if p.MakeRoom != "" {
		line("DELETE", "%s, %s: inactive, to make room for the new key", p.MakeRoom, user)
	}
	if p.Made == "" {
		line("CREATE", "a key of %s", user)
		if aim.To.Secret == "" && aim.To.Profile == "" {
			line("PRINT", "its secret, once, and store it nowhere")
		} else {
			line("STORE", "its secret in %s%s", aim.To, holding(p))
		}
	} else {
		line("KEEP", "%s, %s: an interrupted run made it, and stored it in %s", p.Made, user, aim.To)
	}
	line("PROVE", "that STS accepts the new key, before anything else is changed")
	for _, k := range p.Keys {
		if k.KeyID == aim.KeyID {
			line(retiring(k, p), "%s, %s, %s old%s", k.KeyID, user, span(now.Sub(k.Created)), usedBefore(k, now))
		}
	}
	for _, call := range p.Calls {
		line("", "%s", call)
	}
	return b.String()
}

// holding says what stands at the destination now.
func holding(p revoke.Rotation) string {
	switch {
	case p.Holds == "":
		return ""
	case p.Holds == p.Aim.KeyID:
		return ", in place of the old key's"
	}
	return ", in place of " + p.Holds
}

func retiring(k revoke.UserKey, p revoke.Rotation) string {
	if k.Status == "Active" {
		return "DEACTIVATE"
	}
	if k.KeyID == p.MakeRoom {
		return "REPLACE"
	}
	return "STAYS OFF"
}

func usedBefore(k revoke.UserKey, now time.Time) string {
	switch {
	case k.Note != "":
		return ", " + k.Note
	case k.LastUsed == nil:
		return ", never used"
	}
	return fmt.Sprintf(", last used %s (%s in %s): what has it from elsewhere stops working", ago(now.Sub(k.LastUsed.Time)), k.LastUsed.Service, k.LastUsed.Region)
}
