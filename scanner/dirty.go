package scanner

import "github.com/revokey-dev/revokey/detectors"

// changed reports whether the detector has to see the blob, for something may be
// found in it. Where it is built on a quiet blob, only the regions that are new
// decide, and what stands around them: by the promise of [detectors.Detector.Reach]
// that is enough.
func changed(b *Blob, d detectors.Detector) bool {
	if b.Dirty == nil || !b.BaseClean {
		return !d.Quiet(b.Data)
	}
	reach := d.Reach()
	for i := 0; i < len(b.Dirty); {
		start, end := b.Dirty[i].Start-reach, b.Dirty[i].End+reach
		for i++; i < len(b.Dirty) && b.Dirty[i].Start-reach <= end; i++ {
			end = b.Dirty[i].End + reach
		}
		if !d.Quiet(b.Data[max(start, 0):min(end, len(b.Data))]) {
			return true
		}
	}
	return false
}
