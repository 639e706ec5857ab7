package report

import (
	"slices"
	"strings"

	"github.com/mattn/go-runewidth"

	"github.com/revokey-dev/revokey/revoke"
)

// Style says how text for people is laid out. The zero value is for files and pipes: no
// colours, lines as long as they are, and everything in full.
type Style struct {
	Width  int  // columns of the terminal; 0: lines are not broken, and nothing is shortened
	Colour bool // ANSI colours; those that a terminal's own theme sets
	Full   int  // how many findings, or steps of a plan, are shown in full; 0: all

	// Next, if set, returns the command to type about one credential, "" for none.
	Next func(Record) string
}

// Bold returns our own text as a heading.
func (s Style) Bold(text string) string { return s.paint(bold, text) }

// Block returns our own text in lines for the columns beside an indent.
func (s Style) Block(text string, indent int) string {
	b := ""
	for _, line := range s.wrap(text, indent) {
		b += strings.Repeat(" ", indent) + line + "\n"
	}
	return b
}

// Hang breaks each line of text, which has to be [Printable]; what does not fit goes below,
// indented. It ends with a newline.
func (s Style) Hang(text string, indent int) string {
	b := ""
	for line := range strings.Lines(strings.TrimSuffix(text, "\n") + "\n") {
		line = strings.TrimSuffix(line, "\n")
		trimmed := strings.TrimLeft(line, " ")
		lead := min(len(line)-len(trimmed), indent)
		first, rest := s.cut(line[lead:], lead)
		b += line[:lead] + first + "\n"
		if rest != "" {
			b += s.Block(rest, indent)
		}
	}
	return b
}

// cut returns what of a line fits beside an indent, and the rest.
func (s Style) cut(line string, indent int) (first, rest string) {
	first = s.wrap(line, indent)[0]
	return first, strings.TrimLeft(line[len(first):], " ")
}

// widest is how many columns the names of entries get at most, entryNarrow how few a terminal
// has where the text beside a long one goes below it.
const widest, entryNarrow = 22, 60

// Entry returns a name, such as a flag's, and beside it what it is for. The names of a list have
// so many columns.
func (s Style) Entry(name, text string, names int) string {
	indent, head := min(names, widest)+6, "   "+s.paint(bold, name)
	if s.Width > 0 && s.Width < entryNarrow && names > 8 {
		indent = 7
	}
	block := s.Block(text, indent)
	if columns(name)+5 <= indent {
		return head + block[3+columns(name):]
	}
	return head + "\n" + block
}

// The ANSI sequences of [Style.paint], by what they are for.
const (
	bold   = "1"
	dim    = "2"
	alarm  = "1;31"
	warned = "31"
	doubt  = "33"
	solved = "32"
	trap   = "35"
)

// paint returns text in a colour. The text is ours, or [Printable].
func (s Style) paint(colour, text string) string {
	if !s.Colour || text == "" || colour == "" {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// colourOf is what tells a status apart at a glance.
func colourOf(s revoke.Status) string {
	switch s {
	case revoke.Live:
		return alarm
	case revoke.ActiveWrongSecret, revoke.Unknown, revoke.NotChecked, revoke.NeedsToken:
		return doubt
	case revoke.Canary:
		return trap
	case revoke.Example:
		return dim
	}
	return solved
}

// narrowest is how few columns are left to text, whatever the terminal's width.
const narrowest = 16

// room is how many columns are left beside an indent; 0: without limit.
func (s Style) room(indent int) int {
	if s.Width <= 0 {
		return 0
	}
	return max(narrowest, s.Width-indent)
}

// wrap breaks text into lines for the columns beside an indent, between words where it
// can. Without a width it is one line.
func (s Style) wrap(text string, indent int) []string {
	room := s.room(indent)
	if room == 0 || columns(text) <= room {
		return []string{text}
	}
	var lines []string
	line := ""
	for word := range strings.SplitSeq(text, " ") {
		if line != "" && columns(line)+1+columns(word) <= room {
			line += " " + word
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		for columns(word) > room {
			head := pieceOf(word, room)
			if head == "" {
				break // no piece of it fits
			}
			lines, word = append(lines, head), word[len(head):]
		}
		line = word
	}
	lines = append(lines, line)
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return lines
}

// pieceOf returns the beginning of a word that fits in so many columns, up to a separator of
// paths and names where there is one.
func pieceOf(word string, room int) string {
	head := terminal().Truncate(word, room, "")
	if i := strings.LastIndexAny(head, "/:"); i > len(head)/2 {
		return head[:i+1]
	}
	return head
}

// shorten takes from the middle of text what is more than so many columns: of a path the end
// tells the most, then the beginning.
func (s Style) shorten(text string, room int) string {
	if s.Width <= 0 || columns(text) <= room {
		return text
	}
	room = max(room, narrowest) - 1
	if columns(text) <= room+1 {
		return text
	}
	head := terminal().Truncate(text, room/3, "")
	return head + "…" + terminal().TruncatePrefix(text, room-columns(head), "")
}

// columns is how many columns of a terminal the text takes.
func columns(text string) int { return terminal().StringWidth(text) }

// terminal measures text as terminals outside of East Asia show it, whatever the environment says.
func terminal() *runewidth.Condition { return &runewidth.Condition{StrictEmojiNeutral: true} }

// table lays out rows in columns, the first row being the head. Where they are too wide for
// the terminal, the columns named in spare are left out, in this order.
func (s Style) table(rows [][]string, spare ...int) string {
	var gone []int
	for len(gone) < len(spare) && s.Width > 0 && widthOf(rows, gone) > s.Width {
		gone = spare[:len(gone)+1]
	}
	widths := columnWidths(rows)
	var b strings.Builder
	for _, row := range rows {
		line := ""
		for i, cell := range row {
			if !slices.Contains(gone, i) {
				line += cell + pad(cell, widths[i]+2)
			}
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}

func columnWidths(rows [][]string) []int {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], columns(cell))
		}
	}
	return widths
}

func widthOf(rows [][]string, gone []int) int {
	total := -2
	for i, w := range columnWidths(rows) {
		if !slices.Contains(gone, i) {
			total += w + 2
		}
	}
	return total
}

// pad returns the spaces behind a cell that is to take so many columns.
func pad(cell string, width int) string {
	return strings.Repeat(" ", max(0, width-columns(cell)))
}

// fitted returns rows for a terminal that is too narrow for them, with the cells of some columns
// shortened, one column after the other.
func (s Style) fitted(rows [][]string, flexible ...int) [][]string {
	for _, column := range flexible {
		over := widthOf(rows, nil) - s.Width
		if s.Width <= 0 || over <= 0 {
			break
		}
		room := max(narrowest, columnWidths(rows)[column]-over)
		for _, row := range rows {
			row[column] = s.shorten(row[column], room)
		}
	}
	return rows
}
