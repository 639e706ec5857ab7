package report_test

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/revokey-dev/revokey/detectors"
	"github.com/revokey-dev/revokey/report"
	"github.com/revokey-dev/revokey/revoke"
	"github.com/revokey-dev/revokey/revoke/localaws"
	"github.com/revokey-dev/revokey/scanner"
	"github.com/revokey-dev/revokey/scanner/odb"
)

// finding is one with every field set.
func finding(keyID, secret string) scanner.Finding {
	when := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
	commit := odb.NewID(bytes.Repeat([]byte{0xab}, 20))
	return scanner.Finding{
		Kind: detectors.AccessKey, KeyID: keyID, Account: "111122223333", Repository: "/repo",
		Secret: detectors.NewSecret(secret), SessionToken: detectors.NewSecret("token" + secret),
		FirstSeen: when, LastSeen: when, AtHead: true,
		Occurrences: []scanner.Occurrence{{
			Where: scanner.InBlob, Object: commit, Offset: 5, Line: 2, Column: 3, Encoding: []string{"base64"},
			Place: scanner.Place{Path: "a.env", Commit: commit, Tag: "v1", Author: "Ada <ada@example.com>", Time: when, LastSeen: when, Reachable: true},
		}},
	}
}

func key() (string, string) {
	return localaws.NewKeyID(nil, localaws.PrefixKey, "111122223333"), localaws.NewSecret(nil)
}

func write(t *testing.T, format string, records ...report.Record) string {
	t.Helper()
	var b bytes.Buffer
	w, err := report.NewWriter(format, &b)
	if err != nil {
		t.Fatal(err)
	}
	sum := report.NewSummary(scanner.Summary{Blobs: 3, Bytes: 2048, Notes: []string{"a note"}})
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

// TestRoundTrip reads back what is written, and finds no secret in it.
func TestTimesBeyondRFC3339(t *testing.T) {
	f := scanner.Finding{Claims: detectors.Claims{Region: "us-east-1", Expires: time.Date(10_000, 4, 25, 0, 0, 0, 0, time.UTC)}}
	if _, err := json.Marshal(report.NewRecord(f)); err != nil {
		t.Error(err)
	}
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	id, secret := key()
	want := []report.Record{report.NewRecord(finding(id, secret)), report.NewRecord(scanner.Finding{Kind: detectors.AccessKey, KeyID: id})}
	want[0].Verdict = revoke.Verdict{Status: revoke.Live, Reason: "why", ARN: "arn:aws:iam::111122223333:user/x", Proof: revoke.BySTS}
	for _, format := range []string{"json", "jsonl"} {
		out := write(t, format, want...)
		if strings.Contains(out, secret) {
			t.Errorf("%s holds the secret", format)
		}
		got, err := report.Read(strings.NewReader(out))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-written +read):\n%s", format, diff)
		}
	}
}

// TestSchema holds every field to docs/findings.md, and the words to their contract.
func TestSchema(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../docs/findings.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, typ := range []any{report.Record{}, report.Occurrence{}, revoke.Verdict{}, report.Summary{}, report.Skipped{}} {
		for f := range fields(reflect.TypeOf(typ)) {
			if !strings.Contains(string(doc), "`"+f+"`") {
				t.Errorf("docs/findings.md does not tell of %T's field %q", typ, f)
			}
		}
	}
	for _, word := range strings.Fields("live active-wrong-secret not-accepted inactive deleted expired needs-token canary example unknown not-checked") {
		var s revoke.Status
		if err := s.UnmarshalText([]byte(word)); err != nil || !strings.Contains(string(doc), "`"+word+"`") {
			t.Errorf("status %q: %v, or not in docs/findings.md", word, err)
		}
	}
	for _, where := range []scanner.Where{scanner.InBlob, scanner.InCommitMessage, scanner.InCommitHeader, scanner.InTagMessage, scanner.InFile, scanner.InStdin} {
		if !strings.Contains(string(doc), "`"+string(where)+"`") {
			t.Errorf("docs/findings.md does not tell of %q", where)
		}
	}
	for _, kind := range []detectors.Kind{detectors.AccessKey, detectors.BearerID, detectors.SecretKey} {
		if !strings.Contains(string(doc), "`"+string(kind)+"`") {
			t.Errorf("docs/findings.md does not tell of %q", kind)
		}
	}
}

// fields yields the names that a struct's fields have in JSON.
func fields(t reflect.Type) func(func(string) bool) {
	return func(yield func(string) bool) {
		for i := range t.NumField() {
			name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
			if name != "-" && !yield(name) {
				return
			}
		}
	}
}

func TestReadBroken(t *testing.T) {
	t.Parallel()
	id, secret := key()
	good := strings.TrimSpace(write(t, "jsonl", report.NewRecord(finding(id, secret))))
	for _, test := range []struct{ name, input, want string }{
		{"half a line", good + "\n" + good[:50], "line 2"},
		{"not JSON", "hello", "line 1"},
		{"another schema", `{"schema":"other/v1","key_id":"x"}`, `"other/v1"`},
		{"neither ID nor secret", `{"schema":"revokey.finding/v1"}`, "neither"},
		{"not a key ID", strings.Replace(good, id, "../../etc/passwd", 1), "is not a key ID"},
		{"an unknown kind", strings.Replace(good, "aws-access-key", "x\\u001b", 1), `its kind "x\x1b" is unknown`},
		{"an unknown status", strings.Replace(good, "not-checked", "dead", 1), `"dead"`},
		{"in a report", `{"schema":"revokey.report/v1","findings":[{}]}`, "finding 1"},
	} {
		_, err := report.Read(strings.NewReader(test.input))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want an error that says %q", test.name, err, test.want)
		}
	}
	if records, err := report.Read(strings.NewReader("\n")); err != nil || len(records) != 0 {
		t.Errorf("nothing: got %v, %v", records, err)
	}
}

// TestReset undoes what the writer of a findings file may have feigned.
func TestReset(t *testing.T) {
	t.Parallel()
	id, secret := key()
	r := report.NewRecord(finding(id, secret))
	r.Verdict.Status = revoke.Example
	if r.Reset(); r.Verdict.Status != revoke.NotChecked {
		t.Errorf("a real key reads as %v", r.Verdict.Status)
	}
	trap := report.NewRecord(finding(localaws.NewKeyID(nil, localaws.PrefixKey, "534261010715"), secret))
	other := "111122223333"
	trap.Account, trap.Verdict = &other, revoke.Verdict{}
	if trap.Reset(); trap.Verdict.Status != revoke.Canary || *trap.Account != "534261010715" {
		t.Errorf("a canary reads as %v of %s", trap.Verdict.Status, *trap.Account)
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	id, secret := key()
	live := report.NewRecord(finding(id, secret))
	live.Verdict = revoke.Verdict{Status: revoke.Live, Reason: "STS accepts it"}
	example := report.NewRecord(scanner.Finding{KeyID: id, Class: detectors.Example})
	out := write(t, "text", example, live)
	if i, j := strings.Index(out, "LIVE"), strings.Index(out, "EXAMPLE"); i < 0 || j < i {
		t.Errorf("the worst does not come first:\n%s", out)
	}
	for _, want := range []string{
		"a.env:2:3 since commit abababababab of 2024-05-06 by Ada <ada@example.com>",
		"leaked 2024-05-06, still at HEAD",
		"2 credentials: 1 live, 1 example; read 3 blobs and messages, 2.0 KiB",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
}

// TestManyPlaces folds the versions of a path into one line, and cuts the rest.
func TestManyPlaces(t *testing.T) {
	t.Parallel()
	id, secret := key()
	f := finding(id, secret)
	o := f.Occurrences[0]
	for range 3 {
		f.Occurrences = append(f.Occurrences, o)
	}
	for _, path := range strings.Fields("b c d e f g") {
		o.Path = path
		f.Occurrences = append(f.Occurrences, o)
	}
	out := write(t, "text", report.NewRecord(f))
	for _, want := range []string{"and at 3 more places of it", "and 2 places more"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
}

func TestPrintable(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"plain ünï 日本":       "plain ünï 日本",
		"\x1b[31mred":        `\x1b[31mred`,
		"a\nb\tc\r":          `a\nb\tc\r`,
		"\xff":               `\xff`,
		`\x1b`:               `\\x1b`,
		"right\u202eto left": `right\u202eto left`,
		"\u2066":             `\u2066`,
		"\x00\x7f\u009b":     `\x00\x7f\u009b`,
		"'\"":                `'"`,
	} {
		if got := report.Printable(in); got != want {
			t.Errorf("Printable(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzPrintable(f *testing.F) {
	f.Add("a\x1b[0m\u202e'")
	f.Fuzz(func(t *testing.T, s string) {
		for _, r := range report.Printable(s) {
			if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == 0x202e {
				t.Errorf("Printable(%q) holds %U", s, r)
			}
		}
	})
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"schema":"revokey.finding/v1","secret_sha256":"00"}`))
	f.Add([]byte(`{"schema":"revokey.report/v1","findings":[]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		records, err := report.Read(bytes.NewReader(data))
		if err != nil {
			return
		}
		for _, r := range records {
			if r.KeyID == nil && r.SecretSHA256 == nil {
				t.Errorf("read a record of nothing from %q", data)
			}
			r.Reset()
			if _, err := json.Marshal(r); err != nil {
				t.Error(err)
			}
		}
	})
}

// TestPlan shows each kind of step, with nothing that could act on a terminal.
func TestPlan(t *testing.T) {
	t.Parallel()
	id, _ := key()
	used := revoke.LastUse{Time: time.Date(2024, 5, 6, 7, 8, 0, 0, time.UTC), Service: "s3", Region: "eu-west-1"}
	out := report.Plan(revoke.Plan{
		Operator: revoke.Identity{ARN: "arn:aws:iam::111122223333:user/admin"},
		Endpoint: "http://127.0.0.1:1",
		Steps: []revoke.Step{
			{KeyState: revoke.KeyState{
				KeyID: id, Account: "111122223333", Owner: revoke.Owner{
					User: "ci\x1b", Created: used.Time, LastUsed: &used,
					Siblings: []revoke.Sibling{{KeyID: "other", Status: "Active"}}, Quarantine: []string{"AWSQuarantine"},
				},
			}, By: "arn:by", Call: "iam:UpdateAccessKey"},
			{KeyState: revoke.KeyState{KeyID: id}, Refusal: "not ours"},
		},
	}, report.Style{})
	for _, want := range []string{
		"Plan, made as arn:aws:iam::111122223333:user/admin", "DEACTIVATE  " + id + `, user ci\x1b, account 111122223333`,
		"last used 2024-05-06 07:08 UTC (s3 in eu-west-1)", "other key other is Active", "AWSQuarantine is attached",
		"call: iam:UpdateAccessKey", "as:   arn:by", "LEAVE       " + id, "not ours", "AWS calls go to http://127.0.0.1:1",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
}

func TestResult(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		result revoke.Result
		want   string
	}{
		{revoke.Result{KeyID: "K", Action: revoke.Deactivate, Outcome: revoke.Verified, Proof: revoke.BySTS, Seconds: 4.25, Reason: "refused"}, "K: deactivated, and proven by STS after 4.2 s: refused"},
		{revoke.Result{KeyID: "K", Action: revoke.Activate, Outcome: revoke.Requested}, "K: activated, as AWS says; the proof is still to come"},
		{revoke.Result{KeyID: "K", Action: revoke.Deactivate, Outcome: revoke.Requested, Reason: "not proven after 60 s"}, "K: deactivated, as AWS says, but not proven after 60 s"},
		{revoke.Result{KeyID: "K", Action: revoke.Deactivate, Outcome: revoke.Failed, Reason: "denied"}, "K: not deactivated: denied"},
		{revoke.Result{KeyID: "K", Action: revoke.Deactivate, Outcome: revoke.Refused, Reason: "foreign"}, "K: left alone: foreign"},
	} {
		if got := report.Result(test.result); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

// A use of late is what would break: it is red, where there are colours, on what is
// to be switched off only.
func TestPlanShowsRecentUseInRed(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)
	step := func(used time.Time, refusal string) revoke.Plan {
		return revoke.Plan{MadeAt: now, Steps: []revoke.Step{{
			KeyState: revoke.KeyState{KeyID: "K", Owner: revoke.Owner{Created: now, LastUsed: &revoke.LastUse{Time: used, Service: "s3", Region: "x"}}},
			Refusal:  refusal,
		}}}
	}
	for _, test := range []struct {
		plan    revoke.Plan
		colours bool
		red     bool
	}{
		{step(now.Add(-time.Hour), ""), true, true},
		{step(now.Add(-time.Hour), ""), false, false},
		{step(now.Add(-time.Hour), "already inactive"), true, false},
		{step(now.Add(-30*24*time.Hour), ""), true, false},
	} {
		if out := report.Plan(test.plan, report.Style{Colour: test.colours}); strings.Contains(out, "\x1b[31mcreated") != test.red {
			t.Errorf("red %v:\n%q", test.red, out)
		}
	}
}
