package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/revokey-dev/revokey/revoke"
)

// annotationsWriter writes the commands by which a step of GitHub Actions puts
// annotations on files, the worst first. GitHub shows ten of each kind a step: the tenth
// says how many more there are.
// See https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands.
type annotationsWriter struct {
	w        io.Writer
	findings []Record
}

// maxAnnotations is how many of each kind GitHub shows of a step.
const maxAnnotations = 10

// annotation is one command.
type annotation struct {
	kind       string // error, warning, notice
	properties []string
	message    string
}

func (a *annotationsWriter) Finding(r Record) error {
	a.findings = append(a.findings, r)
	return nil
}

func (a *annotationsWriter) Close(sum Summary) error {
	worstFirst(a.findings)
	byKind := make(map[string][]annotation)
	for _, line := range sum.troubles() {
		byKind["error"] = append(byKind["error"], annotation{"error", []string{"title=revokey"}, line})
	}
	for _, r := range a.findings {
		an := newAnnotation(r)
		byKind[an.kind] = append(byKind[an.kind], an)
	}
	byKind["notice"] = append([]annotation{{"notice", []string{"title=revokey"}, strings.TrimSpace(Style{}.summary(sum))}}, byKind["notice"]...)
	for _, kind := range []string{"error", "warning", "notice"} {
		for _, an := range firstAnnotations(byKind[kind]) {
			if _, err := io.WriteString(a.w, an.String()); err != nil {
				return err
			}
		}
	}
	return nil
}

// firstAnnotations returns as many as are shown, of which the last tells of the others.
func firstAnnotations(all []annotation) []annotation {
	if len(all) <= maxAnnotations {
		return all
	}
	more := annotation{all[0].kind, []string{"title=revokey"}, fmt.Sprintf("and %d more, which GitHub does not show: the log or another report has them", len(all)-maxAnnotations+1)}
	return append(all[:maxAnnotations-1:maxAnnotations-1], more)
}

func newAnnotation(r Record) annotation {
	an := annotation{kind: [...]string{"notice", "warning", "error"}[levelOf(r)], message: sentence(r)}
	title := "title=" + propertyEscape("revokey: "+ruleOf(r))
	places := r.places()
	if len(places) == 0 {
		an.properties = []string{title}
		return an
	}
	o := places[0]
	if o.Path != nil && o.current() {
		an.properties = []string{
			"file=" + propertyEscape(Plain(o.file())), fmt.Sprintf("line=%d", o.line()), fmt.Sprintf("col=%d", o.column()),
		}
	}
	an.properties = append(an.properties, title)
	an.message += "; " + o.told()
	if n := len(places) - 1; n > 0 {
		an.message += fmt.Sprintf(" and %s more", count(n, "place"))
	}
	return an
}

func (a annotation) String() string {
	return fmt.Sprintf("::%s %s::%s\n", a.kind, strings.Join(a.properties, ","), dataEscape(a.message))
}

// dataEscape and propertyEscape are as GitHub's own toolkit has them: nothing foreign
// ends a command, or begins another.
func dataEscape(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

func propertyEscape(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace(s)
}

// stepSummaryWriter writes the Markdown of $GITHUB_STEP_SUMMARY: a table, the worst first.
type stepSummaryWriter struct {
	w        io.Writer
	findings []Record
}

// maxStepSummary is below GitHub's limit of 1 MiB, over which it drops all of it.
const maxStepSummary = 1000 << 10

func (s *stepSummaryWriter) Finding(r Record) error {
	s.findings = append(s.findings, r)
	return nil
}

func (s *stepSummaryWriter) Close(sum Summary) error {
	worstFirst(s.findings)
	var b strings.Builder
	b.WriteString("## revokey\n")
	for line := range strings.Lines(Style{}.summary(sum)) {
		b.WriteString("\n" + markdownEscape(line)) // a paragraph each
	}
	written := 0
	for _, r := range s.findings {
		row := stepSummaryRow(r)
		if b.Len()+len(row) > maxStepSummary-16<<10 { // which what follows may take
			break
		}
		if written == 0 {
			b.WriteString("\n| verdict | credential | where | since |\n|---|---|---|---|\n")
		}
		b.WriteString(row)
		written++
	}
	if more := len(s.findings) - written; more > 0 {
		fmt.Fprintf(&b, "\nand %s more, for which there is no room here\n", count(more, "credential"))
	}
	for i, line := range sum.troubles() {
		if b.Len()+len(line)*6 > maxStepSummary-1<<10 {
			fmt.Fprintf(&b, "\n- and %d more lines\n", len(sum.troubles())-i)
			break
		}
		b.WriteString("\n- " + markdownEscape(line))
	}
	b.WriteByte('\n')
	_, err := io.WriteString(s.w, b.String())
	return err
}

// maxTold is how many bytes of a foreign name a row shows.
const maxTold = 300

func stepSummaryRow(r Record) string {
	where := ""
	if places := r.places(); len(places) > 0 {
		where = markdownEscape(shorten(places[0].told(), maxTold))
		if n := len(places) - 1; n > 0 {
			where += fmt.Sprintf(" and %s more", count(n, "place"))
		}
	}
	since := ""
	if r.FirstSeen != nil {
		since = r.FirstSeen.Format("2006-01-02")
	}
	status := r.Verdict.Status.String()
	if r.Verdict.Status == revoke.Live {
		status = "**LIVE**"
	}
	return fmt.Sprintf("| %s | %s | %s | %s |\n", status, markdownEscape(Title(r)), where, since)
}

func shorten(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// markdownEscape returns foreign text, which is printable, so that Markdown takes none of it
// for its own, links nothing and mentions nobody: punctuation becomes character references.
func markdownEscape(s string) string {
	var b strings.Builder
	for i, r := range s {
		if strings.ContainsRune("\\`*_[]<>#|&~@$", r) || strings.HasPrefix(s[i:], "://") || strings.HasPrefix(s[i:], "www.") {
			fmt.Fprintf(&b, "&#%d;", r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
