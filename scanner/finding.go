package scanner

import (
	"time"

	"github.com/revokey-dev/revokey/detectors"
	"github.com/revokey-dev/revokey/scanner/odb"
)

// Finding is one credential with all the places where it was found.
type Finding struct {
	Kind         detectors.Kind
	Class        detectors.Class
	KeyID        string           // "" for a secret alone
	Secret       detectors.Secret // zero where only the key ID was found
	SessionToken detectors.Secret
	SMTPPassword detectors.Secret // of SES, made from the secret
	Account      string           // 12 digits; "" where neither the key ID nor its text tells it
	Claims       detectors.Claims // what it tells of itself, at the first place that tells anything
	Repository   string           // the source's name, from which its bytes can be read again
	Occurrences  []Occurrence
	FirstSeen    time.Time // when the earliest commit that brought it was made; zero: not known
	LastSeen     time.Time // when the latest commit that holds it was made
	AtHead       bool      // HEAD's tree still holds it

	// Candidates are secrets that may be the key ID's, if none was found with it, nearest
	// first, at most [MaxCandidates].
	Candidates []Candidate
}

// Where says what kind of thing an occurrence stands in. The words are a contract.
type Where string

// The kinds of places.
const (
	InBlob          Where = "blob"
	InCommitMessage Where = "commit-message"
	InCommitHeader  Where = "commit-header" // author, committer and what else stands before the message
	InTagMessage    Where = "tag-message"   // an annotated tag, its header included
	InFile          Where = "file"          // on disk
	InStdin         Where = "stdin"
)

// Occurrence is one place of a credential.
type Occurrence struct {
	Where    Where
	Object   odb.ID // zero where the bytes are not a git object
	Member   string // the path within the archive that the object or file is, as in package unpack; "" where it is not in one
	Offset   int    // bytes before it in the object, file, or member, of which Line and Column are too
	Line     int    // from 1
	Column   int    // in bytes, from 1
	Encoding []string
	Allow    Allow // the comment beside it that asks for silence
	Place
}

// Place is where in a history an object stands. The zero Place is that of an
// object that nothing names.
type Place struct {
	Path      string    // "" where it has none
	Commit    odb.ID    // that brought the object to the path; zero: none did
	Tag       string    // the name that an annotated tag gives itself
	Author    string    // of the commit or tag: NAME <MAIL>
	Time      time.Time // of the commit or tag; zero: not known
	LastSeen  time.Time // of the latest commit that holds it
	Reachable bool      // from a ref, HEAD or the index
	AtHead    bool

	// Refs are the names of refs that reach the commit, tag or object, the first
	// [MaxRefs] of them; branches come first, then tags. Reflogs are, where none does,
	// the names of refs whose reflog does.
	Refs     []string
	MoreRefs int // that are not named
	Reflogs  []string
}

// Skipped is something that was to be scanned and was not.
type Skipped struct {
	What   string // a path, an object name, a part of the history
	Reason string // and what to do about it
}

// Summary tells what a scan has read.
type Summary struct {
	Blobs        int64     // pieces of content: objects or files
	Bytes        int64     // decoded
	SkippedCount int64     // things that were not scanned
	Skipped      []Skipped // the first of them, at most [MaxSkipped]
	Notes        []string  // what the user should know, and which leaves nothing unscanned that could be

	unread int // of the notes, how many were to be of members of archives
}

// MaxSkipped is how many skipped things a summary names; the others it counts.
const MaxSkipped = 100

// Complete reports whether nothing was skipped.
func (s *Summary) Complete() bool { return s.SkippedCount == 0 }

// note notes what cannot be read: the first of it by name.
func (s *Summary) note(unread ...Skipped) {
	for _, u := range unread {
		if s.unread++; s.unread <= maxNoted {
			s.Notes = append(s.Notes, u.What+": "+u.Reason)
		}
	}
}

// join adds what another summary says was skipped or noted.
func (s *Summary) join(t *Summary) {
	s.skip(t.Skipped...)
	s.SkippedCount += t.SkippedCount - int64(len(t.Skipped))
	s.Notes = append(s.Notes, t.Notes[:min(len(t.Notes), max(0, maxNoted-s.unread))]...)
	s.unread += t.unread
}

func (s *Summary) skip(skipped ...Skipped) {
	s.SkippedCount += int64(len(skipped))
	room := MaxSkipped - len(s.Skipped)
	s.Skipped = append(s.Skipped, skipped[:min(room, len(skipped))]...)
}
