package index

import (
	"encoding/binary"

	"github.com/revokey-dev/revokey/scanner/odb"
)

// cursor goes from entry to entry.
type cursor struct {
	x     *Index
	i     int    // of the entry that is next
	at    int    // where that starts in the data
	path  []byte // of version 4: that of the entry before it, on which its own builds
	spare []byte // of version 4: room for its own
}

func (x *Index) cursor() *cursor { return &cursor{x: x} }

// entry is the next entry, and where the one behind it starts.
type entry struct {
	Entry
	end int
}

// peek returns the next entry, whose path is valid until the next call. It is false behind
// the last.
func (c *cursor) peek() (e entry, ok bool) {
	if c.i >= c.x.Len() {
		return e, false
	}
	if c.x.split {
		e.Entry = c.x.list[c.i]
		return e, true
	}
	data := c.x.data
	name, _ := c.x.nameAt(c.at)
	end, long := c.x.next(c.at, len(c.path))
	e.end = end
	e.Mode = binary.BigEndian.Uint32(data[c.at+modeAt:])
	e.ID = odb.NewID(data[c.at+statLen : c.at+statLen+c.x.hash])
	flags := binary.BigEndian.Uint16(data[c.at+statLen+c.x.hash:])
	e.Stage = int(flags & flagStage >> 12)
	if flags&flagExtended != 0 && c.x.version > 2 {
		e.IntentToAdd = binary.BigEndian.Uint16(data[c.at+statLen+c.x.hash+2:])&extendedIntentToAdd != 0
	}
	e.Path = c.nameIn(name, long)
	return e, true
}

// nameIn returns the name of so many bytes, of which what is its own starts there.
func (c *cursor) nameIn(start, long int) []byte {
	if c.x.version != 4 {
		return c.x.data[start : start+long]
	}
	strip, suffix := varint(c.x.data, start)
	kept := len(c.path) - strip
	c.spare = append(append(c.spare[:0], c.path[:kept]...), c.x.data[suffix:suffix+long-kept]...)
	return c.spare
}

// take goes behind the entry, which peek returned.
func (c *cursor) take(e entry) {
	c.i, c.at = c.i+1, e.end
	c.path, c.spare = c.spare, c.path
}

// skip goes behind n entries, and returns the last of them.
func (c *cursor) skip(n int) (last entry, ok bool) {
	if n > c.x.Len()-c.i {
		return last, false
	}
	if c.x.version != 4 && !c.x.split {
		for ; n > 1; n-- { // no name is needed to find the next one
			c.i++
			c.at, _ = c.x.next(c.at, 0)
		}
	}
	for ; n > 0; n-- {
		last, _ = c.peek()
		c.take(last)
	}
	return last, true
}
