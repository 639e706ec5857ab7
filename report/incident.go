package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/revokey-dev/revokey/revoke"
)

// IncidentSchema names the schema of an [Incident]. Fields may be added to it.
const IncidentSchema = "revokey.incident/v1"

// Incident is what is known of one key's leak and of what was done about it: from
// findings where it leaked, and from the journal who did what, and when. Null is
// what is not known.
type Incident struct {
	Schema  string               `json:"schema"`
	KeyID   string               `json:"key_id"`
	Account *string              `json:"account"`
	User    *string              `json:"user"`
	Finding *Record              `json:"finding"` // its places and its verdict when it was found
	Exposed Exposure             `json:"exposed"`
	Calls   []Call               `json:"calls"` // in the order in which they were made
	Journal *revoke.JournalCheck `json:"journal"`
	Trace   *revoke.Trace        `json:"trace"`
	MadeAt  time.Time            `json:"made_at"`
}

// Exposure is from when to when the key could be misused.
type Exposure struct {
	Since *time.Time `json:"since"` // it first came into the repository
	Until *time.Time `json:"until"` // it was proven off; null: not, or not any more
}

// Call is one call to AWS, and whether it was seen to take effect.
type Call struct {
	Action     revoke.Action       `json:"action"`
	Asked      time.Time           `json:"asked"`              // by our clock, as all times here
	Outcome    revoke.EntryOutcome `json:"outcome"`            // "" is that nothing is known: a crash came between
	Note       string              `json:"note,omitempty"`     // how the outcome was learnt, if not from the answer
	Error      string              `json:"error,omitempty"`    // why AWS did not do it
	RequestID  string              `json:"request_id"`         // AWS's
	Operator   string              `json:"operator"`           // ARN of who did it
	Role       string              `json:"role,omitempty"`     // ARN of the role that it was done as
	Policy     *revoke.Policy      `json:"policy,omitempty"`   // put or taken away
	Endpoint   string              `json:"endpoint,omitempty"` // if not AWS's own
	Proof      revoke.Proof        `json:"proof"`              // "" is that it was not proven
	ProvenAt   *time.Time          `json:"proven_at"`
	Seconds    float64             `json:"seconds"` // from the answer to the proof
	ProofsNote string              `json:"proofs_note,omitempty"`
}

// NewIncident puts together what the journal's entries, and the finding if there is
// one, tell of the key.
func NewIncident(keyID string, finding *Record, entries []revoke.Entry, now time.Time) Incident {
	in := Incident{Schema: IncidentSchema, KeyID: keyID, Finding: finding, Calls: []Call{}, MadeAt: now.UTC()}
	if finding != nil {
		in.Account, in.Exposed.Since = finding.Account, finding.FirstSeen
	}
	place := make(map[string]int) // of a call, by the ID that its entries share
	for _, e := range entries {
		if e.KeyID != keyID {
			continue
		}
		in.Account = nullable(e.Account)
		if e.User != "" {
			in.User = nullable(e.User)
		}
		i, known := place[e.ID]
		if !known {
			i = len(in.Calls)
			place[e.ID] = i
			in.Calls = append(in.Calls, Call{
				Action: e.Action, Asked: e.Time, Operator: e.Operator, Role: e.Role, Policy: e.Policy, Endpoint: e.Endpoint,
			})
		}
		in.Calls[i].learn(e)
	}
	in.Exposed.Until = in.off()
	return in
}

// learn takes in what an entry tells of the call.
func (c *Call) learn(e revoke.Entry) {
	switch e.Phase {
	case revoke.PhaseResult:
		c.Outcome, c.RequestID, c.Error, c.Note = e.Outcome, e.RequestID, e.Error, e.Note
	case revoke.PhaseProof:
		c.Proof, c.Seconds, c.ProofsNote = e.Proof, e.Seconds, e.Note
		if e.Proof != "" {
			c.ProvenAt = &e.Time
		}
	}
}

// off is when the key was last proven off, unless it was activated since.
func (in Incident) off() (until *time.Time) {
	for _, c := range in.Calls {
		switch {
		case c.Outcome != revoke.Done:
		case c.Action == revoke.Activate:
			until = nil
		case c.Action == revoke.Deactivate && c.ProvenAt != nil:
			until = c.ProvenAt
		}
	}
	return until
}

// WriteMarkdown writes the incident for people.
func (in Incident) WriteMarkdown(w io.Writer) error {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("# Leaked key %s\n", in.KeyID)
	line("- Account: %s", markdown(orUnknown(Value(in.Account))))
	line("- User: %s", markdown(orUnknown(Value(in.User))))
	line("- Exposed: since %s, until %s", moment(in.Exposed.Since), moment(in.Exposed.Until))
	if in.Journal != nil && in.Journal.Broken != "" {
		line("- **The journal is broken: %s**", markdown(in.Journal.Broken))
	} else if in.Journal != nil {
		line("- Journal: %d entries that follow from each other; hash of the last: `%s`", in.Journal.Entries, in.Journal.Head)
	}
	line("- Made: %s", in.MadeAt.Format(time.RFC3339))
	in.markdownPlaces(&b)
	line("\n## What was done\n")
	if len(in.Calls) == 0 {
		line("The journal has no call about it.")
	}
	for _, c := range in.Calls {
		c.markdown(&b)
	}
	if in.Trace != nil {
		line("\n## What was done with it\n\n```\n%s```", strings.ReplaceAll(Trace(*in.Trace, Style{}), "```", "'''"))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (in Incident) markdownPlaces(b *strings.Builder) {
	if in.Finding == nil {
		return
	}
	fmt.Fprintf(b, "- When it was found: %s\n\n## Where it leaked\n\n", markdown(strings.TrimSuffix(in.Finding.Verdict.Status.String()+": "+in.Finding.Verdict.Reason, ": ")))
	for _, o := range in.Finding.Occurrences {
		fmt.Fprintf(b, "- %s, line %d", markdown(Value(o.Path)), o.Line)
		if c := Value(o.Commit); c != "" {
			fmt.Fprintf(b, ", commit `%s`", markdown(c))
		}
		if a := Value(o.Author); a != "" {
			fmt.Fprintf(b, " by %s", markdown(a))
		}
		fmt.Fprintf(b, ", %s\n", moment(o.Time))
	}
}

func (c Call) markdown(b *strings.Builder) {
	outcome := map[revoke.EntryOutcome]string{revoke.Done: "done", revoke.NotDone: "not done", revoke.InDoubt: "in doubt", "": "in doubt"}[c.Outcome]
	fmt.Fprintf(b, "- %s: **%s**: %s, by %s", c.Asked.Format(time.RFC3339), markdown(string(c.Action)), outcome, markdown(c.Operator))
	if c.Role != "" {
		fmt.Fprintf(b, " as %s", markdown(c.Role))
	}
	if c.RequestID != "" {
		fmt.Fprintf(b, ", AWS request `%s`", markdown(c.RequestID))
	}
	for _, more := range []string{c.Error, c.Note} {
		if more != "" {
			fmt.Fprintf(b, "; %s", markdown(more))
		}
	}
	switch {
	case c.Proof != "":
		fmt.Fprintf(b, "; proven by %s after %.1f s: %s", markdown(strings.ToUpper(string(c.Proof))), c.Seconds, markdown(c.ProofsNote))
	case c.Outcome == revoke.Done:
		fmt.Fprintf(b, "; not proven: %s", markdown(c.ProofsNote))
	}
	b.WriteByte('\n')
}

// markdown is foreign text that can neither lead a terminal nor be Markdown.
func markdown(s string) string {
	s = Printable(s)
	for _, c := range []string{"`", "*", "_", "[", "]", "<", ">", "|", "#", "!"} {
		s = strings.ReplaceAll(s, c, `\`+c)
	}
	return s
}

func orUnknown(s string) string {
	if s == "" {
		return "not known"
	}
	return s
}

func moment(t *time.Time) string {
	if t == nil || t.IsZero() {
		return "not known"
	}
	return t.UTC().Format(time.RFC3339)
}
