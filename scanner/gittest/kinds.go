package gittest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Kind is a kind of repository that git makes and that a reader may meet.
type Kind struct {
	Name    string
	Refused string                   // a word of the refusal, where the kind is not read
	Partial string                   // a word of the remark, where what is read is not all
	Make    func(t testing.TB) *Repo // its Dir is the path that a user names
}

// Kinds returns every kind.
func Kinds() []Kind {
	return []Kind{
		{Name: "empty", Make: func(t testing.TB) *Repo { return New(t) }},
		{Name: "loose", Make: busy},
		{Name: "packed", Make: after("gc", "-q")},
		{Name: "deep delta chains", Make: after("repack", "-adfq", "--depth=200", "--window=50")},
		{Name: "two packs", Make: twoPacks},
		{Name: "packed refs", Make: after("pack-refs", "--all")},
		{Name: "bitmap", Make: after("repack", "-adbq")},
		{Name: "multi-pack index", Make: multiPackIndex},
		{Name: "cruft pack", Make: after("repack", "--cruft", "-dq")},
		{Name: "commit graph", Make: after("commit-graph", "write", "--reachable")},
		{Name: "old pack index", Make: oldIndex},
		{Name: "index version 4", Make: after("update-index", "--index-version", "4")},
		{Name: "untracked cache", Make: after("update-index", "--force-untracked-cache")},
		{Name: "split index", Make: after("update-index", "--split-index")},
		{Name: "index without hash", Make: skipHash},
		{Name: "intent to add", Make: intentToAdd},
		{Name: "sparse checkout", Make: sparse("--no-sparse-index")},
		{Name: "sparse index", Make: sparse("--sparse-index")},
		{Name: "worktree config", Make: after("config", "extensions.worktreeConfig", "true")},
		{Name: "precious objects", Make: extension("preciousObjects", "true")},
		{Name: "relative worktrees", Make: extension("relativeWorktrees", "true")},
		{Name: "unknown extension", Make: extension("shinyNew", "true"), Refused: "shinynew"},
		{Name: "future format", Make: after("config", "core.repositoryFormatVersion", "2"), Refused: "version 2"},
		{Name: "reftable", Make: extension("refStorage", "reftable"), Partial: "refs"},
		{Name: "SHA-256", Make: longNames},
		{Name: "broken config", Make: brokenConfig, Refused: "config"},
		{Name: "included config", Make: after("config", "include.path", "elsewhere")},
		{Name: "replaced object", Make: replaced},
		{Name: "bare", Make: cloned("--bare")},
		{Name: "mirror", Make: cloned("--mirror")},
		{Name: "separate git dir", Make: separate},
		{Name: "linked worktree", Make: linked},
		{Name: "submodule", Make: submodule},
		{Name: "shared clone", Make: cloned("--shared")},
		{Name: "nested relative alternates", Make: nested},
		{Name: "lost alternate", Make: lostAlternate, Partial: "alternate"},
		{Name: "shallow", Make: cloned("--depth=2"), Partial: "shallow"},
		{Name: "partial clone", Make: cloned("--filter=blob:none", "--no-checkout"), Partial: "partial clone"},
		{Name: "corrupt object", Make: corrupt, Partial: "corrupt"},
		{Name: "truncated pack", Make: truncated, Partial: "truncated"},
	}
}

// busy has what a history can hold: merges with content of their own, renames,
// a stash, an amended and a dangling commit, tags, notes, a symbolic link.
func busy(t testing.TB) *Repo {
	r := New(t)
	r.Write("a.txt", strings.Repeat("a line that many versions share\n", 200))
	r.WriteCommit("dir/b.txt", "first\n")
	r.Git("switch", "-qc", "side")
	r.WriteCommit("dir/b.txt", "side\n")
	r.Git("switch", "-q", "main")
	r.WriteCommit("c.txt", "main\n")
	r.Git("merge", "-q", "--no-commit", "--no-ff", "side")
	r.WriteCommit("only-in-the-merge.txt", "merged by hand\n")
	r.Git("mv", "dir/b.txt", "dir/renamed.txt")
	r.WriteCommit("dir/renamed.txt", "side\nand changed\n")
	for _, line := range []string{"one", "two", "three"} {
		r.WriteCommit("a.txt", strings.Repeat("a line that many versions share\n", 200)+line+"\n")
	}
	if err := os.Symlink("a.txt", filepath.Join(r.Dir, "link")); err != nil {
		t.Fatal(err)
	}
	r.Commit("a symbolic link")
	r.Git("tag", "light")
	r.Git("tag", "-a", "v1", "-m", "an annotated tag")
	r.Git("notes", "add", "-m", "a note")
	r.Git("commit", "-q", "--amend", "-m", "amended")
	r.Write("a.txt", "stashed\n")
	r.Git("stash", "-q")
	r.GitIn("dangling\n", "hash-object", "-w", "--stdin")
	return r
}

// after makes a busy repository and runs git once more.
func after(args ...string) func(testing.TB) *Repo {
	return func(t testing.TB) *Repo {
		r := busy(t)
		r.Git(args...)
		return r
	}
}

func extension(name, value string) func(testing.TB) *Repo {
	return func(t testing.TB) *Repo {
		r := busy(t)
		r.Git("config", "core.repositoryFormatVersion", "1")
		// By hand: this git may refuse to run in such a repository.
		appendTo(t, filepath.Join(r.Dir, ".git", "config"), "[extensions]\n\t"+name+" = "+value+"\n")
		return r
	}
}

func appendTo(t testing.TB, path, text string) {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

func cloned(args ...string) func(testing.TB) *Repo {
	return func(t testing.TB) *Repo {
		from := busy(t)
		from.Git("config", "uploadpack.allowFilter", "true")
		to := filepath.Join(t.TempDir(), "clone")
		from.Git(append(append([]string{"clone", "-q"}, args...), "file://"+from.Dir, to)...)
		return At(t, to)
	}
}

func twoPacks(t testing.TB) *Repo {
	r := busy(t)
	r.Git("repack", "-dq")
	r.WriteCommit("later.txt", "in the second pack\n")
	r.Git("repack", "-dq")
	return r
}

func multiPackIndex(t testing.TB) *Repo {
	r := twoPacks(t)
	r.Git("multi-pack-index", "write")
	return r
}

func oldIndex(t testing.TB) *Repo {
	r := busy(t)
	r.Git("-c", "pack.indexVersion=1", "repack", "-adq")
	return r
}

func skipHash(t testing.TB) *Repo {
	r := busy(t)
	path := filepath.Join(r.Dir, ".git", "index")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// What index.skipHash leaves there: https://git-scm.com/docs/git-config.
	clear(data[len(data)-20:])
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return r
}

func intentToAdd(t testing.TB) *Repo {
	r := busy(t)
	r.Write("intended.txt", "not yet\n")
	r.Git("add", "-N", "intended.txt")
	return r
}

func sparse(index string) func(testing.TB) *Repo {
	return func(t testing.TB) *Repo {
		r := busy(t)
		r.Git("sparse-checkout", "init", "--cone", index)
		r.Git("sparse-checkout", "set", "nowhere")
		return r
	}
}

func longNames(t testing.TB) *Repo {
	r := New(t, "--object-format=sha256")
	r.WriteCommit("a.txt", "long names\n")
	return r
}

func brokenConfig(t testing.TB) *Repo {
	r := busy(t)
	appendTo(t, filepath.Join(r.Dir, ".git", "config"), "[core\n")
	return r
}

func replaced(t testing.TB) *Repo {
	r := busy(t)
	r.Git("replace", "HEAD", "HEAD~1")
	return r
}

func separate(t testing.TB) *Repo {
	r := busy(t)
	r.Git("init", "-q", "--separate-git-dir", filepath.Join(t.TempDir(), "elsewhere"))
	return r
}

func linked(t testing.TB) *Repo {
	r := busy(t)
	to := filepath.Join(t.TempDir(), "worktree")
	r.Git("worktree", "add", "-q", "--detach", to)
	return At(t, to)
}

func submodule(t testing.TB) *Repo {
	inner, r := busy(t), busy(t)
	r.Git("submodule", "--quiet", "add", inner.Dir, "inner")
	r.Commit("a submodule")
	return r
}

func nested(t testing.TB) *Repo {
	outer := cloned("--shared")(t)
	inner := filepath.Join(t.TempDir(), "nested")
	outer.Git("clone", "-q", "--shared", outer.Dir, inner)
	r := At(t, inner)
	r.WriteCommit("own.txt", "only here\n")
	objects := filepath.Join(inner, ".git", "objects")
	relative, err := filepath.Rel(objects, filepath.Join(outer.Dir, ".git", "objects"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(objects, "info", "alternates"), []byte(relative+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return r
}

func lostAlternate(t testing.TB) *Repo {
	r := busy(t)
	alternates := filepath.Join(r.Dir, ".git", "objects", "info", "alternates")
	if err := os.WriteFile(alternates, []byte(filepath.Join(r.Dir, "gone")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return r
}

// corrupt has one loose blob whose stream is damaged.
func corrupt(t testing.TB) *Repo {
	r := busy(t)
	id := r.GitIn("to be damaged\n", "hash-object", "-w", "--stdin")
	path := filepath.Join(r.Dir, ".git", "objects", id[:2], id[2:])
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("x\x9cno zlib stream"), 0o644); err != nil {
		t.Fatal(err)
	}
	return r
}

func truncated(t testing.TB) *Repo {
	r := after("repack", "-adfq")(t)
	packs, err := filepath.Glob(filepath.Join(r.Dir, ".git", "objects", "pack", "*.pack"))
	if err != nil || len(packs) != 1 {
		t.Fatal(packs, err)
	}
	info, err := os.Stat(packs[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(packs[0], 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(packs[0], info.Size()/2); err != nil {
		t.Fatal(err)
	}
	return r
}
