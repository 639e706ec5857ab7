package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/revokey-dev/revokey/bench/internal/git"
	"github.com/revokey-dev/revokey/bench/internal/mint"
)

// marker is the configuration of a copy that says who made it.
const marker = "revokey.planted"

// mirror copies repo to dir, unless dir is a copy already.
func mirror(ctx context.Context, repo, dir string) error {
	if _, err := os.Stat(dir); err == nil {
		if mine, err := git.Output(ctx, dir, "config", "--local", marker); err != nil || mine != "true" {
			return fmt.Errorf("%q is there, and no copy that plant made: nothing is added to it", dir)
		}
		return nil
	}
	if _, err := git.Output(ctx, "", "clone", "--quiet", "--mirror", "--", repo, dir); err != nil {
		return err
	}
	_, err := git.Output(ctx, dir, "config", "--local", marker, "true")
	return err
}

// gardener plants keys in a copy.
type gardener struct {
	o       options
	r       *rand.Rand
	parents []string // that commits can be put on
	first   int      // the number of the first branch
	stream  bytes.Buffer
	planted []plant
}

// plant is one key in one commit.
type plant struct {
	branch, path, keyID string
}

func newGardener(ctx context.Context, o options) (*gardener, error) {
	g := &gardener{o: o, r: rand.New(rand.NewPCG(o.seed, 0))}
	args := []string{"rev-list", "--all"}
	if o.tip {
		args = []string{"rev-list", "-1", "HEAD"}
	}
	commits, err := git.Output(ctx, o.copy, args...)
	if err != nil {
		return nil, err
	}
	if g.parents = strings.Fields(commits); len(g.parents) == 0 {
		return nil, fmt.Errorf("%q has no commit to add to", o.repo)
	}
	refs, err := git.Output(ctx, o.copy, "for-each-ref", "--format=x", "refs/heads/planted/")
	g.first = strings.Count(refs, "x")
	return g, err
}

// plant writes all commits as one stream and has git import it as one pack.
func (g *gardener) plant(ctx context.Context) error {
	for i := range g.o.commits {
		if err := g.commit(ctx, i); err != nil {
			return err
		}
	}
	cmd := git.Command(ctx, g.o.copy, "-c", "fastimport.unpackLimit=1", "fast-import", "--quiet")
	cmd.Stdin = &g.stream
	_, err := git.Run(cmd)
	return err
}

// commit writes the i-th commit.
func (g *gardener) commit(ctx context.Context, i int) error {
	parent := g.parents[g.r.IntN(len(g.parents))]
	branch := fmt.Sprintf("refs/heads/planted/%d", g.first+i)
	if g.o.tip {
		branch = fmt.Sprintf("refs/heads/planted/%d", g.first)
	}
	f, err := g.pick(ctx, parent)
	if err != nil {
		return err
	}
	lines := fmt.Sprintf("changed = %d\n", g.r.Uint32())
	if i < g.o.keys {
		id, secret := mint.Key(g.r)
		lines = fmt.Sprintf("aws_access_key_id = %s\naws_secret_access_key = %s\n", id, secret)
		g.planted = append(g.planted, plant{branch, f.path, id})
	}
	content := f.insert(g.r, lines)
	date := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(g.first+i) * time.Hour)
	fmt.Fprintf(&g.stream, "commit %s\ncommitter Ada <ada@example.com> %d +0000\ndata 7\nplanted\n", branch, date.Unix())
	if i == 0 || !g.o.tip {
		fmt.Fprintf(&g.stream, "from %s\n", parent)
	}
	fmt.Fprintf(&g.stream, "M %s inline %s\ndata %d\n%s\n", f.mode, f.path, len(content), content)
	return nil
}

// file is one of a commit's tree.
type file struct {
	mode, path string
	content    []byte
}

// The sizes of files that keys are put into: not empty, and no data set.
const minSize, maxSize = 200, 200_000

// pick returns a text file of the commit, or a new one where it meets none.
func (g *gardener) pick(ctx context.Context, commit string) (file, error) {
	tree, err := git.Output(ctx, g.o.copy, "ls-tree", "-r", "-z", "-l", "--full-tree", commit)
	if err != nil {
		return file{}, err
	}
	entries := slices.DeleteFunc(strings.Split(tree, "\x00"), func(e string) bool { return !suits(e) })
	for range min(len(entries), 10) {
		meta, path, _ := strings.Cut(entries[g.r.IntN(len(entries))], "\t")
		content, err := git.Run(git.Command(ctx, g.o.copy, "cat-file", "blob", strings.Fields(meta)[2]))
		if err != nil {
			return file{}, err
		}
		if !bytes.Contains(content, []byte{0}) {
			return file{strings.Fields(meta)[0], path, content}, nil
		}
	}
	return file{"100644", fmt.Sprintf("planted-%d.env", g.r.Uint32()), nil}, nil
}

// suits reports whether a line of ls-tree is of a file that a key can be put into,
// with a path that a stream for fast-import need not quote.
func suits(entry string) bool {
	meta, path, _ := strings.Cut(entry, "\t")
	f := strings.Fields(meta)
	if len(f) != 4 || f[1] != "blob" || f[0] == "120000" || strings.HasPrefix(path, `"`) || strings.Contains(path, "\n") {
		return false
	}
	size, err := strconv.Atoi(f[3])
	return err == nil && size >= minSize && size <= maxSize
}

// insert returns the file's content with lines at the start of a random one.
func (f file) insert(r *rand.Rand, lines string) []byte {
	all := bytes.SplitAfter(f.content, []byte("\n"))
	if last := len(all) - 1; len(all[last]) == 0 {
		all = all[:last]
	}
	at := r.IntN(len(all) + 1)
	if at == len(all) && len(all) > 0 && !bytes.HasSuffix(all[at-1], []byte("\n")) {
		at--
	}
	return bytes.Join(slices.Insert(all, at, []byte(lines)), nil)
}

// list writes which key is in which commit.
func (g *gardener) list(ctx context.Context, w io.Writer) error {
	for _, p := range g.planted {
		commit, err := git.Output(ctx, g.o.copy, "rev-parse", p.branch)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", p.keyID, commit, p.path)
	}
	return nil
}
