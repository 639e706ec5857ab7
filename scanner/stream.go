package scanner

import (
	"context"
	"fmt"
	"io"

	"github.com/revokey-dev/revokey/scanner/odb"
)

// Stream is one stream of bytes, standard input mostly.
type Stream struct {
	r       io.Reader
	maxSize int64
}

var _ Source = (*Stream)(nil)

// NewStream returns the source of what r gives, which may be no more than
// maxSize bytes; 0 means [odb.DefaultMaxSize].
func NewStream(r io.Reader, maxSize int64) *Stream {
	if maxSize == 0 {
		maxSize = odb.DefaultMaxSize
	}
	return &Stream{r: r, maxSize: maxSize}
}

// Name returns "": a stream cannot be opened again.
func (s *Stream) Name() string { return "" }

// Parts returns the stream as one part.
func (s *Stream) Parts() []Part { return []Part{s.read} }

func (s *Stream) read(_ context.Context, visit func(*Blob) error) ([]Skipped, error) {
	data, err := readLimited(s.r, s.maxSize)
	if err != nil {
		return nil, fmt.Errorf("reading standard input: %w", err)
	}
	return nil, visit(&Blob{Where: InStdin, Data: data})
}

// Locate returns nothing: a stream has no places but its lines.
func (s *Stream) Locate(context.Context, []odb.ID, int) (map[odb.ID][]Place, error) { return nil, nil }

// Remarks returns nothing.
func (s *Stream) Remarks() ([]Skipped, []string) { return nil, nil }
