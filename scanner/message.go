package scanner

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"regexp"

	"github.com/revokey-dev/revokey/scanner/odb"
)

// Message is a commit's message that is not committed yet, in the file that git gives to
// its hook commit-msg.
type Message struct {
	path string
	text []byte
}

var _ Source = (*Message)(nil)

// scissors is the line below which git puts the diff of `git commit --verbose`, which
// does not become a part of the message. Its first character is that of comments.
var scissors = regexp.MustCompile(`(?m)^.{1,8} -{24} >8 -{24}\r?$`)

// OpenMessage reads the message in a file, the comments that git will take out included,
// for with some settings it leaves them in. edited says that git gave the message to an
// editor: what a diff below the scissors shows is then left out. Without an editor git
// shows no diff, and what looks like one becomes a part of the message.
func OpenMessage(path string, edited bool) (*Message, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the commit's message: %w", err)
	}
	if at := scissors.FindIndex(text); edited && at != nil && bytes.Contains(text[at[1]:], []byte("\ndiff --")) {
		text = text[:at[0]]
	}
	return &Message{path, text}, nil
}

// Name returns "": the file is git's own, and will be gone.
func (m *Message) Name() string { return "" }

// Parts returns the message as one part.
func (m *Message) Parts() []Part {
	return []Part{func(ctx context.Context, visit func(*Blob) error) ([]Skipped, error) {
		return nil, unlessDone(ctx, visit)(&Blob{Where: InCommitMessage, Path: m.path, Data: m.text})
	}}
}

// Locate returns nothing: a message has no place but its lines.
func (m *Message) Locate(context.Context, []odb.ID, int) (map[odb.ID][]Place, error) { return nil, nil }

// Remarks returns nothing.
func (m *Message) Remarks() ([]Skipped, []string) { return nil, nil }
