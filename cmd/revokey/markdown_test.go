package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// docPage is a page of the manual, cut into what the tests of it need.
type docPage struct {
	name  string // from the root of the repository, with slashes
	text  string
	parts []docPart    // code blocks and test comments, in their order
	prose []docSnippet // code within sentences
}

// docPart is a code block, or a comment for the tests, which nobody sees.
type docPart struct {
	line   int               // of its first line of content, from 1
	script string            // of a comment: lines of testscript
	lang   string            // of a block: the first word of its info string
	info   map[string]string // the others, as in `sh codes=1,3`
	lines  []string
}

// docSnippet is code within a sentence.
type docSnippet struct {
	line int
	text string
}

const docsRoot = "../.."

// docPages returns the manual: all Markdown of the root, of docs and of .github.
func docPages(t *testing.T) []docPage {
	t.Helper()
	var all []docPage
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/*/*.md", ".github/*.md", ".github/*/*.md"} {
		files, err := filepath.Glob(filepath.Join(docsRoot, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			name, _ := filepath.Rel(docsRoot, file)
			all = append(all, parsePage(t, filepath.ToSlash(name), string(content)))
		}
	}
	if len(all) < 10 {
		t.Fatalf("found %d pages: the manual is elsewhere", len(all))
	}
	return all
}

var (
	docFence   = regexp.MustCompile("^( *)(```+)(.*)$")
	docComment = regexp.MustCompile(`^<!-- test:?(.*)$`)
	docInline  = regexp.MustCompile("`([^`]+)`")
)

// parsePage takes a page apart. It knows of Markdown what the manual uses: fenced and
// indented blocks, code spans, and comments that begin a line.
func parsePage(t *testing.T, name, text string) docPage {
	p := docPage{name: name, text: text}
	lines := strings.Split(text, "\n")
	paragraph, first := "", 1
	end := func() { p.prose, paragraph = append(p.prose, snippets(first, paragraph)...), "" }
	for i := 0; i < len(lines); i++ {
		if m := docComment.FindStringSubmatch(lines[i]); m != nil {
			part := docPart{line: i + 1}
			rest := m[1]
			for !strings.Contains(rest, "-->") {
				part.script += rest + "\n"
				if i++; i == len(lines) {
					t.Fatalf("%s:%d: the comment has no end", name, part.line)
				}
				rest = lines[i]
			}
			part.script += rest[:strings.Index(rest, "-->")] + "\n"
			p.parts = append(p.parts, part)
		} else if m := docFence.FindStringSubmatch(lines[i]); m != nil {
			part := docPart{line: i + 2}
			part.lang, part.info = parseInfo(m[3])
			for i++; i < len(lines) && strings.TrimSpace(lines[i]) != m[2]; i++ {
				part.lines = append(part.lines, strings.TrimPrefix(lines[i], m[1]))
			}
			p.parts = append(p.parts, part)
		} else if strings.TrimSpace(lines[i]) == "" {
			end()
		} else {
			if paragraph == "" {
				first = i + 1
			}
			paragraph += lines[i] + "\n"
		}
	}
	end()
	return p
}

func parseInfo(s string) (lang string, info map[string]string) {
	words := strings.Fields(s)
	info = make(map[string]string)
	for _, w := range words[min(1, len(words)):] {
		key, value, _ := strings.Cut(w, "=")
		info[key] = value
	}
	if len(words) > 0 {
		lang = words[0]
	}
	return lang, info
}

// snippets are the code spans of a paragraph that begins in a line. A span may go on in
// the next line.
func snippets(first int, paragraph string) []docSnippet {
	var all []docSnippet
	for _, m := range docInline.FindAllStringSubmatchIndex(paragraph, -1) {
		text := strings.Join(strings.Fields(paragraph[m[2]:m[3]]), " ")
		all = append(all, docSnippet{first + strings.Count(paragraph[:m[0]], "\n"), text})
	}
	return all
}

// commands returns the commands of a block for the shell: those behind a `$` of a
// console, each line of a script. A line that ends with a backslash goes on.
func (b docPart) commands() []docCommand {
	var all []docCommand
	for i := 0; i < len(b.lines); i++ {
		text, number := b.lines[i], b.line+i
		if b.lang == "console" {
			var ok bool
			if text, ok = strings.CutPrefix(text, "$ "); !ok {
				if len(all) > 0 {
					all[len(all)-1].output = append(all[len(all)-1].output, b.lines[i])
				}
				continue
			}
		}
		for strings.HasSuffix(text, `\`) && i+1 < len(b.lines) {
			i++
			text += "\n" + b.lines[i]
		}
		if trimmed := strings.TrimSpace(text); trimmed != "" && !strings.HasPrefix(trimmed, "#") {
			all = append(all, docCommand{line: number, text: text})
		}
	}
	return all
}

// docCommand is one that the manual shows, with what it is said to print.
type docCommand struct {
	line   int
	text   string
	output []string // of a console
}

// shell reports whether the block is for a shell.
func (b docPart) shell() bool { return slices.Contains([]string{"sh", "console"}, b.lang) }
