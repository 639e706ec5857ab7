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

// hitsIn places the matches, which are in order of their start, in their blob.
func hitsIn(b *Blob, matches []detectors.Match) []hit {
	if len(matches) == 0 {
		return nil
	}
	var object odb.ID
	if b.Object != nil {
		object = b.Object.ID()
	}
	var hits []hit
	line, lineStart, last := 1, 0, 0
	for _, m := range matches {
		passed := b.Data[last:m.At.Start]
		line += bytes.Count(passed, []byte("\n"))
		if i := bytes.LastIndexByte(passed, '\n'); i >= 0 {
			lineStart = last + i + 1
		}
		last = m.At.Start
		hits = append(hits, hit{match: m, at: Occurrence{
			Where:    b.where(m.At.Start),
			Object:   object,
			Member:   b.Member,
			Offset:   m.At.Start,
			Line:     line,
			Column:   m.At.Start - lineStart + 1,
			Encoding: m.Encoding,
			Place:    Place{Path: b.Path},
		}})
	}
	return hits
}

// where tells a commit's header from its message.
func (b *Blob) where(offset int) Where {
	if b.Where == InCommitMessage && offset < b.Header {
		return InCommitHeader
	}
	return b.Where
}
