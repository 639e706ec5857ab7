package scanner

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/storage/filesystem"
	gocmp "github.com/google/go-cmp/cmp"

	"github.com/revokey-dev/revokey/detectors"
	"github.com/revokey-dev/revokey/detectors/detectorstest"
	"github.com/revokey-dev/revokey/scanner/gittest"
	"github.com/revokey-dev/revokey/scanner/odb"
)

// The twins of the scan read every object through git, and through go-git's storer, and
// give all of it to every detector: no families, no regions, no shortcut. TestTwin compares the two
// on random histories; TestDirty compares the shortcut alone with whole scans, in
// memory and so a thousand times faster.

// choice picks a number below n: from a seed, or from the input of a fuzz test.
type choice interface{ IntN(n int) int }

// tape is the input of a fuzz test as choices: two bytes each, zeros at its end.
type tape struct{ data []byte }

func (t *tape) IntN(n int) int {
	if len(t.data) < 2 {
		return 0
	}
	v := int(t.data[0]) | int(t.data[1])<<8
	t.data = t.data[2:]
	return v % n
}

func pick[T any](c choice, from []T) T { return from[c.IntN(len(from))] }

// parts are what credentials are made of, and what decides whether something is one.
var parts = mintParts()

type fragments struct {
	keyIDs, secrets, encoded, names, separators, words []string
}

func mintParts() fragments {
	r := rand.New(rand.NewPCG(11, 13))
	var f fragments
	for range 4 {
		f.keyIDs = append(f.keyIDs, detectorstest.Mint(r, pick(r, []string{"AKIA", "ASIA"}), "123456789012"))
		f.secrets = append(f.secrets, detectorstest.MintSecret(r))
	}
	f.encoded = encodings(r, f.keyIDs[0], f.secrets[0])
	f.names = []string{
		"aws_secret_access_key", "AWS_SECRET_ACCESS_KEY", "aws_access_key_id", "secretAccessKey", "awsSecret", "aws", "secret",
		"s3", "amazon", "key", "token", "value", "val", "string", "commit", "sha", "checksum", "password", "region", "name",
	}
	f.separators = []string{
		"\" + \"", "' '", "\\\n", "\r\n  ", "\\n", "\x00\x00\x00", "_\x00", "%3D", "&amp;",
		" = ", "=", ": ", ":", "\": \"", "\"", "'", "\n", "\r\n", ",", ";", "&", "|", "{", "}", "[default]\n", "(", ")", "<", "</", "/>",
		" ", "  ", "\t", "_", ".", "-", ":-", "$", "%", "\\", "\\/", "\\u002f", "%2F", "+", "/", "\n\n", "- ", "\x00", "\xff", "==",
	}
	f.words = []string{
		"A", "a", "7", "AKIA", "ASIA", "ABIA", "EXAMPLE", "EXAMPLEKEY", "ABCDEF", "234567", "qwerty", "the", "quick brown fox",
		strings.Repeat("A", 20), strings.Repeat("f0", 20), strings.Repeat("x", 40), detectorstest.MintToken(r),
	}
	return f
}

// encodings returns a key ID and a secret in all the ways that they can be written,
// and the credentials of other shapes.
func encodings(r *rand.Rand, id, secret string) []string {
	b64 := base64.StdEncoding.EncodeToString
	slashed := secret[:7] + "/" + secret[8:20] + "+" + secret[21:30] + "/" + secret[31:]
	all := []string{
		hex.EncodeToString([]byte(id)), strings.ToUpper(hex.EncodeToString([]byte(id))), b64([]byte(b64([]byte(id)))), b64([]byte(secret)),
		strings.ReplaceAll(slashed, "/", `\/`), strings.ReplaceAll(slashed, "/", "%2F"), strings.ReplaceAll(slashed, "/", `\u002f`),
		strings.NewReplacer("/", "&#x2F;", "+", "&#43;").Replace(slashed), "%3D" + id, "%253A" + id, `\x3D` + id,
		id[:4] + `" + "` + id[4:], id[:9] + "'\n    '" + id[9:], id[:15] + "\\\n" + id[15:], `\"` + id[:5] + `\" . \"` + id[5:12] + `\" . \"` + id[12:],
		"da2-" + strings.Repeat("q7", 13), "amzn.mws.01234567-89ab-4def-8123-456789abcdef", "me-at-123456789012", "H4sIAAAAAAAA" + secret,
		"ABSK" + secret + secret + secret, "APKA" + id[4:],
	}
	for i := range 3 {
		text := []byte("k="[:i%3] + id + " and what stands behind it")
		all = append(all, b64(text), b64([]byte(strings.Repeat("some words, ", 4)))[:60+i]+"\n  "+b64(text)[:30], wide(id, 2, i%2), wide(secret, 2, i%2), wide(id, 4, i))
	}
	for _, cut := range []int{3, 11, 20, 26} {
		line := b64([]byte(strings.Repeat("words, ", 6) + id + " more of it"))
		all = append(all, line[:56+cut]+"\r\n"+line[56+cut:])
	}
	escaped := ""
	for _, c := range []byte(id) {
		escaped += fmt.Sprintf("\\x%02x", c)
	}
	return append(all, escaped)
}

// wide returns s in UTF-16 or UTF-32 of either order, as step and phase say.
func wide(s string, step, phase int) string {
	text := make([]byte, step*len(s))
	for i := range len(s) {
		text[i*step+phase] = s[i]
	}
	return string(text)
}

// fragment returns a part, a piece of one, or filler that pushes others apart.
func fragment(c choice) string {
	switch c.IntN(13) {
	case 10, 11:
		return pick(c, parts.encoded)
	case 12:
		return piece(c, pick(c, parts.encoded))
	case 0:
		return pick(c, parts.keyIDs)
	case 1, 2:
		return pick(c, parts.secrets)
	case 3:
		return piece(c, pick(c, parts.keyIDs))
	case 4:
		return piece(c, pick(c, parts.secrets))
	case 5, 6:
		return pick(c, parts.names)
	case 7:
		return pick(c, parts.words)
	case 8:
		return strings.Repeat(pick(c, []string{" ", ".", "x", "9", "\n", "- ", "value: ", "Z"}), c.IntN(130))
	}
	return pick(c, parts.separators)
}

// piece returns the head or the tail of s, mostly all but few bytes of it.
func piece(c choice, s string) string {
	n := c.IntN(len(s))
	if c.IntN(2) == 0 {
		n = min(n, 1+c.IntN(3))
	}
	if c.IntN(2) == 0 {
		return s[n:]
	}
	return s[:len(s)-n]
}

// snippet returns fragments that stand side by side, often as a credential does.
func snippet(c choice) string {
	var b strings.Builder
	if c.IntN(2) == 0 {
		b.WriteString(pick(c, parts.names) + pick(c, parts.separators) + pick(c, parts.secrets) + pick(c, parts.separators))
	}
	for range c.IntN(6) {
		b.WriteString(fragment(c))
	}
	return b.String()
}

// quietBase returns data that is quiet, and the places in it where one fragment ends
// and the next starts.
func quietBase(c choice, d detectors.Detector) ([]byte, []int) {
	var all []string
	for range 1 + c.IntN(12) {
		all = append(all, pick(c, parts.separators), fragment(c), snippet(c))
	}
	for !d.Quiet([]byte(strings.Join(all, ""))) {
		i := c.IntN(len(all))
		all = slices.Delete(all, i, i+1)
	}
	var data []byte
	seams := []int{0}
	for _, s := range all {
		data = append(data, s...)
		seams = append(seams, len(data))
	}
	return data, seams
}

// edit is a result that is built on a base as git's deltas do it.
type edit struct {
	data  []byte
	dirty []odb.Span
	seams []int
	next  int // which byte of the base would go on unbroken
}

// change carries out random copies and inserts on a base: mostly they cut it
// near the ends of its fragments, and put little between.
func change(c choice, base []byte, seams []int) *edit {
	e := &edit{dirty: []odb.Span{}, seams: []int{0}}
	for range 1 + c.IntN(5) {
		if c.IntN(3) == 0 {
			e.insert(snippet(c))
		}
		from, to := e.cut(c, base, seams), e.cut(c, base, seams)
		if c.IntN(3) > 0 && e.next >= 0 && e.next <= len(base) {
			from = min(len(base), e.next+c.IntN(3)*c.IntN(60)) // go on, or leave a few bytes out
		}
		e.copy(base, min(from, to), max(from, to))
		if c.IntN(3) == 0 {
			e.insert(fragment(c))
		}
	}
	if e.next != len(base) {
		e.mark(len(e.data))
	}
	return e
}

func (e *edit) cut(c choice, base []byte, seams []int) int {
	if c.IntN(3) == 0 {
		return c.IntN(len(base) + 1)
	}
	return min(len(base), max(0, pick(c, seams)+c.IntN(9)-4))
}

func (e *edit) insert(s string) {
	if s == "" {
		return
	}
	start := len(e.data)
	e.data = append(e.data, s...)
	e.mark(start)
	e.next = -1
}

func (e *edit) copy(base []byte, from, to int) {
	if from == to {
		return
	}
	if from != e.next {
		e.mark(len(e.data))
	}
	e.data = append(e.data, base[from:to]...)
	e.next = to
	e.seams = append(e.seams, len(e.data))
}

// mark notes that what stands from start on is new, or only that a seam is there.
func (e *edit) mark(start int) {
	e.seams = append(e.seams, len(e.data))
	if n := len(e.dirty); n > 0 && e.dirty[n-1].End == start {
		e.dirty[n-1].End = len(e.data)
		return
	}
	e.dirty = append(e.dirty, odb.Span{Start: start, End: len(e.data)})
}

// checkDirty builds versions, each on the one before as long as they are quiet, and
// checks that none is left out that is not quiet, and none is quiet in which
// something is found. To see a quiet one costs time only.
func checkDirty(t *testing.T, c choice) {
	t.Helper()
	for _, d := range detectors.All() {
		base, seams := quietBase(c, d)
		for range 1 + c.IntN(4) {
			e := change(c, base, seams)
			if !d.Quiet(e.data) {
				e.checkSeen(t, d, base)
				break
			}
			if found := d.Detect(e.data); len(found) > 0 {
				t.Fatalf("%s: quiet, but for %v\n%q", d.ID(), found[0].At, e.data)
			}
			base, seams = e.data, e.seams
		}
	}
}

// checkSeen checks that the detector gets to see what was changed, with all of it
// there and with nothing but what is new and what stands around.
func (e *edit) checkSeen(t *testing.T, d detectors.Detector, base []byte) {
	t.Helper()
	for _, data := range [][]byte{e.data, e.around(detectors.MaxAround)} {
		if !changed(&Blob{Data: data, Dirty: e.dirty, BaseClean: true}, d) {
			t.Fatalf("%s: the whole is not quiet, what is new is\nbase   %q\nresult %q\ndirty  %v", d.ID(), base, data, e.dirty)
		}
	}
}

// around returns the data with only that many bytes beside what is new.
func (e *edit) around(n int) []byte {
	data := bytes.Repeat([]byte{0xa5}, len(e.data))
	for _, r := range e.dirty {
		from, to := max(0, r.Start-n), min(len(data), r.End+n)
		copy(data[from:to], e.data[from:])
	}
	return data
}

func TestDirty(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6_000) {
		checkDirty(t, rand.New(rand.NewPCG(seed, 17)))
	}
}

func FuzzDirty(f *testing.F) {
	r := rand.New(rand.NewPCG(19, 23))
	for range 200 {
		seed := make([]byte, 400)
		for i := range seed {
			seed[i] = byte(r.Uint32())
		}
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) { checkDirty(t, &tape{data}) })
}

func TestTwin(t *testing.T) {
	t.Parallel()
	for seed := range uint64(10) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			checkTwin(t, seed)
		})
	}
}

func FuzzTwin(f *testing.F) {
	for seed := range uint64(4) {
		f.Add(seed)
	}
	f.Fuzz(checkTwin)
}

// checkTwin compares what a scan of a random history finds with what its twin does.
func checkTwin(t *testing.T, seed uint64) {
	repo := randomHistory(t, rand.New(rand.NewPCG(seed, 29)))
	want := twinScan(t, repo)
	if diff := gocmp.Diff(placesOf(want), placesOf(storerScan(t, repo))); diff != "" {
		t.Errorf("seed %d: the twins do not agree (-git +go-git)\n%s", seed, diff)
	}
	got := scanAll(t, repo, 1)
	if diff := gocmp.Diff(placesOf(want), placesOf(got)); diff != "" {
		t.Errorf("seed %d: places (-twin +scan)\n%s", seed, diff)
	}
	if diff := gocmp.Diff(credentialsOf(want), credentialsOf(got)); diff != "" {
		t.Errorf("seed %d: credentials (-twin +scan)\n%s", seed, diff)
	}
	if diff := gocmp.Diff(describe(got), describe(scanAll(t, repo, 3))); diff != "" {
		t.Errorf("seed %d: one worker and three do not say the same (-one +three)\n%s", seed, diff)
	}
}

func scanAll(t *testing.T, repo *gittest.Repo, workers int) []Finding {
	t.Helper()
	h, err := OpenHistory(t.Context(), repo.Dir, HistoryOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	var findings []Finding
	sum, err := New(detectors.All(), Options{Workers: workers}).Scan(t.Context(), h, func(f Finding) error {
		findings = append(findings, f)
		return nil
	})
	if err != nil || !sum.Complete() {
		t.Fatalf("scan: %v, skipped %v", err, sum.Skipped)
	}
	return findings
}

// twinScan returns a finding for each match in what git reads.
func twinScan(t *testing.T, repo *gittest.Repo) []Finding {
	t.Helper()
	out := repo.Git("cat-file", "--batch-all-objects", "--batch", "--unordered") + "\n"
	var findings []Finding
	for r := bufio.NewReader(strings.NewReader(out)); ; {
		var name, kind string
		var size int
		if _, err := fmt.Fscanf(r, "%s %s %d\n", &name, &kind, &size); err != nil {
			return findings
		}
		data := make([]byte, size+1)
		if _, err := io.ReadFull(r, data); err != nil {
			t.Fatal(err)
		}
		if kind == "tree" {
			continue
		}
		id, err := odb.ParseID(name)
		if err != nil {
			t.Fatal(err)
		}
		findings = append(findings, twinFindings(id, data[:size])...)
	}
}

// storerScan is twinScan with what go-git's storer reads.
func storerScan(t *testing.T, repo *gittest.Repo) []Finding {
	t.Helper()
	files := osfs.New(filepath.Join(repo.Dir, ".git"))
	objects, err := filesystem.NewStorage(files, cache.NewObjectLRUDefault()).IterEncodedObjects(plumbing.AnyObject)
	if err != nil {
		t.Fatal(err)
	}
	var findings []Finding
	err = objects.ForEach(func(o plumbing.EncodedObject) error {
		if o.Type() == plumbing.TreeObject {
			return nil
		}
		r, err := o.Reader()
		if err != nil {
			return err
		}
		data, err := io.ReadAll(r)
		findings = append(findings, twinFindings(id(o.Hash()), data)...)
		return errors.Join(err, r.Close())
	})
	if err != nil {
		t.Fatal(err)
	}
	return findings
}

func twinFindings(id odb.ID, data []byte) []Finding {
	var findings []Finding
	for _, d := range detectors.All() {
		for _, m := range d.Detect(data) {
			before := data[:m.At.Start]
			findings = append(findings, Finding{
				Kind: m.Kind, KeyID: m.KeyID, Secret: m.Secret,
				Occurrences: []Occurrence{{
					Object: id,
					Offset: m.At.Start,
					Line:   bytes.Count(before, []byte("\n")) + 1,
					Column: m.At.Start - bytes.LastIndexByte(before, '\n'),
				}},
			})
		}
	}
	return findings
}

// placesOf returns each place once, in order. What stands there is of its
// finding: whether one half belongs to a pair depends on all the other places.
func placesOf(findings []Finding) []string {
	var places []string
	for _, f := range findings {
		for _, o := range f.Occurrences {
			places = append(places, fmt.Sprintf("%s at %d, line %d, column %d", o.Object, o.Offset, o.Line, o.Column))
		}
	}
	slices.Sort(places)
	return slices.Compact(places)
}

// credentialsOf returns each pair, and each half that is in none.
func credentialsOf(findings []Finding) []string {
	pairs, paired := make(map[string]bool), make(map[string]bool)
	for _, f := range findings {
		if f.KeyID != "" && !f.Secret.IsZero() {
			pairs[f.KeyID+" "+f.Secret.SHA256()] = true
			paired[f.KeyID], paired[f.Secret.SHA256()] = true, true
		}
	}
	for _, f := range findings {
		if half := cmp.Or(f.KeyID, f.Secret.SHA256()); !paired[half] {
			pairs[half] = true
		}
	}
	var all []string
	for p := range pairs {
		all = append(all, p)
	}
	slices.Sort(all)
	return all
}

// describe returns all that findings say, in their order.
func describe(findings []Finding) []string {
	var all []string
	for _, f := range findings {
		all = append(all, fmt.Sprintf("%s %v %s %s %s %v %v %v", f.Kind, f.Class, f.KeyID, f.Secret.SHA256(), f.SessionToken.SHA256(), f.FirstSeen, f.LastSeen, f.AtHead))
		for _, o := range f.Occurrences {
			all = append(all, fmt.Sprintf("  %v", o))
		}
	}
	return all
}

// randomHistory makes a repository in which files of a few kilobytes have many
// versions, on branches that merge, with deltas of random shape.
func randomHistory(t *testing.T, r *rand.Rand) *gittest.Repo {
	repo := gittest.New(t)
	h := &historian{r: r, files: make(map[string][]string)}
	for i := range 1 + r.IntN(3) {
		h.write(10 + r.IntN(30))
		repo.GitIn(h.stream.String(), "-c", fmt.Sprintf("fastimport.unpackLimit=%d", r.IntN(2)*10_000), "fast-import", "--quiet", "--force")
		h.stream.Reset()
		if i == 0 || r.IntN(2) == 0 {
			repack(repo, r)
		}
	}
	for range r.IntN(4) {
		repo.GitIn(snippet(r)+"\n", "hash-object", "-w", "--stdin")
	}
	return repo
}

// repack packs as git can be told to.
func repack(repo *gittest.Repo, r *rand.Rand) {
	deltas := []string{fmt.Sprintf("--depth=%d", 1+r.IntN(250)), fmt.Sprintf("--window=%d", 2+r.IntN(249))}
	switch r.IntN(6) {
	case 0:
		repo.Git(append([]string{"repack", "-dq"}, deltas...)...) // only what is loose
	case 1:
		repo.Git("gc", "-q", "--prune=now")
	case 2:
		repo.Git("repack", "-q", "--cruft", "-d")
	case 3:
		repo.Git(append([]string{"repack", "-aq"}, deltas...)...) // what is loose stays too
	default:
		repo.Git(append([]string{"repack", "-adfq"}, deltas...)...)
	}
}

// historian writes random histories for git fast-import.
type historian struct {
	r      *rand.Rand
	stream strings.Builder
	files  map[string][]string // lines, ends included
	marks  int
	name   int
	since  []int // the marks of this import
}

var twinBranches = []string{"main", "side", "other"}

func (h *historian) write(commits int) {
	h.since = nil
	for range commits {
		h.commit()
	}
	if h.r.IntN(2) == 0 {
		h.data(fmt.Sprintf("tag v%d\nfrom :%d\ntagger Ada <a@example.com> 1700000000 +0000\n", h.marks, h.marks), snippet(h.r))
	}
}

func (h *historian) commit() {
	h.marks++
	head := fmt.Sprintf("commit refs/heads/%s\nmark :%d\ncommitter Ada <a@example.com> %d +0000\n",
		pick(h.r, twinBranches), h.marks, 1_700_000_000+h.marks)
	message := "change\n"
	if h.r.IntN(8) == 0 {
		message += snippet(h.r)
	}
	h.data(head, message)
	if len(h.since) > 0 {
		fmt.Fprintf(&h.stream, "from :%d\n", pick(h.r, h.since[max(0, len(h.since)-3):]))
		if h.r.IntN(6) == 0 {
			fmt.Fprintf(&h.stream, "merge :%d\n", pick(h.r, h.since))
		}
	}
	h.since = append(h.since, h.marks)
	for range 1 + h.r.IntN(3) {
		h.file()
	}
	h.stream.WriteString("\n")
}

// file writes the next version of a file, a new one, or one under a new name.
func (h *historian) file() {
	names := slices.Sorted(func(yield func(string) bool) {
		for name := range h.files {
			if !yield(name) {
				return
			}
		}
	})
	if len(names) == 0 || len(names) < 6 && h.r.IntN(8) == 0 {
		h.name++
		name := filepath.ToSlash(filepath.Join(pick(h.r, []string{"", "dir", "dir/deep"}), fmt.Sprintf("f%d.txt", h.name)))
		h.files[name] = h.lines(20 + h.r.IntN(300))
		names = []string{name}
	}
	name := pick(h.r, names)
	lines := h.files[name]
	for range 1 + h.r.IntN(3) {
		lines = h.edited(lines)
	}
	if h.r.IntN(12) == 0 {
		delete(h.files, name)
		fmt.Fprintf(&h.stream, "D %s\n", name) // of no effect where the parent has it not
		name = "new-" + filepath.Base(name)
	}
	h.files[name] = lines
	h.data("M 100644 inline "+name+"\n", strings.Join(lines, ""))
}

func (h *historian) data(head, content string) {
	fmt.Fprintf(&h.stream, "%sdata %d\n%s\n", head, len(content), content)
}

func (h *historian) lines(n int) []string {
	var lines []string
	for range n {
		lines = append(lines, h.line())
	}
	return lines
}

func (h *historian) line() string {
	var b strings.Builder
	for range h.r.IntN(12) {
		fmt.Fprintf(&b, "word%d ", h.r.IntN(3000))
	}
	if h.r.IntN(60) == 0 {
		b.WriteString(pick(h.r, parts.names) + pick(h.r, parts.separators)) // a name that waits for its secret
	}
	return b.String() + "\n"
}

// edited returns the lines with a random edit.
func (h *historian) edited(lines []string) []string {
	i := h.r.IntN(len(lines) + 1)
	j := min(len(lines), i+h.r.IntN(20))
	switch h.r.IntN(8) {
	case 0: // take a block out
		return slices.Concat(lines[:i], lines[j:])
	case 1: // move a block to the start
		return slices.Concat(lines[i:j], lines[:i], lines[j:])
	case 2: // and to the end
		return slices.Concat(lines[:i], lines[j:], lines[i:j])
	case 3: // insert
		return slices.Concat(lines[:i], h.lines(1+h.r.IntN(4)), lines[i:])
	case 4: // insert at the start, or the end, without a line's end
		if h.r.IntN(2) == 0 {
			return slices.Concat([]string{snippet(h.r)}, lines)
		}
		return slices.Concat(lines, []string{snippet(h.r)})
	case 5: // change the middle of a line
		return h.changedLine(lines, i)
	case 6: // join lines
		return h.joined(lines, i)
	}
	return slices.Concat(lines[:i], []string{snippet(h.r)}, lines[i:]) // plant
}

func (h *historian) changedLine(lines []string, i int) []string {
	if i == len(lines) {
		return lines
	}
	lines = slices.Clone(lines)
	line := lines[i]
	from := h.r.IntN(len(line) + 1)
	to := min(len(line), from+h.r.IntN(5))
	lines[i] = line[:from] + pick(h.r, []string{"", fragment(h.r)}) + line[to:]
	return lines
}

func (h *historian) joined(lines []string, i int) []string {
	if i == len(lines) {
		return lines
	}
	lines = slices.Clone(lines)
	lines[i] = strings.TrimSuffix(lines[i], "\n")
	return lines
}
