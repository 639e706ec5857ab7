package scanner

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"

	"github.com/revokey-dev/revokey/scanner/odb"
)

// GitEnvironment is what git tells its hooks by variables of the environment: without it
// a hook looks at another repository, index or database than git does. The zero value
// is where nothing is told.
// See https://git-scm.com/docs/git#_the_git_repository.
type GitEnvironment struct {
	Dir        string   // GIT_DIR
	IndexFile  string   // GIT_INDEX_FILE: what `git commit -a` and `git commit FILE` are about to commit
	Objects    string   // GIT_OBJECT_DIRECTORY: what is pushed to a server, and not accepted yet
	Alternates []string // GIT_ALTERNATE_OBJECT_DIRECTORIES
	Quarantine string   // GIT_QUARANTINE_PATH
	Merging    []string // GITHEAD_…: commits that `git merge` is merging, before it writes MERGE_HEAD
}

// open finds the repository that the environment names, or else that of path, and
// checks that it can be read.
func (e GitEnvironment) open(path string) (repo, error) {
	r, err := e.find(path)
	if err != nil {
		return r, err
	}
	r.objectDir = e.Objects
	return r, r.check()
}

func (e GitEnvironment) find(path string) (repo, error) {
	found, err := findRepo(path)
	if e.Dir == "" {
		return found, err
	}
	dir, absErr := filepath.Abs(e.Dir)
	if absErr != nil {
		return repo{}, absErr
	}
	if err == nil && real(found.gitDir) == real(dir) {
		return found, nil
	}
	if !isGitDir(dir) {
		return repo{}, fmt.Errorf("GIT_DIR names %q: %w", e.Dir, ErrNotRepository)
	}
	return repo{root: dir, gitDir: dir, common: commonDir(dir)}, nil
}

// real returns the path with its symbolic links resolved, or as it is.
func real(path string) string {
	if resolved, err := filepath.EvalSymlinks(path); err == nil {
		return resolved
	}
	return path
}

// openObjects opens the object database to read objects by name.
func (e GitEnvironment) openObjects(r repo, maxSize, memory int64) (*odb.Store, error) {
	return odb.OpenDirect(r.objects(), odb.Options{MaxSize: maxSize, Memory: memory, SHA256: r.sha256, Alternates: e.Alternates})
}

// variables are those by which git is told the same, but for where the repository is.
func (e GitEnvironment) variables() []string {
	var list []string
	for name, value := range map[string]string{
		"GIT_INDEX_FILE": e.IndexFile, "GIT_OBJECT_DIRECTORY": e.Objects, "GIT_QUARANTINE_PATH": e.Quarantine,
		"GIT_ALTERNATE_OBJECT_DIRECTORIES": pathList(e.Alternates),
	} {
		if value != "" {
			list = append(list, name+"="+value)
		}
	}
	return list
}

// pathList joins paths as git splits them: one that a separator would break is quoted.
func pathList(paths []string) string {
	var list []string
	for _, p := range paths {
		if strings.ContainsRune(p, filepath.ListSeparator) || strings.HasPrefix(p, `"`) {
			p = strconv.Quote(p)
		}
		list = append(list, p)
	}
	return strings.Join(list, string(filepath.ListSeparator))
}

// errCommit is what a commit that is none gives.
var errCommit = errors.New("malformed commit")

// headCommit returns the commit that HEAD names; zero where there is none yet.
func (r repo) headCommit(ctx context.Context) (odb.ID, error) {
	if r.alien {
		out, err := r.git(ctx, "rev-parse", "--verify", "--quiet", "HEAD")
		if err != nil {
			return odb.ID{}, r.unborn(ctx, err)
		}
		return odb.ParseID(string(out[:max(0, len(out)-1)]))
	}
	storage := r.storage()
	name := plumbing.HEAD
	for range maxSymbolic {
		ref, err := storage.Reference(name)
		if errors.Is(err, plumbing.ErrReferenceNotFound) && name != plumbing.HEAD {
			return odb.ID{}, nil // no commit yet
		}
		if err != nil {
			return odb.ID{}, fmt.Errorf("reading %s: %w", name, err)
		}
		if ref.Type() == plumbing.HashReference {
			return id(ref.Hash()), nil
		}
		name = ref.Target()
	}
	return odb.ID{}, fmt.Errorf("reading HEAD: more than %d names lead from one to the next", maxSymbolic)
}

// maxSymbolic is how many symbolic refs are followed, as git does.
const maxSymbolic = 5

// unborn returns nil where HEAD names a branch without a commit, or else why git could
// not read it.
func (r repo) unborn(ctx context.Context, cause error) error {
	if _, err := r.git(ctx, "symbolic-ref", "--quiet", "HEAD"); err != nil {
		return fmt.Errorf("reading HEAD: %w", cause)
	}
	return nil
}
