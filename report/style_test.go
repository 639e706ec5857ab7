package report_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/mattn/go-runewidth"

	"github.com/revokey-dev/revokey/detectors"
	"github.com/revokey-dev/revokey/report"
	"github.com/revokey-dev/revokey/revoke"
	"github.com/revokey-dev/revokey/revoke/localaws"
	"github.com/revokey-dev/revokey/scanner"
)

// columns is how wide a line is on a terminal, without its colours.
func columns(line string) int {
	bare := regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(line, "")
	return (&runewidth.Condition{StrictEmojiNeutral: true}).StringWidth(bare)
}

// textIn returns the records as text in a style.
func textIn(t *testing.T, s report.Style, scanned scanner.Summary, records ...report.Record) string {
	t.Helper()
	var b bytes.Buffer
	w, sum := report.NewTextWriter(&b, s), report.NewSummary(scanned)
	for _, r := range records {
		sum.Count(r)
		if err := w.Finding(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(sum); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// leaked is a live key with an owner, in a file with a long name of wide characters.
func leaked() report.Record {
	id, secret := key()
	r := report.NewRecord(finding(id, secret))
	path, author := "services/支払い/environments/production/a-file-with-a-name-that-is-long.env", "Zoe\u0301 Müller <zoe@example.com>"
	r.Occurrences[0].Path, r.Occurrences[0].Author, r.Occurrences[0].Refs = &path, &author, []string{"refs/heads/main"}
	r.Verdict = revoke.Verdict{Status: revoke.Live, Reason: "STS accepts it as arn:aws:iam::111122223333:user/deploy", ARN: "arn:aws:iam::111122223333:user/deploy"}
	used := revoke.LastUse{Time: time.Date(2026, 5, 6, 7, 8, 0, 0, time.UTC), Service: "s3", Region: "eu-west-1"}
	r.Owner = &revoke.Owner{User: "deploy", AccountName: "shop", Created: used.Time.AddDate(-2, 0, 0), LastUsed: &used}
	return r
}

// several are so many findings of several statuses.
func several(n int) []report.Record {
	statuses := []revoke.Status{revoke.Inactive, revoke.Live, revoke.NotChecked, revoke.Unknown}
	var records []report.Record
	for i := range n {
		r := leaked()
		path := fmt.Sprintf("conf/%02d.env", i)
		r.Occurrences[0].Path, r.Owner, r.Verdict = &path, nil, revoke.Verdict{Status: statuses[i%len(statuses)]}
		records = append(records, r)
	}
	return records
}

// TestTextOnATerminal holds what people see to testdata/text, in which key IDs are masked.
// UPDATE_GOLDEN=1 writes it anew.
func TestTextOnATerminal(t *testing.T) {
	t.Parallel()
	next := func(r report.Record) string {
		if r.Verdict.Status != revoke.Live {
			return ""
		}
		return "revokey revoke " + *r.KeyID + " --account 111122223333"
	}
	read := scanner.Summary{Blobs: 1234, Bytes: 5 << 20}
	gap := scanner.Summary{Blobs: 3, Bytes: 100, SkippedCount: 2, Skipped: []scanner.Skipped{{What: "x", Reason: "y"}}}
	trace := revoke.Trace{
		KeyID: "KEY", Account: "111122223333", Regions: []string{"us-east-1", "eu-west-1"}, Events: 3,
		Calls: []revoke.TracedCall{
			{Service: "iam.amazonaws.com", Name: "CreateAccessKey", Count: 2, Refused: 1, Gravity: "foothold", Regions: []string{"us-east-1", "eu-west-1", "eu-central-1", "ap-southeast-2"}},
			{Service: "s3.amazonaws.com", Name: "ListBuckets", Count: 1, Gravity: revoke.Ordinary, Regions: []string{"us-east-1"}},
		},
		Sources: []revoke.TracedSource{{Address: "198.51.100.7", Count: 3, Agent: "aws-cli/2.15.0 md/awscrt#0.19 ua/2.0 os/linux md/arch#x86_64 lang/python#3.11"}},
	}
	for name, text := range map[string]string{
		"clean-80":   textIn(t, report.Style{Width: 80}, read),
		"one-80":     textIn(t, report.Style{Width: 80, Next: next}, read, leaked()),
		"one-40":     textIn(t, report.Style{Width: 40, Next: next}, read, leaked()),
		"one-200":    textIn(t, report.Style{Width: 200}, read, leaked()),
		"one-plain":  textIn(t, report.Style{}, read, leaked()),
		"one-colour": textIn(t, report.Style{Width: 80, Colour: true}, gap, leaked()),
		"many-80":    textIn(t, report.Style{Width: 80, Full: 3}, read, several(9)...),
		"many-40":    textIn(t, report.Style{Width: 40, Full: 3}, read, several(9)...),
		"plan-80":    report.Plan(shownPlan(), report.Style{Width: 80}),
		"plan-40":    report.Plan(shownPlan(), report.Style{Width: 40, Full: 1}),
		"trace-80":   report.Trace(trace, report.Style{Width: 80}),
	} {
		t.Run(name, func(t *testing.T) {
			got := regexp.MustCompile(`AKIA[A-Z2-7]{16}`).ReplaceAllString(text, "KEY-ID-20-CHARACTERS")
			file := filepath.Join("testdata", "text", name+".txt")
			if os.Getenv("UPDATE_GOLDEN") != "" {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
			width := map[string]int{"40": 40, "80": 80}[name[strings.LastIndexByte(name, '-')+1:]]
			for line := range strings.Lines(got) {
				if width > 0 && columns(strings.TrimSuffix(line, "\n")) > width && !strings.Contains(line, "next") {
					t.Errorf("wider than %d: %q", width, line)
				}
			}
		})
	}
}

func shownPlan() revoke.Plan {
	now := time.Date(2026, 5, 6, 8, 8, 0, 0, time.UTC)
	step := func(user, refusal string) revoke.Step {
		id, _ := key()
		used := revoke.LastUse{Time: now.Add(-time.Hour), Service: "s3", Region: "eu-west-1"}
		return revoke.Step{
			KeyState: revoke.KeyState{
				KeyID: id, Account: "111122223333", Verdict: revoke.Verdict{Status: revoke.Live, Reason: "IAM shows it Active"},
				Owner: revoke.Owner{User: user, AccountName: "shop-production", Created: now.AddDate(-1, 0, 0), LastUsed: &used},
			},
			Action: revoke.Deactivate, Refusal: refusal, By: "arn:aws:iam::111122223333:user/admin",
			Call: "iam:UpdateAccessKey UserName=" + user + " AccessKeyId=" + id + " Status=Inactive",
		}
	}
	left := step("other", "it signs revokey's own calls")
	left.Call = ""
	return revoke.Plan{MadeAt: now, Operator: revoke.Identity{ARN: "arn:aws:iam::111122223333:user/admin"}, Steps: []revoke.Step{left, step("deploy", "")}}
}

// TestForeignTextCannotColour feeds a terminal's style escape codes and a path of nothing but
// joined and combining characters.
func TestForeignTextCannotColour(t *testing.T) {
	t.Parallel()
	r := leaked()
	evil, author := strings.Repeat("\u0301", 500)+"\x1b[31m"+strings.Repeat("👩‍👩‍👧‍👦", 40), "\x1b]0;title\x07\u202e"
	r.Occurrences[0].Path, r.Occurrences[0].Author = &evil, &author
	r.Verdict.Reason = "\x1b[2J"
	for _, s := range []report.Style{{}, {Width: 80}, {Width: 1, Full: 1}} {
		if out := textIn(t, s, scanner.Summary{}, r, r, r, r, r); strings.ContainsAny(out, "\x1b\x07\u202e") {
			t.Errorf("%+v: an escape code comes through: %q", s, out)
		}
	}
}

// FuzzWidth holds every line to the terminal, whatever is in it, and loses nothing of it but
// spaces and what is shortened.
func FuzzWidth(f *testing.F) {
	f.Add("src/a.env", "why not", 80)
	f.Add(strings.Repeat("長", 99), "a  b", 33)
	f.Add("e\u0301/"+strings.Repeat("x", 200), "👩‍👩‍👧‍👦 x\u200b", 40)
	id := localaws.NewKeyID(nil, localaws.PrefixKey, "111122223333")
	f.Fuzz(func(t *testing.T, path, reason string, width int) {
		if width < 24 || width > 300 {
			return
		}
		r := report.NewRecord(scanner.Finding{Kind: detectors.AccessKey, KeyID: id, Occurrences: []scanner.Occurrence{{
			Where: scanner.InFile, Line: 1, Column: 1, Place: scanner.Place{Path: path},
		}}})
		r.Verdict = revoke.Verdict{Status: revoke.Live, Reason: reason}
		out := textIn(t, report.Style{Width: width}, scanner.Summary{}, r)
		for line := range strings.Lines(out) {
			if n := columns(strings.TrimSuffix(line, "\n")); n > width {
				t.Errorf("%d columns on a terminal of %d: %q", n, width, line)
			}
		}
		bare := func(s string) string { return strings.ReplaceAll(strings.ReplaceAll(s, "\n", ""), " ", "") }
		if !strings.Contains(bare(out), bare(report.Printable(reason))) {
			t.Errorf("%q is lost in %q", reason, out)
		}
	})
}
