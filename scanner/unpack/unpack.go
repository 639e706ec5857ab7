package unpack

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
)

// Member is one piece of content inside a blob.
type Member struct {
	Path    string // as the package's comment tells; from the archive, so of any bytes
	Archive string // the path of the archive that it is a member of; "" for the blob itself
	Data    []byte // valid until the callback returns, and not to be changed
}

// Skipped is something inside a blob that was not given, or not whole.
type Skipped struct {
	Path string // of the member; "" for the blob itself
	Err  error  // why: by [errors.Is] one of the four below
}

// Why something was skipped.
var (
	ErrLimit       = errors.New("over a limit")
	ErrEncrypted   = errors.New("encrypted")
	ErrCorrupt     = errors.New("damaged")
	ErrUnsupported = errors.New("not a format that is read")
)

// Walk calls fn with each member of the blob, in the order of the archive, an inner
// archive before its own members. It returns what it could not read, and fn's first
// error or that of ctx, which ends it. Of a blob that is no archive nothing is given.
//
// A member that is damaged is given as far as it goes, one that is over a limit is not.
// Where the blob as a whole is over one, the walk ends there.
func Walk(ctx context.Context, data []byte, limits Limits, fn func(Member) error) ([]Skipped, error) {
	w := newWalk(ctx, data, limits, fn)
	err := w.open("", data, 0)
	if err != nil && err == w.full {
		err = nil // it is among the skipped
	}
	return w.skipped, err
}

// walk is one call of Walk.
type walk struct {
	ctx     context.Context
	limits  Limits
	fn      func(Member) error
	skipped []Skipped

	out, in int64 // bytes that may still come out of archives, and be read for it
	tooMuch error // what out below zero means
	members int   // so far
	held    int64 // bytes of the members at hand
	made    windows
	buffers [][]byte

	inflater io.ReadCloser // of zip's members; nil until it is needed

	full error // the limit of the blob as a whole that was met
}

func newWalk(ctx context.Context, data []byte, limits Limits, fn func(Member) error) *walk {
	w := &walk{ctx: ctx, limits: limits.orDefault(), fn: fn}
	w.out, w.tooMuch = w.limits.total(int64(len(data)))
	w.made = newWindows(w.out)
	// What is read is the blob and what came out before: an archive that has more to
	// read than that has bytes that belong to several members.
	w.in = w.out + int64(len(data))
	return w
}

// open walks what data holds; path is its own, "" of the blob itself, and depth is
// how many archives it stands in.
func (w *walk) open(path string, data []byte, depth int) error {
	f := formatOf(data)
	switch {
	case f == none:
		return nil
	case depth >= w.limits.Depth:
		w.skip(path, fmt.Errorf("%w: it is nested in %d archives", ErrLimit, depth))
		return nil
	case f == zipped:
		return w.zip(path, data, depth+1)
	case f == tarred:
		return w.tar(path, bufio.NewReader(w.reading(path, data)), depth+1)
	case f >= sevenZipped:
		w.skip(path, fmt.Errorf("%w: %s", ErrUnsupported, f))
		return nil
	}
	return w.stream(path, f, data, depth+1)
}

// skip notes that something was not read.
func (w *walk) skip(path string, err error) {
	w.skipped = append(w.skipped, Skipped{Path: path, Err: err})
	if len(w.skipped) >= maxSkipped && w.full == nil {
		w.full = fmt.Errorf("%w: %d members cannot be read", ErrLimit, maxSkipped)
		w.skipped = append(w.skipped, Skipped{Err: w.full})
	}
}

// failed makes of a failed reading a skipped member, or the error that ends the walk.
func (w *walk) failed(path string, err error) error {
	if stop := w.stopped(); stop != nil {
		return stop
	}
	w.skip(path, reason(err))
	return w.stopped()
}

// stopped returns why the walk has to end, nil if it has not.
func (w *walk) stopped() error {
	if err := context.Cause(w.ctx); err != nil {
		return err
	}
	return w.full
}

// stop ends the walk at a limit of the blob as a whole.
func (w *walk) stop(path string, err error) error {
	w.full = err
	w.skipped = append(w.skipped, Skipped{Path: path, Err: err})
	return err
}

// reason makes what a library says one of the four reasons.
func reason(err error) error {
	for _, known := range []error{ErrLimit, ErrEncrypted, ErrCorrupt, ErrUnsupported} {
		if errors.Is(err, known) {
			return err
		}
	}
	return fmt.Errorf("%w: %w", ErrCorrupt, err)
}

// place is where a member stands.
type place struct{ archive, path string }

// below returns the place of a member of the archive at path.
func below(path, name string) place {
	name = name[:min(len(name), MaxName)]
	if path != "" {
		name = path + "!/" + name
	}
	return place{path, name}
}
