package report

import (
	"cmp"
	"encoding/hex"
	"io"
	"strings"
	"time"

	"github.com/revokey-dev/revokey/revoke"
)

// gitlabWriter writes a secret detection report of GitLab, schema 15.0.4, which every
// GitLab from 15 on takes: gl-secret-detection-report.json. What does not fit the schema
// is refused as a whole. Its extract of the source would be the secret, and is left out.
// See https://gitlab.com/gitlab-org/security-products/security-report-schemas.
type gitlabWriter struct {
	w        io.Writer
	findings []Record
}

// gitlabSchema is the version that a report names, by which GitLab checks it.
const gitlabSchema = "15.0.4"

type gitlabReport struct {
	Version         string                `json:"version"`
	Schema          string                `json:"schema"`
	Scan            gitlabScan            `json:"scan"`
	Vulnerabilities []gitlabVulnerability `json:"vulnerabilities"`
}

type gitlabScan struct {
	Analyzer gitlabTool      `json:"analyzer"`
	Scanner  gitlabTool      `json:"scanner"`
	Type     string          `json:"type"`
	Start    string          `json:"start_time"`
	End      string          `json:"end_time"`
	Status   string          `json:"status"`
	Messages []gitlabMessage `json:"messages,omitempty"`
}

type gitlabTool struct {
	ID      string       `json:"id"`
	Name    string       `json:"name"`
	URL     string       `json:"url"`
	Version string       `json:"version"`
	Vendor  gitlabVendor `json:"vendor"`
}

type gitlabVendor struct {
	Name string `json:"name"`
}

type gitlabMessage struct {
	Level string `json:"level"`
	Value string `json:"value"`
}

type gitlabVulnerability struct {
	ID          string             `json:"id"`
	Name        string             `json:"name"`
	Description string             `json:"description"`
	Severity    string             `json:"severity"`
	Solution    string             `json:"solution"`
	Identifiers []gitlabIdentifier `json:"identifiers"`
	Links       []gitlabLink       `json:"links"`
	Location    gitlabLocation     `json:"location"`
}

type gitlabIdentifier struct {
	Type  string `json:"type"`
	Name  string `json:"name"`
	Value string `json:"value"`
	URL   string `json:"url,omitempty"`
}

type gitlabLink struct {
	URL string `json:"url"`
}

type gitlabLocation struct {
	File      string       `json:"file"`
	StartLine int          `json:"start_line"`
	EndLine   int          `json:"end_line"`
	Commit    gitlabCommit `json:"commit"`
}

type gitlabCommit struct {
	SHA    string `json:"sha"`
	Author string `json:"author,omitempty"`
	Date   string `json:"date,omitempty"`
}

func (g *gitlabWriter) Finding(r Record) error {
	g.findings = append(g.findings, r)
	return nil
}

func (g *gitlabWriter) Close(sum Summary) error {
	worstFirst(g.findings)
	all, index := rulesByID()
	doc := gitlabReport{
		Version:         gitlabSchema,
		Schema:          "https://gitlab.com/gitlab-org/security-products/security-report-schemas/-/raw/v" + gitlabSchema + "/dist/secret-detection-report-format.json",
		Scan:            newGitlabScan(sum),
		Vulnerabilities: []gitlabVulnerability{},
	}
	for _, r := range g.findings {
		if r.Verdict.Status != revoke.Example {
			doc.Vulnerabilities = append(doc.Vulnerabilities, newGitlabVulnerability(r, all[index[ruleOf(r)]]))
		}
	}
	enc := newEncoder(g.w)
	enc.SetIndent("", "  ")
	return enc.Encode(doc)
}

// gitlabTime is ISO 8601 without a zone, which is UTC.
const gitlabTime = "2006-01-02T15:04:05"

func newGitlabScan(sum Summary) gitlabScan {
	tool := gitlabTool{"revokey", "revokey", homePage, cmp.Or(sum.Version, "unknown"), gitlabVendor{"revokey"}}
	now := time.Now()
	if sum.Started.IsZero() {
		sum.Started = now
	}
	scan := gitlabScan{
		Analyzer: tool, Scanner: tool, Type: "secret_detection", Status: "success",
		Start: sum.Started.UTC().Format(gitlabTime), End: now.UTC().Format(gitlabTime),
	}
	for _, line := range sum.troubles() {
		scan.Status = "failure"
		scan.Messages = append(scan.Messages, gitlabMessage{"fatal", line})
	}
	if sum.SilencedCount > 0 {
		scan.Messages = append(scan.Messages, gitlabMessage{"info", sum.silencedText()})
	}
	for _, n := range sum.Notes {
		scan.Messages = append(scan.Messages, gitlabMessage{"info", Printable(n)})
	}
	return scan
}

// newGitlabVulnerability returns a finding at its first place. GitLab draws name,
// description and solution as Markdown: they have no foreign words. To GitLab a vulnerability is
// its first identifier, file and line, of which it keeps one: that identifier is the
// credential's, or of two keys in a line, or in an archive, one would be lost.
func newGitlabVulnerability(r Record, rule rule) gitlabVulnerability {
	v := gitlabVulnerability{
		ID: uuid(r.Fingerprint), Name: rule.title, Severity: gitlabSeverity(r),
		Description: markdownEscape(sentence(r)) + ". " + rule.text, Solution: advice,
		Identifiers: []gitlabIdentifier{
			{"revokey_fingerprint", "revokey fingerprint " + r.Fingerprint, r.Fingerprint, ""},
			{"revokey_rule_id", "revokey rule ID " + rule.id, rule.id, docsPage + "detection.md"},
			{"cwe", "CWE-798", "798", "https://cwe.mitre.org/data/definitions/798.html"},
		},
		Links:    []gitlabLink{{docsPage + "revoking.md"}},
		Location: gitlabLocation{StartLine: 1, EndLine: 1, Commit: gitlabCommit{SHA: noCommit}},
	}
	if places := r.places(); len(places) > 0 {
		v.Location = newGitlabLocation(places[0])
	}
	return v
}

// noCommit stands where there is none, for the schema demands one: as GitLab's own
// analyzer writes it.
const noCommit = "0000000"

func newGitlabLocation(o Occurrence) gitlabLocation {
	l := gitlabLocation{
		File: Plain(o.file()), StartLine: o.line(), EndLine: o.line(),
		Commit: gitlabCommit{SHA: cmp.Or(Plain(Value(o.Commit)), noCommit), Author: Printable(Value(o.Author))},
	}
	if o.Time != nil {
		l.Commit.Date = o.Time.Format(time.RFC3339)
	}
	return l
}

func gitlabSeverity(r Record) string {
	switch r.Verdict.Status {
	case revoke.Live:
		return "Critical"
	case revoke.Example, revoke.Canary:
		return "Info"
	case revoke.Deleted, revoke.Expired:
		return "Low"
	}
	if levelOf(r) == levelWarning {
		return "Medium"
	}
	return "High"
}

// uuid returns the fingerprint in the form of a UUID, version 8: whose bits the maker defines.
func uuid(fingerprint string) string {
	b, err := hex.DecodeString(fingerprint)
	if err != nil || len(b) != fingerprintLength/2 {
		b = make([]byte, fingerprintLength/2)
	}
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80
	h := hex.EncodeToString(b)
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}
