package scanner

import (
	"context"

	"github.com/revokey-dev/revokey/scanner/odb"
	"github.com/revokey-dev/revokey/scanner/window"
)

// Source is somewhere that credentials can be: a history, files, standard input.
type Source interface {
	// Name is where the source can be opened again; "" where it cannot.
	Name() string

	// Parts returns the work, in an order that does not change. Several parts
	// may be read at a time, each once.
	Parts() []Part

	// Locate returns the places of each object, once all parts are read. An
	// object that nothing names has none. Objects come from the source's blobs.
	// workers is how many goroutines it may use.
	Locate(ctx context.Context, objects []odb.ID, workers int) (map[odb.ID][]Place, error)

	// Remarks returns what the source as a whole does not hold, or could not
	// read, and what else to tell the user, once all parts are read.
	Remarks() (skipped []Skipped, notes []string)
}

// Part is a piece of a source, read by one worker: it gives visit its blobs one
// after the other and returns what it could not read, and visit's first error
// or that of ctx, which ends it.
type Part func(ctx context.Context, visit func(*Blob) error) ([]Skipped, error)

// Blob is a piece of content.
type Blob struct {
	Where  Where
	Object *odb.Object // nil where it is not a git object
	Path   string      // of a file on disk, relative to the source
	Member string      // its path in the archive that the object or file is; "" where it is not in one
	Data   []byte      // valid until visit returns
	Header int         // bytes at the start of Data that are a commit's header

	Window *window.Window // set where Data is a window: what is large comes in one after the other

	places []Place // where it stands, if its source knows before it is read

	names int // bytes at the start of Data that are names of git objects, in hexadecimal

	// As in [odb.Object], sparse too: the regions that are new, nil for all; whether the base of
	// the others was quiet, and whether this blob is.
	Dirty            []odb.Span
	BaseClean, Clean bool

	// Unfinished is set by visit where it could not look at all of the blob.
	Unfinished bool
}

// fill makes Data whole, where it is a sparse object's.
func (b *Blob) fill() {
	if b.Object != nil {
		b.Object.Fill()
	}
}

// offset returns where Data starts in what it is a window of.
func (b *Blob) offset() int {
	if b.Window == nil {
		return 0
	}
	return int(b.Window.Offset)
}
