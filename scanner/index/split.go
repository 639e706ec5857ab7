package index

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/revokey-dev/revokey/scanner/odb"
)

// join returns all entries of a split index: those of the shared index that the
// extension "link" names, without those deleted, with those replaced, and the new ones.
// See https://git-scm.com/docs/index-format (split index).
func (x *Index) join(link []byte, shared func(string) ([]byte, error)) ([]Entry, error) {
	if len(link) < x.hash {
		return nil, errDamaged
	}
	name := odb.NewID(link[:x.hash])
	own := x.entries()
	if name.IsZero() {
		return own, nil
	}
	data, err := shared("sharedindex." + hex.EncodeToString(link[:x.hash]))
	if err != nil {
		return nil, fmt.Errorf("reading the shared index of a split one: %w", err)
	}
	base, extensions, err := parseEntries(data, x.hash)
	if err != nil {
		return nil, fmt.Errorf("reading the shared index of a split one: %w", err)
	}
	for len(extensions) > 0 {
		name, _, rest, err := cutExtension(extensions)
		if err != nil || name == "link" {
			return nil, errDamaged
		}
		extensions = rest
	}
	return joined(base.entries(), own, link[x.hash:])
}

// entries decodes all entries, whose paths stay.
func (x *Index) entries() []Entry {
	c := (&Index{data: x.data, version: x.version, hash: x.hash, n: x.n}).cursor()
	list := make([]Entry, 0, x.n)
	for e, ok := c.peek(); ok; e, ok = c.peek() {
		c.take(e)
		e.Path = bytes.Clone(e.Path)
		list = append(list, e.Entry)
	}
	return list
}

// joined carries out the bitmaps of what is deleted and replaced in base. The entries
// that replace others come first, without a name.
func joined(base, own []Entry, bitmaps []byte) ([]Entry, error) {
	var deleted, replaced []bool
	var err error
	if len(bitmaps) > 0 {
		if deleted, bitmaps, err = bits(bitmaps, len(base)); err != nil {
			return nil, err
		}
		if replaced, _, err = bits(bitmaps, len(base)); err != nil {
			return nil, err
		}
	}
	kept := make([]Entry, 0, len(base)+len(own))
	for i, e := range base {
		if i < len(replaced) && replaced[i] {
			if len(own) == 0 || len(own[0].Path) > 0 {
				return nil, errDamaged
			}
			path := e.Path
			e, own = own[0], own[1:]
			e.Path = path
		}
		if i >= len(deleted) || !deleted[i] {
			kept = append(kept, e)
		}
	}
	return merged(kept, own), nil
}

// merged returns the entries of both lists in order. One of own takes the place of that
// of its path and stage; a settled one and those of a conflict do not stand together.
func merged(base, own []Entry) []Entry {
	if len(own) == 0 {
		return base
	}
	slices.SortStableFunc(own, compareEntries)
	all := make([]Entry, 0, len(base)+len(own))
	for _, e := range own {
		n, _ := slices.BinarySearchFunc(base, e, compareEntries)
		all, base = append(all, base[:n]...), base[n:]
		for len(all) > 0 && ousts(e, all[len(all)-1]) {
			all = all[:len(all)-1]
		}
		for len(base) > 0 && ousts(e, base[0]) {
			base = base[1:]
		}
		all = append(all, e)
	}
	return append(all, base...)
}

// ousts reports whether both entries cannot stand in one index.
func ousts(e, other Entry) bool {
	return bytes.Equal(e.Path, other.Path) && (e.Stage == other.Stage || e.Stage == 0 || other.Stage == 0)
}

func compareEntries(a, b Entry) int {
	return cmp.Or(bytes.Compare(a.Path, b.Path), cmp.Compare(a.Stage, b.Stage))
}

// bits reads a bitmap compressed by EWAH: the number of its bits, the number of its words,
// the words, and a number that is not needed. Words that come after one that counts them
// stand for themselves. See https://git-scm.com/docs/bitmap-format (EWAH).
func bits(data []byte, limit int) (set []bool, rest []byte, err error) {
	if len(data) < 8 {
		return nil, nil, errDamaged
	}
	size, n := uint64(binary.BigEndian.Uint32(data)), uint64(binary.BigEndian.Uint32(data[4:]))
	data = data[8:]
	if n > uint64(len(data))/8 || uint64(len(data))-8*n < 4 || size > uint64(limit) {
		return nil, nil, errDamaged
	}
	words, rest := data[:8*n], data[8*n+4:]
	set = make([]bool, 0, size)
	for len(words) > 0 && uint64(len(set)) < size {
		marker := binary.BigEndian.Uint64(words)
		words = words[8:]
		run, literal := min(marker>>1&0xffffffff, size/64+1), marker>>33
		for range run {
			set = append(set, slices.Repeat([]bool{marker&1 != 0}, 64)...)
		}
		for ; literal > 0 && len(words) > 0; literal-- {
			word := binary.BigEndian.Uint64(words)
			words = words[8:]
			for bit := range 64 {
				set = append(set, word>>bit&1 != 0)
			}
		}
	}
	return set[:min(uint64(len(set)), size)], rest, nil
}
