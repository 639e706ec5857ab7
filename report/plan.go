package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/revokey-dev/revokey/revoke"
)

// Plan returns a plan of revocation for people: a table of several keys, then all
// that is known of each; first what is to be done, then what is left alone. With colours, what would break is red.
func Plan(p revoke.Plan, s Style) string {
	p.Steps = slices.Clone(p.Steps)
	slices.SortStableFunc(p.Steps, func(a, b revoke.Step) int { return compareBools(a.Refusal != "", b.Refusal != "") })
	var b strings.Builder
	b.WriteString(strings.Join(s.wrap("Plan, made as "+Printable(p.Operator.ARN), 0), "\n") + "\n\n")
	if len(p.Steps) > 1 {
		b.WriteString(s.planTable(p) + "\n")
	}
	full := p.Steps
	if s.Full > 0 && len(full) > s.Full {
		full = full[:s.Full]
	}
	for _, step := range full {
		b.WriteString(s.planStep(step, p.MadeAt))
	}
	if more := len(p.Steps) - len(full); more > 0 {
		b.WriteString(s.Hang(fmt.Sprintf("and %s more, as the table above has them; --all tells all of each", count(more, "step")), 2) + "\n")
	}
	if p.Endpoint != "" {
		fmt.Fprintf(&b, "AWS calls go to %s, not to AWS\n", Printable(p.Endpoint))
	}
	return b.String()
}

// planTable has a line for each step.
func (s Style) planTable(p revoke.Plan) string {
	rows := [][]string{{"KEY", "STATUS", "WHAT", "ACCOUNT", "USER", "AGE", "LAST USED"}}
	for _, step := range p.Steps {
		account := step.Account
		if step.AccountName != "" {
			account += " (" + step.AccountName + ")"
		}
		last := "-"
		if step.LastUsed != nil {
			last = ago(p.MadeAt.Sub(step.LastUsed.Time))
		}
		age := "-"
		if !step.Created.IsZero() {
			age = span(p.MadeAt.Sub(step.Created))
		}
		rows = append(rows, []string{step.KeyID, step.Verdict.Status.String(), planWord(step), Printable(account), s.shorten(Printable(holder(step)), 24), age, last})
	}
	return s.table(rows, 5, 3, 6, 4, 1)
}

// holder is the user, or the role, that a step is about.
func holder(s revoke.Step) string {
	switch {
	case s.Role != "":
		return "role " + s.Role
	case s.User != "":
		return s.User
	}
	return "-"
}

func planWord(s revoke.Step) string {
	switch {
	case s.Refusal != "":
		return "leave"
	case s.Action == "":
		return string(revoke.Deactivate)
	}
	return string(s.Action)
}

// span says how long something is, as people do.
func span(d time.Duration) string {
	switch {
	case d < time.Minute:
		return "0 min"
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d d", int(d.Hours()/24))
}

func ago(d time.Duration) string {
	if d < time.Minute {
		return "just now"
	}
	return span(d) + " ago"
}

func (s Style) planStep(step revoke.Step, now time.Time) string {
	word := strings.ToUpper(planWord(step))
	indent := 12
	if s.Width > 0 && s.Width < 60 {
		indent = 2
	}
	var b strings.Builder
	for i, line := range s.wrap(fmt.Sprintf("%-11s %s%s", word, step.KeyID, planOwner(step)), indent) {
		if i == 0 {
			colour := alarm
			if step.Refusal != "" {
				colour = dim
			}
			b.WriteString(s.paint(colour, word) + s.paint(bold, strings.TrimPrefix(line, word)) + "\n")
		} else {
			b.WriteString(strings.Repeat(" ", indent) + s.paint(bold, line) + "\n")
		}
	}
	for _, d := range planDetails(step, now) {
		for _, line := range s.wrap(d.text, indent) {
			if d.breaks {
				line = s.paint(warned, line)
			}
			fmt.Fprintf(&b, "%*s%s\n", indent, "", line)
		}
	}
	b.WriteByte('\n')
	return b.String()
}

func planOwner(s revoke.Step) string {
	owner := ""
	if s.Role != "" {
		owner += ", role " + Printable(s.Role)
	}
	if s.User != "" {
		owner += ", user " + Printable(s.User)
	}
	if s.Account != "" {
		owner += ", account " + Printable(s.Account)
	}
	if s.AccountName != "" {
		owner += " (" + Printable(s.AccountName) + ")"
	}
	return owner
}

// recent is how short ago a use is from which something must be expected to break.
const recent = 7 * 24 * time.Hour

// planDetail is a line of a step; breaks: it tells of what would stop working.
type planDetail struct {
	text   string
	breaks bool
}

func planDetails(s revoke.Step, now time.Time) []planDetail {
	var lines []planDetail
	add := func(format string, args ...any) {
		lines = append(lines, planDetail{text: Printable(fmt.Sprintf(format, args...))})
	}
	if s.Refusal != "" {
		add("%s", s.Refusal)
	}
	if s.Verdict.Status != revoke.NotChecked && s.Verdict.Reason != s.Refusal {
		add("%s: %s", s.Verdict.Status, s.Verdict.Reason)
	}
	if s.Seen != nil {
		add("leaked in %s%s", s.Seen.Where, since(s.Seen.Since))
	}
	if s.Action != revoke.Contain { // else the step before tells it
		lines = append(lines, planUser(s, now)...)
	}
	for _, note := range s.Notes {
		add("%s", note)
	}
	for _, line := range planCall(s) {
		lines = append(lines, planDetail{text: line})
	}
	return lines
}

// planUser tells whose key it is, how it is used, and what else the user has.
func planUser(s revoke.Step, now time.Time) []planDetail {
	var lines []planDetail
	add := func(format string, args ...any) {
		lines = append(lines, planDetail{text: Printable(fmt.Sprintf(format, args...))})
	}
	if !s.Created.IsZero() {
		add("created %s, %s", s.Created.Format(time.DateOnly), lastUse(s.LastUsed))
		lines[0].breaks = s.LastUsed != nil && now.Sub(s.LastUsed.Time) < recent && s.Refusal == ""
	}
	for _, other := range s.Siblings {
		add("the user's other key %s is %s", other.KeyID, other.Status)
	}
	for _, policy := range s.Quarantine {
		add("quarantined by AWS: %s is attached to the user", policy)
	}
	return lines
}

func planCall(s revoke.Step) []string {
	if s.Call == "" {
		return nil
	}
	lines := []string{"call: " + Printable(s.Call), "as:   " + Printable(s.By)}
	switch everything := strings.HasSuffix(s.Call, ": "+revoke.DenyEverything.String()); {
	case s.Action != revoke.Contain:
	case everything && s.Role != "":
		lines = append(lines, "the role can do nothing any more, whoever has it")
	case everything:
		lines = append(lines, "the user can do nothing any more, with any key")
	case s.Role != "":
		lines = append(lines, "every session of the role that is older than the call ends, whoever has it")
	}
	return lines
}

func since(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return " since " + t.Format(time.DateOnly)
}

func lastUse(u *revoke.LastUse) string {
	if u == nil {
		return "never used, as far as IAM tells"
	}
	return fmt.Sprintf("last used %s (%s in %s): what uses it stops working", u.Time.Format("2006-01-02 15:04 MST"), u.Service, u.Region)
}

// Seen says where a credential leaked: nil where the record does not tell.
func Seen(r Record) *revoke.Seen {
	if len(r.Occurrences) == 0 {
		return nil
	}
	first := r.Occurrences[0]
	where := Value(first.Path)
	if where == "" {
		where = string(first.Where)
	}
	if first.Line > 0 {
		where += fmt.Sprintf(":%d", first.Line)
	}
	if repo := Value(r.Repository); repo != "" {
		where += " of " + repo
	}
	if n := len(r.Occurrences) - 1; n > 0 {
		where += fmt.Sprintf(" and %d more places", n)
	}
	return &revoke.Seen{Where: where, Since: Value(r.FirstSeen)}
}

var done = map[revoke.Action]string{
	revoke.Deactivate: "deactivated", revoke.Activate: "activated", revoke.Contain: "contained",
	revoke.Release: "contained no more", revoke.Delete: "deleted",
	revoke.Create: "created", revoke.Store: "stored",
}

// Result returns what became of one key, for people.
func Result(r revoke.Result) string {
	subject := r.KeyID
	if subject == "" {
		subject = "a key of user " + r.User // that has no ID yet
	}
	text := subject + ": "
	switch r.Outcome {
	case revoke.Verified:
		if r.Action == revoke.Store {
			return Printable(text + storedIn(r))
		}
		text += fmt.Sprintf("%s, and proven by %s after %.1f s: %s", done[r.Action], strings.ToUpper(string(r.Proof)), r.Seconds, r.Reason)
	case revoke.Requested:
		text += fmt.Sprintf("%s, as AWS says; the proof is still to come", done[r.Action])
		if r.Reason != "" {
			text = fmt.Sprintf("%s: %s, as AWS says, but %s", subject, done[r.Action], r.Reason)
		}
	case revoke.Failed:
		text += fmt.Sprintf("not %s: %s", done[r.Action], r.Reason)
	default:
		text += fmt.Sprintf("left alone: %s", r.Reason)
	}
	if r.Note != "" && r.Action != revoke.Store { // of which the reason tells where
		text += "; " + r.Note
	}
	return Printable(text)
}

func storedIn(r revoke.Result) string {
	if r.Proof == "" { // there is nothing to read back
		return "printed, and stored nowhere"
	}
	return fmt.Sprintf("stored in %s, and read back", r.Note)
}

// Undoing returns what is to be taken back, for people.
func Undoing(e revoke.Entry) string {
	what := fmt.Sprintf("%-11s %s", "ACTIVATE", e.KeyID)
	if e.Policy != nil {
		what = fmt.Sprintf("%-11s %s", "RELEASE", e.KeyID)
	}
	who := "user " + e.User
	if e.Policy != nil && e.Policy.Role != "" {
		who = "role " + e.Policy.Role
	}
	return Printable(fmt.Sprintf("%s, %s, account %s, %s %s", what, who, e.Account, done[e.Action], e.Time.Format("2006-01-02 15:04:05 MST")))
}

// Settled returns what AWS told of a call that a crash left open, for people.
func Settled(s revoke.Settled) string {
	became := map[revoke.EntryOutcome]string{
		revoke.Done: "was carried out", revoke.NotDone: "was not carried out", revoke.InDoubt: "cannot be told",
	}[s.Outcome]
	subject := s.Intent.KeyID
	if subject == "" {
		subject = "a key of user " + s.Intent.User
	}
	return Printable(fmt.Sprintf("%s: whether to %s it %s: %s", subject, s.Intent.Action, became, s.Seen))
}
