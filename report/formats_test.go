package report_test

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/revokey-dev/revokey/detectors"
	"github.com/revokey-dev/revokey/report"
	"github.com/revokey-dev/revokey/revoke"
	"github.com/revokey-dev/revokey/revoke/localaws"
	"github.com/revokey-dev/revokey/scanner"
	"github.com/revokey-dev/revokey/scanner/odb"
)

// hostile is what a repository can hold in a path, an author or a ref: what breaks out of
// a terminal, a log of Actions, a spreadsheet, Markdown, HTML, XML and a URI.
const hostile = "=cmd|' /C calc'!A0,\"x\"\n::error::injected\r%0A::stop-commands::x\x1b[2J\x00\x0b￾\xff]]>--><script>|`$(x)` @octocat [a](http://e) ![i](//e) ##[add-mask]x ../../C:\\x\u202e"

// hostileFinding has it everywhere.
func hostileFinding(path string) scanner.Finding {
	id, secret := key()
	f := finding(id, secret)
	o := &f.Occurrences[0]
	o.Path, o.Author, o.Tag, o.Refs, o.AtHead = path, hostile+" <x>", hostile, []string{"refs/heads/" + hostile}, true
	f.Claims = detectors.Claims{User: hostile, Region: hostile}
	return f
}

func hostileRecord(path string) report.Record {
	r := report.NewRecord(hostileFinding(path))
	r.Verdict = revoke.Verdict{Status: revoke.Unknown, Reason: hostile, ARN: hostile}
	return r
}

// foreignRecord is of a file of findings that an enemy wrote, where hashes and names of objects
// may be anything as well; its fingerprint is always computed.
func foreignRecord() report.Record {
	r, bad := hostileRecord(hostile), "\x1b[2J\u202e"+hostile
	for _, where := range []scanner.Where{scanner.InBlob, scanner.InCommitMessage, scanner.InCommitHeader, scanner.InTagMessage, scanner.Where(bad)} {
		o := r.Occurrences[0]
		o.Where, o.Path, o.Object, o.Reflogs, o.Encoding = where, nil, &bad, []string{bad}, []string{bad}
		r.Occurrences = append(r.Occurrences, o)
	}
	r.Occurrences[0].Commit, r.Occurrences[0].Object = &bad, &bad
	r.KeyID, r.SecretSHA256, r.SessionTokenSHA256, r.Account, r.Repository = nil, &bad, &bad, &bad, &bad
	return r
}

// TestNoControlCharacters writes hostile names in every format: nothing that acts on a
// terminal or a parser comes out as it is, and no secret.
func TestNoControlCharacters(t *testing.T) {
	t.Parallel()
	for _, format := range report.Formats() {
		id, secret := key()
		out := write(t, format, hostileRecord(hostile), hostileRecord("::add-mask::x"), foreignRecord(), report.NewRecord(finding(id, secret)))
		if strings.Contains(out, secret) {
			t.Errorf("%s holds the secret", format)
		}
		for _, bad := range []string{"\x1b", "\x00", "\x0b", "\r", "\xff"} {
			if strings.Contains(out, bad) {
				t.Errorf("%s holds %q", format, bad)
			}
		}
		if format != "json" && format != "jsonl" && strings.Contains(out, "\u202e") {
			t.Errorf("%s holds a mark that reorders text", format)
		}
		if n := commands(out); format != "github" && n > 0 {
			t.Errorf("%s: a log of GitHub Actions would take %d lines for commands:\n%s", format, n, out)
		}
	}
}

// TestForeignJournalAndTrace has an enemy write what the record of a key is made of.
func TestForeignJournalAndTrace(t *testing.T) {
	t.Parallel()
	id, _ := key()
	bad := "\x1b[2J\u202e" + hostile
	calls := []revoke.TracedCall{{Service: bad, Name: bad, Gravity: revoke.Gravity(bad), Regions: []string{bad}}}
	trace := revoke.Trace{KeyID: id, Account: bad, Events: 1, Calls: calls, Missing: []string{bad}, Errors: map[string]int{bad: 1}}
	entries := []revoke.Entry{
		{ID: "a", KeyID: id, Action: revoke.Action(bad), Phase: revoke.PhaseIntent, Account: bad, User: bad, Operator: bad},
		{ID: "a", KeyID: id, Action: revoke.Action(bad), Phase: revoke.PhaseProof, Proof: revoke.Proof(bad), Note: bad},
	}
	in := report.NewIncident(id, nil, entries, time.Now())
	in.Trace = &trace
	var out strings.Builder
	if err := in.WriteMarkdown(&out); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(out.String(), "\x1b\u202e\r\x00") {
		t.Errorf("got %q", out.String())
	}
}

// TestJSONInALog has user agents and file names that a CI's log would obey: no JSON brings them.
func TestJSONInALog(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	agent := "##vso[task.setvariable variable=x]y"
	if err := report.WriteJSON(&out, revoke.Trace{Sources: []revoke.TracedSource{{Agent: agent}}}); err != nil {
		t.Fatal(err)
	}
	var back revoke.Trace
	if err := json.Unmarshal([]byte(out.String()), &back); err != nil || back.Sources[0].Agent != agent {
		t.Errorf("got %+v, %v", back, err)
	}
	if strings.Contains(out.String(), "##") {
		t.Errorf("got %s", out.String())
	}
}

// commands counts what the runner of GitHub Actions takes for commands: see
// ActionCommand.TryParseV2 and TryParse in github.com/actions/runner.
func commands(out string) int {
	n := 0
	for line := range strings.Lines(out) {
		v2 := strings.HasPrefix(strings.TrimSpace(line), "::") && strings.Contains(strings.TrimSpace(line)[2:], "::")
		_, v1, _ := strings.Cut(line, "##[")
		if v2 || strings.Contains(v1, "]") && !strings.HasPrefix(strings.TrimSpace(line), "{") && !strings.HasPrefix(strings.TrimSpace(line), `"`) {
			n++
		}
	}
	return n
}

// TestAnnotations holds GitHub's grammar: one command a line, none from a repository.
func TestAnnotations(t *testing.T) {
	t.Parallel()
	out := write(t, "github", hostileRecord(hostile), report.NewRecord(finding(key())))
	command := regexp.MustCompile(`^::(error|warning|notice) (file=[^:,\n]+,line=\d+,col=\d+,)?title=[^:,\n]+::[^\n]*$`)
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	if len(lines) != 3 {
		t.Errorf("%d lines for two findings and a summary:\n%s", len(lines), out)
	}
	for _, line := range lines {
		if !command.MatchString(line) {
			t.Errorf("not a command of ours: %q", line)
		}
	}
}

// TestManyAnnotations keeps GitHub's limit, with the worst in it, and says what it left out.
func TestManyAnnotations(t *testing.T) {
	t.Parallel()
	var records []report.Record
	for range 40 {
		records = append(records, report.NewRecord(finding(key())))
	}
	records[39].Verdict.Status = revoke.Live
	out := write(t, "github", records...)
	if n := strings.Count(out, "::error "); n != 10 {
		t.Errorf("%d annotations, want 10", n)
	}
	first, _, _ := strings.Cut(out, "\n")
	if !strings.Contains(first, *records[39].KeyID) || !strings.Contains(out, "and 31 more, which GitHub does not show") {
		t.Errorf("the worst does not come first, or nothing tells of the rest:\n%s", out)
	}
}

// TestStepSummary stays below what GitHub drops, whatever is found.
func TestStepSummary(t *testing.T) {
	t.Parallel()
	w := new(strings.Builder)
	out, _ := report.NewWriter("github-summary", w)
	for range 20_000 {
		if err := out.Finding(hostileRecord(strings.Repeat(hostile, 5))); err != nil {
			t.Fatal(err)
		}
	}
	sum := report.NewSummary(scanner.Summary{SkippedCount: 100})
	for range 100 {
		sum.Skipped = append(sum.Skipped, report.Skipped{What: strings.Repeat("|", 4000), Reason: "x"})
	}
	if err := out.Close(sum); err != nil {
		t.Fatal(err)
	}
	if n := w.Len(); n > 1<<20 || n < 900<<10 {
		t.Errorf("%d bytes, of 1 MiB", n)
	}
	if !regexp.MustCompile(`and \d+ credentials more`).MatchString(w.String()) || !regexp.MustCompile(`and \d+ more lines`).MatchString(w.String()) {
		t.Error("does not tell what it left out")
	}
	for line := range strings.Lines(w.String()) {
		if n := strings.Count(line, "|"); n != 0 && n != 5 {
			t.Fatalf("a row of %d bars: %q", n, line)
		}
	}
}

// TestMarkdown leaves nothing of a path for Markdown to link, and each line of the summary a
// paragraph of its own.
func TestMarkdown(t *testing.T) {
	t.Parallel()
	out := write(t, "github-summary", hostileRecord("www.example.com/x http://e/ a@example.com"))
	for _, bad := range []string{"www.", "://", "@"} {
		if strings.Contains(out, bad) {
			t.Errorf("%q is left in:\n%s", bad, out)
		}
	}
	sum := report.NewSummary(scanner.Summary{SkippedCount: 3})
	var b strings.Builder
	w, err := report.NewWriter("github-summary", &b)
	check(t, err)
	check(t, w.Close(sum))
	if !strings.Contains(b.String(), "0 credentials\n\nINCOMPLETE") {
		t.Errorf("got:\n%s", b.String())
	}
}

// TestManyFingerprints says how many places of a credential without an ID it does not name.
func TestManyFingerprints(t *testing.T) {
	t.Parallel()
	_, secret := key()
	f := scanner.Finding{Kind: detectors.SecretKey, Secret: detectors.NewSecret(secret)}
	for i := range 7 {
		f.Occurrences = append(f.Occurrences, scanner.Occurrence{Where: scanner.InBlob, Place: scanner.Place{Path: fmt.Sprint(i)}})
	}
	out := write(t, "text", report.NewRecord(f))
	if n := strings.Count(out, "\n        fingerprint "); n != 5 || !strings.Contains(out, "and 2 fingerprints more") {
		t.Errorf("%d fingerprints:\n%s", n, out)
	}
}

// TestCSV reads back what is written: one row a place, no cell a formula.
func TestCSV(t *testing.T) {
	t.Parallel()
	records := []report.Record{report.NewRecord(finding(key()))}
	for _, start := range []string{"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "＝1", `","=1`} {
		records = append(records, hostileRecord(start))
	}
	rows, err := csv.NewReader(strings.NewReader(write(t, "csv", records...))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != len(records)+1 {
		t.Errorf("%d rows of %d findings", len(rows), len(records))
	}
	for _, row := range rows {
		for _, cell := range row {
			if strings.IndexAny(strings.TrimSpace(cell), "=+-@＝＋－＠") == 0 {
				t.Errorf("%q is a formula", cell)
			}
		}
	}
	if rows[1][4] != "a.env" || rows[1][6] != "2" || rows[1][16] != records[0].Fingerprint {
		t.Errorf("got %q", rows[1])
	}
	if empty := write(t, "csv"); !strings.HasPrefix(empty, "status,kind,key_id,") || strings.Count(empty, "\n") != 1 {
		t.Errorf("nothing found: %q", empty)
	}
}

// TestJUnit is well-formed, whatever it is told, and counts what it holds.
func TestJUnit(t *testing.T) {
	t.Parallel()
	type suites struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Errors   int `xml:"errors,attr"`
		Suite    struct {
			Cases []struct {
				Name    string    `xml:"name,attr"`
				Failure *struct{} `xml:"failure"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	example := report.NewRecord(scanner.Finding{KeyID: localaws.NewKeyID(nil, "AKIA", "1"), Class: detectors.Example})
	for _, test := range []struct {
		records         []report.Record
		tests, failures int
	}{{nil, 1, 0}, {[]report.Record{hostileRecord(hostile), example}, 2, 1}, {[]report.Record{canary()}, 1, 1}} {
		var got suites
		if err := xml.Unmarshal([]byte(write(t, "junit", test.records...)), &got); err != nil {
			t.Fatal(err)
		}
		if got.Tests != test.tests || got.Failures != test.failures || len(got.Suite.Cases) != test.tests {
			t.Errorf("got %+v", got)
		}
	}
}

// TestFirstPlace is one that HEAD holds, else the latest.
func TestFirstPlace(t *testing.T) {
	t.Parallel()
	f := finding(key())
	at := func(path string, year int, head bool) scanner.Occurrence {
		o := f.Occurrences[0]
		o.Path, o.Time, o.AtHead = path, time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC), head
		return o
	}
	for want, places := range map[string][]scanner.Occurrence{
		"b": {at("a", 2020, false), at("b", 2022, false), at("c", 2021, false)},
		"c": {at("a", 2020, false), at("b", 2022, false), at("c", 2019, true)},
		"a": {at("a", 2020, true), at("b", 2022, true)},
	} {
		f.Occurrences = places
		if out := write(t, "gitlab", report.NewRecord(f)); !strings.Contains(out, `"file": "`+want+`"`) {
			t.Errorf("not at %s:\n%s", want, out)
		}
	}
}

// TestLogCommandsInJSON keeps a CI's log from taking what stands in a string for a command: it is
// the same string, escaped.
func TestLogCommandsInJSON(t *testing.T) {
	t.Parallel()
	path := "##vso[task.setvariable variable=x]y ##[add-mask]x ###[x] ##VSO[x"
	for _, format := range []string{"json", "jsonl", "sarif", "gitlab", "rdjsonl"} {
		out := write(t, format, hostileRecord(path))
		if strings.Contains(out, "##") {
			t.Errorf("%s holds a command:\n%s", format, out)
		}
		var doc any
		if err := json.Unmarshal([]byte(out), &doc); err != nil {
			t.Errorf("%s: %v", format, err)
		}
	}
	records, err := report.Read(strings.NewReader(write(t, "jsonl", hostileRecord(path))))
	if err != nil || *records[0].Occurrences[0].Path != path {
		t.Errorf("read again as %+v, %v", records, err)
	}
}

// TestGitLabIdentity keeps two keys at the same line apart, as in an archive all are: to GitLab
// a vulnerability is its first identifier, file and line.
func TestGitLabIdentity(t *testing.T) {
	t.Parallel()
	var got struct {
		Vulnerabilities []struct {
			Identifiers []struct{ Type, Value string }
		}
	}
	out := write(t, "gitlab", report.NewRecord(finding(key())), report.NewRecord(finding(key())))
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	if v := got.Vulnerabilities; v[0].Identifiers[0] == v[1].Identifiers[0] {
		t.Errorf("both are %+v", v[0].Identifiers[0])
	}
}

// canary is a finding that makes the exit code 1, as any but an example does.
func canary() report.Record {
	r := report.NewRecord(finding(key()))
	r.Verdict.Status = revoke.Canary
	return r
}

// TestCanaries tells of a canary wherever the exit code does.
func TestCanaries(t *testing.T) {
	t.Parallel()
	for _, format := range report.Formats() {
		if r := canary(); !strings.Contains(write(t, format, r), *r.KeyID) {
			t.Errorf("%s leaves out a canary", format)
		}
	}
}

// TestRdjsonl has a line for each path, at HEAD's version of it.
func TestRdjsonl(t *testing.T) {
	t.Parallel()
	f := hostileFinding("a.env")
	old := f.Occurrences[0]
	old.AtHead, old.Line = false, 77
	elsewhere := f.Occurrences[0]
	elsewhere.Path = "b.env"
	f.Occurrences = []scanner.Occurrence{old, f.Occurrences[0], elsewhere}
	var got []string
	for line := range strings.Lines(write(t, "rdjsonl", report.NewRecord(f))) {
		var d struct {
			Message, Severity string
			Location          struct {
				Path  string
				Range struct{ Start struct{ Line, Column int } }
			}
		}
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprint(d.Location, d.Severity))
	}
	if want := "[{a.env {{2 3}}}ERROR {b.env {{2 3}}}ERROR]"; fmt.Sprint(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

type sarif struct {
	Runs []struct {
		Tool struct {
			Driver struct {
				Rules []struct {
					ID         string
					Properties map[string]any
				}
			}
		}
		Invocations []struct {
			ExecutionSuccessful bool
			Notifications       []struct{ Message struct{ Text string } } `json:"toolExecutionNotifications"`
		}
		Results []struct {
			RuleID, Level       string
			RuleIndex           int
			PartialFingerprints map[string]string
			Locations           []struct {
				PhysicalLocation struct{ ArtifactLocation struct{ URI string } }
			}
		}
	}
}

func readSARIF(t *testing.T, text string) sarif {
	t.Helper()
	var log sarif
	if err := json.Unmarshal([]byte(text), &log); err != nil {
		t.Fatal(err)
	}
	return log
}

// TestSARIF holds what GitHub demands; the schema is checked by Microsoft's validator, in
// the module contract.
func TestSARIF(t *testing.T) {
	t.Parallel()
	live := report.NewRecord(finding(key()))
	live.Verdict.Status = revoke.Live
	run := readSARIF(t, write(t, "sarif", hostileRecord(hostile), live)).Runs[0]
	if run.Results[0].PartialFingerprints["revokeyCredential/v1"] != live.Fingerprint {
		t.Error("the worst does not come first, or has no fingerprint")
	}
	seen := make(map[string]bool)
	for _, r := range run.Tool.Driver.Rules {
		severity, ok := r.Properties["security-severity"].(string)
		if !ok || !regexp.MustCompile(`^(10|\d)\.\d$`).MatchString(severity) || seen[r.ID] {
			t.Errorf("rule %s: severity %v, or it comes twice", r.ID, r.Properties["security-severity"])
		}
		seen[r.ID] = true
	}
	for _, r := range run.Results {
		if run.Tool.Driver.Rules[r.RuleIndex].ID != r.RuleID || r.Level != "error" {
			t.Errorf("got %+v", r)
		}
		for _, l := range r.Locations {
			if uri := l.PhysicalLocation.ArtifactLocation.URI; regexp.MustCompile(`[^A-Za-z0-9%/._~-]`).MatchString(uri) {
				t.Errorf("%q is no relative reference", uri)
			}
		}
	}
}

// TestSARIFPaths leads nowhere but into the repository.
func TestSARIFPaths(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"a b/ü.env": "a%20b/%C3%BC.env", "../../etc/passwd": "%5B..%5D/%5B..%5D/etc/passwd", "C:/x": "C%3A/x",
		"/etc": "%5B%5D/etc", "a//b": "a/%5B%5D/b", "./x": "%5B.%5D/x", "http://e/": "http%3A/%5B%5D/e/%5B%5D",
		"\xff": "%FF", "a%2e": "a%252e", `..\x`: "..%5Cx", "a?b#c": "a%3Fb%23c",
	} {
		run := readSARIF(t, write(t, "sarif", hostileRecord(path))).Runs[0]
		if got := run.Results[0].Locations[0].PhysicalLocation.ArtifactLocation.URI; got != want {
			t.Errorf("%q is %q, want %q", path, got, want)
		}
	}
}

// TestSARIFLimits keeps what GitHub takes, the worst first, and says what is left out.
func TestSARIFLimits(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	w, _ := report.NewWriter("sarif", &b)
	r := report.NewRecord(finding(key()))
	for i := range 1500 {
		o := r.Occurrences[0]
		path := fmt.Sprintf("dir/%d", i)
		o.Path = &path
		r.Occurrences = append(r.Occurrences, o)
	}
	check(t, w.Finding(r))
	r.Occurrences = r.Occurrences[:1]
	for range 25_000 {
		check(t, w.Finding(r))
	}
	r.Verdict.Status = revoke.Live
	check(t, w.Finding(r))
	check(t, w.Close(report.NewSummary(scanner.Summary{})))
	run := readSARIF(t, b.String()).Runs[0]
	if len(run.Results) != 25_000 || run.Results[0].Level != "error" || len(run.Results[1].Locations) != 100 {
		t.Errorf("%d results, %d locations", len(run.Results), len(run.Results[1].Locations))
	}
	if n := run.Invocations[0].Notifications; len(n) != 1 || !strings.Contains(n[0].Message.Text, "2 findings left out") {
		t.Errorf("got %+v", n)
	}
	if n := gzipped(b.String()); n > 10<<20 {
		t.Errorf("%d bytes, of the 10 MiB that GitHub takes", n)
	}
}

// TestSARIFSize keeps the size that GitHub takes, for names that nothing compresses: places
// go first, then results, and it tells how many.
func TestSARIFSize(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	w, _ := report.NewWriter("sarif", &b)
	random := rand.NewChaCha8([32]byte{1})
	for range 500 {
		r := report.NewRecord(finding(key()))
		for range 5 {
			name := make([]byte, 5000)
			random.Read(name)
			path := hex.EncodeToString(name)
			o := r.Occurrences[0]
			o.Path = &path
			r.Occurrences = append(r.Occurrences, o)
		}
		check(t, w.Finding(r))
	}
	check(t, w.Close(report.NewSummary(scanner.Summary{})))
	run := readSARIF(t, b.String()).Runs[0]
	if n := gzipped(b.String()); n > 10<<20 || len(run.Results) != 500 || len(run.Results[0].Locations) != 1 {
		t.Errorf("%d bytes, %d results of %d places", n, len(run.Results), len(run.Results[0].Locations))
	}
}

// TestIncomplete says in every format that has room for it that something was not scanned.
func TestIncomplete(t *testing.T) {
	t.Parallel()
	sum := report.NewSummary(scanner.Summary{SkippedCount: 3, Skipped: []scanner.Skipped{{What: "object " + hostile, Reason: "corrupt"}}})
	sum.Silence(report.NewRecord(finding(key())), "baseline", "old")
	for format, want := range map[string][]string{
		"text": {"INCOMPLETE: 3", "silenced: 1 credential (1 by baseline)"}, "json": {`"skipped_count": 3`, `"silenced_count": 1`},
		"sarif":  {`"executionSuccessful": false`, "and 2 more", "silenced: 1 credential (1 by baseline)"},
		"junit":  {`errors="2"`, "<error", `<property name="silenced" value="1">`},
		"gitlab": {`"status": "failure"`, `"level": "fatal"`, "silenced: 1"}, "github": {"::error ", "INCOMPLETE", "silenced: 1"},
		"github-summary": {"INCOMPLETE", "not scanned", "silenced: 1"},
	} {
		var b strings.Builder
		w, err := report.NewWriter(format, &b)
		check(t, err)
		check(t, w.Close(sum))
		for _, s := range want {
			if !strings.Contains(b.String(), s) {
				t.Errorf("%s: no %q in:\n%s", format, s, b.String())
			}
		}
	}
}

// TestPlaceless writes what has no path.
func TestPlaceless(t *testing.T) {
	t.Parallel()
	id, secret := key()
	f := scanner.Finding{Kind: detectors.AccessKey, KeyID: id, Secret: detectors.NewSecret(secret)}
	for _, where := range []scanner.Where{scanner.InStdin, scanner.InCommitMessage, scanner.InTagMessage, scanner.InBlob} {
		f.Occurrences = []scanner.Occurrence{{Where: where, Object: odb.NewID([]byte(strings.Repeat("\xab", 20)))}}
		for _, format := range []string{"sarif", "junit", "gitlab", "github", "rdjsonl", "csv"} {
			if out := write(t, format, report.NewRecord(f)); !strings.Contains(out, string(where)) && format != "github" {
				t.Errorf("%s does not tell of %s:\n%s", format, where, out)
			}
		}
	}
}

func gzipped(s string) int {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, s)
	w.Close()
	return b.Len()
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestFingerprint is of the credential: not of when, where and by whom it was found, and not
// of its secret.
func TestFingerprint(t *testing.T) {
	t.Parallel()
	id, secret := key()
	f := finding(id, secret)
	want := report.NewRecord(f).Fingerprint
	if !report.IsFingerprint(want) {
		t.Errorf("%q", want)
	}
	f.Occurrences[0].Line, f.Occurrences[0].Path, f.Occurrences[0].Time, f.FirstSeen = 99, "elsewhere", time.Now(), time.Now()
	_, other := key()
	f.Secret = detectors.NewSecret(other)
	if got := report.NewRecord(f).Fingerprint; got != want {
		t.Errorf("%s, then %s", want, got)
	}
	f.Secret = detectors.Secret{}
	if got := report.NewRecord(f).Fingerprint; got == want {
		t.Error("an ID alone has the fingerprint of the pair")
	}
	alone := scanner.Finding{Kind: detectors.SecretKey, Secret: detectors.NewSecret(secret)}
	for _, path := range []string{"a", "b", "a"} {
		alone.Occurrences = append(alone.Occurrences, scanner.Occurrence{Where: scanner.InBlob, Line: len(alone.Occurrences), Place: scanner.Place{Path: path}})
	}
	prints := report.NewRecord(alone).Fingerprints()
	if len(prints) != 2 || prints[0] == prints[1] {
		t.Errorf("of two places: %q", prints)
	}
	alone.Secret = detectors.NewSecret(other)
	if got := report.NewRecord(alone).Fingerprints(); got[0] != prints[0] {
		t.Error("a secret goes into its fingerprint")
	}
}

func FuzzFormats(f *testing.F) {
	f.Add(hostile)
	f.Add("../x")
	r := hostileRecord("") // once: what is random would keep the fuzzer from telling inputs apart
	f.Fuzz(func(t *testing.T, foreign string) {
		r := r
		o := r.Occurrences[0]
		o.Path, o.Author, o.Refs = &foreign, &foreign, []string{foreign}
		r.Verdict.Reason, r.Occurrences = foreign, []report.Occurrence{o}
		for _, format := range []string{"sarif", "gitlab"} {
			if !json.Valid([]byte(write(t, format, r))) {
				t.Errorf("%s of %q is no JSON", format, foreign)
			}
		}
		if _, err := csv.NewReader(strings.NewReader(write(t, "csv", r))).ReadAll(); err != nil {
			t.Errorf("csv of %q: %v", foreign, err)
		}
		dec := xml.NewDecoder(strings.NewReader(write(t, "junit", r)))
		for {
			if _, err := dec.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("junit of %q: %v", foreign, err)
			}
		}
		if n := strings.Count(write(t, "github", r), "\n"); n != 2 {
			t.Errorf("%d lines of annotations of %q", n, foreign)
		}
		if n := commands(write(t, "text", r)); n > 0 {
			t.Errorf("%q is a command in a log", foreign)
		}
	})
}
