package scanner

import (
	"encoding/binary"
	"slices"

	"github.com/revokey-dev/revokey/scanner/odb"
)

// spot is a blob at a path: below some tree, or from the root.
type spot struct {
	path string
	blob odb.ID
}

// spotLists numbers spots, and lists of them: the versions of a tree that hold the
// same share one list. List 0 is empty.
type spotLists struct {
	spots   []spot
	numbers map[spot]int32
	lists   [][]int32        // each in order of its numbers
	known   map[string]int32 // the lists, by their bytes
	below   map[below]int32
	listed  int // numbers in all lists
}

// below is what stands in a folder of some name.
type below struct{ name, list int32 }

// A hostile history can have as many lists as it has commits, each with as many spots
// as a tree may hold: these bound the spots, and the numbers in all lists.
const (
	maxSpots  = 1 << 20
	maxListed = 16 << 20
)

func newSpotLists() *spotLists {
	l := &spotLists{numbers: make(map[spot]int32), known: make(map[string]int32), below: make(map[below]int32)}
	l.list(nil)
	return l
}

func (l *spotLists) spot(s spot) int32 {
	n, ok := l.numbers[s]
	if !ok {
		n = int32(len(l.spots))
		l.spots = append(l.spots, s)
		l.numbers[s] = n
	}
	return n
}

// list returns the number of the list of these spots, whose order does not matter.
func (l *spotLists) list(spots []int32) int32 {
	slices.Sort(spots)
	spots = slices.Compact(spots)
	key := make([]byte, 0, 4*len(spots))
	for _, s := range spots {
		key = binary.LittleEndian.AppendUint32(key, uint32(s))
	}
	n, ok := l.known[string(key)]
	if !ok {
		n = int32(len(l.lists))
		l.lists = append(l.lists, slices.Clip(spots))
		l.known[string(key)] = n
		l.listed += len(spots)
	}
	return n
}

// in returns the spots of a list, seen from above the folder that they stand in.
func (l *spotLists) in(folder string, name, list int32) []int32 {
	key := below{name, list}
	if n, ok := l.below[key]; ok {
		return l.lists[n]
	}
	var spots []int32
	for _, s := range l.lists[list] {
		inner := l.spots[s]
		spots = append(spots, l.spot(spot{folder + "/" + inner.path, inner.blob}))
	}
	n := l.list(spots)
	l.below[key] = n
	return l.lists[n]
}

// lacks returns the spots of a list that none of the others has.
func (l *spotLists) lacks(list int32, others []int32) []int32 {
	if slices.Contains(others, list) {
		return nil
	}
	spots := l.lists[list]
	for _, o := range others {
		if len(l.lists[o]) == 0 {
			continue
		}
		var rest []int32
		for _, s := range spots {
			if _, has := slices.BinarySearch(l.lists[o], s); !has {
				rest = append(rest, s)
			}
		}
		spots = rest
	}
	return spots
}
