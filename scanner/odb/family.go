package odb

import (
	"cmp"
	"slices"
)

// Family is a piece of work: objects that are best read together. In a pack they
// are whole families, each a base and all that is deltified on it, directly or not.
// The zero Family is empty.
type Family struct {
	plan  *plan   // nil: the objects are loose
	roots []int32 // of the plan
	loose *looseDir
	ids   []ID
	n     int
}

// Len returns the number of objects in the family.
func (f Family) Len() int { return f.n }

// Roots returns how many families the piece of work has: chains of deltas with their
// base, or loose objects.
func (f Family) Roots() int { return max(len(f.roots), len(f.ids)) }

// Pick returns of the piece of work the families with these numbers, below
// [Family.Roots].
func (f Family) Pick(numbers ...int) Family {
	some := Family{plan: f.plan, loose: f.loose}
	for _, i := range numbers {
		if f.plan == nil {
			some.ids = append(some.ids, f.ids[i])
			some.n++
			continue
		}
		some.roots = append(some.roots, f.roots[i])
		some.n += int(f.plan.objects[f.roots[i]].nodes)
	}
	return some
}

// A piece of work is closed when it holds this many bytes of a pack, or this many
// loose objects: enough that handing it out costs nothing, few enough that all
// workers are busy to the end.
const (
	pieceBytes = 1 << 20
	pieceLoose = 512
)

// families cuts the plan's objects of the wanted types into pieces, the heaviest
// first, so that no worker begins a long one last.
func (pl *plan) families(want TypeSet) []Family {
	var pieces []Family
	var costs []int64
	weights := pl.weights()
	piece, cost := Family{plan: pl}, int64(0)
	flush := func() {
		if piece.n > 0 {
			pieces, costs = append(pieces, piece), append(costs, cost)
		}
		piece, cost = Family{plan: pl}, 0
	}
	for i, o := range pl.objects {
		if o.base != none || o.kind == 0 || !want.Has(o.kind) || !pl.isFresh(int32(i)) {
			continue
		}
		piece.roots, piece.n = append(piece.roots, int32(i)), piece.n+int(o.nodes)
		if cost += weights[i]; cost >= pieceBytes {
			flush()
		}
	}
	flush()
	return heaviestFirst(pieces, costs)
}

func heaviestFirst(pieces []Family, costs []int64) []Family {
	order := make([]int, len(pieces))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(costs[b], costs[a]) })
	sorted := make([]Family, 0, len(pieces))
	for _, i := range order {
		sorted = append(sorted, pieces[i])
	}
	return sorted
}

func (l *looseDir) families() []Family {
	var pieces []Family
	for ids := range slices.Chunk(l.ids, pieceLoose) {
		pieces = append(pieces, Family{loose: l, ids: ids, n: len(ids)})
	}
	return pieces
}
