package scanner

import (
	"context"
	"fmt"
	"runtime"

	"github.com/sourcegraph/conc/stream"

	"github.com/revokey-dev/revokey/detectors"
	"github.com/revokey-dev/revokey/scanner/unpack"
)

// Options tune a scanner. The zero value is useful.
type Options struct {
	Workers    int            // parts read at a time; 0: one a processor
	Progress   func(Progress) // called after each part, one call at a time; nil: not at all
	NoArchives bool           // look at archives as they are, and not into them
	Archives   unpack.Limits  // of what one blob may hold
}

// Progress is how far a scan has come.
type Progress struct {
	Parts, AllParts int
	Blobs, Bytes    int64
}

// Scanner looks for credentials. It is safe for concurrent use.
type Scanner struct {
	detectors []detectors.Detector
	opts      Options
}

// New returns a scanner with the given detectors.
func New(d []detectors.Detector, opts Options) *Scanner {
	if opts.Workers <= 0 {
		opts.Workers = runtime.GOMAXPROCS(0)
	}
	return &Scanner{detectors: d, opts: opts}
}

// Scan reads all of the source and calls emit for each credential, ordered by
// key ID and secret. The summary is of use even where there is an error: emit's
// first, ctx's, or one that keeps the source from being read at all.
func (s *Scanner) Scan(ctx context.Context, src Source, emit func(Finding) error) (Summary, error) {
	var sum Summary
	hits, err := s.search(ctx, src, &sum)
	if err != nil {
		return sum, err
	}
	hits, err = s.introduced(ctx, src, hits, &sum)
	if err != nil {
		return sum, err
	}
	findings := group(hits)
	err = locate(ctx, src, findings, s.opts.Workers)
	addCandidates(ctx, src, findings)
	redactPlaces(findings)
	sum.addRemarks(src)
	sum.redact(findings)
	if err != nil {
		return sum, fmt.Errorf("locating findings: %w", err)
	}
	for _, f := range findings {
		if err := emit(f); err != nil {
			return sum, err
		}
	}
	return sum, nil
}

func (s *Summary) addRemarks(src Source) {
	skipped, notes := src.Remarks()
	s.skip(skipped...)
	s.Notes = append(s.Notes, notes...)
	if s.unread > maxNoted {
		s.Notes = append(s.Notes, fmt.Sprintf("and %d more of what is in archives", s.unread-maxNoted))
	}
}

// search reads the parts in parallel and returns the hits in the parts' order.
func (s *Scanner) search(ctx context.Context, src Source, sum *Summary) ([]hit, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var hits []hit
	parts := src.Parts()
	workers := stream.New().WithMaxGoroutines(s.opts.Workers)
	for i, part := range parts {
		if ctx.Err() != nil {
			break
		}
		workers.Go(func() stream.Callback {
			result, err := s.read(ctx, part)
			if err != nil {
				cancel(err)
			}
			return func() {
				hits = append(hits, result.hits...)
				sum.Blobs += result.blobs
				sum.Bytes += result.bytes
				sum.join(&result.lacks)
				s.progress(Progress{Parts: i + 1, AllParts: len(parts), Blobs: sum.Blobs, Bytes: sum.Bytes})
			}
		})
	}
	workers.Wait()
	return hits, context.Cause(ctx)
}

func (s *Scanner) progress(p Progress) {
	if s.opts.Progress != nil {
		s.opts.Progress(p)
	}
}

// result is what one part gave.
type result struct {
	hits         []hit
	blobs, bytes int64
	lacks        Summary // what was skipped, and noted
	windowed     windowed
}

func (s *Scanner) read(ctx context.Context, part Part) (result, error) {
	var r result
	skipped, err := part(ctx, func(b *Blob) error {
		return s.look(ctx, b, &r)
	})
	r.lacks.skip(skipped...)
	return r, err
}

// look adds what is in a blob, or in a window of one, to the result.
func (s *Scanner) look(ctx context.Context, b *Blob, r *result) error {
	if b.Window != nil {
		s.lookInWindow(b, r)
		return s.unpackWindow(ctx, b, r)
	}
	r.blobs++
	r.bytes += int64(len(b.Data))
	hits, err := s.detect(b), error(nil)
	if s.mayHold(b) {
		hits, err = s.unpack(ctx, b, hits, r)
	}
	r.hits = append(r.hits, hits...)
	return err
}

// detect hands the blob to the detectors, and sets whether it is clean.
func (s *Scanner) detect(b *Blob) []hit {
	var hits []hit
	b.Clean = true
	for _, d := range s.detectors {
		if changed(b, d) {
			b.Clean = false
			b.fill()
			hits = append(hits, hitsIn(b, beginning(), d.Detect(b.Data))...)
		}
	}
	return hits
}
