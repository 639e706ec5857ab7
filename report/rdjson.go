package report

import (
	"encoding/json"

	"github.com/revokey-dev/revokey/revoke"
)

// rdjsonlWriter writes reviewdog's diagnostic format, one a line: each credential at each
// of its paths, as reviewdog leaves out by itself what a change does not touch. Examples,
// which fail no scan, are left out. Reviewdog draws messages as Markdown.
// See https://github.com/reviewdog/reviewdog/tree/master/proto/rdf.
type rdjsonlWriter struct{ enc *json.Encoder }

type rdDiagnostic struct {
	Message  string     `json:"message"`
	Location rdLocation `json:"location"`
	Severity string     `json:"severity"`
	Source   rdSource   `json:"source"`
	Code     rdCode     `json:"code"`
}

type rdLocation struct {
	Path  string  `json:"path"`
	Range rdRange `json:"range"`
}

type rdRange struct {
	Start rdPosition `json:"start"`
}

// rdPosition counts from 1, the column in bytes, as a finding does.
type rdPosition struct {
	Line   int `json:"line"`
	Column int `json:"column"`
}

type rdSource struct {
	Name string `json:"name"`
	URL  string `json:"url"`
}

type rdCode struct {
	Value string `json:"value"`
	URL   string `json:"url"`
}

func (d rdjsonlWriter) Finding(r Record) error {
	if r.Verdict.Status == revoke.Example {
		return nil
	}
	for _, o := range r.places() {
		err := d.enc.Encode(rdDiagnostic{
			Message:  markdownEscape(sentence(r)),
			Location: rdLocation{Plain(o.file()), rdRange{rdPosition{o.line(), o.column()}}},
			Severity: [...]string{"INFO", "WARNING", "ERROR"}[levelOf(r)],
			Source:   rdSource{"revokey", homePage},
			Code:     rdCode{ruleOf(r), docsPage + "detection.md"},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (d rdjsonlWriter) Close(Summary) error { return nil }
