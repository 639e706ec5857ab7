package revoke

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/gofrs/flock"
)

// Action is what was done to a key.
type Action string

// The actions.
const (
	Deactivate Action = "deactivate"
	Activate   Action = "activate"
)

func (a Action) status() types.StatusType {
	if a == Activate {
		return types.StatusTypeActive
	}
	return types.StatusTypeInactive
}

// Phase is which side of the call an entry stands on.
type Phase string

// The phases.
const (
	PhaseIntent Phase = "intent" // written before the call
	PhaseResult Phase = "result" // written after it
)

// EntryOutcome is what a result says of its call.
type EntryOutcome string

// The outcomes of a call.
const (
	Done    EntryOutcome = "done"     // AWS took it
	NotDone EntryOutcome = "not-done" // AWS refused it
	InDoubt EntryOutcome = "in-doubt" // AWS was not heard: it may have taken it
)

// Entry is one line of the journal. An intent and its result share an ID. No
// field holds a secret.
type Entry struct {
	ID        string       `json:"id"`
	Time      time.Time    `json:"time"`
	KeyID     string       `json:"key_id"`
	Account   string       `json:"account"`
	User      string       `json:"user"`
	Action    Action       `json:"action"`
	Phase     Phase        `json:"phase"`
	Outcome   EntryOutcome `json:"outcome,omitempty"` // of a result
	RequestID string       `json:"request_id,omitempty"`
	Error     string       `json:"error,omitempty"`
	Operator  string       `json:"operator"`           // ARN
	Role      string       `json:"role,omitempty"`     // ARN of the role that the operator assumed for it
	Endpoint  string       `json:"endpoint,omitempty"` // if not AWS's own
}

func newEntryID() string {
	var id [8]byte
	rand.Read(id[:]) // never fails: crypto/rand's own promise
	return hex.EncodeToString(id[:])
}

// Journal is an append-only file of JSON lines, one [Entry] each, held by one
// process at a time. It is safe for concurrent use.
type Journal struct {
	path string
	lock *flock.Flock

	mu      sync.Mutex
	file    *os.File
	size    int64 // of the whole lines
	torn    int64 // bytes after them that were dropped
	entries []Entry
}

// DefaultJournalPath is revokey/journal.jsonl in XDG_STATE_HOME, or in
// ~/.local/state where that is not set to an absolute path.
func DefaultJournalPath() (string, error) {
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "revokey", "journal.jsonl"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("locating the journal: %w: pass --journal", err)
	}
	return filepath.Join(home, ".local", "state", "revokey", "journal.jsonl"), nil
}

// OpenJournal opens the journal, made with its directories if it is new, for
// this process alone; the lock is a file beside it. A line that is broken is
// refused by its number. An unfinished last line is what a crash leaves: no call
// followed it, so that it is dropped, and [Journal.Torn] tells. The caller closes
// the journal.
func OpenJournal(path string) (*Journal, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("opening journal: %w", err)
	}
	j := &Journal{path: path, lock: flock.New(path+".lock", flock.SetPermissions(0o600))}
	switch held, err := j.lock.TryLock(); {
	case err != nil:
		return nil, fmt.Errorf("locking journal %q: %w", path, err)
	case !held:
		return nil, fmt.Errorf("journal %q is in use by another revokey: wait for it to end, or pass --journal", path)
	}
	if err := j.open(); err != nil {
		return nil, errors.Join(fmt.Errorf("opening journal: %w", err), j.Close())
	}
	return j, nil
}

func (j *Journal) open() (err error) {
	if j.file, err = os.OpenFile(j.path, os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return err
	}
	data, err := io.ReadAll(j.file)
	if err != nil {
		return err
	}
	whole := data[:bytes.LastIndexByte(data, '\n')+1]
	if j.entries, err = parseEntries(whole); err != nil {
		return fmt.Errorf("%q: %w", j.path, err)
	}
	j.size, j.torn = int64(len(whole)), int64(len(data)-len(whole))
	return errors.Join(j.file.Truncate(j.size), syncDir(filepath.Dir(j.path)))
}

func parseEntries(data []byte) ([]Entry, error) {
	var entries []Entry
	n := 0
	for line := range bytes.Lines(data) {
		n++
		var e Entry
		if err := json.Unmarshal(line, &e); err != nil {
			return nil, fmt.Errorf("line %d is broken: %w: repair it, or pass another --journal", n, err)
		}
		if e.ID == "" || e.KeyID == "" || e.Action == "" || e.Phase == "" {
			return nil, fmt.Errorf("line %d is no entry: id, key_id, action and phase are needed: repair it, or pass another --journal", n)
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// Torn returns how many bytes of an unfinished last line were dropped on opening.
func (j *Journal) Torn() int64 { return j.torn }

// Append writes e, and returns once it is on disk. After an error the file holds
// what it held before.
func (j *Journal) Append(e Entry) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	line, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("writing journal: %w", err)
	}
	line = append(line, '\n')
	if err := j.write(line); err != nil {
		_ = j.file.Truncate(j.size) // else what was written of it would be a torn line
		return fmt.Errorf("writing journal: %w", err)
	}
	j.size += int64(len(line))
	j.entries = append(j.entries, e)
	return nil
}

func (j *Journal) write(line []byte) error {
	if _, err := j.file.WriteAt(line, j.size); err != nil {
		return err
	}
	return j.file.Sync()
}

// Entries returns all entries, oldest first. The slice is the caller's.
func (j *Journal) Entries() []Entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.entries)
}

// Undoable returns the results of the deactivations that were carried out and not
// undone since, oldest first: what [Revoker.Undo] goes by.
func (j *Journal) Undoable() []Entry {
	var left []Entry
	for _, e := range j.Entries() {
		if e.Phase != PhaseResult || e.Outcome != Done {
			continue
		}
		left = slices.DeleteFunc(left, func(d Entry) bool { return d.KeyID == e.KeyID && d.Endpoint == e.Endpoint })
		if e.Action == Deactivate {
			left = append(left, e)
		}
	}
	return left
}

// Unfinished returns the intents of which the journal does not say what became of
// them, oldest first: a crash came between, or AWS was not heard.
func (j *Journal) Unfinished() []Entry {
	var left []Entry
	for _, e := range j.Entries() {
		switch {
		case e.Phase == PhaseIntent:
			left = append(left, e)
		case e.Outcome != InDoubt: // and a later call that was carried out settles the earlier ones
			left = slices.DeleteFunc(left, func(i Entry) bool {
				return i.ID == e.ID || i.KeyID == e.KeyID && e.Outcome == Done
			})
		}
	}
	return left
}

// Close ends the journal and lets go of its lock. The lock file stays: were it
// removed, two processes could hold two of them.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	var err error
	if j.file != nil {
		err = j.file.Close()
	}
	return errors.Join(err, j.lock.Close())
}

// syncDir makes a new file's name last through a crash of the machine. Windows
// has no such call.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
