package scanner

import (
	"bytes"

	"github.com/revokey-dev/revokey/detectors"
	"github.com/revokey-dev/revokey/scanner/odb"
)

// hit is a match and where it was met.
type hit struct {
	match detectors.Match
	at    Occurrence
}

// position is a place in a blob.
type position struct {
	line      int // from 1
	lineStart int // the offset in the blob of the line's first byte
}

// after returns the position behind text, which stands there, at an offset.
func (p position) after(text []byte, offset int) position {
	p.line += bytes.Count(text, []byte("\n"))
	if i := bytes.LastIndexByte(text, '\n'); i >= 0 {
		p.lineStart = offset + i + 1
	}
	return p
}

// beginning returns the position of a blob's first byte.
func beginning() position { return position{line: 1} }

// hitsIn places the matches, which are in order of their start, in their blob, whose
// Data starts at the position.
func hitsIn(b *Blob, at position, matches []detectors.Match) []hit {
	if len(matches) == 0 {
		return nil
	}
	var object odb.ID
	if b.Object != nil {
		object = b.Object.ID()
	}
	var hits []hit
	start, last := b.offset(), 0
	for _, m := range matches {
		at = at.after(b.Data[last:m.At.Start], start+last)
		last = m.At.Start
		for _, place := range b.placed() {
			hits = append(hits, hit{match: m, at: Occurrence{
				Where:    b.where(m.At.Start),
				Object:   object,
				Member:   b.Member,
				Offset:   start + last,
				Line:     at.line,
				Column:   start + last - at.lineStart + 1,
				Encoding: m.Encoding,
				Allow:    allowFor(b.Data, m),
				Place:    place,
			}})
		}
	}
	return hits
}

// placed returns the places of the blob that are known yet.
func (b *Blob) placed() []Place {
	if b.places == nil {
		return []Place{{Path: b.Path}}
	}
	return b.places
}

// where tells a commit's header from its message.
func (b *Blob) where(offset int) Where {
	if b.Where == InCommitMessage && offset < b.Header {
		return InCommitHeader
	}
	return b.Where
}
