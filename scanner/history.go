package scanner

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"github.com/revokey-dev/revokey/scanner/odb"
)

// HistoryOptions are the limits of a history. The zero value is useful.
type HistoryOptions struct {
	// MaxSize is how many bytes an object may have; larger ones are skipped. 0 is no
	// limit but for what has to be decoded as a whole: [odb.DefaultMaxSize].
	MaxSize int64

	// Memory is how many bytes of decoded objects a worker holds on to, and from how
	// many on a file's version is read in windows; 0: [odb.DefaultMemory]. See [odb.Options].
	Memory int64

	// CheckNames hashes every object, and skips what is not what its name says.
	CheckNames bool

	// AllowPartial takes what a shallow or partial clone lacks as the user's will:
	// it is noted, and the scan complete.
	AllowPartial bool

	// CountMissing counts what a partial clone lacks, which takes reading every
	// tree: several times as long as all the rest. Without it a partial clone is
	// one that may lack something.
	CountMissing bool
}

// History is all that the object database of a repository holds: blobs, commits
// and annotated tags, whether a ref reaches them or not.
type History struct {
	opts     HistoryOptions
	repo     repo
	tips     tips
	store    *odb.Store
	want     odb.TypeSet
	readers  chan *odb.Reader // idle ones: one for each part that is read at a time
	families []odb.Family
	parts    []historyPart // of each family
	made     *graph        // once it is asked for
	notes    []string
	skipped  []Skipped
}

var _ Source = (*History)(nil)

// historyPart is what the reading of one family leaves for attribution.
type historyPart struct {
	commits []commit
	tags    []tag
	missing map[odb.ID]struct{} // what trees name and the clone has not
}

// OpenHistory opens the repository that path belongs to. The error is
// [ErrNotRepository] or a [*RefusedError] where it cannot be scanned.
func OpenHistory(ctx context.Context, path string, opts HistoryOptions) (*History, error) {
	r, err := findRepo(path)
	if err != nil {
		return nil, err
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	store, err := odb.Open(filepath.Join(r.common, "objects"), odb.Options{MaxSize: opts.MaxSize, Memory: opts.Memory, CheckNames: opts.CheckNames, SHA256: r.sha256})
	if err != nil {
		return nil, err
	}
	h := &History{opts: opts, repo: r, store: store, want: odb.Types(odb.Blob, odb.Commit, odb.Tag)}
	if store.Promisor() && opts.CountMissing {
		h.want |= odb.Types(odb.Tree)
	}
	h.families = store.Families(h.want)
	h.parts = make([]historyPart, len(h.families))
	h.readers = make(chan *odb.Reader, max(1, len(h.parts)))
	h.tips, h.notes, err = r.readTips(ctx)
	if err != nil {
		h.skipped = append(h.skipped, Skipped{What: "what the refs reach", Reason: err.Error()})
	}
	return h, nil
}

// Close lets go of the history's files.
func (h *History) Close() error { return h.store.Close() }

// Name returns the path of the repository.
func (h *History) Name() string { return h.repo.root }

// Parts returns a part for each family of objects.
func (h *History) Parts() []Part {
	var parts []Part
	for i, family := range h.families {
		parts = append(parts, func(ctx context.Context, visit func(*Blob) error) ([]Skipped, error) {
			return h.read(ctx, &h.parts[i], family, visit)
		})
	}
	return parts
}

func (h *History) read(ctx context.Context, part *historyPart, f odb.Family, visit func(*Blob) error) ([]Skipped, error) {
	r := h.reader()
	defer func() { h.readers <- r }()
	skipped, err := r.Family(ctx, f, h.want, func(o *odb.Object) error {
		if o.Type == odb.Tree {
			part.noteMissing(o, h.store)
			return nil
		}
		b := part.blob(o)
		err := visit(&b)
		o.Clean = b.Clean
		return err
	})
	return skippedObjects(skipped), err
}

// reader returns an idle reader or a new one.
func (h *History) reader() *odb.Reader {
	select {
	case r := <-h.readers:
		return r
	default:
		return h.store.NewReader()
	}
}

// blob notes what attribution will need of the object, and returns its content.
func (p *historyPart) blob(o *odb.Object) Blob {
	if o.Type != odb.Blob {
		o.Fill()
	}
	b := Blob{Where: InBlob, Object: o, Data: o.Data, Window: o.Window, Dirty: o.Dirty, BaseClean: o.BaseClean}
	switch o.Type {
	case odb.Commit:
		c, n := parseCommit(o)
		p.commits = append(p.commits, c)
		b.Where, b.Header = InCommitMessage, n
	case odb.Tag:
		p.tags = append(p.tags, parseTag(o))
		b.Where = InTagMessage
	}
	return b
}

// noteMissing notes which objects a tree names that the store has not.
func (p *historyPart) noteMissing(o *odb.Object, store *odb.Store) {
	o.Fill()
	// A malformed tree names what it names up to there.
	_ = eachEntry(o.Data, o.HashLen(), func(head []byte, at int) {
		id := odb.NewID(o.Data[at : at+o.HashLen()])
		if isSubmodule(head) || store.Has(id) {
			return
		}
		if p.missing == nil {
			p.missing = make(map[odb.ID]struct{})
		}
		p.missing[id] = struct{}{}
	})
}

func skippedObjects(from []odb.Skipped) []Skipped {
	var skipped []Skipped
	for _, s := range from {
		what := s.Path
		if !s.ID.IsZero() {
			what = "object " + s.ID.String()
		}
		reason := s.Err.Error()
		switch {
		case errors.Is(s.Err, odb.ErrTooLarge):
			reason += " (--max-size raises it)"
		case !s.ID.IsZero() && s.Path != "":
			reason = fmt.Sprintf("corrupt in %s: %v", s.Path, s.Err)
		}
		skipped = append(skipped, Skipped{What: what, Reason: reason})
	}
	return skipped
}

// Remarks tells what the repository does not hold.
func (h *History) Remarks() ([]Skipped, []string) {
	skipped := append(h.skipped, skippedObjects(h.store.Skipped())...)
	skipped = append(skipped, h.missing()...)
	notes := h.notes
	for _, lack := range append(h.cutOff(), h.promised()...) {
		if h.opts.AllowPartial {
			notes = append(notes, lack.What+": left out, as allowed")
		} else {
			skipped = append(skipped, lack)
		}
	}
	if h.store.Len() == 0 {
		notes = append(notes, "the repository is empty: there is nothing to scan")
	}
	return skipped, notes
}

// cutOff says what a shallow clone lacks.
func (h *History) cutOff() []Skipped {
	cut := h.repo.shallow()
	if len(cut) == 0 {
		return nil
	}
	return []Skipped{{
		What:   fmt.Sprintf("the history before its boundary (%d commits)", len(cut)),
		Reason: "this is a shallow clone: fetch the rest with `git fetch --unshallow`, or pass --allow-partial",
	}}
}

// promised says what a partial clone lacks: how much, if trees were read.
func (h *History) promised() []Skipped {
	const wayOut = "this is a partial clone: scan a full one, made with `git clone --mirror`, or pass --allow-partial"
	if !h.store.Promisor() {
		return nil
	}
	if !h.want.Has(odb.Tree) {
		return []Skipped{{What: "what only the remote may have", Reason: wayOut + "; --count-missing tells how much it is"}}
	}
	missing := make(map[odb.ID]struct{})
	for _, p := range h.parts {
		maps.Copy(missing, p.missing)
	}
	if len(missing) == 0 {
		return nil
	}
	return []Skipped{{What: fmt.Sprintf("%d objects that only the remote has", len(missing)), Reason: wayOut}}
}

// missing names the refs and counts the parents whose objects are not there,
// though nothing says that they should not be.
func (h *History) missing() []Skipped {
	var skipped []Skipped
	for _, name := range slices.Sorted(maps.Keys(h.tips.refs)) {
		if id := h.tips.refs[name]; !id.IsZero() && !h.store.Has(id) {
			skipped = append(skipped, Skipped{What: "ref " + name, Reason: "its object is missing: `git fsck` tells more"})
		}
	}
	if n := h.graph().missingParents(h.repo.shallow()); n > 0 {
		skipped = append(skipped, Skipped{
			What:   fmt.Sprintf("%d commits that others name as their parents", n),
			Reason: "they are missing: `git fsck` tells more",
		})
	}
	return skipped
}
