package main

import (
	"context"
	"fmt"
	"log/slog"
	"slices"

	"github.com/revokey-dev/revokey/report"
)

// workLog tells of the work of a sweep as the flags of all commands want messages told: to people, or with
// --log-format json as JSON. Errors are always told, warnings unless --quiet is given, and each
// repository where it is asked for.
type workLog struct {
	std    streams
	least  slog.Level
	attrs  []slog.Attr
	beside func(func()) // does something with standard error beside the progress
}

// newLog returns the log of workers: each says whether each repository is told of too.
func newLog(std streams, each bool, beside func(func())) *slog.Logger {
	h := &workLog{std: std, least: slog.LevelWarn, beside: beside}
	switch {
	case std.quiet:
		h.least = slog.LevelError
	case each:
		h.least = slog.LevelInfo
	}
	return slog.New(h)
}

func (h *workLog) Enabled(_ context.Context, level slog.Level) bool { return level >= h.least }

func (h *workLog) Handle(ctx context.Context, r slog.Record) error {
	r.AddAttrs(h.attrs...)
	if h.std.log != nil {
		return h.std.log.Handler().Handle(ctx, r) // there is no progress then that could be in its way
	}
	text := r.Message
	r.Attrs(func(a slog.Attr) bool {
		text += fmt.Sprintf(" %s=%s", a.Key, report.Printable(a.Value.String()))
		return true
	})
	tell := func() { h.std.say("%s", text) }
	if r.Level >= slog.LevelError {
		tell = func() { h.std.fail(text) }
	}
	h.beside(tell)
	return nil
}

func (h *workLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	more := *h
	more.attrs = slices.Concat(h.attrs, attrs)
	return &more
}

// WithGroup returns the same: nobody here groups.
func (h *workLog) WithGroup(string) slog.Handler { return h }
