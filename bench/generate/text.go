package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
)

// writer makes text that compresses as sources do: a vocabulary in which some
// words are common and most are rare, in lines of a few shapes.
type writer struct {
	r     *rand.Rand
	words []string
}

const vocabulary = 1200

func newWriter(r *rand.Rand) *writer {
	syllables := []string{"ac", "be", "con", "da", "er", "fi", "gen", "hu", "in", "ka", "lo", "men", "no", "or", "pre", "qua", "re", "sta", "ti", "ul", "ver", "wi", "ex", "yo", "ze"}
	w := &writer{r: r}
	for range vocabulary {
		var b strings.Builder
		for range 1 + r.IntN(4) {
			b.WriteString(syllables[r.IntN(len(syllables))])
		}
		w.words = append(w.words, b.String())
	}
	return w
}

// word is one of the vocabulary, the n-th about n times as rare as the first.
func (w *writer) word() string {
	return w.words[int(math.Pow(vocabulary, w.r.Float64()))-1]
}

func (w *writer) phrase(n int) string {
	words := make([]string, n)
	for i := range words {
		words[i] = w.word()
	}
	return strings.Join(words, " ")
}

// line is one line of a text file, without its end.
func (w *writer) line() string {
	indent := strings.Repeat("\t", w.r.IntN(4))
	switch w.r.IntN(12) {
	case 0, 1:
		return ""
	case 2, 3:
		return indent + "// " + w.phrase(3+w.r.IntN(9))
	case 4:
		return indent + "}"
	case 5:
		return fmt.Sprintf("%sif %s.%s(%d) {", indent, w.word(), w.word(), w.r.IntN(100))
	case 6:
		return fmt.Sprintf("%s%q: %q,", indent, w.word(), w.phrase(1+w.r.IntN(4)))
	case 7:
		return fmt.Sprintf("%s%s: %016x", indent, w.word(), w.r.Uint64())
	default:
		return fmt.Sprintf("%s%s := %s.%s(%s, %s)", indent, w.word(), w.word(), w.word(), w.word(), w.word())
	}
}

// run is how many lines an edit adds, or removes: few, but now and then 60.
func (w *writer) run() int { return int(math.Pow(2, 6*w.r.Float64())) - 1 }

// message is that of a commit: half of them have a body.
func (w *writer) message() string {
	text := w.phrase(3+w.r.IntN(6)) + "\n"
	if w.r.IntN(2) == 0 {
		text += "\n"
		for range 1 + w.r.IntN(8) {
			text += w.phrase(10) + "\n"
		}
	}
	return text
}

// lines are those of a new file: most often a few dozen, seldom thousands.
func (w *writer) lines() []string {
	n := int(5 * math.Pow(2, 7*w.r.Float64()))
	if w.r.IntN(200) == 0 {
		n *= 20
	}
	lines := make([]string, n)
	for i := range lines {
		lines[i] = w.line()
	}
	return lines
}

// binary is the content of a file that is no text: it hardly compresses.
func (w *writer) binary() []byte {
	b := make([]byte, 1<<(10+w.r.IntN(7)))
	for i := range b {
		b[i] = byte(w.r.Uint32())
	}
	copy(b, "\x89BIN\x00")
	return b
}
