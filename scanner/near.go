package scanner

import "errors"

// Near returns a copy of the bytes around an occurrence, up to reach of them on
// either side of its start, as they stand in the object or file. It is nil where
// that cannot be read again, or is an archive.
func (r *Recaller) Near(repository string, o Occurrence, reach int) (near []byte) {
	if o.Member != "" {
		return nil
	}
	_, err := r.visit(repository, o, func(b *Blob) error {
		at := o.Offset - b.offset()
		if at < 0 || at >= len(b.Data) {
			return nil
		}
		near = append(near, b.Data[max(0, at-reach):min(len(b.Data), at+reach)]...)
		return errFound
	})
	if !errors.Is(err, errFound) {
		return nil
	}
	return near
}
