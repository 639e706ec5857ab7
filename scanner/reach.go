package scanner

import (
	"cmp"
	"slices"
	"strings"

	"github.com/revokey-dev/revokey/scanner/odb"
)

// MaxRefs is how many refs, and how many reflogs, a place names.
const MaxRefs = 10

// ref is a name by which objects are held on to.
type ref struct {
	name string
	tips []odb.ID // one, or all that a reflog lists
}

// inOrder returns the refs, branches first, then tags, then those of remotes.
func (t tips) inOrder() []ref {
	var refs []ref
	for name, id := range t.refs {
		refs = append(refs, ref{name, []odb.ID{id}})
	}
	if _, branch := t.refs["HEAD"]; !branch && !t.head.IsZero() && len(refs) == 0 {
		refs = append(refs, ref{"HEAD", []odb.ID{t.head}})
	}
	slices.SortFunc(refs, func(a, b ref) int {
		return cmp.Or(cmp.Compare(rankOfRef(a.name), rankOfRef(b.name)), strings.Compare(a.name, b.name))
	})
	return refs
}

func rankOfRef(name string) int {
	ranks := []string{"refs/heads/", "refs/tags/", "refs/remotes/"}
	i := slices.IndexFunc(ranks, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
	if i < 0 {
		return len(ranks)
	}
	return i
}

// reached is which refs reach something: the first of them, and how many more.
type reached struct {
	names []string
	more  int
}

func (r *reached) add(name string) {
	if len(r.names) < MaxRefs {
		r.names = append(r.names, name)
	} else {
		r.more++
	}
}

// reachedBy tells for each of the commits which refs reach it. It goes through the
// whole graph once for every 64 of them.
func (g *graph) reachedBy(commits []int32, refs []ref) map[int32]*reached {
	by := make(map[int32]*reached)
	order := g.downwards()
	for some := range slices.Chunk(commits, 64) {
		masks := g.masks(order, some)
		for _, c := range some {
			by[c] = &reached{}
		}
		for _, r := range refs {
			mask := uint64(0)
			for _, tip := range r.tips {
				if n := g.peel(tip); n != noCommit {
					mask |= masks[n]
				}
			}
			for i, c := range some {
				if mask>>i&1 == 1 {
					by[c].add(r.name)
				}
			}
		}
	}
	return by
}

// named tells which refs name a tag or another object, directly or through tags.
func (g *graph) named(id odb.ID, refs []ref) *reached {
	by := &reached{}
	for _, r := range refs {
		if slices.ContainsFunc(r.tips, func(tip odb.ID) bool { return g.leadsTo(tip, id) }) {
			by.add(r.name)
		}
	}
	return by
}

func (g *graph) leadsTo(tip, id odb.ID) bool {
	for range maxTags {
		if tip == id {
			return true
		}
		t, isTag := g.tags[tip]
		if !isTag {
			return false
		}
		tip = t.target
	}
	return false
}

// masks returns, for each commit, a bit for each of the given ones that it is, or
// comes after. order has parents before their children.
func (g *graph) masks(order, commits []int32) []uint64 {
	masks := make([]uint64, len(g.commits))
	for i, c := range commits {
		masks[c] = 1 << i
	}
	for _, n := range order {
		for _, p := range g.parentsOf(n) {
			masks[n] |= masks[p]
		}
	}
	return masks
}

// downwards returns the numbers of all commits, parents before their children, but in
// a circle, which a hostile pack can hold.
func (g *graph) downwards() []int32 {
	order := make([]int32, 0, len(g.commits))
	seen := make([]bool, len(g.commits))
	var path []int32
	for i := range g.commits {
		for path = append(path[:0], int32(i)); len(path) > 0; {
			n := path[len(path)-1]
			if !seen[n] {
				seen[n] = true
				for _, p := range g.parentsOf(n) {
					if !seen[p] {
						path = append(path, p)
					}
				}
				continue
			}
			path = path[:len(path)-1]
			order = append(order, n)
		}
	}
	return order
}

// peel returns the number of the commit that id, or the tag that it names, stands for.
func (g *graph) peel(id odb.ID) int32 {
	for range maxTags {
		t, isTag := g.tags[id]
		if !isTag {
			break
		}
		id = t.target
	}
	return g.find(id)
}

// maxTags is how many tags of tags are followed.
const maxTags = 16
