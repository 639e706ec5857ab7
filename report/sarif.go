package report

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"strings"
)

// sarifWriter writes SARIF 2.1.0: one run, one result a credential, with its places.
// See https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html and
// https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning.
type sarifWriter struct {
	w        io.Writer
	findings []Record
}

// GitHub's limits: what is over the first it refuses as a whole; of locations it shows a hundred.
const (
	sarifMaxResults   = 25_000
	sarifMaxLocations = 100
	sarifMaxSize      = 10 << 20 // bytes, compressed
)

type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool          sarifTool            `json:"tool"`
	Bases         map[string]sarifBase `json:"originalUriBaseIds"`
	Invocations   []sarifInvocation    `json:"invocations"`
	Results       []sarifResult        `json:"results"`
	ColumnKind    string               `json:"columnKind"`
	AutomationIDs sarifAutomation      `json:"automationDetails"`
	Properties    map[string]any       `json:"properties"`
}

type sarifAutomation struct {
	ID string `json:"id"`
}

type sarifBase struct {
	Description sarifText `json:"description"`
}

type sarifTool struct {
	Driver sarifDriver `json:"driver"`
}

type sarifDriver struct {
	Name            string      `json:"name"`
	InformationURI  string      `json:"informationUri"`
	SemanticVersion string      `json:"semanticVersion,omitempty"`
	Version         string      `json:"version,omitempty"`
	Rules           []sarifRule `json:"rules"`
}

type sarifRule struct {
	ID               string         `json:"id"`
	Name             string         `json:"name"`
	ShortDescription sarifText      `json:"shortDescription"`
	FullDescription  sarifText      `json:"fullDescription"`
	Help             sarifHelp      `json:"help"`
	HelpURI          string         `json:"helpUri"`
	Properties       map[string]any `json:"properties"`
}

type sarifText struct {
	Text string `json:"text"`
}

type sarifHelp struct {
	Text     string `json:"text"`
	Markdown string `json:"markdown"`
}

type sarifInvocation struct {
	ExecutionSuccessful bool                `json:"executionSuccessful"`
	Notifications       []sarifNotification `json:"toolExecutionNotifications,omitempty"`
}

type sarifNotification struct {
	Level   string    `json:"level"`
	Message sarifText `json:"message"`
}

type sarifResult struct {
	RuleID       string            `json:"ruleId"`
	RuleIndex    int               `json:"ruleIndex"`
	Level        string            `json:"level"`
	Message      sarifText         `json:"message"`
	Locations    []sarifLocation   `json:"locations"`
	Fingerprints map[string]string `json:"partialFingerprints"`
	Properties   map[string]any    `json:"properties"`
}

type sarifLocation struct {
	Physical sarifPhysical `json:"physicalLocation"`
	Message  *sarifText    `json:"message,omitempty"`
}

type sarifPhysical struct {
	Artifact sarifArtifact `json:"artifactLocation"`
	Region   *sarifRegion  `json:"region,omitempty"`
}

type sarifArtifact struct {
	URI  string `json:"uri"`
	Base string `json:"uriBaseId"`
}

// sarifRegion has no column: SARIF counts them in characters, a finding in bytes.
type sarifRegion struct {
	StartLine int `json:"startLine"`
}

func (s *sarifWriter) Finding(r Record) error {
	s.findings = append(s.findings, r)
	return nil
}

// Close writes what GitHub takes: fewer places, and then fewer results, where what is
// written would be larger than its limit.
func (s *sarifWriter) Close(sum Summary) error {
	worstFirst(s.findings)
	results, locations := min(len(s.findings), sarifMaxResults), sarifMaxLocations
	for {
		var b bytes.Buffer
		if err := s.write(&b, sum, results, locations); err != nil {
			return err
		}
		if b.Len() <= sarifMaxSize || zipped(b.Bytes()) <= sarifMaxSize || results <= 1 {
			_, err := b.WriteTo(s.w)
			return err
		}
		if locations > 1 {
			locations /= 10
		} else {
			results /= 2
		}
	}
}

// zipped returns how many bytes data has compressed, as it is sent.
func zipped(data []byte) int {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(data) // a buffer takes all
	_ = w.Close()
	return b.Len()
}

func (s *sarifWriter) write(w io.Writer, sum Summary, results, locations int) error {
	run := sarifRun{
		Tool:          sarifTool{newSarifDriver(sum)},
		Bases:         map[string]sarifBase{sarifRoot: {sarifText{"The root of the repository, or of the folder, that was scanned."}}},
		Invocations:   []sarifInvocation{newSarifInvocation(sum, len(s.findings)-results)},
		Results:       []sarifResult{},
		ColumnKind:    "unicodeCodePoints",
		AutomationIDs: sarifAutomation{"revokey/"},
		Properties:    map[string]any{"summary": sum.counts()},
	}
	_, index := rulesByID()
	for _, r := range s.findings[:results] {
		run.Results = append(run.Results, newSarifResult(r, index, locations))
	}
	enc := newEncoder(w)
	enc.SetIndent("", " ")
	return enc.Encode(sarifLog{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{run}})
}

// sarifRoot is what paths are relative to: the name that GitHub knows.
const sarifRoot = "%SRCROOT%"

func newSarifDriver(sum Summary) sarifDriver {
	d := sarifDriver{Name: "revokey", InformationURI: homePage, Version: sum.Version}
	d.SemanticVersion, _, _ = strings.Cut(sum.Version, " ")
	for _, r := range rules() {
		d.Rules = append(d.Rules, sarifRule{
			ID: r.id, Name: r.name, HelpURI: docsPage + "detection.md",
			ShortDescription: sarifText{r.title + "."},
			FullDescription:  sarifText{r.text},
			Help: sarifHelp{
				Text:     strings.ReplaceAll(r.text+" "+advice, "`", "'"),
				Markdown: r.text + "\n\n" + advice + "\n\n[How to say that it is no secret](" + docsPage + "silencing.md)",
			},
			Properties: map[string]any{"security-severity": r.severity, "precision": "high", "tags": []string{"security", "secret", "aws"}},
		})
	}
	return d
}

func newSarifInvocation(sum Summary, left int) sarifInvocation {
	inv := sarifInvocation{ExecutionSuccessful: sum.SkippedCount == 0}
	tell := func(level, text string) {
		inv.Notifications = append(inv.Notifications, sarifNotification{level, sarifText{text}})
	}
	for _, line := range sum.troubles() {
		tell("error", line)
	}
	if left > 0 {
		tell("error", fmt.Sprintf("%s left out: GitHub takes no more than %d, and %d MiB", count(left, "finding"), sarifMaxResults, sarifMaxSize>>20))
	}
	if sum.SilencedCount > 0 {
		tell("note", sum.silencedText())
	}
	for _, n := range sum.Notes {
		tell("note", Printable(n))
	}
	return inv
}

func newSarifResult(r Record, index map[string]int, locations int) sarifResult {
	id := ruleOf(r)
	result := sarifResult{
		RuleID: id, RuleIndex: index[id], Level: [...]string{"note", "warning", "error"}[levelOf(r)],
		Message:      sarifText{sentence(r) + "."},
		Fingerprints: map[string]string{"revokeyCredential/v1": strings.Join(r.Fingerprints(), " ")},
		Properties:   map[string]any{"status": r.Verdict.Status.String(), "atHead": r.AtHead},
	}
	for _, set := range []struct {
		name  string
		value *string
	}{{"keyId", r.KeyID}, {"account", r.Account}} {
		if set.value != nil {
			result.Properties[set.name] = Plain(*set.value)
		}
	}
	places := r.places()
	if len(places) == 0 {
		places = []Occurrence{{}} // GitHub refuses a result without one
	}
	for _, o := range places[:min(len(places), locations)] {
		result.Locations = append(result.Locations, newSarifLocation(o))
	}
	if commit := places[0].Commit; commit != nil {
		result.Properties["commit"] = Plain(*commit)
	}
	if more := len(places) - locations; more > 0 {
		result.Properties["morePlaces"] = more
	}
	return result
}

func newSarifLocation(o Occurrence) sarifLocation {
	l := sarifLocation{Physical: sarifPhysical{Artifact: sarifArtifact{relativeURI(o.file()), sarifRoot}, Region: &sarifRegion{o.line()}}}
	if o.Where != "" {
		l.Message = &sarifText{upperFirst(o.told()) + "."}
	}
	return l
}

// relativeURI returns a path as a relative reference that leads nowhere else: a
// repository is free to hold names such as "..", "C:" and "a//b".
func relativeURI(path string) string {
	segments := strings.Split(path, "/")
	for i, s := range segments {
		switch s {
		case "", ".", "..":
			segments[i] = "%5B" + s + "%5D" // [..]: a reader would resolve %2E%2E too
		default:
			segments[i] = escapeSegment(s)
		}
	}
	return strings.Join(segments, "/")
}

func escapeSegment(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || strings.IndexByte("-._~", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// upperFirst is for the sentences of SARIF. Only what begins with a word of ours changes.
func upperFirst(s string) string {
	for _, word := range []string{"blob ", "message ", "header ", "standard "} {
		if strings.HasPrefix(s, word) {
			return strings.ToUpper(s[:1]) + s[1:]
		}
	}
	return s
}
