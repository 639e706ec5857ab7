package revoke

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"time"
)

// Undoable returns the results of what was carried out, can be undone, and was not
// undone since, oldest first: what [Revoker.Undo] goes by.
func (j *Journal) Undoable() []Entry {
	var left []Entry
	for _, e := range j.Entries() {
		if e.Phase != PhaseResult || e.Outcome != Done {
			continue
		}
		left = slices.DeleteFunc(left, e.supersedes)
		if e.Action.undoes() != "" {
			left = append(left, e)
		}
	}
	return left
}

// LastRun returns what is undoable of the last run that did something undoable.
func (j *Journal) LastRun() []Entry {
	left := j.Undoable()
	if len(left) == 0 {
		return nil
	}
	run := left[len(left)-1].Run
	return slices.DeleteFunc(left, func(e Entry) bool { return e.Run != run })
}

// supersedes reports whether what e tells leaves nothing of d to undo: it was done
// again or undone, or its key is gone.
func (e Entry) supersedes(d Entry) bool {
	if d.KeyID != e.KeyID || d.Endpoint != e.Endpoint {
		return false
	}
	return e.Action == d.Action || e.Action == d.Action.undoes() || e.Action == Delete && d.Action == Deactivate
}

// Unfinished returns the intents of which the journal does not say what became of
// them, oldest first: a crash came between, or AWS was not heard.
func (j *Journal) Unfinished() []Entry {
	var left []Entry
	for _, e := range j.Entries() {
		switch {
		case e.Phase == PhaseIntent:
			left = append(left, e)
		case e.Phase == PhaseResult && e.Outcome != InDoubt: // and a later call that was carried out settles the earlier ones
			left = slices.DeleteFunc(left, func(i Entry) bool {
				return i.ID == e.ID || i.KeyID == e.KeyID && i.Endpoint == e.Endpoint && e.Outcome == Done && (i.Action == e.Action || e.supersedes(i))
			})
		}
	}
	return left
}

// Interrupted returns the begins of the runs that neither ended nor were taken
// over by another, oldest first.
func (j *Journal) Interrupted() []Entry {
	var open []Entry
	for _, e := range j.Entries() {
		switch e.Phase {
		case PhaseBegin:
			open = slices.DeleteFunc(open, func(b Entry) bool { return slices.Contains(e.Resumes, b.ID) })
			open = append(open, e)
		case PhaseEnd:
			open = slices.DeleteFunc(open, func(b Entry) bool { return b.ID == e.ID })
		}
	}
	return open
}

// of returns what the journal tells of the key, oldest first: its calls, and the
// runs that meant to make them.
func (j *Journal) of(keyID string) []Entry {
	return slices.DeleteFunc(j.Entries(), func(e Entry) bool { return e.KeyID != keyID })
}

// lastDone returns the last result that tells of the action, carried out, for the
// key, and whether there is one that nothing superseded since.
func (j *Journal) lastDone(keyID, endpoint string, action Action) (Entry, bool) {
	for _, e := range slices.Backward(j.Undoable()) {
		if e.KeyID == keyID && e.Endpoint == endpoint && e.Action == action {
			return e, true
		}
	}
	return Entry{}, false
}

// JournalCheck is what a look at a journal came to.
type JournalCheck struct {
	Path     string    `json:"path"`
	Entries  int       `json:"entries"`  // that are whole and follow from each other
	Unlinked int       `json:"unlinked"` // of these, older ones without a hash
	Head     string    `json:"head"`     // hash of the last: noted elsewhere, it shows that nothing was cut off since
	Torn     int       `json:"torn"`     // bytes of an unfinished last line, as a crash leaves it
	Last     time.Time `json:"last,omitzero"`
	Broken   string    `json:"broken,omitempty"` // what is wrong with the first line that is
}

// CheckJournal reads the journal and follows its chain of hashes. It neither
// changes nor locks it, so that a running revokey's last line may count as torn.
func CheckJournal(path string) (JournalCheck, error) {
	_, check, err := ReadJournal(path)
	return check, err
}

// ReadJournal is [CheckJournal] that also returns the entries, oldest first, as far
// as they are whole and follow from each other.
func ReadJournal(path string) ([]Entry, JournalCheck, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, JournalCheck{}, fmt.Errorf("reading journal: %w", err)
	}
	whole := data[:bytes.LastIndexByte(data, '\n')+1]
	c, err := readChain(whole)
	check := JournalCheck{Path: path, Entries: len(c.entries), Head: c.head, Torn: len(data) - len(whole)}
	for _, e := range c.entries {
		if e.Prev == "" {
			check.Unlinked++
		}
		check.Last = e.Time
	}
	switch {
	case err != nil:
		check.Broken = err.Error()
	case len(c.entries) == 0 && !begins(data):
		check.Broken = "it is no journal"
	}
	return c.entries, check, nil
}
