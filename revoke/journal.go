package revoke

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"
)

// Phase is what an entry tells of. A run begins with the steps that it means to
// take and ends when all of them were taken and looked at; a call stands between
// its intent and its result.
type Phase string

// The phases.
const (
	PhaseBegin  Phase = "begin"  // written before the first call of a run
	PhaseIntent Phase = "intent" // written before a call
	PhaseResult Phase = "result" // written after it, or when [Revoker.Resume] learnt it
	PhaseProof  Phase = "proof"  // written when it was looked whether it took effect
	PhaseEnd    Phase = "end"    // written when a run is over
)

// EntryOutcome is what a result says of its call.
type EntryOutcome string

// The outcomes of a call.
const (
	Done    EntryOutcome = "done"     // AWS took it
	NotDone EntryOutcome = "not-done" // AWS refused it
	InDoubt EntryOutcome = "in-doubt" // AWS was not heard: it may have taken it
)

// Entry is one line of the journal. An intent, its result and its proof share an
// ID; the begin and the end of a run share the run's. No field holds a secret.
type Entry struct {
	ID        string       `json:"id"`
	Run       string       `json:"run,omitempty"` // that a call belongs to
	Time      time.Time    `json:"time"`
	AWSTime   time.Time    `json:"aws_time,omitzero"` // of a result: by AWS's clock, as Time is by ours
	KeyID     string       `json:"key_id,omitempty"`
	Account   string       `json:"account,omitempty"`
	User      string       `json:"user,omitempty"`
	Action    Action       `json:"action,omitempty"`
	Phase     Phase        `json:"phase"`
	Outcome   EntryOutcome `json:"outcome,omitempty"` // of a result
	RequestID string       `json:"request_id,omitempty"`
	Error     string       `json:"error,omitempty"`
	Note      string       `json:"note,omitempty"`     // how a result was learnt, or what a proof rests on
	Proof     Proof        `json:"proof,omitempty"`    // of a proof; "" is that it was not proven
	Seconds   float64      `json:"seconds,omitempty"`  // of a proof, since AWS took the call
	Operator  string       `json:"operator"`           // ARN
	Role      string       `json:"role,omitempty"`     // ARN of the role that the operator assumed for it
	Endpoint  string       `json:"endpoint,omitempty"` // if not AWS's own
	Policy    *Policy      `json:"policy,omitempty"`   // put or taken away
	Service   string       `json:"service,omitempty"`  // of a service-specific credential
	Steps     []Planned    `json:"steps,omitempty"`    // of a begin
	Aim       *Aim         `json:"aim,omitempty"`      // of a begin, unless it takes back
	Resumes   []string     `json:"resumes,omitempty"`  // of a begin: the runs that it takes over
	Rotation  *RotationAim `json:"rotation,omitempty"` // of the begin of a rotation
	Store     *Destination `json:"store,omitempty"`    // where a new key's secret goes
	Before    []string     `json:"before,omitempty"`   // of a creation: the keys that the user had
	Prev      string       `json:"prev,omitempty"`     // SHA-256 of the line before, in hex
}

// Planned is what a run means to do to one key.
type Planned struct {
	KeyID   string `json:"key_id"`
	Account string `json:"account,omitempty"`
	Action  Action `json:"action"`

	refused bool // nothing is done
}

// valid reports whether the entry says what it is about.
func (e Entry) valid() bool {
	call := e.Phase != PhaseBegin && e.Phase != PhaseEnd
	about := e.KeyID != "" || e.Action == Create && e.User != "" // whose key has no ID yet
	return e.ID != "" && e.Phase != "" && (!call || about && e.Action != "")
}

func newEntryID() string {
	var id [8]byte
	rand.Read(id[:]) // never fails: crypto/rand's own promise
	return hex.EncodeToString(id[:])
}

// Journal is an append-only file of JSON lines, one [Entry] each, held by one
// process at a time. Each line holds the hash of the one before, so that none can
// be changed, put in or taken out unseen but at the end. It is safe for concurrent
// use.
type Journal struct {
	path string
	lock *flock.Flock

	mu   sync.Mutex
	file *os.File
	size int64 // of the whole lines
	torn int64 // bytes after them that were dropped
	chain
}

// chain is the entries so far, and the hash of the last line.
type chain struct {
	entries []Entry
	head    string
}

// link adds a line to the chain, if it holds.
func (c *chain) link(line []byte) error {
	var e Entry
	if err := json.Unmarshal(line, &e); err != nil {
		return fmt.Errorf("is broken: %w", err)
	}
	n := len(c.entries)
	linked := n > 0 && c.entries[n-1].Prev != ""
	switch {
	case !e.valid():
		return errors.New("is no entry: id, key_id, action and phase are needed")
	case e.Prev == "" && linked, e.Prev != "" && e.Prev != c.next():
		return errors.New("does not follow from the line before, by its hash: the journal was altered")
	}
	c.entries, c.head = append(c.entries, e), hashOf(line)
	return nil
}

// next is what the next line has to name: the last line's hash, and zeros where
// there is none, so that a journal that was begun with hashes shows it.
func (c *chain) next() string {
	if c.head == "" {
		return strings.Repeat("0", 2*sha256.Size)
	}
	return c.head
}

// hashOf is the hash of a line, by which the next one names it.
func hashOf(line []byte) string {
	sum := sha256.Sum256(bytes.TrimSuffix(line, []byte("\n")))
	return hex.EncodeToString(sum[:])
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
// this process alone; the lock is a file beside it. A line that is broken, or does
// not follow from the one before, is refused by its number. An unfinished last line is what a crash leaves: no call
// followed it, so that it is dropped, and [Journal.Torn] tells. The caller closes
// the journal.
func OpenJournal(path string) (*Journal, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("opening journal: %w", err)
	}
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target // one journal has one lock, by whatever name
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
	if j.chain, err = readChain(whole); err != nil {
		return fmt.Errorf("%q: %w: repair it, or pass another --journal", j.path, err)
	}
	if len(j.entries) == 0 && !begins(data) {
		return fmt.Errorf("%q is no journal: pass another --journal", j.path)
	}
	j.size, j.torn = int64(len(whole)), int64(len(data)-len(whole))
	return errors.Join(j.file.Truncate(j.size), syncDir(filepath.Dir(j.path)))
}

// begins reports whether a crash may have left the text of a first line: the begin of
// one, or the zeros of a page that was never written.
func begins(text []byte) bool {
	const first = `{"id":"`
	n := min(len(text), len(first))
	return string(text[:n]) == first[:n] || len(bytes.Trim(text, "\x00")) == 0
}

// readChain reads whole lines. Its error names the first that is broken.
func readChain(data []byte) (chain, error) {
	var c chain
	n := 0
	for line := range bytes.Lines(data) {
		n++
		if err := c.link(line); err != nil {
			return c, fmt.Errorf("line %d %w", n, err)
		}
	}
	return c, nil
}

// Torn returns how many bytes of an unfinished last line were dropped on opening.
func (j *Journal) Torn() int64 { return j.torn }

// Append writes e, and returns once it is on disk. After an error the file holds
// what it held before.
func (j *Journal) Append(e Entry) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if !e.valid() {
		return errors.New("writing journal: it is no entry: id, key_id, action and phase are needed")
	}
	e.Prev = j.next()
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
	j.entries, j.head = append(j.entries, e), hashOf(line)
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
