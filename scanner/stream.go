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
// maxSize bytes; 0 is no limit: it is read in windows.
func NewStream(r io.Reader, maxSize int64) *Stream {
	return &Stream{r: r, maxSize: maxSize}
}

// Name returns "": a stream cannot be opened again.
func (s *Stream) Name() string { return "" }

// Parts returns the stream as one part.
func (s *Stream) Parts() []Part { return []Part{s.read} }

func (s *Stream) read(ctx context.Context, visit func(*Blob) error) ([]Skipped, error) {
	damage, err := eachWindow(s.r, s.maxSize, make([]byte, readerWindow), Blob{Where: InStdin}, unlessDone(ctx, visit))
	if damage != nil {
		err = fmt.Errorf("reading standard input: %w", damage)
	}
	return nil, err
}

// Locate returns nothing: a stream has no places but its lines.
func (s *Stream) Locate(context.Context, []odb.ID, int) (map[odb.ID][]Place, error) { return nil, nil }

// Remarks returns nothing.
func (s *Stream) Remarks() ([]Skipped, []string) { return nil, nil }
