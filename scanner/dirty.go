package scanner

import (
	"github.com/revokey-dev/revokey/detectors"
	"github.com/revokey-dev/revokey/scanner/odb"
)

// changed reports whether the detector has to see the blob, for something may be
// found in it. Where it is built on a quiet blob, only the regions that are new
// decide, and what stands around them, by the promise of
// [detectors.Detector.Changed]. The names that a commit starts with are left out.
func changed(b *Blob, d detectors.Detector) bool {
	if b.Dirty == nil || !b.BaseClean {
		return !d.Quiet(b.Data[b.names:])
	}
	for _, r := range b.Dirty {
		if d.Changed(b.Data, r.Start, r.End) {
			return true
		}
	}
	return false
}

// A sparse object holds as much around its dirty regions as detectors look at.
const _ = uint(odb.Edge - detectors.MaxAround)
