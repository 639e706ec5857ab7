package unpack

import "fmt"

// windows is how many bytes of decompressors' windows may still be made for one blob. To
// clear one takes a small part of the time that as many bytes of content would; but
// streams, and their blocks, may be as many as they are small.
type windows int64

// How many bytes of windows may be made: some, and more for what may come out.
const (
	windowsFree  = 256 << 20
	windowsRatio = 4
)

func newWindows(out int64) windows {
	return windows(windowsFree + min(out, unlimited/windowsRatio)*windowsRatio)
}

// take takes a window of so many bytes.
func (w *windows) take(size int64) error {
	if *w -= windows(size); *w < 0 {
		return fmt.Errorf("%w: it has too many compressed pieces for what is in them", ErrLimit)
	}
	return nil
}
