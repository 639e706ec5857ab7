package scanner

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/revokey-dev/revokey/scanner/regular"
)

// ErrNotRepository is returned by [OpenHistory] where no git repository is.
var ErrNotRepository = errors.New("not a git repository")

// RefusedError is returned by [OpenHistory] for a repository that is there and
// cannot be read as it should be, so that nothing of it was scanned.
type RefusedError struct {
	Path   string
	Reason string // and the way out
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("repository %q is not scanned: %s", e.Path, e.Reason)
}

// repo is where the parts of a repository lie.
// See https://git-scm.com/docs/gitrepository-layout.
type repo struct {
	root   string // the work tree, or the git directory of a bare one: what the user would name
	gitDir string // HEAD and index of this work tree
	common string // objects, refs and config, shared by all work trees

	objectDir string // "": in common

	sha256 bool // objects are named by SHA-256
	alien  bool // refs, or the index, are in a format that go-git does not read
}

// findRepo finds the repository that path belongs to: path itself, or the
// nearest folder above, as git does.
func findRepo(path string) (repo, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return repo{}, err
	}
	if _, err := os.Stat(abs); err != nil {
		return repo{}, fmt.Errorf("opening repository: %w", err)
	}
	for dir := abs; ; dir = filepath.Dir(dir) {
		gitDir, err := gitDirOf(dir)
		if err != nil {
			return repo{}, fmt.Errorf("opening repository %q: %w", dir, err)
		}
		if gitDir != "" {
			return repo{root: dir, gitDir: gitDir, common: commonDir(gitDir)}, nil
		}
		if dir == filepath.Dir(dir) {
			return repo{}, fmt.Errorf("%q: %w", path, ErrNotRepository)
		}
	}
}

// gitDirOf returns the git directory that a folder has or is, "" if neither.
func gitDirOf(dir string) (string, error) {
	dotGit := filepath.Join(dir, ".git")
	info, err := os.Stat(dotGit)
	switch {
	case err == nil && info.IsDir() && isGitDir(dotGit):
		return dotGit, nil
	case err == nil && info.Mode().IsRegular():
		return followGitFile(dotGit)
	case errors.Is(err, fs.ErrPermission):
		return "", err
	case err == nil && info.IsDir():
		// Else a repository above would be taken for the one that cannot be read.
		if _, err := os.Lstat(filepath.Join(dotGit, "HEAD")); errors.Is(err, fs.ErrPermission) {
			return "", err
		}
	}
	if isGitDir(dir) {
		return dir, nil
	}
	return "", nil
}

// followGitFile returns the directory that a .git file names: "gitdir: PATH".
func followGitFile(path string) (string, error) {
	data, err := regular.Read(path, maxPointer)
	if err != nil {
		return "", err
	}
	target, ok := strings.CutPrefix(strings.TrimRight(string(data), "\r\n"), "gitdir: ")
	if !ok {
		return "", fmt.Errorf("%q does not name a git directory", path)
	}
	if !filepath.IsAbs(target) {
		target = filepath.Join(filepath.Dir(path), target)
	}
	if !isGitDir(target) {
		return "", fmt.Errorf("%q names %q, which is not a git directory", path, target)
	}
	return target, nil
}

// isGitDir reports what git takes for a git directory: HEAD, and objects and
// refs there or in the common directory.
func isGitDir(dir string) bool {
	if _, err := os.Lstat(filepath.Join(dir, "HEAD")); err != nil {
		return false
	}
	common := commonDir(dir)
	return isDir(filepath.Join(common, "objects")) && isDir(filepath.Join(common, "refs"))
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// commonDir returns the directory that the file commondir names, or gitDir itself.
func commonDir(gitDir string) string {
	data, err := regular.Read(filepath.Join(gitDir, "commondir"), maxPointer)
	if err != nil {
		return gitDir
	}
	dir := strings.TrimRight(string(data), "\r\n")
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(gitDir, dir)
	}
	return filepath.Clean(dir)
}

// check learns the repository's formats, and refuses what would be misread. It reads the repository's own
// configuration alone, as git does for the format: no include, no other file.
func (r *repo) check() error {
	if _, err := r.readShallow(); err != nil {
		return r.refuse("what its history lacks cannot be told: %v", err)
	}
	path := filepath.Join(r.common, "config")
	data, err := regular.Read(path, maxConfig)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading config: %w", err)
	}
	cfg, err := decodeConfig(data)
	if err != nil {
		return r.refuse("its config cannot be read (%v): mend %q", err, path)
	}
	if v := cfg.Section("core").Option("repositoryformatversion"); v != "" && v != "0" && v != "1" {
		return r.refuse("repository format version %s is not known to this version of revokey", v)
	}
	for _, o := range cfg.Section("extensions").Options {
		if err := r.checkExtension(strings.ToLower(o.Key), strings.ToLower(o.Value)); err != nil {
			return err
		}
	}
	return nil
}

// checkExtension lets pass the extensions that do not change how objects and
// refs are read. See https://git-scm.com/docs/repository-version.
func (r *repo) checkExtension(name, value string) error {
	switch name {
	case "noop", "noop-v1", "worktreeconfig", "relativeworktrees", "preciousobjects", "partialclone":
		return nil
	case "compatobjectformat": // other names for the same objects
		return nil
	case "objectformat":
		r.sha256 = value == "sha256"
		r.alien = r.alien || r.sha256
		if r.sha256 || value == "sha1" {
			return nil
		}
		return r.refuse("its objects are named by %s, which is not known to this version of revokey", value)
	case "refstorage":
		r.alien = r.alien || value != "files"
		return nil
	}
	return r.refuse("it uses the extension %q, which is not known to this version of revokey", name)
}

func (r *repo) refuse(format string, args ...any) error {
	return &RefusedError{Path: r.root, Reason: fmt.Sprintf(format, args...)}
}

// objects returns the directory of the object database.
func (r repo) objects() string {
	if r.objectDir != "" {
		return r.objectDir
	}
	return filepath.Join(r.common, "objects")
}

// shallow returns the names of the commits at which a shallow clone was cut.
func (r repo) shallow() []string {
	names, _ := r.readShallow() // that it can be read was checked
	return names
}

func (r repo) readShallow() ([]string, error) {
	data, err := regular.Read(filepath.Join(r.common, "shallow"), maxList)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return strings.Fields(string(data)), err
}
