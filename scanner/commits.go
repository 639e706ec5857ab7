package scanner

import (
	"encoding/binary"
	"encoding/hex"

	"github.com/revokey-dev/revokey/scanner/odb"
)

// commitRows is what attribution needs of commits, row behind row, for histories
// have hundreds of thousands of them: the commit's name and its tree's, the time of
// its committer in seconds since 1970, the number of its parents, and their names.
// Numbers are little-endian, of 8 and 4 bytes.
type commitRows struct {
	hash int // bytes of a name
	rows []byte
}

// rowNumbers is how many bytes of a row are no names.
const rowNumbers = 8 + 4

// add adds a commit object, and returns the length of its header, and of the names of
// its tree and parents that start it. A name that is damaged is that of nothing, and a
// line behind other lines names nothing, as to git.
func (r *commitRows) add(obj *odb.Object) (n, names int) {
	r.hash = obj.HashLen()
	start := len(r.rows)
	r.rows = append(r.rows, make([]byte, 2*r.hash+rowNumbers)...)
	var parents uint32
	var time int64
	copy(r.rows[start:], obj.Name())
	at, behind := 0, false
	n = header(obj.Data, func(key, value []byte) {
		isName := false
		switch {
		case string(key) == "tree" && at == 0:
			isName = r.putName(start+r.hash, value)
		case string(key) == "parent" && !behind:
			r.rows = append(r.rows, make([]byte, r.hash)...)
			isName = r.putName(len(r.rows)-r.hash, value)
			parents++
		case string(key) == "committer":
			_, time = parseSignature(value)
			behind = true
		default:
			behind = true
		}
		line := len(key) + 1 + len(value) + 1
		if isName && at == names {
			names += line
		}
		at += line
	})
	numbers := r.rows[start+2*r.hash:]
	binary.LittleEndian.PutUint64(numbers, uint64(time))
	binary.LittleEndian.PutUint32(numbers[8:], parents)
	return n, names
}

// putName writes the name that value spells, and reports whether it is one.
func (r *commitRows) putName(at int, value []byte) bool {
	name := r.rows[at : at+r.hash]
	if len(value) != 2*r.hash {
		return false
	}
	if _, err := hex.Decode(name, value); err != nil {
		clear(name)
		return false
	}
	return true
}

// commitRow is one commit of the rows, to which its names belong.
type commitRow struct {
	id, tree []byte
	time     int64
	parents  []byte // name behind name
}

// next returns the first row, and the rows behind it; ok is false where there is
// none, or what is left is none.
func (r commitRows) next() (c commitRow, rest commitRows, ok bool) {
	fixed := 2*r.hash + rowNumbers
	if r.hash == 0 || len(r.rows) < fixed {
		return c, r, false
	}
	numbers := r.rows[2*r.hash:]
	end := uint64(fixed) + uint64(binary.LittleEndian.Uint32(numbers[8:]))*uint64(r.hash)
	if end > uint64(len(r.rows)) {
		return c, r, false
	}
	c = commitRow{
		id: r.rows[:r.hash], tree: r.rows[r.hash : 2*r.hash],
		time:    int64(binary.LittleEndian.Uint64(numbers)),
		parents: r.rows[fixed:end],
	}
	return c, commitRows{r.hash, r.rows[end:]}, true
}

// each calls use for every row.
func (r commitRows) each(use func(commitRow)) {
	for c, rest, ok := r.next(); ok; c, rest, ok = rest.next() {
		use(c)
	}
}

// eachParent calls use for the name of every parent.
func (c commitRow) eachParent(use func(name []byte)) {
	for p, n := c.parents, len(c.id); len(p) >= n && n > 0; p = p[n:] {
		use(p[:n])
	}
}

// without returns the rows but for some commits.
func (r commitRows) without(some map[odb.ID]bool) commitRows {
	if len(some) == 0 {
		return r
	}
	others := commitRows{hash: r.hash}
	for c, rest, ok := r.next(); ok; c, rest, ok = rest.next() {
		if !some[odb.NewID(c.id)] {
			others.rows = append(others.rows, r.rows[:len(r.rows)-len(rest.rows)]...)
		}
		r = rest
	}
	return others
}
