package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/revokey-dev/revokey/revoke"
)

// Plan returns a plan of revocation for people.
func Plan(p revoke.Plan) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Plan, made as %s\n\n", Printable(p.Operator.ARN))
	for _, s := range p.Steps {
		b.WriteString(planStep(s))
	}
	if p.Endpoint != "" {
		fmt.Fprintf(&b, "AWS calls go to %s, not to AWS\n", Printable(p.Endpoint))
	}
	return b.String()
}

func planStep(s revoke.Step) string {
	var b strings.Builder
	word := "DEACTIVATE"
	if s.Refusal != "" {
		word = "LEAVE"
	}
	fmt.Fprintf(&b, "%-11s %s%s\n", word, s.KeyID, planOwner(s.KeyState))
	for _, line := range planDetails(s) {
		fmt.Fprintf(&b, "%11s %s\n", "", Printable(line))
	}
	b.WriteByte('\n')
	return b.String()
}

func planOwner(k revoke.KeyState) string {
	owner := ""
	if k.User != "" {
		owner += ", user " + Printable(k.User)
	}
	if k.Account != "" {
		owner += ", account " + Printable(k.Account)
	}
	return owner
}

func planDetails(s revoke.Step) []string {
	var lines []string
	if s.Refusal != "" {
		lines = append(lines, s.Refusal)
	}
	if s.Verdict.Status != revoke.NotChecked && s.Verdict.Reason != s.Refusal {
		lines = append(lines, fmt.Sprintf("%s: %s", s.Verdict.Status, s.Verdict.Reason))
	}
	if !s.Created.IsZero() {
		lines = append(lines, fmt.Sprintf("created %s, %s", s.Created.Format(time.DateOnly), lastUse(s.LastUsed)))
	}
	for _, other := range s.Siblings {
		lines = append(lines, fmt.Sprintf("the user's other key %s is %s", other.KeyID, other.Status))
	}
	for _, policy := range s.Quarantine {
		lines = append(lines, fmt.Sprintf("quarantined by AWS: %s is attached to the user", policy))
	}
	lines = append(lines, s.Notes...)
	if s.Call != "" {
		lines = append(lines, "call: "+s.Call, "as:   "+s.By)
	}
	return lines
}

func lastUse(u *revoke.LastUse) string {
	if u == nil {
		return "never used, as far as IAM tells"
	}
	return fmt.Sprintf("last used %s (%s in %s): what uses it stops working", u.Time.Format("2006-01-02 15:04 MST"), u.Service, u.Region)
}

// Result returns what became of one key, for people.
func Result(r revoke.Result) string {
	done := map[revoke.Action]string{revoke.Deactivate: "deactivated", revoke.Activate: "activated"}[r.Action]
	text := fmt.Sprintf("%s: ", r.KeyID)
	switch r.Outcome {
	case revoke.Verified:
		text += fmt.Sprintf("%s, and proven by %s after %.1f s: %s", done, strings.ToUpper(string(r.Proof)), r.Seconds, r.Reason)
	case revoke.Requested:
		text += fmt.Sprintf("%s, as AWS says; the proof is still to come", done)
		if r.Reason != "" {
			text = fmt.Sprintf("%s: %s, as AWS says, but %s", r.KeyID, done, r.Reason)
		}
	case revoke.Failed:
		text += fmt.Sprintf("not %s: %s", done, r.Reason)
	default:
		text += fmt.Sprintf("left alone: %s", r.Reason)
	}
	return Printable(text)
}
