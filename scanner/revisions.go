package scanner

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/revokey-dev/revokey/scanner/odb"
)

// revisions are the objects that the ends of a range name.
type revisions struct{ tips, not []odb.ID }

// resolve asks git what the ends of the range name.
func (g *Range) resolve(ctx context.Context, opts RangeOptions) (revs revisions, err error) {
	words := opts.words()
	for _, w := range words {
		if strings.HasPrefix(w, "-") || strings.ContainsAny(w, "\n\x00") || w == "" {
			return revs, &RangeError{opts.name(), fmt.Sprintf("%q names no commit", w), "give it as A..B"}
		}
	}
	if opts.Range != "" && !strings.Contains(opts.Range, "..") && !strings.HasSuffix(opts.Range, "^!") {
		return revs, &RangeError{opts.name(), "it is no range", fmt.Sprintf("give it as A..B, or %s^! for that commit alone", opts.Range)}
	}
	words = revs.take(words)
	if err := g.takeIfThere(ctx, opts, &revs); err != nil {
		return revs, err
	}
	for _, id := range revs.not {
		if !g.store.Has(id) {
			return revs, &RangeError{opts.name(), fmt.Sprintf("commit %s is not in this clone", id), fetchHint}
		}
	}
	if len(words) == 0 {
		return revs, nil
	}
	out, err := g.repo.gitIn(ctx, opts.Git, nil, append(append([]string{"rev-parse", "--revs-only"}, words...), "--")...)
	if err != nil {
		if ctx.Err() != nil {
			return revs, context.Cause(ctx)
		}
		return revs, &RangeError{opts.name(), err.Error(), fetchHint}
	}
	for name := range strings.FieldsSeq(string(out)) {
		bare, negative := strings.CutPrefix(name, "^")
		id, err := odb.ParseID(bare)
		if err != nil {
			return revs, fmt.Errorf("git rev-parse: %w", err)
		}
		if negative {
			revs.not = append(revs.not, id)
		} else {
			revs.tips = append(revs.tips, id)
		}
	}
	if len(revs.tips) == 0 {
		return revs, &RangeError{opts.name(), "it names no commit to start from", "give it as A..B"}
	}
	return revs, nil
}

// takeIfThere takes what may not be in this clone.
func (g *Range) takeIfThere(ctx context.Context, opts RangeOptions, revs *revisions) error {
	not, others := g.those(ctx, opts, opts.NotIfThere), slices.Clone(opts.NotElse)
	if m := opts.MergeIfThere; m != "" {
		revs.tips = append(revs.tips, g.those(ctx, opts, []string{m})...)
		if len(g.those(ctx, opts, []string{m + "^2"})) > 0 {
			others = append(others, m+"^1")
		}
	}
	if len(not) == 0 && len(others) > 0 {
		not = g.those(ctx, opts, others)
		if len(not) > 0 && len(opts.NotIfThere) > 0 {
			g.notes = append(g.notes, fmt.Sprintf("%s is not in this clone, after a force push perhaps: compared with %s", strings.Join(opts.NotIfThere, ", "), others[0]))
		}
	}
	revs.not = append(revs.not, not...)
	if len(revs.not) > 0 || opts.Range != "" || len(opts.NotRefs) > 0 || opts.MayBeEmpty {
		return ctx.Err()
	}
	if opts.NeedNot {
		names := strings.Join(opts.NotIfThere, ", ")
		return &RangeError{opts.name(), fmt.Sprintf("what it starts from (%s) is not in this clone", names), fetchHint + "; `git remote set-head origin --auto` tells what origin/HEAD is"}
	}
	g.notes = append(g.notes, "it is not known what was there before: all of the history of "+strings.Join(opts.Tips, ", ")+" is scanned")
	return ctx.Err()
}

// those returns the objects that are there, of those named.
func (g *Range) those(ctx context.Context, opts RangeOptions, names []string) (ids []odb.ID) {
	for _, name := range names {
		id, err := odb.ParseID(name)
		if err != nil && !strings.HasPrefix(name, "-") && name != "" {
			if out, gitErr := g.repo.gitIn(ctx, opts.Git, nil, "rev-parse", "--verify", "--quiet", name); gitErr == nil {
				id, err = odb.ParseID(strings.TrimSpace(string(out)))
			}
		}
		if err == nil && !id.IsZero() && g.store.Has(id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// fetchHint is how to come by what a clone lacks.
const fetchHint = "fetch it with `git fetch`, or with `git fetch --unshallow` in a shallow clone"

// take takes the words that are names of objects, and returns the others.
func (r *revisions) take(words []string) (others []string) {
	for _, w := range words {
		bare, negative := strings.CutPrefix(w, "^")
		id, err := odb.ParseID(bare)
		switch {
		case err != nil:
			others = append(others, w)
		case negative:
			r.not = append(r.not, id)
		default:
			r.tips = append(r.tips, id)
		}
	}
	return others
}

// words are the ends of the range as git's rev-parse takes them.
func (o RangeOptions) words() []string {
	if o.Range != "" {
		return []string{o.Range}
	}
	var words []string
	words = append(words, o.Tips...)
	for _, n := range o.Not {
		words = append(words, "^"+n)
	}
	return words
}

// addTips lists what the tips name besides commits, the messages of tags before all, and
// returns the commits.
func (g *Range) addTips(ctx context.Context, name string, tips []odb.ID) (commits []odb.ID, err error) {
	seen := make(map[odb.ID]bool)
	for len(tips) > 0 {
		id := tips[0]
		if tips = tips[1:]; seen[id] {
			continue
		}
		seen[id] = true
		obj, err := g.forest.reader.Read(id)
		if err != nil {
			return nil, &RangeError{name, fmt.Sprintf("%s: %v", id, err), fetchHint}
		}
		switch obj.Type {
		case odb.Commit:
			commits = append(commits, id)
		case odb.Tag:
			t := parseTag(&obj)
			when := date(t.time)
			g.list.add(id, Place{Tag: t.name, Author: t.tagger, Time: when, LastSeen: when, Reachable: true})
			tips = append(tips, t.target)
		case odb.Blob:
			g.list.add(id, Place{Reachable: true})
		case odb.Tree:
			d := treeDiff{forest: g.forest, found: func(path string, id odb.ID) {
				g.list.add(id, Place{Path: path, Reachable: true})
			}}
			if err := d.walk(ctx, "", id, nil); err != nil {
				return nil, err
			}
			g.skipped = append(g.skipped, d.skipped...)
		}
	}
	return commits, nil
}
