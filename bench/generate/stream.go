package main

import (
	"bufio"
	"fmt"
	"time"
)

// The branches that commits go to.
const (
	branchMain  = "refs/heads/main"
	branchTopic = "refs/heads/topic"
)

// stream writes what git fast-import reads. Its writer keeps the first error.
type stream struct {
	w       *bufio.Writer
	commits int // so far
	tags    int
}

var epoch = time.Date(2015, 1, 1, 0, 0, 0, 0, time.UTC)

// who returns the author or committer of the latest commit: one of 20, an hour
// after the one before.
func (s *stream) who() string {
	n := s.commits * 7 % 20
	return fmt.Sprintf("Author %d <author%d@example.com> %d +0000", n, n, epoch.Add(time.Duration(s.commits)*time.Hour).Unix())
}

// commit begins a commit; its changes follow. parents are lines of the stream,
// where the branch's own tip is not the only parent.
func (s *stream) commit(branch, message string, parents []string) {
	s.commits++
	fmt.Fprintf(s.w, "commit %s\nauthor %s\ncommitter %[2]s\n", branch, s.who())
	s.data([]byte(message))
	for _, p := range parents {
		fmt.Fprintln(s.w, p)
	}
}

// modify writes a file of the latest commit, new or not.
func (s *stream) modify(path string, content []byte) {
	fmt.Fprintf(s.w, "M 100644 inline %s\n", path)
	s.data(content)
}

func (s *stream) rename(from, to string) { fmt.Fprintf(s.w, "R %s %s\n", from, to) }

func (s *stream) remove(path string) { fmt.Fprintf(s.w, "D %s\n", path) }

// tag writes an annotated tag of main's tip.
func (s *stream) tag() {
	s.tags++
	fmt.Fprintf(s.w, "tag v0.%d\nfrom %s\ntagger %s\n", s.tags, branchMain, s.who())
	s.data(fmt.Appendf(nil, "release 0.%d\n", s.tags))
}

func (s *stream) data(b []byte) {
	fmt.Fprintf(s.w, "data %d\n", len(b))
	s.w.Write(b)
	s.w.WriteByte('\n')
}
