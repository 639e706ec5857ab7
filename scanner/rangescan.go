package scanner

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/revokey-dev/revokey/scanner/odb"
)

// RangeOptions say which commits a range is, and how they are read.
type RangeOptions struct {
	// Range is what git's rev-list takes for a range: A..B, or COMMIT^! for one commit.
	Range string

	// Tips are the names of commits and tags, and Not those of what is left out with all
	// that it is built on. NotRefs are git's words for sets of refs that are left out
	// too: "--all", "--remotes=NAME". They are used where Range is "".
	Tips, Not, NotRefs []string

	// NotIfThere are more that is left out, which may not be in this clone. Where none of
	// it is there, what is of NotElse takes its place. NeedNot says that something must be:
	// else all that the tips are built on belongs to the range.
	NotIfThere, NotElse []string
	NeedNot             bool

	// MergeIfThere is the merge of a base, its first parent, and of what is to be merged
	// into that, as CI systems make it. It is one more tip, and the base one more of NotElse.
	MergeIfThere string

	// OrTip says that the tips themselves are the range, where it would be empty.
	OrTip bool

	// MayBeEmpty says that a range without a commit is no error: there is nothing in it.
	MayBeEmpty bool

	// AllowPartial takes it for granted that a shallow clone cuts the range off.
	AllowPartial bool

	Git     GitEnvironment
	MaxSize int64 // as in [HistoryOptions]
	Memory  int64 // as in [HistoryOptions]
}

// Range is what some commits bring: of each the files that none of its parents has at the
// same path, and its message. What stood at the same path in a parent outside of the
// range is no finding.
type Range struct {
	blobReader
	repo    repo
	forest  *forest
	commits []rangeCommit // parents before their children
	outside []*snapshot   // of the parents that are not in the range
	head    *snapshot
	list    blobList
	skipped []Skipped
	notes   []string
}

// rangeCommit is a commit of a range.
type rangeCommit struct {
	id, tree odb.ID
	parents  []odb.ID
	author   string
	time     time.Time
}

var (
	_ Source   = (*Range)(nil)
	_ changing = (*Range)(nil)
)

// RangeError is returned by [OpenRange] for a range that cannot be read as it should be:
// it is empty, it names what is not there, or the clone lacks a part of it.
type RangeError struct {
	Range  string
	Reason string
	Hint   string // the command that mends it
}

func (e *RangeError) Error() string {
	return fmt.Sprintf("range %s is not scanned: %s", e.Range, e.Reason)
}

// OpenRange lists the commits of a range, by git itself, in the repository that git's
// environment names, or that path belongs to, and what they bring. The error is
// [ErrNotRepository], a [*RefusedError] or a [*RangeError] where that cannot be told.
func OpenRange(ctx context.Context, path string, opts RangeOptions) (*Range, error) {
	r, err := opts.Git.open(path)
	if err != nil {
		return nil, err
	}
	store, err := opts.Git.openObjects(r, opts.MaxSize, opts.Memory)
	if err != nil {
		return nil, err
	}
	g := &Range{blobReader: newBlobReader(store), repo: r, forest: newForest(store)}
	if err := g.open(ctx, opts); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return g, nil
}

func (g *Range) open(ctx context.Context, opts RangeOptions) error {
	revs, err := g.resolve(ctx, opts)
	if err != nil {
		return err
	}
	commits, err := g.addTips(ctx, opts.name(), revs.tips)
	if err != nil {
		return err
	}
	if len(commits) > 0 {
		err = g.listCommits(ctx, opts, commits, revs.not)
	}
	if err == nil && len(g.commits) == 0 && opts.OrTip {
		g.notes = append(g.notes, "nothing is new in the range: its last commit is scanned")
		err = g.listCommits(ctx, opts, commits, nil, "--no-walk")
	}
	if err == nil {
		err = g.checkCut(opts)
	}
	if err == nil && g.isEmpty(opts) && !opts.MayBeEmpty {
		err = &RangeError{opts.name(), "it holds no commit", "look at what it names with `git log " + opts.name() + "`; `revokey scan` reads all of the history"}
	}
	if err == nil {
		err = g.compare(ctx)
	}
	return err
}

// isEmpty reports whether there is nothing in the range. The message of a tag that ends
// it is something where a tag was pushed, and no commit of A..B.
func (g *Range) isEmpty(opts RangeOptions) bool {
	return len(g.commits) == 0 && (opts.Range != "" || len(g.list.blobs) == 0)
}

// name names the range to the user.
func (o RangeOptions) name() string {
	if o.Range != "" {
		return o.Range
	}
	words := slices.Clone(o.Tips)
	if not := slices.Concat(o.Not, o.NotIfThere, o.NotRefs); len(not) > 0 {
		words = append(append(words, "--not"), not...)
	}
	return strings.Join(words, " ")
}

// listCommits asks git for the commits, parents before their children.
func (g *Range) listCommits(ctx context.Context, opts RangeOptions, tips, not []odb.ID, flags ...string) error {
	var stdin strings.Builder
	for _, id := range tips {
		fmt.Fprintln(&stdin, id)
	}
	for _, id := range not {
		fmt.Fprintf(&stdin, "^%s\n", id)
	}
	args := []string{"rev-list", "--topo-order", "--reverse", "--parents", "--stdin"}
	args = append(args, flags...)
	if len(opts.NotRefs) > 0 && len(flags) == 0 {
		args = append(append(args, "--not"), opts.NotRefs...)
	}
	out, err := g.repo.gitIn(ctx, opts.Git, strings.NewReader(stdin.String()), args...)
	if err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return &RangeError{opts.name(), err.Error(), fetchHint}
	}
	for line := range bytes.Lines(out) {
		var c rangeCommit
		for i, name := range bytes.Fields(line) {
			id := idOf(name)
			if id.IsZero() {
				return fmt.Errorf("git rev-list: %q is not the name of a commit", name)
			}
			if i == 0 {
				c.id = id
			} else {
				c.parents = append(c.parents, id)
			}
		}
		g.commits = append(g.commits, c)
	}
	return nil
}

// checkCut refuses a range that a shallow clone cuts off: of the commits at its boundary
// git names no parents, as if they brought all that they hold, and what lies behind is
// not there.
func (g *Range) checkCut(opts RangeOptions) error {
	cut := make(map[string]bool)
	for _, name := range g.repo.shallow() {
		cut[name] = true
	}
	if len(cut) == 0 {
		return nil
	}
	for _, c := range g.commits {
		if !cut[c.id.String()] {
			continue
		}
		if opts.AllowPartial {
			g.notes = append(g.notes, fmt.Sprintf("the range is cut off at commit %s by the shallow clone: left out, as allowed", c.id))
			continue
		}
		return &RangeError{opts.name(), fmt.Sprintf("this is a shallow clone, which cuts it off at commit %s", c.id), "fetch the rest with `git fetch --unshallow`, and tell the CI to clone all (fetch-depth: 0, GIT_DEPTH: 0, clone: depth: full)"}
	}
	return nil
}

// compare lists what the commits bring.
func (g *Range) compare(ctx context.Context) error {
	head, err := g.openHead(ctx)
	if err != nil {
		return err
	}
	trees := make(map[odb.ID]odb.ID) // of the commits in the range, and of their parents
	inside := make(map[odb.ID]bool)
	for i := range g.commits {
		c := &g.commits[i]
		if err := g.describe(c); err != nil {
			return fmt.Errorf("reading commit %s: %w", c.id, err)
		}
		trees[c.id], inside[c.id] = c.tree, true
		at := c.place("")
		at.AtHead = c.id == head
		g.list.add(c.id, at)
	}
	if err := g.openOutside(inside, trees); err != nil {
		return err
	}
	return g.compareTrees(ctx, trees)
}

// compareTrees lists the files of each commit that none of its parents has.
func (g *Range) compareTrees(ctx context.Context, trees map[odb.ID]odb.ID) error {
	brought := make(map[spot]bool)
	var by *rangeCommit
	d := treeDiff{forest: g.forest, found: func(path string, id odb.ID) {
		if s := (spot{path, id}); !brought[s] {
			brought[s] = true
			g.list.add(id, by.place(path))
		}
	}}
	for i := range g.commits {
		by = &g.commits[i]
		var before []odb.ID
		for _, p := range by.parents {
			before = append(before, trees[p])
		}
		if err := d.walk(ctx, "", by.tree, before); err != nil {
			return err
		}
	}
	g.skipped = append(g.skipped, d.skipped...)
	return nil
}

// place returns the place of what the commit brings.
func (c *rangeCommit) place(path string) Place {
	return Place{Path: path, Commit: c.id, Author: c.author, Time: c.time, LastSeen: c.time, Reachable: true}
}

func (g *Range) describe(c *rangeCommit) error {
	tree, data, err := g.forest.commit(c.id)
	if err != nil {
		return err
	}
	c.tree, c.author = tree, author(data)
	header(data, func(key, value []byte) {
		if string(key) == "committer" {
			_, seconds := parseSignature(value)
			c.time = date(seconds)
		}
	})
	return nil
}

// openOutside opens the parents that are not in the range. One that is not there has
// nothing, so that all is new to it.
func (g *Range) openOutside(inside map[odb.ID]bool, trees map[odb.ID]odb.ID) error {
	for _, c := range g.commits {
		for _, p := range c.parents {
			if _, known := trees[p]; known || inside[p] {
				continue
			}
			tree, _, err := g.forest.commit(p)
			if err != nil {
				g.notes = append(g.notes, fmt.Sprintf("commit %s, the parent of one in the range, cannot be read: what it held counts as new", p))
			}
			trees[p] = tree
			g.outside = append(g.outside, newSnapshot(g.forest, tree))
		}
	}
	return nil
}

// openHead opens HEAD, and returns its commit. One that is missing holds nothing.
func (g *Range) openHead(ctx context.Context) (odb.ID, error) {
	head, err := g.repo.headCommit(ctx)
	if err != nil || head.IsZero() {
		return head, err
	}
	if tree, _, err := g.forest.commit(head); err == nil {
		g.head = newSnapshot(g.forest, tree)
	}
	return head, nil
}

// Commits returns how many commits are in the range.
func (g *Range) Commits() int { return len(g.commits) }

// Close lets go of the object database.
func (g *Range) Close() error { return g.store.Close() }

// Name returns the path of the repository.
func (g *Range) Name() string { return g.repo.root }

// Parts returns the files and messages in runs.
func (g *Range) Parts() []Part { return g.parts(g.list.blobs) }

// Locate returns nothing: what a commit brings is known by its place from the start.
func (g *Range) Locate(context.Context, []odb.ID, int) (map[odb.ID][]Place, error) { return nil, nil }

// Remarks tells what could not be read.
func (g *Range) Remarks() ([]Skipped, []string) {
	return g.skipped, g.notes
}

func (g *Range) before(path string) (ids []odb.ID) {
	for _, s := range g.outside {
		if id := s.blobAt(path); !id.IsZero() && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

func (g *Range) cutShort(id odb.ID) bool { return g.list.cut[id] }

// settle tells whether HEAD still holds a file, and which commit of the range was the
// last to hold it.
func (g *Range) settle(at *Occurrence) {
	if at.Path == "" {
		return
	}
	at.AtHead = g.head != nil && g.head.blobAt(at.Path) == at.Object
	for _, c := range slices.Backward(g.commits) {
		if g.forest.blobAt(c.tree, at.Path) == at.Object {
			if c.time.After(at.LastSeen) {
				at.LastSeen = c.time
			}
			return
		}
	}
}
