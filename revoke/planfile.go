package revoke

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"
)

// ReadPlan reads a plan that was marshaled as JSON.
func ReadPlan(in io.Reader) (Plan, error) {
	var p Plan
	if err := json.NewDecoder(in).Decode(&p); err != nil {
		return p, fmt.Errorf("it is no plan: %w", err)
	}
	if p.Schema != PlanSchema {
		return p, fmt.Errorf("it is no plan: its schema is %q, not %q", p.Schema, PlanSchema)
	}
	return p, nil
}

// Targets returns the keys that the plan is about, without their secrets.
func (p Plan) Targets() []Target {
	var targets []Target
	for _, s := range p.Steps {
		t := Target{KeyID: s.KeyID, Name: s.Name, Account: s.Account, Seen: s.Seen}
		if s.KeyID == s.Name { // no ID was found for it
			t.KeyID = ""
		}
		targets = append(targets, t)
	}
	return unique(targets)
}

// Difference is what has changed between two plans for the same keys.
type Difference struct {
	// Blocking is what makes the older one a plan for another world: who acts, on
	// what, and how. Whoever agreed to it did not agree to the newer one.
	Blocking []string
	// Noted is what bears on the consequences only: a later use, an attached
	// quarantine, a key that is switched off already.
	Noted []string
}

// Since compares a newer plan with the one that was agreed to.
func (p Plan) Since(agreed Plan) Difference {
	var d Difference
	block := func(format string, args ...any) { d.Blocking = append(d.Blocking, fmt.Sprintf(format, args...)) }
	if p.Operator.ARN != agreed.Operator.ARN {
		block("it was made as %s, and you are %s", agreed.Operator.ARN, p.Operator.ARN)
	}
	if p.Endpoint != agreed.Endpoint {
		block("it was made at %s, and this is %s", place(agreed.Endpoint), place(p.Endpoint))
	}
	for _, was := range agreed.Steps {
		i := slices.IndexFunc(p.Steps, func(s Step) bool { return s.KeyID == was.KeyID && s.does() == was.does() })
		if i < 0 {
			block("%s: there is nothing to %s any more", was.KeyID, was.does())
			continue
		}
		d.step(was, p.Steps[i])
	}
	for _, is := range p.Steps {
		if !slices.ContainsFunc(agreed.Steps, func(s Step) bool { return s.KeyID == is.KeyID && s.does() == is.does() }) {
			block("%s: it was not to be %s", is.KeyID, is.does().done())
		}
	}
	return d
}

func (d *Difference) step(was, is Step) {
	block := func(what, before, after string) {
		if before != after {
			d.Blocking = append(d.Blocking, fmt.Sprintf("%s: its %s was %q, and is %q", was.KeyID, what, before, after))
		}
	}
	switch {
	case was.Refusal == "" && is.Done():
		d.Noted = append(d.Noted, fmt.Sprintf("%s: %s", is.KeyID, is.Refusal))
	case was.Refusal == "" && is.Refusal != "":
		d.Blocking = append(d.Blocking, fmt.Sprintf("%s: now it has to be left alone: %s", is.KeyID, is.Refusal))
	case was.Refusal != is.Refusal:
		block("refusal", was.Refusal, is.Refusal)
	default:
		block("account", was.Account, is.Account)
		block("user", was.User, is.User)
		block("creation", was.Created.UTC().Format(time.RFC3339), is.Created.UTC().Format(time.RFC3339))
		block("call", was.Call, is.Call)
		block("caller", was.By, is.By)
	}
	if is.LastUsed != nil && (was.LastUsed == nil || is.LastUsed.Time.After(was.LastUsed.Time)) {
		d.Noted = append(d.Noted, fmt.Sprintf("%s: it was used since: %s, %s in %s", is.KeyID, is.LastUsed.Time.Format(time.RFC3339), is.LastUsed.Service, is.LastUsed.Region))
	}
	if len(is.Quarantine) > len(was.Quarantine) {
		d.Noted = append(d.Noted, fmt.Sprintf("%s: AWS has quarantined its user since", is.KeyID))
	}
	if len(is.Siblings) != len(was.Siblings) {
		d.Noted = append(d.Noted, fmt.Sprintf("%s: its user had %d other keys, and has %d", is.KeyID, len(was.Siblings), len(is.Siblings)))
	}
}

// Done reports whether what the step was to bring about is there already.
func (s Step) Done() bool {
	if s.Refusal == "" {
		return false
	}
	switch s.does() {
	case Deactivate:
		return s.bySelf && s.Verdict.Status == NotAccepted || s.Verdict.Status == Inactive || s.Verdict.Status == Deleted
	case Delete:
		return s.Verdict.Status == Deleted
	}
	return s.Verdict.Status == Expired || s.contained
}
