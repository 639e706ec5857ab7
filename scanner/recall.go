package scanner

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/revokey-dev/revokey/detectors"
	"github.com/revokey-dev/revokey/scanner/odb"
)

// ErrGone is returned by [Recaller.Recall] where a place no longer holds the
// credential, or cannot be read again.
var ErrGone = errors.New("the credential is no longer at its place")

// Recaller reads credentials again from the places where they were found, so
// that nothing needs to store a secret. One goroutine uses it at a time.
type Recaller struct {
	detectors []detectors.Detector
	stores    map[string]*odb.Store // by repository
	readers   map[string]*odb.Reader
}

// NewRecaller returns a recaller with the detectors that found what it recalls.
func NewRecaller(d []detectors.Detector) *Recaller {
	return &Recaller{detectors: d, stores: make(map[string]*odb.Store), readers: make(map[string]*odb.Reader)}
}

// Close closes the repositories that were read from.
func (r *Recaller) Close() error {
	var errs []error
	for _, store := range r.stores {
		errs = append(errs, store.Close())
	}
	return errors.Join(errs...)
}

// Recall returns the match with the key ID and the secret of the given SHA-256,
// in hexadecimal, from an occurrence in a repository, or folder, as
// [Finding.Repository] names it. The error is [ErrGone] where it is not there.
func (r *Recaller) Recall(ctx context.Context, repository string, o Occurrence, keyID, secretSHA256 string) (detectors.Match, error) {
	data, err := r.read(repository, o)
	if err != nil {
		return detectors.Match{}, err
	}
	find := func(data []byte) (detectors.Match, bool) { return r.find(data, keyID, secretSHA256) }
	if o.Member != "" {
		return r.recallMember(ctx, data, o.Member, find)
	}
	if m, ok := find(data); ok {
		return m, nil
	}
	return detectors.Match{}, ErrGone
}

func (r *Recaller) find(data []byte, keyID, secretSHA256 string) (detectors.Match, bool) {
	for _, d := range r.detectors {
		for _, m := range d.Detect(data) {
			if m.KeyID == keyID && m.Secret.SHA256() == secretSHA256 {
				return m, true
			}
		}
	}
	return detectors.Match{}, false
}

func (r *Recaller) read(repository string, o Occurrence) ([]byte, error) {
	switch {
	case repository == "":
		return nil, fmt.Errorf("it came from standard input: %w", ErrGone)
	case o.Where == InFile:
		return readFile(filepath.Join(repository, filepath.FromSlash(o.Path)), odb.DefaultMaxSize)
	}
	reader, err := r.open(repository)
	if err != nil {
		return nil, err
	}
	obj, err := reader.Read(o.Object)
	if errors.Is(err, odb.ErrNotFound) {
		return nil, fmt.Errorf("object %s of %q: %w", o.Object, repository, ErrGone)
	}
	return obj.Data, err
}

func (r *Recaller) open(repository string) (*odb.Reader, error) {
	if reader, ok := r.readers[repository]; ok {
		return reader, nil
	}
	repo, err := findRepo(repository)
	if err != nil {
		return nil, err
	}
	if err := repo.check(); err != nil {
		return nil, err
	}
	store, err := odb.Open(repo.objects(), odb.Options{SHA256: repo.sha256})
	if err != nil {
		return nil, err
	}
	r.stores[repository], r.readers[repository] = store, store.NewReader()
	return r.readers[repository], nil
}
