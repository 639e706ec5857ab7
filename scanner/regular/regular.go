// Package regular opens files that somebody else may have laid out: regular ones, and
// nothing else.
//
// A repository that came as an archive, or that another user of the machine may write
// to, can hold a named pipe where git has a file, which nobody ever writes to, or a
// symbolic link to a device that never ends. To open the one, or to read the other,
// takes for ever. Links are followed, as git follows them: what they lead to is what
// counts.
package regular

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// ErrIrregular is the reason for what is no regular file: a folder, a pipe, a socket, a
// device.
var ErrIrregular = errors.New("is no regular file")

// ErrTooLarge is the reason for a file over the limit.
var ErrTooLarge = errors.New("is larger than the limit")

// Open opens a regular file to read it. It never waits for somebody to write. What is no
// regular file gives [ErrIrregular], what is not there [fs.ErrNotExist].
func Open(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err == nil {
		err = check(path, info) // before it is opened: to open some devices does something
	}
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDONLY|noWait, 0)
	if err != nil {
		return nil, err
	}
	if info, err = f.Stat(); err == nil {
		err = check(path, info) // another may have taken its place
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	// Some of the kernel's own look regular and make readers wait, as /proc/kmsg does. All
	// others have no deadline.
	_ = f.SetReadDeadline(time.Now().Add(patience))
	return f, nil
}

// patience is how long something is waited for in all where a file makes readers wait.
const patience = 2 * time.Second

// Read returns the content of a regular file of at most limit bytes, otherwise
// [ErrTooLarge].
func Read(path string, limit int64) ([]byte, error) {
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() > limit {
		return nil, tooLarge(path, limit)
	}
	data := make([]byte, 0, info.Size()+1)
	return readAll(f, data, path, limit)
}

// readAll reads to the end, wherever that is by now: a file may grow, and some of the
// kernel's own tell no size.
func readAll(f io.Reader, data []byte, path string, limit int64) ([]byte, error) {
	for {
		if len(data) == cap(data) {
			data = append(data, 0)[:len(data)]
		}
		n, err := f.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		switch {
		case int64(len(data)) > limit:
			return nil, tooLarge(path, limit)
		case errors.Is(err, io.EOF):
			return data, nil
		case err != nil:
			return nil, err
		}
	}
}

func check(path string, info fs.FileInfo) error {
	if info.Mode().IsRegular() {
		return nil
	}
	return &fs.PathError{Op: "open", Path: path, Err: ErrIrregular}
}

func tooLarge(path string, limit int64) error {
	return &fs.PathError{Op: "read", Path: path, Err: fmt.Errorf("%w of %d bytes", ErrTooLarge, limit)}
}
