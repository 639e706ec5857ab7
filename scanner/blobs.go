package scanner

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/revokey-dev/revokey/scanner/odb"
)

// placedBlob is a blob, or another object, with the places where it is known to stand.
type placedBlob struct {
	id     odb.ID
	places []Place
}

// maxPlaces is how many places of one blob are listed: trees that share subtrees can
// hold a blob at more paths than there are atoms.
const maxPlaces = 1000

// blobList is the blobs of a source that knows their places beforehand.
type blobList struct {
	blobs   []placedBlob
	numbers map[odb.ID]int
	cut     map[odb.ID]bool // those with more places than are listed
}

// add adds a place of a blob.
func (l *blobList) add(id odb.ID, at Place) {
	n, ok := l.numbers[id]
	if !ok {
		if l.numbers == nil {
			l.numbers = make(map[odb.ID]int)
		}
		n = len(l.blobs)
		l.numbers[id] = n
		l.blobs = append(l.blobs, placedBlob{id: id})
	}
	b := &l.blobs[n]
	if len(b.places) == maxPlaces {
		if l.cut == nil {
			l.cut = make(map[odb.ID]bool)
		}
		l.cut[id] = true
		return
	}
	b.places = append(b.places, at)
}

// blobsPerPart is how many blobs are one part.
const blobsPerPart = 32

// blobReader reads the blobs of a store, with as many readers as are at work.
type blobReader struct {
	store   *odb.Store
	readers chan *odb.Reader // idle ones
}

func newBlobReader(store *odb.Store) blobReader {
	return blobReader{store, make(chan *odb.Reader, 64)}
}

// parts returns parts that read the blobs.
func (r blobReader) parts(blobs []placedBlob) (parts []Part) {
	for some := range slices.Chunk(blobs, blobsPerPart) {
		parts = append(parts, func(ctx context.Context, visit func(*Blob) error) ([]Skipped, error) {
			return r.read(ctx, some, unlessDone(ctx, visit))
		})
	}
	return parts
}

func (r blobReader) read(ctx context.Context, blobs []placedBlob, visit func(*Blob) error) (skipped []Skipped, err error) {
	reader := r.take()
	defer r.leave(reader)
	for _, b := range blobs {
		if err := context.Cause(ctx); err != nil {
			return skipped, err
		}
		damage, err := reader.Visit(b.id, func(o *odb.Object) error {
			return visit(b.of(o))
		})
		if err != nil {
			return skipped, err
		}
		if damage != nil {
			skipped = append(skipped, b.skipped(damage))
		}
	}
	return skipped, nil
}

// of returns the object as the scanner wants it.
func (b placedBlob) of(o *odb.Object) *Blob {
	blob := Blob{Where: InBlob, Object: o, Data: o.Data, Window: o.Window, places: b.places}
	switch o.Type {
	case odb.Commit:
		blob.Where = InCommitMessage
		var rows commitRows
		blob.Header, blob.names = rows.add(o)
	case odb.Tag:
		blob.Where = InTagMessage
	}
	return &blob
}

// skipped tells why the blob was not read.
func (b placedBlob) skipped(damage error) Skipped {
	s := Skipped{What: "object " + b.id.String(), Reason: damage.Error()}
	if len(b.places) > 0 && b.places[0].Path != "" {
		s.What = fmt.Sprintf("%s (%s)", b.places[0].Path, s.What)
	}
	switch {
	case errors.Is(damage, odb.ErrTooLarge):
		s.Reason += " (--max-size raises it)"
	case errors.Is(damage, odb.ErrNotFound):
		s.Reason = "it is not in the object database: `git fsck` tells more, and in a partial clone `git fetch` may bring it"
	}
	return s
}

func (r blobReader) take() *odb.Reader {
	select {
	case reader := <-r.readers:
		return reader
	default:
		return r.store.NewReader()
	}
}

func (r blobReader) leave(reader *odb.Reader) {
	select {
	case r.readers <- reader:
	default:
	}
}

// reading returns the part that reads blobs, whose places do not matter.
func (r blobReader) reading(ids []odb.ID) Part {
	blobs := make([]placedBlob, len(ids))
	for i, id := range ids {
		blobs[i] = placedBlob{id: id}
	}
	return func(ctx context.Context, visit func(*Blob) error) ([]Skipped, error) {
		return r.read(ctx, blobs, visit)
	}
}
