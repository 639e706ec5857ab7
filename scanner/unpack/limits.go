package unpack

import (
	"fmt"
	"math"
)

// The limits that the zero [Limits] stand for.
const (
	DefaultDepth      = 8
	DefaultMemberSize = 256 << 20
	DefaultTotalSize  = 1 << 30
	DefaultRatio      = 1000 // of deflate, which most archives are made with, the most is 1032
	DefaultMembers    = 100_000
)

// MaxName is how many bytes of a member's name are kept.
const MaxName = 1024

const (
	// ratioFree is what any blob may give, whatever its size.
	ratioFree = 1 << 20

	// maxWindow is the memory that a decompressor may ask for, as much as zstd allows
	// without being asked. xz -9 takes 64 MiB.
	maxWindow = 128 << 20

	// maxSkipped ends the walk of a blob in which nothing can be read.
	maxSkipped = 1000
)

// Limits bound what one blob may cost. A field that is 0 stands for its default,
// a negative one for no limit.
type Limits struct {
	Depth      int   // archives inside archives: 1 is a blob's own members
	MemberSize int64 // bytes of the member at hand and of those it is nested in
	TotalSize  int64 // bytes of all members, at every depth
	Ratio      int64 // TotalSize is no more than so many times the blob; 1 MiB is free
	Members    int   // of one blob, at every depth
}

// unlimited is more than any machine has, and leaves room to add to it.
const unlimited = 1 << 60

// orDefault fills in what the fields stand for.
func (l Limits) orDefault() Limits {
	return Limits{
		Depth:      count(l.Depth, DefaultDepth),
		MemberSize: limit(l.MemberSize, DefaultMemberSize),
		TotalSize:  limit(l.TotalSize, DefaultTotalSize),
		Ratio:      limit(l.Ratio, DefaultRatio),
		Members:    count(l.Members, DefaultMembers),
	}
}

func limit(set, def int64) int64 {
	switch {
	case set == 0:
		return def
	case set < 0:
		return unlimited
	}
	return set
}

// count is limit for what is no size.
func count(set, def int) int { return int(min(limit(int64(set), int64(def)), math.MaxInt32)) }

// total returns how many bytes a blob of that size may give, and the error that
// says so.
func (l Limits) total(size int64) (int64, error) {
	if l.Ratio < unlimited/max(size, 1) {
		if byRatio := max(l.Ratio*size, ratioFree); byRatio < l.TotalSize {
			return byRatio, fmt.Errorf("%w: it holds more than %d times its size", ErrLimit, l.Ratio)
		}
	}
	return l.TotalSize, fmt.Errorf("%w: it holds more than %s in all", ErrLimit, inMiB(l.TotalSize))
}

func inMiB(n int64) string { return fmt.Sprintf("%.4g MiB", float64(n)/(1<<20)) }
