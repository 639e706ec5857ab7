package detectors

import (
	"slices"
	"sort"
)

// A view is a text that others are decoded from, or that was decoded itself: the
// text that it is under with parts of it put in their place. Names and structure
// around what was decoded stay as they are.
type view struct {
	text  []byte
	parts []part // what was decoded, in order
	under *view  // nil: text is the data itself
}

// A part is what stands in place of some bytes.
type part struct {
	from   Span   // in what it was decoded from
	at     int    // where it stands in the view
	text   []byte // what was decoded
	how    []string
	step   int     // each character is this many bytes of from; 0: see starts
	starts []int32 // where each character of text starts, and ends, in what it was
	ends   []int32 // decoded from; nil: nobody knows, all of them are from
}

func (p *part) add(c byte, start, end int) {
	p.text = append(p.text, c)
	p.starts, p.ends = append(p.starts, int32(start)), append(p.ends, int32(end))
}

// origin returns what text[i:j] was decoded from.
func (p *part) origin(i, j int) Span {
	switch {
	case p.step > 0:
		return Span{p.from.Start + i*p.step, min(p.from.Start+j*p.step, p.from.End)}
	case p.starts != nil:
		return Span{int(p.starts[i]), int(p.ends[j-1])}
	}
	return p.from
}

// with returns the view of v with parts in their place, in order; of those that
// overlap the first counts.
func (v *view) with(parts []part) *view {
	slices.SortStableFunc(parts, func(a, b part) int { return a.from.Start - b.from.Start })
	w := &view{under: v}
	end := 0
	for _, p := range parts {
		if p.from.Start < end {
			continue
		}
		w.text = append(w.text, v.text[end:p.from.Start]...)
		p.at = len(w.text)
		w.text = append(w.text, p.text...)
		w.parts = append(w.parts, p)
		end = p.from.End
	}
	w.text = append(w.text, v.text[end:]...)
	return w
}

// origin returns where in the data a span of the view's text stands, which is not
// empty, and how it is encoded there, outermost first.
func (v *view) origin(s Span) (Span, []string) {
	if v.under == nil {
		return s, nil
	}
	first := sort.Search(len(v.parts), func(i int) bool { p := &v.parts[i]; return p.at+len(p.text) > s.Start })
	last := sort.Search(len(v.parts), func(i int) bool { return v.parts[i].at >= s.End }) - 1
	from := Span{v.plain(first, s.Start), v.plain(last+1, s.End)}
	var how []string
	if first <= last {
		how = v.parts[first].how
	}
	if p := v.partAt(first, s.Start); p != nil {
		from.Start = p.origin(s.Start-p.at, min(s.End-p.at, len(p.text))).Start
	}
	if p := v.partAt(last, s.End-1); p != nil {
		from.End = p.origin(max(0, s.Start-p.at), s.End-p.at).End
	}
	outer, outerHow := v.under.origin(from)
	return outer, append(slices.Clip(outerHow), how...)
}

// partAt returns the i-th part if it holds the byte at, or nil.
func (v *view) partAt(i, at int) *part {
	if i < 0 || i >= len(v.parts) {
		return nil
	}
	if p := &v.parts[i]; p.at <= at && at < p.at+len(p.text) {
		return p
	}
	return nil
}

// swallows reports whether s, in the text below, is in what base64 was decoded from.
func (v *view) swallows(s Span) bool {
	i := sort.Search(len(v.parts), func(i int) bool { return v.parts[i].from.End >= s.End })
	return i < len(v.parts) && v.parts[i].from.Start < s.Start && v.parts[i].how[0] == "base64"
}

// plain returns where the byte at, which stands before the i-th part and behind the
// one before it, stands in the view below.
func (v *view) plain(i, at int) int {
	if i == 0 {
		return at
	}
	p := &v.parts[i-1]
	return p.from.End + max(0, at-p.at-len(p.text))
}
