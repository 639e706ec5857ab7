package main

import (
	"bufio"
	"math/rand/v2"
	"slices"

	"github.com/revokey-dev/revokey/bench/internal/mint"
)

// history makes commits and writes them as a stream for git fast-import. It
// holds one tree: main's, with the open topic branch's changes in it already.
// main leaves the files that the topic changed alone, so that every merge is
// clean.
type history struct {
	o     options
	w     *writer
	r     *rand.Rand
	keys  *rand.Rand // mints them
	out   stream
	files []*file
	dirs  []string
	made  int         // files so far
	plan  []keyChange // what is still to be done about keys
	topic []*file     // changed by the open topic branch
}

// keyChange plants a key or, where there is a file, changes that one again.
type keyChange struct {
	at   int // the earliest commit to do it in
	file *file
	id   string
	weed bool // the change removes the key
}

func newHistory(o options, out *bufio.Writer) *history {
	r := rand.New(rand.NewPCG(o.seed, 0))
	h := &history{o: o, w: newWriter(r), r: r, keys: rand.New(rand.NewPCG(o.seed, 1)), out: stream{w: out}}
	h.dirs = newDirs(h.w, o.files)
	for i := range o.keys { // evenly over the first nine tenths
		h.plan = append(h.plan, keyChange{at: 1 + i*(o.commits*9/10-1)/o.keys})
	}
	return h
}

// write writes all commits, and a tag for each twentieth part of them.
func (h *history) write() {
	h.out.commit(branchMain, "begin\n", nil)
	for range max(h.o.files/4, h.o.files-h.o.commits/2) {
		h.add(h.newFile())
	}
	for h.out.commits < h.o.commits-1 {
		h.next()
		if h.out.commits%max(h.o.commits/20, 2) == 0 {
			h.out.tag()
		}
	}
	h.last()
}

// next writes one commit.
func (h *history) next() {
	switch {
	case h.due():
		h.mainCommit()
	case len(h.topic) > 0 && (len(h.topic) > len(h.files)/4 || h.r.IntN(6) == 0):
		h.merge()
	case len(h.topic) == 0 && h.r.IntN(12) == 0, len(h.topic) > 0 && h.r.IntN(3) == 0:
		h.topicCommit()
	default:
		h.mainCommit()
	}
}

// last writes the last commit, which does what is still planned.
func (h *history) last() {
	if len(h.topic) > 0 {
		h.merge()
	} else {
		h.mainCommit()
	}
	for _, c := range h.plan {
		h.change(c)
	}
}

func (h *history) mainCommit() {
	h.out.commit(branchMain, h.w.message(), nil)
	for range h.breadth() {
		h.edit(h.pick())
	}
	if len(h.files) < h.o.files && h.r.IntN(h.o.commits) < h.o.files {
		h.add(h.newFile())
	}
	if h.r.IntN(40) == 0 {
		h.rename(h.pick())
	}
	if h.r.IntN(80) == 0 && len(h.files) > 10 {
		h.delete(h.pick())
	}
	h.changeKeys()
}

// breadth is how many files a commit edits: up to three, one in 60 up to 30.
func (h *history) breadth() int {
	if h.r.IntN(60) == 0 {
		return 1 + h.r.IntN(30)
	}
	return 1 + h.r.IntN(3)
}

// topicCommit changes files on the topic branch, which it opens where none is.
func (h *history) topicCommit() {
	h.out.commit(branchTopic, h.w.message(), h.topicFrom())
	for range 1 + h.r.IntN(2) {
		f := h.pick()
		h.edit(f)
		f.locked = true
		h.topic = append(h.topic, f)
	}
}

// topicFrom is where the topic branch starts, if it does.
func (h *history) topicFrom() []string {
	if len(h.topic) > 0 {
		return nil
	}
	return []string{"from " + branchMain}
}

// merge closes the topic branch.
func (h *history) merge() {
	h.out.commit(branchMain, "merge "+h.w.word()+"\n", []string{"merge " + branchTopic})
	for _, f := range h.topic {
		h.out.modify(f.path, f.content())
		f.locked = false
	}
	h.topic = nil
}

// pick returns a file that main and the topic branch may change: one of the
// tree, or where chance meets none, a new one.
func (h *history) pick() *file {
	for range 20 {
		if len(h.files) == 0 {
			break
		}
		if f := h.files[h.r.IntN(len(h.files))]; !f.locked {
			return f
		}
	}
	f := h.newFile()
	h.files = append(h.files, f)
	return f
}

// newFile makes a file that is not in the tree yet; one in 40 is binary.
func (h *history) newFile() *file {
	h.made++
	f := &file{path: newPath(h.w, h.made, h.dirs)}
	if h.r.IntN(40) == 0 {
		f.data = h.w.binary()
	} else {
		f.lines = h.w.lines()
	}
	return f
}

func (h *history) add(f *file) {
	h.files = append(h.files, f)
	h.out.modify(f.path, f.content())
}

func (h *history) edit(f *file) {
	f.edit(h.w)
	h.out.modify(f.path, f.content())
}

func (h *history) rename(f *file) {
	h.out.modify(f.path, f.content()) // it may be new
	h.made++
	from := f.path
	f.path = newPath(h.w, h.made, h.dirs)
	h.out.rename(from, f.path)
}

func (h *history) delete(f *file) {
	h.files = slices.DeleteFunc(h.files, func(g *file) bool { return g == f })
	f.gone = true
	h.out.modify(f.path, f.content()) // it may be new
	h.out.remove(f.path)
}

// ready reports whether c can be done in the next commit of main.
func (h *history) ready(c keyChange) bool {
	return c.at <= h.out.commits && (c.file == nil || !c.file.locked)
}

func (h *history) due() bool { return slices.ContainsFunc(h.plan, h.ready) }

// changeKeys does what is planned for now.
func (h *history) changeKeys() {
	var now, later []keyChange
	for _, c := range h.plan {
		if h.ready(c) {
			now = append(now, c)
		} else {
			later = append(later, c)
		}
	}
	h.plan = later
	for _, c := range now {
		h.change(c)
	}
}

func (h *history) change(c keyChange) {
	switch {
	case c.file == nil:
		h.plant()
	case c.file.gone:
	case c.weed:
		c.file.weed(c.id)
		h.edit(c.file)
	default:
		h.edit(c.file)
	}
}

// plant puts a key into a text file, and plans the next change of it.
func (h *history) plant() {
	f := h.pick()
	for f.binary() {
		f = h.pick()
	}
	id, secret := mint.Key(h.keys)
	f.plant(h.r, id, secret)
	h.out.modify(f.path, f.content())
	at := h.out.commits + 1 + h.r.IntN(max(h.o.commits/10, 1))
	h.plan = append(h.plan, keyChange{at: at, file: f, id: id, weed: h.r.IntN(2) == 0})
}
