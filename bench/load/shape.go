package main

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"

	"github.com/revokey-dev/revokey/bench/internal/mint"
)

// shape is a way in which a repository can be large.
type shape struct {
	name, row string
	n         int
	exit      int             // of a scan of all
	want      func(n int) int // how many credentials it finds
	modes     []mode          // beside that
	make      func(p *packer, n int) (refs []id)
}

// mode is another way to scan it.
type mode struct {
	label string
	args  []string
}

func one(int) int { return 1 }

var newest = mode{", `--range main^!`", []string{"--range", "main^!"}}

func cases() []shape {
	return []shape{
		{"objects", "%d commits, each with a tree and a file of its own", 1_666_666, 1, one, []mode{newest}, manyObjects},
		{"blob", "a file of %d MiB, not deltified", 1024, 1, one, []mode{newest}, largeBlob},
		{"refs", "%d branches, each with a commit of its own", 100_000, 1, one, []mode{newest}, manyRefs},
		{"findings", "%d credentials, each in a file of its own", 10_000, 1, func(n int) int { return n }, []mode{newest}, manyFindings},
		{"parents", "a commit with %d parents", 1_000_000, 1, one, []mode{newest}, manyParents},
		{"chain", "a chain of %d commits", 1_000_000, 1, one, []mode{newest}, longChain},
		{"shared", "10 to the power of %d paths, by trees that share their subtrees", 7, 2, one, []mode{newest}, sharedTrees},
		{"folder", "a folder of %d files, of which each is the same", 1_000_000, 2, one, []mode{newest}, largeFolder},
	}
}

// maker adds objects that belong together.
type maker struct {
	*packer
	r *rand.Rand
	t int // of the last commit
}

func (p *packer) maker() *maker { return &maker{packer: p, r: rand.New(rand.NewPCG(1, 2))} }

// key adds a file that holds a credential, which AWS never issued.
func (m *maker) key() id {
	keyID, secret := mint.Key(m.r)
	return m.add(blob, fmt.Appendf(nil, "aws_access_key_id = %s\naws_secret_access_key = %s\n", keyID, secret))
}

func (m *maker) tree(entries ...[]byte) id { return m.add(tree, bytes.Join(entries, nil)) }

func file(name string, b id) []byte { return append([]byte("100644 "+name+"\x00"), b[:]...) }

func folder(name string, t id) []byte { return append([]byte("40000 "+name+"\x00"), t[:]...) }

func (m *maker) commit(t id, parents ...id) id {
	m.t++
	var text bytes.Buffer
	fmt.Fprintf(&text, "tree %x\n", t)
	for _, p := range parents {
		fmt.Fprintf(&text, "parent %x\n", p)
	}
	fmt.Fprintf(&text, "author Ada <ada@example.com> %d +0000\ncommitter Ada <ada@example.com> %[1]d +0000\n\nchange %d\n", 1_000_000_000+m.t, m.t)
	return m.add(commit, text.Bytes())
}

// text is some lines that are like no others.
func (m *maker) text() []byte {
	return fmt.Appendf(nil, "package file\n\n// number %d\nfunc f%x() int { return %d }\n", m.t, m.r.Uint64(), m.r.Uint32())
}

func manyObjects(p *packer, n int) []id {
	m := p.maker()
	head := m.commit(m.tree(file("keys", m.key())))
	for range n {
		head = m.commit(m.tree(file("file.go", m.add(blob, m.text()))), head)
	}
	return []id{head}
}

func largeBlob(p *packer, n int) []id {
	m := p.maker()
	keyID, secret := mint.Key(m.r)
	key := fmt.Sprintf("\naws_access_key_id = %s\naws_secret_access_key = %s\n", keyID, secret)
	const piece = 1 << 20
	size := int64(n)*piece + int64(len(key))
	b := m.addFrom(blob, size, func(w io.Writer) {
		for i := range n {
			var text bytes.Buffer
			for text.Len() < piece {
				text.Write(m.text())
			}
			_, _ = w.Write(text.Bytes()[:piece])
			if i == n/2 {
				_, _ = io.WriteString(w, key)
			}
		}
	})
	return []id{m.commit(m.tree(file("large.txt", b)))}
}

func manyRefs(p *packer, n int) []id {
	m := p.maker()
	refs := []id{m.commit(m.tree(file("keys", m.key())))}
	for range n {
		refs = append(refs, m.commit(m.tree(file("file.go", m.add(blob, m.text()))), refs[0]))
	}
	return refs
}

func manyFindings(p *packer, n int) []id {
	m := p.maker()
	var head []id
	var entries [][]byte
	for i := range n {
		entries = append(entries, file(fmt.Sprintf("keys-%07d", i), m.key()))
		if i%100 == 99 || i == n-1 { // so that commits bring some each
			head = []id{m.commit(m.tree(entries...), head...)}
		}
	}
	return head
}

func manyParents(p *packer, n int) []id {
	m := p.maker()
	t := m.tree(file("keys", m.key()))
	var parents []id
	for range n {
		parents = append(parents, m.commit(t))
	}
	return []id{m.commit(t, parents...)}
}

func longChain(p *packer, n int) []id {
	m := p.maker()
	t := m.tree(file("keys", m.key()))
	head := m.commit(t)
	for range n {
		head = m.commit(t, head)
	}
	return []id{head}
}

// sharedTrees nests trees of ten entries, each of which is the same.
func sharedTrees(p *packer, n int) []id {
	m := p.maker()
	below, entry := m.key(), file
	for range n {
		var entries [][]byte
		for i := range 10 {
			entries = append(entries, entry(strings.Repeat(fmt.Sprint(i), 2), below))
		}
		below, entry = m.tree(entries...), folder
	}
	return []id{m.commit(below)}
}

func largeFolder(p *packer, n int) []id {
	m := p.maker()
	key := m.key()
	entries := make([][]byte, n)
	for i := range entries {
		entries[i] = file(fmt.Sprintf("%08d", i), key)
	}
	return []id{m.commit(m.tree(entries...))}
}
