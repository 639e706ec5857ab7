package inflate

import "encoding/binary"

// copyMatch copies length bytes from dist before w to w.
func copyMatch(dst []byte, w, dist, length int) {
	end := w + length
	from := w - dist
	if dist >= 8 && end <= len(dst)-8 {
		for w < end {
			binary.LittleEndian.PutUint64(dst[w:], binary.LittleEndian.Uint64(dst[from:]))
			w += 8
			from += 8
		}
		return
	}
	for w < end {
		dst[w] = dst[from]
		w++
		from++
	}
}
