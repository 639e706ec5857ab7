package sweep

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// Lines says where findings are: the attempt that found them, and how many entries they take.
type Lines struct {
	Run     string `json:"run,omitempty"`
	Attempt string `json:"attempt,omitempty"`
	Entries int    `json:"entries,omitempty"`
	Count   int    `json:"count,omitempty"` // of findings
}

func (l Lines) key(repository string, n int) string {
	return fmt.Sprintf("%s.%s.%s.%06d", l.Run, repository, l.Attempt, n)
}

// AddFindings keeps what one attempt has found, a document for each finding, and says where. As
// long as no result names the attempt they count for nothing. They are compressed, and cut into
// entries that every store takes, however many they are.
func (l Ledger) AddFindings(ctx context.Context, run, repository, attempt string, findings [][]byte) (Lines, error) {
	at := Lines{Run: run, Attempt: attempt, Count: len(findings)}
	if len(findings) == 0 {
		return Lines{}, nil
	}
	w := &entryWriter{put: func(part []byte) error {
		at.Entries++
		return l.Store.Put(ctx, Findings, at.key(repository, at.Entries), part)
	}}
	z, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(256<<10))
	if err != nil {
		return at, err
	}
	for _, f := range findings {
		if _, err := z.Write(append(bytes.TrimRight(f, "\n"), '\n')); err != nil {
			return at, errors.Join(err, z.Close())
		}
	}
	return at, errors.Join(z.Close(), w.Close())
}

// entryWriter hands what is written to it on in entries.
type entryWriter struct {
	put func([]byte) error
	buf []byte
}

func (w *entryWriter) Write(p []byte) (int, error) {
	w.buf = append(w.buf, p...)
	for len(w.buf) >= MaxValue {
		if err := w.put(w.buf[:MaxValue]); err != nil {
			return 0, err
		}
		w.buf = append(w.buf[:0:0], w.buf[MaxValue:]...)
	}
	return len(p), nil
}

// Close hands on what is left.
func (w *entryWriter) Close() error {
	if len(w.buf) == 0 {
		return nil
	}
	return w.put(w.buf)
}

// ReadFindings returns a reader of the findings of a repository, a document a line. The caller
// closes it.
func (l Ledger) ReadFindings(ctx context.Context, repository string, at Lines) (io.ReadCloser, error) {
	z, err := zstd.NewReader(&entryReader{ctx: ctx, l: l, repository: repository, at: at}, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
	if err != nil {
		return nil, err
	}
	return z.IOReadCloser(), nil
}

// entryReader joins the entries.
type entryReader struct {
	ctx        context.Context
	l          Ledger
	repository string
	at         Lines
	n          int
	left       []byte
}

func (r *entryReader) Read(p []byte) (int, error) {
	for len(r.left) == 0 {
		if r.n == r.at.Entries {
			return 0, io.EOF
		}
		r.n++
		e, err := r.l.Store.Get(r.ctx, Findings, r.at.key(r.repository, r.n))
		if err != nil {
			return 0, fmt.Errorf("reading findings, part %d of %d: %w", r.n, r.at.Entries, err)
		}
		r.left = e.Value
	}
	n := copy(p, r.left)
	r.left = r.left[n:]
	return n, nil
}
