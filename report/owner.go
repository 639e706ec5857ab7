package report

import (
	"fmt"
	"time"

	"github.com/revokey-dev/revokey/revoke"
)

// textOwner tells whose a key is.
func textOwner(o revoke.Owner) []string {
	line := "user " + Printable(o.User)
	if o.AccountName != "" {
		line += fmt.Sprintf(" of account %q", o.AccountName)
	}
	if !o.Created.IsZero() {
		line += fmt.Sprintf(", created %s, %s", o.Created.Format(time.DateOnly), textLastUse(o.LastUsed))
	}
	lines := []string{line}
	for _, other := range o.Siblings {
		lines = append(lines, Printable(fmt.Sprintf("the user's other key %s is %s", other.KeyID, other.Status)))
	}
	for _, policy := range o.Quarantine {
		lines = append(lines, Printable(fmt.Sprintf("quarantined by AWS: %s is attached to the user", policy)))
	}
	for _, note := range o.Notes {
		lines = append(lines, Printable(note))
	}
	return lines
}

func textLastUse(u *revoke.LastUse) string {
	if u == nil {
		return "never used, as far as IAM tells"
	}
	return Printable(fmt.Sprintf("last used %s (%s in %s)", u.Time.Format("2006-01-02 15:04 MST"), u.Service, u.Region))
}

// textExplanation tells what was asked, of whom, what came back, and what follows.
func textExplanation(r Record) []string {
	if r.Explanation == nil {
		return nil
	}
	lines := []string{"asked for it: nothing"}
	switch n := len(r.Explanation); {
	case n > 0:
		lines[0] = "asked for it: " + count(n, "question")
	case r.Verdict.Proof != "":
		lines[0] += ", for it was answered earlier in this run"
	}
	for _, e := range r.Explanation {
		lines = append(lines, "  "+Printable(textExchange(e)))
	}
	follows := "so it is " + r.Verdict.Status.String()
	switch r.Verdict.Proof {
	case revoke.BySTS:
		follows += ": proven by what STS answered to the pair itself"
	case revoke.ByIAM:
		follows += ": proven by the IAM of the account that owns it"
	}
	return append(lines, follows)
}

func textExchange(e revoke.Exchange) string {
	answer := e.Answer
	if e.HTTPStatus != 0 && e.Answer == "done" {
		answer = fmt.Sprintf("HTTP %d", e.HTTPStatus)
	}
	text := fmt.Sprintf("%s %s of %s, signed by %s: %s, after %.2f s", e.Time.Format(time.TimeOnly), e.Action, e.Host, e.SignedBy, answer, e.Seconds)
	if e.RequestID != "" {
		text += ", request " + e.RequestID
	}
	return text
}
