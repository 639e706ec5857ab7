package scanner

import "github.com/revokey-dev/revokey/detectors"

// changed reports whether the detector must see all of the blob. It need not
// where the blob is built on a clean one, and nothing is found in and around the
// regions that are new: by the promise of [detectors.Detector.Reach] it would find
// nothing then.
func changed(b *Blob, d detectors.Detector) bool {
	if b.Dirty == nil || !b.BaseClean {
		return true
	}
	reach := d.Reach()
	for i := 0; i < len(b.Dirty); {
		start, end := b.Dirty[i].Start-reach, b.Dirty[i].End+reach
		for i++; i < len(b.Dirty) && b.Dirty[i].Start-reach <= end; i++ {
			end = b.Dirty[i].End + reach
		}
		if len(d.Detect(b.Data[max(start, 0):min(end, len(b.Data))])) > 0 {
			return true
		}
	}
	return false
}
