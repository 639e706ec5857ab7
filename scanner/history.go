package scanner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
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

	// Workers is how many goroutines read the headers of a pack. 0: one a processor.
	Workers int

	// CheckNames hashes every object, and skips what is not what its name says.
	CheckNames bool

	// AllowPartial takes what a shallow or partial clone lacks as the user's will:
	// it is noted, and the scan complete.
	AllowPartial bool

	// CountMissing counts what a partial clone lacks, which takes reading every
	// tree: several times as long as all the rest. Without it a partial clone is
	// one that may lack something.
	CountMissing bool

	// Fetch lets git fetch what a shallow or partial clone lacks, with git's progress
	// going there; then what a partial clone still lacks is counted. nil: nothing is
	// fetched. git runs as the user would run it, with the repository's configuration:
	// only for repositories that are trusted.
	Fetch io.Writer

	// Objects is the directory of objects, if it is not the repository's own, and
	// Alternates are directories besides it. git names both to its hooks.
	Objects    string
	Alternates []string

	// State is a file that remembers what was scanned: what it knows is not read
	// again, but for what was found in it. "": none. See [History.SaveState].
	State string

	// Rules are what else than the above decides on what a scan finds: with others
	// than those that a state file was written by, everything is scanned anew.
	Rules string
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
	before   *state        // what an earlier scan left; nil: nothing
	located  *holding      // what attribution found
	unread   []odb.Skipped // trees that attribution could not read
	notes    []string
	skipped  []Skipped
}

var _ Source = (*History)(nil)

// historyPart is what the reading of one family leaves for attribution.
type historyPart struct {
	commits commitRows
	tags    []tag
	missing map[odb.ID]struct{} // what trees name and the clone has not
	unread  []odb.Skipped

	unfinished []odb.ID            // what could not be looked at in full
	orphans    map[odb.ID][]odb.ID // parents that were not there, with the commits that name them
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
	if opts.Fetch != nil {
		if err := r.fetchMissing(ctx, opts.Fetch); err != nil {
			return nil, err
		}
		opts.CountMissing = true
	}
	if opts.Objects != "" {
		r.objectDir = opts.Objects
	}
	h := &History{opts: opts, repo: r, want: odb.Types(odb.Blob, odb.Commit, odb.Tag)}
	if err := h.recallState(); err != nil {
		return nil, err
	}
	if err := h.openStore(); err != nil {
		return nil, err
	}
	h.families = h.store.Families(h.want)
	h.parts = make([]historyPart, len(h.families))
	h.readers = make(chan *odb.Reader, len(h.parts)+1) // one more for what was found before
	tips, notes, err := r.readTips(ctx)
	if err != nil {
		h.skipped = append(h.skipped, Skipped{What: "what the refs reach", Reason: err.Error()})
	}
	h.tips, h.notes = tips, append(h.notes, notes...)
	return h, nil
}

// openStore opens the object database; what the state knows is left out.
func (h *History) openStore() error {
	opts := h.limits()
	if h.before != nil {
		opts.Known = h.before.known
	}
	store, err := odb.Open(h.repo.objects(), opts)
	if err != nil {
		return err
	}
	h.store = store
	if err := h.checkState(); err != nil {
		return errors.Join(err, store.Close())
	}
	if store.Promisor() && h.opts.CountMissing && h.before != nil {
		h.before = nil
		h.notes = append(h.notes, "counting what is missing takes every tree: everything is scanned anew")
		return errors.Join(store.Close(), h.openStore())
	}
	if store.Promisor() && h.opts.CountMissing {
		h.want |= odb.Types(odb.Tree)
	}
	return nil
}

func (h *History) limits() odb.Options {
	return odb.Options{MaxSize: h.opts.MaxSize, Memory: h.opts.Memory, Workers: h.opts.Workers, CheckNames: h.opts.CheckNames, SHA256: h.repo.sha256, Alternates: h.opts.Alternates}
}

// Close lets go of the history's files.
func (h *History) Close() error { return h.store.Close() }

// Name returns the path of the repository.
func (h *History) Name() string { return h.repo.root }

// Parts returns a part for each family of objects, and one for what was found before.
func (h *History) Parts() []Part {
	var parts []Part
	for i, family := range h.families {
		parts = append(parts, func(ctx context.Context, visit func(*Blob) error) ([]Skipped, error) {
			return h.read(ctx, &h.parts[i], family, visit)
		})
	}
	if h.before != nil && len(h.before.hits) > 0 {
		parts = append(parts, h.readHits)
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
		read := len(part.commits.rows)
		b := part.blob(o)
		part.noteOrphans(read, h.store)
		err := visit(&b)
		o.Clean = b.Clean
		if b.Unfinished {
			part.unfinished = append(part.unfinished, o.ID())
		}
		return err
	})
	part.unread = skipped
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
		b.Where = InCommitMessage
		b.Header, b.names = p.commits.add(o)
	case odb.Tag:
		p.tags = append(p.tags, parseTag(o))
		b.Where = InTagMessage
	}
	return b
}

// noteOrphans notes which parents the store has not, of the commits whose rows come
// from there on.
func (p *historyPart) noteOrphans(from int, store *odb.Store) {
	commitRows{p.commits.hash, p.commits.rows[from:]}.each(func(c commitRow) {
		if p.orphans == nil {
			p.orphans = make(map[odb.ID][]odb.ID)
		}
		c.addTo(p.orphans, store)
	})
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
	skipped := slices.Concat(h.skipped, skippedObjects(h.store.Skipped()), h.missing())
	notes := slices.Clone(h.notes)
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
		Reason: "this is a shallow clone: fetch the rest with `git fetch --unshallow` or --fetch-missing, or pass --allow-partial",
	}}
}

// promised says what a partial clone lacks: how much, if trees were read.
func (h *History) promised() []Skipped {
	const wayOut = "this is a partial clone: pass --fetch-missing, scan a full one, made with `git clone --mirror`, or pass --allow-partial"
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
	if n := h.missingParents(); n > 0 {
		skipped = append(skipped, Skipped{
			What:   fmt.Sprintf("%d commits that others name as their parents", n),
			Reason: "they are missing: `git fsck` tells more",
		})
	}
	return skipped
}

// missingParents counts the parents of reachable commits that are not there, those
// left out at a shallow clone's boundary not counted.
func (h *History) missingParents() int {
	children := h.orphans()
	if len(children) == 0 {
		return 0
	}
	cut := h.repo.shallow()
	maps.DeleteFunc(children, func(_ odb.ID, by []odb.ID) bool {
		return !slices.ContainsFunc(by, func(id odb.ID) bool {
			return h.graph().reaches(id) && !slices.Contains(cut, id.String())
		})
	})
	return len(children)
}

// orphans returns the parents that are not there, with the commits that name them,
// of the commits that this scan read, and of those that an earlier one did if something
// may be gone since.
func (h *History) orphans() map[odb.ID][]odb.ID {
	children := make(map[odb.ID][]odb.ID)
	for _, p := range h.parts {
		for id, by := range p.orphans {
			if !h.store.Has(id) { // nor came since
				children[id] = append(children[id], by...)
			}
		}
	}
	if h.before != nil && h.mayLack() {
		h.before.commitsIn(h.store).each(func(c commitRow) { c.addTo(children, h.store) })
	}
	return children
}

// addTo adds the commit to the children of those of its parents that the store has not.
func (c commitRow) addTo(children map[odb.ID][]odb.ID, store *odb.Store) {
	c.eachParent(func(name []byte) {
		if id := odb.NewID(name); !store.Has(id) {
			children[id] = append(children[id], odb.NewID(c.id))
		}
	})
}

// graph returns the graph, which it makes at the first call; all parts have to be
// read by then.
func (h *History) graph() *graph {
	if h.made == nil {
		var rows []commitRows
		var tags []tag
		for _, p := range h.parts {
			rows, tags = append(rows, p.commits), append(tags, p.tags...)
		}
		if h.before != nil {
			rows, tags = append(rows, h.before.commitsIn(h.store)), append(tags, h.before.tagsIn(h.store)...)
		}
		h.made = newGraph(rows, tags, h.tips)
	}
	return h.made
}
