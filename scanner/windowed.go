package scanner

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"math"
	"slices"

	"github.com/revokey-dev/revokey/detectors"
	"github.com/revokey-dev/revokey/scanner/window"
)

// windowed is what is kept of a blob from one window to the next.
type windowed struct {
	first int      // of its hits among those of the part
	at    position // of the next window
}

// lookInWindow adds what is in a window to the result. Each window but the last is cut
// where nothing belongs together: what stands before the cut is found in this window,
// which goes on behind it, and the next one starts there.
func (s *Scanner) lookInWindow(b *Blob, r *result) {
	if b.Window.Offset == 0 {
		r.windowed = windowed{first: len(r.hits), at: beginning()}
	}
	matches := s.matches(b.Data)
	end := len(b.Data)
	if b.Window.More {
		end, matches = s.cut(b.Data, matches)
	}
	b.Window.Again = len(b.Data) - end
	at := r.windowed.at
	r.hits = append(r.hits, hitsIn(b, at, matches)...)
	r.windowed.at = at.after(b.Data[:end], b.offset())
	r.bytes += int64(end)
	if !b.Window.More {
		r.blobs++
		r.hits = append(r.hits[:r.windowed.first], settled(r.hits[r.windowed.first:])...)
	}
}

// matches returns what all detectors find, in order.
func (s *Scanner) matches(data []byte) []detectors.Match {
	var matches []detectors.Match
	for _, d := range s.detectors {
		if !d.Quiet(data) {
			matches = append(matches, d.Detect(data)...)
		}
	}
	slices.SortStableFunc(matches, func(a, b detectors.Match) int { return cmp.Compare(a.At.Start, b.At.Start) })
	return matches
}

// calm is how many bytes without any part of a match are enough to cut: half of them
// are more than lies between the parts of one credential, with a session token.
const calm = 16 << 10

// cut returns where to end a window, and the matches before that: in the middle of the
// last calm of its overlap. Where there is none, all is full of credentials, or of what
// looks like secrets.
func (s *Scanner) cut(data []byte, matches []detectors.Match) (int, []detectors.Match) {
	for at := len(data) - calm; at >= max(0, len(data)-window.Overlap); at -= calm / 2 {
		if s.quiet(data[at : at+calm]) {
			return at + calm/2, before(matches, at+calm/2)
		}
	}
	middle := max(1, len(data)-window.Overlap/2)
	near := matches[len(before(matches, middle-calm)):]
	if end := lineEnd(data, middle); len(near) == 0 && end <= len(data)-calm/2 {
		return end, matches // all of them stand before; of a pair that is not seen yet both halves stand behind
	}
	if end, matches := s.cutLine(data, middle, near); end > 0 {
		return end, matches
	}
	end := cutBehind(near, middle)
	return end, before(matches, end)
}

func (s *Scanner) quiet(data []byte) bool {
	return !slices.ContainsFunc(s.detectors, func(d detectors.Detector) bool { return !d.Quiet(data) })
}

// before returns the matches before an offset.
func before(matches []detectors.Match, offset int) []detectors.Match {
	n, _ := slices.BinarySearchFunc(matches, offset, func(m detectors.Match, at int) int { return cmp.Compare(m.At.Start, at) })
	return matches[:n]
}

// tried is how many ends of lines are tried, at least.
const tried = 4

// cutLine returns the end of a line behind the middle of the overlap at which a window
// is best cut, and what is found before it; 0 where no line ends. Key IDs and secrets
// in turn, with nothing that names them, can be paired in two ways, and what stands at
// either end of a window decides: so a few ends are tried, for one that leaves nothing
// alone, and rather goes through no match of the whole window.
func (s *Scanner) cutLine(data []byte, middle int, near []detectors.Match) (best int, found []detectors.Match) {
	least := math.MaxInt
	for n, end := 1, lineEnd(data, middle); end <= len(data)-calm/2; n, end = n+1, lineEnd(data, end) {
		through := goesThrough(near, end)
		if n > tried && through {
			continue
		}
		matches := s.matches(data[:end])
		cost := 2 * alone(matches)
		if through {
			cost++
		}
		if cost < least {
			best, found, least = end, matches, cost
		}
		if n >= tried && !through {
			break
		}
	}
	return best, found
}

// alone counts the matches that are half a credential.
func alone(matches []detectors.Match) int {
	n := 0
	for _, m := range matches {
		if m.KeyID == "" || m.Secret.IsZero() {
			n++
		}
	}
	return n
}

// cutBehind returns the first place from middle on that parts no match.
func cutBehind(matches []detectors.Match, middle int) int {
	cut := middle
	for _, m := range matches {
		if start, end := extent(m); start < cut && cut < end {
			cut = end
		}
	}
	return cut
}

// lineEnd returns where the line that holds data[at] ends.
func lineEnd(data []byte, at int) int {
	i := bytes.IndexByte(data[at:], '\n')
	if i < 0 {
		return len(data)
	}
	return at + i + 1
}

// goesThrough reports whether a cut goes through a match.
func goesThrough(matches []detectors.Match, cut int) bool {
	return slices.ContainsFunc(matches, func(m detectors.Match) bool {
		start, end := extent(m)
		return start < cut && cut < end
	})
}

// extent returns the bounds of a match with those of its parts that stand near: a key
// ID that stands twice may have its secret where it stands first.
func extent(m detectors.Match) (start, end int) {
	start, end = m.At.Start, m.At.End
	for _, s := range []detectors.Span{m.SecretAt, m.SessionTokenAt} {
		if s.End > 0 && s.Start-m.At.End < calm/2 && m.At.Start-s.End < calm/2 {
			start, end = min(start, s.Start), max(end, s.End)
		}
	}
	return start, end
}

// settled holds for all windows of a blob what [detectors.Match] says of one piece of
// data: a key ID that has its secret once has it everywhere, and a secret that stands
// again without its key ID is no match.
func settled(hits []hit) []hit {
	secrets, tokens, paired := make(map[string]detectors.Secret), make(map[string]detectors.Secret), make(map[string]bool)
	for _, h := range hits {
		note(secrets, h.match.KeyID, h.match.Secret)
		note(tokens, h.match.KeyID, h.match.SessionToken)
		if h.match.KeyID != "" {
			paired[h.match.Secret.SHA256()] = true
		}
	}
	hits = slices.DeleteFunc(hits, func(h hit) bool { return h.match.KeyID == "" && paired[h.match.Secret.SHA256()] })
	for i := range hits {
		if m := &hits[i].match; m.KeyID != "" {
			m.Secret, m.SessionToken = cmp.Or(m.Secret, secrets[m.KeyID]), cmp.Or(m.SessionToken, tokens[m.KeyID])
		}
	}
	return hits
}

// note notes the first secret of a key ID.
func note(of map[string]detectors.Secret, keyID string, s detectors.Secret) {
	if _, ok := of[keyID]; !ok && keyID != "" && !s.IsZero() {
		of[keyID] = s
	}
}

// readerWindow is how many bytes are held of what is no git object.
const readerWindow = 16 << 20

// eachWindow reads r, at most limit bytes, 0 for all, and gives visit what it holds as
// as is, in windows that fill buf. damage is why it was not read to its end, err is
// visit's error.
func eachWindow(r io.Reader, limit int64, buf []byte, as Blob, visit func(*Blob) error) (damage, err error) {
	if limit == 0 {
		limit = math.MaxInt64
	}
	return window.Each(&limited{r, limit}, buf, func(w *window.Window) error {
		b := as
		b.Data, b.Window = w.Data, w
		return visit(&b)
	})
}

// unlessDone returns visit, but for a ctx that is done.
func unlessDone(ctx context.Context, visit func(*Blob) error) func(*Blob) error {
	return func(b *Blob) error {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		return visit(b)
	}
}

// errTooLarge is the reason for a file, or an input, over the limit.
var errTooLarge = errors.New("larger than the limit (--max-size raises it)")

// limited reads no more than it may, and then ends in [errTooLarge].
type limited struct {
	r    io.Reader
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return n, errTooLarge
	}
	return n, err
}
