package scanner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/revokey-dev/revokey/detectors"
	"github.com/revokey-dev/revokey/scanner/odb"
	"github.com/revokey-dev/revokey/scanner/unpack"
)

// maxNoted is how many members of archives that cannot be read a scan names; the
// others it counts.
const maxNoted = 20

// mayHold reports whether the blob may be an archive. Whether what it is built on was
// one does not matter: an archive is always unpacked whole, and that its own bytes
// were quiet tells of its own bytes alone.
func (s *Scanner) mayHold(b *Blob) bool {
	return !s.opts.NoArchives && b.Where != InCommitMessage && b.Where != InTagMessage && unpack.Looks(b.Data)
}

// A sparse object holds as much of its start as tells an archive.
const _ = uint(odb.Edge - unpack.Head)

// unpack adds to the hits in the blob itself those in its members.
func (s *Scanner) unpack(ctx context.Context, b *Blob, hits []hit, r *result) ([]hit, error) {
	b.fill()
	echoes := make(map[echo]bool)
	skipped, err := unpack.Walk(ctx, b.Data, s.opts.Archives, func(m unpack.Member) error {
		inner := Blob{Where: b.Where, Object: b.Object, Path: b.Path, places: b.places, Member: m.Path, Data: m.Data}
		found := s.detect(&inner)
		for _, h := range found {
			echoes[echoOf(m.Archive, h.match)] = true
		}
		hits = append(hits, found...)
		return nil
	})
	r.addUnread(b, skipped)
	return slices.DeleteFunc(hits, func(h hit) bool { return echoes[echoOf(h.at.Member, h.match)] }), err
}

// echo is a credential in the bytes of an archive which is one of its members', for
// nothing, or not all, is compressed. The member's place is the one that helps.
type echo struct{ archive, keyID, secret string }

func echoOf(archive string, m detectors.Match) echo {
	if m.KeyID != "" {
		return echo{archive: archive, keyID: m.KeyID}
	}
	return echo{archive: archive, secret: m.Secret.SHA256()}
}

// addUnread notes what was not read of an archive. What a limit kept out makes the scan
// incomplete, for there is a way to have it read; what nobody can read is noted.
func (r *result) addUnread(b *Blob, skipped []unpack.Skipped) {
	for _, s := range skipped {
		unread := Skipped{What: b.name(), Reason: s.Err.Error()}
		if s.Path != "" {
			unread.Reason = "in it " + s.Path + ": " + unread.Reason
		}
		b.Unfinished = true
		if errors.Is(s.Err, unpack.ErrLimit) {
			unread.Reason += " (--max-archive-size, --max-size and --memory raise limits of size, --no-archives leaves archives closed)"
			r.lacks.skip(unread)
		} else {
			r.lacks.note(unread)
		}
	}
}

// name names the blob to the user.
func (b *Blob) name() string {
	if len(b.places) > 0 && b.places[0].Path != "" {
		return b.places[0].Path
	}
	if b.Object != nil {
		return "object " + b.Object.ID().String()
	}
	return cmp.Or(b.Path, "standard input")
}

// unpackWindow unpacks the blob that one window holds all of. One that takes several is
// never whole in memory, and is named if it looks like an archive.
func (s *Scanner) unpackWindow(ctx context.Context, b *Blob, r *result) error {
	if b.Window.Offset != 0 || !s.mayHold(b) {
		return nil
	}
	if b.Window.More {
		r.addUnread(b, []unpack.Skipped{{Err: errLargeArchive}})
		return nil
	}
	hits, err := s.unpack(ctx, b, slices.Clone(r.hits[r.windowed.first:]), r)
	r.hits = append(r.hits[:r.windowed.first], hits...)
	return err
}

// errLargeArchive is why an archive that is read piece by piece is not looked into.
var errLargeArchive = fmt.Errorf("%w: as an archive it is too large to be held; its own bytes were scanned", unpack.ErrLimit)

// recallLimits are those of a scan without any, but for memory: to find again what
// was found with limits that were raised.
func recallLimits() unpack.Limits {
	return unpack.Limits{Depth: -1, TotalSize: -1, Ratio: -1, Members: -1}
}
