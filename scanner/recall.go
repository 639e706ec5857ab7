package scanner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

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
	memory    int64 // as in [odb.Options]

	// What was seen in the place read last: a file that is full of keys is read once.
	last recalled
	hits []hit

	stretches []stretch // for Near, the newest last
}

// recalled is what an occurrence stands in.
type recalled struct {
	repository, path, member string
	where                    Where
	object                   odb.ID
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
	var seen result
	isIt := func(h hit) bool {
		return h.match.KeyID == keyID && h.match.Secret.SHA256() == secretSHA256 && (o.Member == "" || h.at.Member == o.Member)
	}
	in := recalled{repository, o.Path, o.Member, o.Where, o.Object}
	if i := slices.IndexFunc(r.hits, isIt); i >= 0 && r.last == in {
		return r.hits[i].match, nil
	}
	s := New(r.detectors, Options{NoArchives: o.Member == "", Archives: recallLimits()})
	damage, err := r.visit(repository, o, func(b *Blob) error {
		if err := s.look(ctx, b, &seen); err != nil {
			return err
		}
		if slices.ContainsFunc(seen.hits, isIt) {
			return errFound
		}
		return nil
	})
	r.last, r.hits = in, seen.hits
	switch i := slices.IndexFunc(seen.hits, isIt); {
	case i >= 0:
		return seen.hits[i].match, nil
	case damage == nil && err == nil:
		return detectors.Match{}, ErrGone
	}
	return detectors.Match{}, cmp.Or(err, damage)
}

// RecallSecret returns the secret of the given SHA-256, in hexadecimal, that stands alone
// at an occurrence: see [Candidate]. The error is [ErrGone] where it is not there.
func (r *Recaller) RecallSecret(ctx context.Context, repository string, o Occurrence, secretSHA256 string) (secret detectors.Secret, err error) {
	if m, err := r.Recall(ctx, repository, o, "", secretSHA256); err == nil {
		return m.Secret, nil
	}
	damage, err := r.visit(repository, o, func(b *Blob) error {
		for _, m := range detectors.Secrets(b.Data) {
			if m.Secret.SHA256() == secretSHA256 {
				secret = m.Secret
				return errFound
			}
		}
		return nil
	})
	if errors.Is(err, errFound) {
		return secret, nil
	}
	return secret, cmp.Or(err, damage, ErrGone)
}

// errFound ends the reading of what was looked for in it.
var errFound = errors.New("found")

// visit gives visit what the occurrence stands in, in windows where that is large.
func (r *Recaller) visit(repository string, o Occurrence, visit func(*Blob) error) (damage, err error) {
	switch {
	case repository == "":
		return fmt.Errorf("it came from standard input: %w", ErrGone), nil
	case o.Where == InFile:
		var buf []byte
		path := filepath.Join(repository, filepath.FromSlash(o.Path))
		if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
			return fmt.Errorf("%q is no regular file: %w", path, ErrGone), nil
		}
		return visitFile(path, 0, &buf, Blob{}, visit)
	}
	reader, err := r.open(repository)
	if err != nil {
		return nil, err
	}
	damage, err = reader.Visit(o.Object, func(obj *odb.Object) error {
		return visit(&Blob{Object: obj, Data: obj.Data, Window: obj.Window})
	})
	if errors.Is(damage, odb.ErrNotFound) {
		damage = fmt.Errorf("object %s of %q: %w", o.Object, repository, ErrGone)
	}
	return damage, err
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
	store, err := odb.Open(repo.objects(), odb.Options{Memory: r.memory, SHA256: repo.sha256})
	if err != nil {
		return nil, err
	}
	r.stores[repository], r.readers[repository] = store, store.NewReader()
	return r.readers[repository], nil
}
