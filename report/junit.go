package report

import (
	"encoding/xml"
	"fmt"
	"io"

	"github.com/revokey-dev/revokey/revoke"
)

// junitWriter writes JUnit's XML as Jenkins and GitLab read it: one suite, a failure for
// each credential, an error for each thing that was not scanned, and one case that passes
// where there is neither. Examples pass, for they fail no scan.
// See https://github.com/jenkinsci/xunit-plugin/blob/master/src/main/resources/org/jenkinsci/plugins/xunit/types/model/xsd/junit-10.xsd.
type junitWriter struct {
	w        io.Writer
	findings []Record
}

type junitSuites struct {
	XMLName  xml.Name   `xml:"testsuites"`
	Name     string     `xml:"name,attr"`
	Tests    int        `xml:"tests,attr"`
	Failures int        `xml:"failures,attr"`
	Errors   int        `xml:"errors,attr"`
	Suite    junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name       string          `xml:"name,attr"`
	Tests      int             `xml:"tests,attr"`
	Failures   int             `xml:"failures,attr"`
	Errors     int             `xml:"errors,attr"`
	Skipped    int             `xml:"skipped,attr"`
	Properties []junitProperty `xml:"properties>property"`
	Cases      []junitCase     `xml:"testcase"`
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	File    string        `xml:"file,attr,omitempty"`
	Failure *junitProblem `xml:"failure"`
	Error   *junitProblem `xml:"error"`
}

type junitProblem struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

func (j *junitWriter) Finding(r Record) error {
	j.findings = append(j.findings, r)
	return nil
}

func (j *junitWriter) Close(sum Summary) error {
	worstFirst(j.findings)
	suite := junitSuite{Name: "revokey", Properties: junitProperties(sum)}
	for _, r := range j.findings {
		suite.add(newJunitCase(r))
	}
	for _, line := range sum.troubles() {
		suite.add(junitCase{Name: line, Class: "revokey.scan", Error: &junitProblem{Message: line, Type: "not-scanned"}})
	}
	if len(suite.Cases) == 0 {
		suite.add(junitCase{Name: "no AWS credentials", Class: "revokey.scan"})
	}
	if _, err := io.WriteString(j.w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(j.w)
	enc.Indent("", "  ")
	if err := enc.Encode(junitSuites{Name: suite.Name, Tests: suite.Tests, Failures: suite.Failures, Errors: suite.Errors, Suite: suite}); err != nil {
		return err
	}
	_, err := io.WriteString(j.w, "\n")
	return err
}

func junitProperties(sum Summary) []junitProperty {
	return []junitProperty{
		{"blobs", fmt.Sprint(sum.Blobs)}, {"bytes", fmt.Sprint(sum.Bytes)},
		{"silenced", fmt.Sprint(sum.SilencedCount)}, {"not-scanned", fmt.Sprint(sum.SkippedCount)},
	}
}

func (s *junitSuite) add(c junitCase) {
	s.Tests++
	if c.Failure != nil {
		s.Failures++
	}
	if c.Error != nil {
		s.Errors++
	}
	s.Cases = append(s.Cases, c)
}

// newJunitCase returns the case of a credential. Its name has its fingerprint, so that
// it is the same from one build to the next.
func newJunitCase(r Record) junitCase {
	c := junitCase{Name: fmt.Sprintf("%s [%s]", Title(r), r.Fingerprint), Class: "revokey." + ruleOf(r)}
	if places := r.places(); len(places) > 0 {
		c.File = Printable(places[0].file())
	}
	if status := r.Verdict.Status; status != revoke.Example {
		c.Failure = &junitProblem{Message: sentence(r), Type: status.String(), Text: "\n" + Style{}.finding(r)}
	}
	return c
}
