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

// textWriter writes for people: the worst first, then what it all comes to.
// Every foreign string passes through Printable.
type textWriter struct {
	w        io.Writer
	findings []Record
}

func (t *textWriter) Finding(r Record) error {
	t.findings = append(t.findings, r)
	return nil
}

func (t *textWriter) Close(s Summary) error {
	worstFirst(t.findings)
	for _, r := range t.findings {
		if _, err := io.WriteString(t.w, textFinding(r)); err != nil {
			return err
		}
	}
	_, err := io.WriteString(t.w, textSummary(s))
	return err
}

// statuses are all of them, the worst first.
var statuses = []revoke.Status{
	revoke.Live, revoke.ActiveWrongSecret, revoke.Unknown, revoke.NotChecked, revoke.NeedsToken, revoke.Inactive,
	revoke.NotAccepted, revoke.Expired, revoke.Deleted, revoke.Canary, revoke.Example,
}

func gravity(s revoke.Status) int { return slices.Index(statuses, s) }

// maxLines is how many places of a credential are printed; JSON has all.
const maxLines = 5

func textFinding(r Record) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-19s %s\n", strings.ToUpper(r.Verdict.Status.String()), Title(r))
	for _, line := range textDetails(r) {
		fmt.Fprintf(&b, "%19s %s\n", "", line)
	}
	b.WriteByte('\n')
	return b.String()
}

// Title names a credential in a few words.
func Title(r Record) string {
	title := Value(r.KeyID)
	if title == "" {
		title = fmt.Sprintf("%s (SHA-256 %.12s…)", nameless(r.Kind), Value(r.SecretSHA256))
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

func textDetails(r Record) []string {
	var lines []string
	if r.Verdict.ARN != "" && !strings.Contains(r.Verdict.Reason, r.Verdict.ARN) {
		lines = append(lines, Printable(r.Verdict.ARN))
	}
	if r.Verdict.Reason != "" {
		lines = append(lines, Printable(r.Verdict.Reason))
	}
	if r.Owner != nil {
		lines = append(lines, textOwner(*r.Owner)...)
	}
	lines = append(lines, textExplanation(r)...)
	if r.Claims != nil {
		lines = append(lines, textClaims(*r.Claims))
	}
	places := textPlaces(r.Occurrences)
	shown := places[:min(len(places), maxLines)]
	lines = append(lines, shown...)
	if more := len(places) - len(shown); more > 0 {
		lines = append(lines, fmt.Sprintf("and %s more", count(more, "place")))
	}
	if seen := textSeen(r); seen != "" {
		lines = append(lines, seen)
	}
	for _, c := range r.Candidates {
		lines = append(lines, textCandidate(c))
	}
	if r.KeyID == nil {
		lines = append(lines, textFingerprints(r.Fingerprints())...)
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

// textClaims tells what a credential tells of itself.
func textClaims(c Claims) string {
	var told []string
	for _, claim := range []struct {
		what  string
		value *string
	}{{"ID", c.ID}, {"user", c.User}, {"signed by", c.SignedBy}, {"service", c.Service}, {"region", c.Region}} {
		if claim.value != nil {
			told = append(told, claim.what+" "+Printable(*claim.value))
		}
	}
	if c.Signed != nil {
		told = append(told, "signed "+c.Signed.Format(time.DateOnly))
	}
	if c.Expires != nil {
		told = append(told, "ends "+c.Expires.Format(time.RFC3339))
	}
	return "it says: " + strings.Join(told, ", ")
}

func textCandidate(c Candidate) string {
	where := map[scanner.Distance]string{
		scanner.SameFolder: "the same folder", scanner.SameFile: "the file's next or last version", scanner.SameRepository: "the same repository",
	}[c.Distance]
	if where == "" {
		where = Printable(string(c.Distance))
	}
	if c.Proven {
		return "its secret, by STS, is in " + where + ": " + textPlace(c.Occurrence)
	}
	return "perhaps its secret, in " + where + ": " + textPlace(c.Occurrence)
}

// textPlaces returns a line for each path, member or message, with the first of its
// versions, in the order of the occurrences, which is by path.
func textPlaces(occurrences []Occurrence) []string {
	var lines []string
	for i := 0; i < len(occurrences); {
		n := 1
		for i+n < len(occurrences) && samePath(occurrences[i], occurrences[i+n]) {
			n++
		}
		line := textPlace(occurrences[i])
		if n > 1 {
			line += fmt.Sprintf(", and in %d more versions or lines of it", n-1)
		}
		lines = append(lines, line)
		i += n
	}
	return lines
}

func samePath(a, b Occurrence) bool {
	return Value(a.Repository) == Value(b.Repository) && a.Path != nil && b.Path != nil && *a.Path == *b.Path && Value(a.Member) == Value(b.Member)
}

func textPlace(o Occurrence) string {
	member := ""
	if o.Member != nil {
		member = "!/" + Printable(*o.Member)
	}
	line := fmt.Sprintf("%s%s line %d", textObject(o), member, o.Line)
	if o.Path != nil {
		line = fmt.Sprintf("%s%s:%d:%d", Printable(*o.Path), member, o.Line, o.Column)
	}
	if o.Commit != nil && o.Path != nil {
		line += fmt.Sprintf(" since commit %.12s", *o.Commit)
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
	return line + textReach(o)
}

// textReach tells by what an object is held, unless that is nothing to tell.
func textReach(o Occurrence) string {
	switch {
	case o.Object == nil:
		return ""
	case len(o.Refs) > 0:
		refs := shortRef(o.Refs[0])
		if n := len(o.Refs) - 1 + o.MoreRefs; n > 0 {
			refs += fmt.Sprintf(" and %d more", n)
		}
		return " (in " + refs + ")"
	case o.Reachable:
		return ""
	case len(o.Reflogs) > 0:
		return " (only in the reflog of " + shortRef(o.Reflogs[0]) + ")"
	}
	return " (unreachable from any ref)"
}

// shortRef returns a ref's name as git shows it: main, v1.0, origin/main.
func shortRef(name string) string {
	for _, prefix := range []string{"refs/heads/", "refs/tags/", "refs/remotes/"} {
		if short, ok := strings.CutPrefix(name, prefix); ok {
			return Printable(short)
		}
	}
	return Printable(name)
}

// textObject names an occurrence that has no path.
func textObject(o Occurrence) string {
	switch o.Where {
	case scanner.InStdin:
		return "standard input"
	case scanner.InTagMessage:
		return fmt.Sprintf("message of tag %s", Printable(Value(o.Tag)))
	case scanner.InCommitMessage:
		return fmt.Sprintf("message of commit %.12s", Value(o.Object))
	case scanner.InCommitHeader:
		return fmt.Sprintf("header of commit %.12s", Value(o.Object))
	}
	return fmt.Sprintf("blob %.12s, which has no path,", Value(o.Object))
}

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

func textSummary(s Summary) string {
	var b strings.Builder
	b.WriteString(count(s.Findings, "credential"))
	separator := ": "
	for _, status := range statuses {
		if n := s.ByStatus[status]; n > 0 {
			fmt.Fprintf(&b, "%s%d %s", separator, n, status)
			separator = ", "
		}
	}
	if s.Blobs > 0 {
		fmt.Fprintf(&b, "; read %d blobs and messages, %s", s.Blobs, size(s.Bytes))
	}
	b.WriteByte('\n')
	if s.SkippedCount > 0 {
		fmt.Fprintf(&b, "INCOMPLETE: %s not scanned\n", count(int(s.SkippedCount), "thing"))
	}
	if s.SilencedCount > 0 {
		b.WriteString(s.silencedText() + "\n")
	}
	if s.AWSEndpoint != "" {
		fmt.Fprintf(&b, "AWS calls went to %s, not to AWS\n", Printable(s.AWSEndpoint))
	}
	return b.String()
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
