package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/revokey-dev/revokey/detectors"
	"github.com/revokey-dev/revokey/revoke"
	"github.com/revokey-dev/revokey/scanner"
)

// textWriter writes for people: what it all comes to, then the worst first. Every foreign
// string passes through Printable.
type textWriter struct {
	w        io.Writer
	style    Style
	findings []Record
}

// NewTextWriter returns a writer of the format "text" in a style of its own.
func NewTextWriter(w io.Writer, s Style) Writer { return &textWriter{w: w, style: s} }

func (t *textWriter) Finding(r Record) error {
	t.findings = append(t.findings, r)
	return nil
}

func (t *textWriter) Close(s Summary) error {
	worstFirst(t.findings)
	var b strings.Builder
	b.WriteString(t.style.summary(s))
	full := t.findings
	if n := t.style.Full; n > 0 && len(full) > n {
		full = full[:n]
	}
	for _, r := range full {
		b.WriteString("\n" + t.style.finding(r))
	}
	if rest := t.findings[len(full):]; len(rest) > 0 {
		b.WriteString(t.style.rest(rest))
	}
	if t.style.Width > 0 && strings.Count(b.String(), "\n") > screenful {
		b.WriteString("\n" + t.style.answer(s)) // which has scrolled away
	}
	_, err := io.WriteString(t.w, b.String())
	return err
}

// screenful is how many lines a terminal shows at least: below more of them the answer is told
// again.
const screenful = 24

// statuses are all of them, the worst first.
var statuses = []revoke.Status{
	revoke.Live, revoke.ActiveWrongSecret, revoke.Unknown, revoke.NotChecked, revoke.NeedsToken, revoke.Inactive,
	revoke.NotAccepted, revoke.Expired, revoke.Deleted, revoke.Canary, revoke.Example,
}

func gravity(s revoke.Status) int { return slices.Index(statuses, s) }

// maxLines is how many places of a credential are printed; JSON has all.
const maxLines = 5

// finding tells all of one credential: what it is, then under labels why it has its status,
// whose it is, where it stands, since when, and what to type next.
func (s Style) finding(r Record) string {
	status := strings.ToUpper(r.Verdict.Status.String())
	var b strings.Builder
	for i, line := range s.wrap(status+"  "+Title(r), 2) {
		if i == 0 {
			b.WriteString(s.paint(colourOf(r.Verdict.Status), status) + s.paint(bold, strings.TrimPrefix(line, status)) + "\n")
		} else {
			b.WriteString("  " + s.paint(bold, line) + "\n")
		}
	}
	for _, d := range s.details(r) {
		b.WriteString(s.labelled(d))
	}
	if next := s.next(r); next != "" { // whole, to be copied
		fmt.Fprintf(&b, "  %s %s\n", s.paint(dim, fmt.Sprintf("%-5s", "next")), s.paint(bold, next))
	}
	return b.String()
}

func (s Style) next(r Record) string {
	if s.Next == nil {
		return ""
	}
	return s.Next(r)
}

// detail is a line of a finding; those after the first with a label have none.
type detail struct{ label, text string }

// detailIndent is where the text of details begins: behind the longest label.
const detailIndent = 8

func (s Style) labelled(d detail) string {
	var b strings.Builder
	label := d.label
	for _, line := range s.wrap(d.text, detailIndent) {
		fmt.Fprintf(&b, "  %s %s\n", s.paint(dim, fmt.Sprintf("%-5s", label)), line)
		label = ""
	}
	return b.String()
}

// rest has a line for each finding that is not told in full.
func (s Style) rest(records []Record) string {
	rows := make([][]string, 0, len(records))
	for _, r := range records {
		where, name := "-", Value(r.KeyID)
		if name == "" {
			name = nameless(r.Kind)
		}
		if places := r.places(); len(places) > 0 {
			where = s.shorten(Printable(places[0].file()), max(narrowest, s.Width-36))
		}
		rows = append(rows, []string{r.Verdict.Status.String(), s.shorten(name, 20), where})
	}
	return "\n" + s.Hang(fmt.Sprintf("and %s more, a line each; --all tells all of each:", count(len(records), "credential")), 2) + s.table(rows, 2)
}

// Title names a credential in a few words.
func Title(r Record) string {
	title := Value(r.KeyID)
	if title == "" {
		title = fmt.Sprintf("%s (SHA-256 %s…)", nameless(r.Kind), abbreviated(r.SecretSHA256))
	} else if r.SecretSHA256 == nil {
		title += " (ID alone)"
	} else if r.SessionTokenSHA256 != nil {
		title += " with its secret and session token"
	} else {
		title += " with its secret"
	}
	if r.Account != nil {
		title += ", account " + Printable(*r.Account)
	}
	return title
}

// nameless says what a credential without a key ID is.
func nameless(kind detectors.Kind) string {
	switch kind {
	case detectors.APIKey:
		return "API key of Bedrock or CloudWatch Logs"
	case detectors.ServicePassword:
		return "password of a service-specific credential"
	case detectors.PrivateKey:
		return "private key beside its ID"
	case detectors.AppSyncKey:
		return "API key of AppSync"
	case detectors.MWSToken:
		return "token of MWS"
	}
	return "secret without a key ID"
}

func (s Style) details(r Record) []detail {
	var details []detail
	add := func(label string, lines ...string) {
		for _, line := range lines {
			details = append(details, detail{label, line})
			label = ""
		}
	}
	add("why", textWhy(r)...)
	add("whose", textWhose(r)...)
	add("where", s.places(r)...)
	if seen := textSeen(r); seen != "" {
		add("when", seen)
	}
	if r.KeyID == nil {
		add("", textFingerprints(r.Fingerprints())...)
	}
	return details
}

// textWhy tells why a finding has its status.
func textWhy(r Record) []string {
	var lines []string
	if r.Verdict.Reason != "" {
		lines = append(lines, Printable(r.Verdict.Reason))
	}
	return append(lines, textExplanation(r)...)
}

// textWhose tells who has the credential, by AWS and by what it tells of itself.
func textWhose(r Record) []string {
	var lines []string
	if r.Verdict.ARN != "" && !strings.Contains(r.Verdict.Reason, r.Verdict.ARN) {
		lines = append(lines, Printable(r.Verdict.ARN))
	}
	if r.Owner != nil {
		lines = append(lines, textOwner(*r.Owner)...)
	}
	if r.Claims != nil {
		lines = append(lines, Printable("it says: "+r.Claims.String()))
	}
	return lines
}

// places returns a line for each of the first places, and for what may be the secret.
func (s Style) places(r Record) []string {
	places := s.textPlaces(r.Occurrences)
	lines := places[:min(len(places), maxLines)]
	if more := len(places) - len(lines); more > 0 {
		lines = append(lines, fmt.Sprintf("and %s more", count(more, "place")))
	}
	for _, c := range r.Candidates {
		lines = append(lines, s.candidate(c))
	}
	return lines
}

// textFingerprints returns a line for each of the first.
func textFingerprints(prints []string) []string {
	var lines []string
	for _, print := range prints[:min(len(prints), maxLines)] {
		lines = append(lines, "fingerprint "+print)
	}
	if more := len(prints) - len(lines); more > 0 {
		lines = append(lines, fmt.Sprintf("and %s more, which the format sarif has", count(more, "fingerprint")))
	}
	return lines
}

func (s Style) candidate(c Candidate) string {
	where := map[scanner.Distance]string{
		scanner.SameFolder: "the same folder", scanner.SameFile: "the file's next or last version", scanner.SameRepository: "the same repository",
	}[c.Distance]
	if where == "" {
		where = Printable(string(c.Distance))
	}
	if c.Proven {
		return "its secret, by STS, is in " + where + ": " + s.place(c.Occurrence)
	}
	return "perhaps its secret, in " + where + ": " + s.place(c.Occurrence)
}

// textPlaces returns a line for each path, member or message, with the first of its
// versions, in the order of the occurrences, which is by path.
func (s Style) textPlaces(occurrences []Occurrence) []string {
	var lines []string
	for i := 0; i < len(occurrences); {
		n := 1
		for i+n < len(occurrences) && samePath(occurrences[i], occurrences[i+n]) {
			n++
		}
		line := s.place(occurrences[i])
		if n > 1 {
			line += fmt.Sprintf(", and at %s of it", count(n-1, "more place"))
		}
		lines = append(lines, line)
		i += n
	}
	return lines
}

func samePath(a, b Occurrence) bool {
	return Value(a.Repository) == Value(b.Repository) && a.Path != nil && b.Path != nil && *a.Path == *b.Path && Value(a.Member) == Value(b.Member)
}

func (s Style) place(o Occurrence) string {
	line := fmt.Sprintf("%s line %d", Printable(o.Name()), o.Line)
	if o.Path != nil {
		at := fmt.Sprintf(":%d:%d", o.Line, o.Column)
		line = s.shorten(Printable(o.Name()), s.room(detailIndent)-len(at)) + at
	}
	if o.Commit != nil && o.Path != nil {
		line += " since commit " + abbreviated(o.Commit)
	}
	if o.Time != nil {
		line += " of " + o.Time.Format(time.DateOnly)
	}
	if o.Author != nil {
		line += " by " + Printable(*o.Author)
	}
	if o.Repository != nil {
		line = Printable(*o.Repository) + ": " + line
	}
	if reach := o.Reach(); reach != "" {
		line += " (" + Printable(reach) + ")"
	}
	return line
}

// abbreviated returns the beginning of an object's name, or of a hash: of a file of findings
// that could be anything.
func abbreviated(name *string) string { return Printable(fmt.Sprintf("%.12s", Value(name))) }

func textSeen(r Record) string {
	switch {
	case r.FirstSeen == nil:
		return ""
	case r.AtHead:
		return fmt.Sprintf("leaked %s, still at HEAD", r.FirstSeen.Format(time.DateOnly))
	}
	return fmt.Sprintf("leaked %s, last held by a commit of %s, not at HEAD",
		r.FirstSeen.Format(time.DateOnly), Value(r.LastSeen).Format(time.DateOnly))
}

// summary tells what it all comes to.
func (s Style) summary(sum Summary) string {
	b := s.answer(sum)
	if sum.SilencedCount > 0 {
		b += sum.silencedText() + "\n"
	}
	if sum.AWSEndpoint != "" {
		b += fmt.Sprintf("AWS calls went to %s, not to AWS\n", Printable(sum.AWSEndpoint))
	}
	return b
}

// answer tells how many credentials there are, how they stand, and whether all was looked at.
func (s Style) answer(sum Summary) string {
	b := ""
	for _, line := range s.wrap(sum.Answer(), 0) {
		b += s.paint(bold, line) + "\n"
	}
	if live := fmt.Sprintf("%d %s", sum.ByStatus[revoke.Live], revoke.Live); s.Colour && sum.ByStatus[revoke.Live] > 0 {
		b = strings.Replace(b, live, "\x1b[0m"+s.paint(alarm, live)+"\x1b["+bold+"m", 1)
	}
	if sum.SkippedCount > 0 {
		b += s.paint(alarm, fmt.Sprintf("INCOMPLETE: %s not scanned", count(int(sum.SkippedCount), "thing"))) + "\n"
	}
	return b
}

// count returns "1 thing" or "2 things".
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func size(bytes int64) string {
	if bytes < 1<<20 {
		return fmt.Sprintf("%.1f KiB", float64(bytes)/(1<<10))
	}
	return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20))
}
