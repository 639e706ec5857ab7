package odb

import (
	"bytes"
	"encoding/hex"
	"fmt"

	"github.com/revokey-dev/revokey/scanner/window"
)

// ID is the name of an object: 20 bytes of SHA-1 or 32 of SHA-256.
// The zero ID names nothing. IDs are comparable.
type ID struct {
	sum [32]byte
	len uint8
}

// NewID returns the ID whose bytes are sum. It panics unless there are 20 or 32.
func NewID(sum []byte) ID {
	if len(sum) != 20 && len(sum) != 32 {
		panic(fmt.Sprintf("odb: internal error: object name of %d bytes", len(sum)))
	}
	id := ID{len: uint8(len(sum))}
	copy(id.sum[:], sum)
	return id
}

// ParseID reads the 40 or 64 hexadecimal digits of an object name.
func ParseID(s string) (ID, error) {
	sum, err := hex.DecodeString(s)
	if err != nil || len(sum) != 20 && len(sum) != 32 {
		return ID{}, fmt.Errorf("%q is not an object name of 40 or 64 hexadecimal digits", s)
	}
	return NewID(sum), nil
}

// bytes returns the ID's bytes, which must not be changed.
func (id *ID) bytes() []byte { return id.sum[:id.len] }

// Bytes returns the ID's bytes; they are the caller's.
func (id ID) Bytes() []byte { return bytes.Clone(id.sum[:id.len]) }

// Len returns the number of bytes: 20, 32, or 0 for the zero ID.
func (id ID) Len() int { return int(id.len) }

// String returns the ID in hexadecimal, "" for the zero ID.
func (id ID) String() string { return hex.EncodeToString(id.sum[:id.len]) }

// IsZero reports whether the ID names nothing: the zero value, or git's all-zero name.
func (id ID) IsZero() bool { return id.sum == [32]byte{} }

// Compare orders IDs by their bytes.
func (id ID) Compare(other ID) int { return bytes.Compare(id.sum[:], other.sum[:]) }

// Type is the type of an object, by git's own numbers.
// See https://git-scm.com/docs/gitformat-pack.
type Type uint8

// The types of objects.
const (
	Commit Type = 1
	Tree   Type = 2
	Blob   Type = 3
	Tag    Type = 4
)

// String returns git's word for the type.
func (t Type) String() string {
	switch t {
	case Commit:
		return "commit"
	case Tree:
		return "tree"
	case Blob:
		return "blob"
	case Tag:
		return "tag"
	}
	return fmt.Sprintf("type %d", uint8(t))
}

// TypeSet is a set of types.
type TypeSet uint8

// Types returns the set of the given types.
func Types(types ...Type) TypeSet {
	var set TypeSet
	for _, t := range types {
		set |= 1 << t
	}
	return set
}

// Has reports whether t is in the set.
func (s TypeSet) Has(t Type) bool { return s&(1<<t) != 0 }

// Object is one decoded object.
type Object struct {
	id     ID // zero: it is number in plan
	Type   Type
	number int32
	plan   *plan // of a pack

	Data []byte // owned by the Reader: valid until the next call to it, or until the visit function returns

	// Dirty are the regions of Data, in order, that are new: Data is a delta on an
	// object that visit was given before, and what stands outside of the regions
	// stands in that one too, between the same neighbours. Regions that are near each
	// other come as one, with what is between. An empty region is a seam, at which two
	// pieces meet anew. nil is all of Data.
	Dirty []Span

	// BaseClean tells, where Dirty is set, that visit called the base Clean.
	BaseClean bool

	// Sparse tells that Data holds only the dirty regions and [Edge] bytes around
	// each, and as many at its start; the rest is undefined until [Object.Fill]. So comes what is built on a
	// clean base and has nothing built on it.
	Sparse bool

	// Clean is set by a visit function that found nothing: those who are built on
	// this object learn it by BaseClean.
	Clean bool

	// Window is set where Data is a window: a large blob comes in one after the other.
	// They start again at 0 where the blob proved damaged and is read from another copy.
	Window *window.Window

	base, delta []byte // of a sparse object: what Fill needs
}

// Edge is how many bytes around a dirty region a sparse object holds.
const Edge = 128

// Fill makes a sparse object whole.
func (o *Object) Fill() {
	if o.Sparse {
		// Of the same base and instructions it succeeded before.
		_, _ = applyDelta(o.Data, o.base, o.delta, nil, false)
		o.Sparse = false
	}
}

// ID returns the object's name. It is looked up when asked for: of most objects
// nobody wants to know it.
func (o *Object) ID() ID {
	if o.plan != nil {
		return o.plan.id(int(o.number))
	}
	return o.id
}

// Name returns the bytes of the object's name, which must not be changed and are
// valid as long as the store.
func (o *Object) Name() []byte {
	if o.plan != nil {
		return o.plan.pack.index.name(int(o.plan.objects[o.number].place))
	}
	return o.id.bytes()
}

// HashLen returns how many bytes the names of the object and of its like have.
func (o *Object) HashLen() int {
	if o.plan != nil {
		return o.plan.pack.index.hash
	}
	return o.id.Len()
}

// Skipped is something that could not be read.
type Skipped struct {
	ID   ID     // zero where it is not one object
	Path string // the file it was to come from; "" where only the ID is known
	Err  error
}
