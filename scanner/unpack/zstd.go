package unpack

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// newZstd returns a decompressor without goroutines of its own.
func newZstd(from io.Reader, w *windows) (io.Reader, error) {
	peeked := bufio.NewReader(from)
	// What is no header is told of when it is read.
	head, _ := peeked.Peek(zstd.HeaderMaxSize)
	var frame zstd.Header
	if err := frame.Decode(head); err == nil {
		if err := w.take(int64(min(max(frame.WindowSize, frame.FrameContentSize), maxWindow))); err != nil {
			return nil, err
		}
	}
	from = peeked
	d, err := zstd.NewReader(from, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return nil, err
	}
	return zstdReader{d}, nil
}

// zstdReader gives the library's errors our reasons.
type zstdReader struct{ d *zstd.Decoder }

func (z zstdReader) Read(p []byte) (int, error) {
	n, err := z.d.Read(p)
	switch {
	case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded):
		err = errWindow()
	case errors.Is(err, zstd.ErrUnknownDictionary):
		err = fmt.Errorf("%w: it needs a dictionary", ErrUnsupported)
	}
	return n, err
}

func errWindow() error {
	return fmt.Errorf("%w: unpacking it takes a window of more than %s", ErrLimit, inMiB(maxWindow))
}
