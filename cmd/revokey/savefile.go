package main

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// saveFile writes a file of that mode whole or not at all, by way of a temporary file beside it.
// A link of that name is replaced, not followed.
func saveFile(path string, mode fs.FileMode, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".revokey-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // no longer there, if all went well
	if err := errors.Join(write(f), f.Chmod(mode), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// private and public are the modes of files: for their owner alone, and for everybody to read.
const (
	private fs.FileMode = 0o600
	public  fs.FileMode = 0o644
)

// withoutPath returns what went wrong, without the name of a temporary file.
func withoutPath(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}
