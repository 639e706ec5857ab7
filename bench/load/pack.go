package main

import (
	"bufio"
	"compress/zlib"
	"context"
	"crypto/sha1"
	"encoding/binary"
	"fmt"
	"hash"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/revokey-dev/revokey/bench/internal/git"
)

// kind is a kind of object in a pack.
// See https://git-scm.com/docs/gitformat-pack.
type kind byte

const (
	commit kind = 1
	tree   kind = 2
	blob   kind = 3
)

func (k kind) String() string {
	return map[kind]string{commit: "commit", tree: "tree", blob: "blob"}[k]
}

// id is an object's name.
type id [sha1.Size]byte

// packer writes a pack without holding it: each object as a whole, none as a delta.
type packer struct {
	file *os.File
	out  *bufio.Writer
	zip  *zlib.Writer
	n    uint32
	err  error
}

func newPacker(path string) (*packer, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	p := &packer{file: f, out: bufio.NewWriterSize(f, 1<<20)}
	p.zip, err = zlib.NewWriterLevel(p.out, zlib.BestSpeed)
	if err != nil {
		return nil, err
	}
	p.out.WriteString("PACK\x00\x00\x00\x02\x00\x00\x00\x00") // the number of objects is put in at the end
	return p, nil
}

// add adds an object and returns its name.
func (p *packer) add(k kind, content []byte) id {
	return p.addFrom(k, int64(len(content)), func(w io.Writer) { _, _ = w.Write(content) })
}

// addFrom adds an object of that size, which write writes.
func (p *packer) addFrom(k kind, size int64, write func(io.Writer)) (name id) {
	p.n++
	head := byte(k)<<4 | byte(size&15)
	for rest := size >> 4; rest > 0; rest >>= 7 {
		p.out.WriteByte(head | 0x80)
		head = byte(rest & 0x7f)
	}
	p.out.WriteByte(head)
	sum := sha1.New()
	fmt.Fprintf(sum, "%s %d\x00", k, size)
	p.zip.Reset(p.out)
	write(io.MultiWriter(sum, p.zip))
	if err := p.zip.Close(); err != nil && p.err == nil {
		p.err = err
	}
	copy(name[:], sum.Sum(nil))
	return name
}

// close puts in what is known at the end only: the number of objects, and the checksum.
func (p *packer) close() error {
	defer p.file.Close()
	if err := p.out.Flush(); err != nil || p.err != nil {
		return fmt.Errorf("writing the pack: %w, %w", err, p.err)
	}
	if _, err := p.file.WriteAt(binary.BigEndian.AppendUint32(nil, p.n), 8); err != nil {
		return err
	}
	if _, err := p.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	var sum hash.Hash = sha1.New()
	if _, err := io.Copy(sum, p.file); err != nil {
		return err
	}
	_, err := p.file.Write(sum.Sum(nil))
	return err
}

// build makes a bare repository of a shape. git makes the index.
func build(ctx context.Context, dir string, c shape, n int) error {
	making := dir + ".making"
	if err := os.RemoveAll(making); err != nil {
		return err
	}
	if _, err := git.Output(ctx, "", "init", "--quiet", "--bare", "--initial-branch=main", "--", making); err != nil {
		return err
	}
	path := filepath.Join(making, "objects", "pack", "pack-load.pack")
	p, err := newPacker(path)
	if err != nil {
		return err
	}
	refs := c.make(p, n)
	if err := p.close(); err != nil {
		return err
	}
	if err := writeRefs(making, refs); err != nil {
		return err
	}
	index := exec.CommandContext(ctx, "git", "index-pack", path)
	index.Env = git.Env()
	if out, err := index.CombinedOutput(); err != nil {
		return fmt.Errorf("git index-pack: %w: %s", err, out)
	}
	return os.Rename(making, dir)
}

// writeRefs writes packed-refs: main is the first, the others are branches of numbers.
func writeRefs(dir string, refs []id) error {
	f, err := os.Create(filepath.Join(dir, "packed-refs"))
	if err != nil {
		return err
	}
	out := bufio.NewWriter(f)
	fmt.Fprintln(out, "# pack-refs with: peeled fully-peeled sorted ")
	for i, r := range refs[1:] {
		fmt.Fprintf(out, "%x refs/heads/branch-%07d\n", r, i)
	}
	fmt.Fprintf(out, "%x refs/heads/main\n", refs[0])
	if err := out.Flush(); err != nil {
		return err
	}
	return f.Close()
}
