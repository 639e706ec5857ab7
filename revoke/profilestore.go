package revoke

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/gofrs/flock"
)

// maxCredentialsFile bounds what is read of a credentials file. Real ones have some
// KB.
const maxCredentialsFile = 1 << 20

// profileStore is a profile of the shared credentials file. The file is replaced at
// once, by one that only its owner may read; a symbolic link to it stays one. Between
// ready and close no other revokey writes it.
type profileStore struct {
	Destination
	target string // the file, behind symbolic links
	lock   *flock.Flock
	temp   *os.File
}

// leftover is what a file in the making is called: always the same, so that what a
// crash left is found.
func leftover(target string) string { return target + ".revokey" }

func (s *profileStore) holds(context.Context) (aws.Credentials, error) {
	text, _, err := s.read()
	if err != nil {
		return aws.Credentials{}, err
	}
	cred, err := readProfile(text, s.Profile)
	if err == nil {
		_, err = writeProfile(text, s.Profile, cred) // whether it can be
	}
	if err != nil {
		return aws.Credentials{}, fmt.Errorf("%s: %w", s.File, err)
	}
	return cred, nil
}

// read returns what the file holds, and who has it; nothing where there is none.
func (s *profileStore) read() ([]byte, fs.FileInfo, error) {
	if err := s.follow(); err != nil {
		return nil, nil, err
	}
	f, err := os.Open(s.target)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("reading the credentials file: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, nil, fmt.Errorf("reading the credentials file: %w", err)
	case !info.Mode().IsRegular():
		return nil, nil, fmt.Errorf("%s is no file: set AWS_SHARED_CREDENTIALS_FILE to one", s.File)
	case info.Size() > maxCredentialsFile:
		return nil, nil, fmt.Errorf("%s is no credentials file: it has %d bytes", s.File, info.Size())
	}
	text, err := io.ReadAll(io.LimitReader(f, maxCredentialsFile))
	return text, info, err
}

// follow finds the file behind symbolic links: what they point to is replaced, for
// who made the link wanted the file there.
func (s *profileStore) follow() error {
	target, err := filepath.EvalSymlinks(s.File)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Lstat(s.File); err == nil {
			return fmt.Errorf("%s is a link to nothing: make the file, or remove the link", s.File)
		}
		s.target = s.File
		return nil
	}
	s.target = target
	return err
}

// ready takes the lock and makes the new file, still empty, so that there is room for
// it and we may.
func (s *profileStore) ready(context.Context) error {
	if err := s.follow(); err != nil {
		return err
	}
	if info, err := os.Stat(s.target); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s is no file", s.File)
	}
	if err := os.MkdirAll(filepath.Dir(s.target), 0o700); err != nil {
		return err
	}
	s.lock = flock.New(s.target+".lock", flock.SetPermissions(0o600))
	switch held, err := s.lock.TryLock(); {
	case err != nil:
		return fmt.Errorf("locking %s: %w", s.File, err)
	case !held:
		return fmt.Errorf("%s is being written by another revokey: wait for it to end", s.File)
	}
	if err := os.Remove(leftover(s.target)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var err error
	s.temp, err = os.OpenFile(leftover(s.target), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	return err
}

func (s *profileStore) put(_ context.Context, cred aws.Credentials) (string, EntryOutcome, error) {
	before, owner, err := s.read()
	if err != nil {
		return "", NotDone, err
	}
	after, err := writeProfile(before, s.Profile, cred)
	if err != nil {
		return "", NotDone, fmt.Errorf("%s: %w", s.File, err)
	}
	if err := s.fill(after, owner); err != nil {
		return "", NotDone, fmt.Errorf("writing the credentials file: %w", err)
	}
	now, _, err := s.read()
	if err != nil || !bytes.Equal(now, before) {
		return "", NotDone, errors.Join(fmt.Errorf("%s was changed by another program just now", s.File), err)
	}
	if err := os.Rename(s.temp.Name(), s.target); err != nil {
		return "", NotDone, fmt.Errorf("writing the credentials file: %w", err)
	}
	if err := syncDir(filepath.Dir(s.target)); err != nil {
		return "", InDoubt, fmt.Errorf("writing the credentials file: %w", err)
	}
	return "", Done, nil
}

// fill writes the new file, and gives it to whom the old one belongs.
func (s *profileStore) fill(text []byte, owner fs.FileInfo) error {
	if _, err := s.temp.Write(text); err != nil {
		return err
	}
	if owner != nil {
		if err := giveTo(s.temp, owner); err != nil {
			return err
		}
	}
	return errors.Join(s.temp.Sync(), s.temp.Close())
}

// close removes the new file, if it did not take the place of the old one.
func (s *profileStore) close() error {
	var err error
	if s.temp != nil {
		_ = s.temp.Close() // it may be closed
		if err = os.Remove(s.temp.Name()); errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
	}
	if s.lock == nil {
		return err
	}
	return errors.Join(err, s.lock.Close()) // its file stays: were it removed, two could hold two of them
}
