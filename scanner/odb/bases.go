package odb

// bases keeps what a reader of single objects has decoded, for versions of one file, or
// of one folder, are built on each other: without it each would be decoded from the root
// of its chain. A nil *bases keeps nothing.
type bases struct {
	content map[place]base
	size    int
}

// base is an object that others may be built on.
type base struct {
	kind Type
	data []byte // not to be changed
}

// keptBases bounds the bytes that are kept, keptBase those of one object: what is larger
// would soon take the place of all others.
const (
	keptBases = 32 << 20
	keptBase  = keptBases / 16
)

// nearest returns what is kept of a chain, whose tip is first, nearest to the tip, and
// the deltas that are still to be applied to it. It returns nil where it keeps nothing.
func (b *bases) nearest(p *pack, chain []header, root header) (content []byte, kind Type, rest []header) {
	if b == nil {
		return nil, 0, chain
	}
	for i, h := range chain {
		if kept, ok := b.content[place{p, h.at}]; ok {
			return kept.data, kept.kind, chain[:i]
		}
	}
	kept := b.content[place{p, root.at}]
	return kept.data, kept.kind, chain
}

// keep keeps what was decoded of the object that stands there, and returns it.
func (r *Reader) keep(at place, kind Type, content []byte, err error) []byte {
	if r.bases == nil || err != nil || content == nil || len(content) > keptBase {
		return content
	}
	if r.bases.size += len(content); r.bases.size > keptBases {
		clear(r.bases.content)
		r.bases.size = len(content)
	}
	r.bases.content[at] = base{kind, content}
	return content
}

// drop puts a buffer back, unless it may be kept.
func (r *Reader) drop(content []byte) {
	if r.bases == nil || len(content) > keptBase {
		r.put(content)
	}
}
