package contract

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/revokey-dev/revokey/detectors"
	"github.com/revokey-dev/revokey/report"
	"github.com/revokey-dev/revokey/revoke"
	"github.com/revokey-dev/revokey/revoke/localaws"
	"github.com/revokey-dev/revokey/scanner"
	"github.com/revokey-dev/revokey/scanner/odb"
)

// foreign are names that a repository may hold.
var foreign = []string{
	"prod.env", "a b/ü.env", "../../etc/passwd", "C:\\x", "/abs", "a//b", "x\x1b[2J\n::error::y", "\xff\xfe", "<script>|`&", "%41?q#f", strings.Repeat("long/", 400),
}

// records are findings of each kind, status and place.
func records() []report.Record {
	var all []report.Record
	commit := odb.NewID(slices.Repeat([]byte{0xab}, 20))
	when := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
	add := func(f scanner.Finding, status revoke.Status) {
		r := report.NewRecord(f)
		r.Verdict = revoke.Verdict{Status: status, Reason: "AWS says " + foreign[6]}
		all = append(all, r)
	}
	for i, path := range foreign {
		for _, where := range []scanner.Where{scanner.InBlob, scanner.InFile, scanner.InStdin, scanner.InCommitMessage, scanner.InTagMessage, scanner.InCommitHeader} {
			f := scanner.Finding{
				Kind: detectors.AccessKey, KeyID: localaws.NewKeyID(nil, localaws.PrefixKey, "111122223333"), Secret: detectors.NewSecret(localaws.NewSecret(nil)),
				Account: "111122223333", FirstSeen: when, LastSeen: when, AtHead: i%2 == 0,
			}
			o := scanner.Occurrence{Where: where, Line: i, Column: i, Place: scanner.Place{Author: path, Tag: path, Time: when, Refs: []string{path}}}
			if where == scanner.InBlob || where == scanner.InFile {
				o.Path, o.Member = path, []string{"", "inner/" + path}[i%2]
			}
			if where != scanner.InFile && where != scanner.InStdin {
				o.Object, o.Commit = commit, commit
			}
			f.Occurrences = []scanner.Occurrence{o}
			add(f, revoke.Status(i%int(revoke.Unknown+1)))
		}
	}
	for _, kind := range []detectors.Kind{detectors.BearerID, detectors.SecretKey, detectors.APIKey, detectors.ServicePassword, detectors.PrivateKey, detectors.AppSyncKey, detectors.MWSToken} {
		add(scanner.Finding{Kind: kind, Secret: detectors.NewSecret(localaws.NewSecret(nil)), Occurrences: []scanner.Occurrence{{Where: scanner.InBlob, Object: commit}}}, revoke.NotChecked)
	}
	add(scanner.Finding{Kind: detectors.AccessKey, KeyID: localaws.NewKeyID(nil, localaws.PrefixKey, "1")}, revoke.Live)
	return all
}

// write returns a report: of everything, or of nothing.
func write(t *testing.T, format string, records []report.Record) []byte {
	t.Helper()
	var b strings.Builder
	w, err := report.NewWriter(format, &b)
	if err != nil {
		t.Fatal(err)
	}
	sum := report.NewSummary(scanner.Summary{Notes: []string{"a note of " + foreign[6]}})
	sum.Version = "1.2.3 abcdef"
	if len(records) > 0 {
		sum.SkippedCount, sum.Skipped = 3, []report.Skipped{{What: foreign[6], Reason: foreign[8]}}
		sum.Silence(records[0], "baseline", foreign[6])
	}
	for _, r := range records {
		sum.Count(r)
		if err := w.Finding(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(sum); err != nil {
		t.Fatal(err)
	}
	return []byte(b.String())
}

// TestSARIF has Microsoft's validator find no error and no warning. What it notes is what we
// leave out on purpose: the source's text, which is the secret, and rule names of its own
// style. CI gets it from npm; SARIF_MULTITOOL is where it is.
func TestSARIF(t *testing.T) {
	tool := os.Getenv("SARIF_MULTITOOL")
	if tool == "" {
		t.Skip("SARIF_MULTITOOL is not set")
	}
	dir := t.TempDir()
	full, empty := filepath.Join(dir, "full.sarif"), filepath.Join(dir, "empty.sarif")
	for file, records := range map[string][]report.Record{full: records(), empty: nil} {
		if err := os.WriteFile(file, write(t, "sarif", records), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if told := validate(t, tool, full, empty); told != "" {
		t.Errorf("the validator says:\n%s", told)
	}
	broken := filepath.Join(dir, "broken.sarif")
	data := strings.Replace(string(write(t, "sarif", records())), `"ruleIndex": 0`, `"ruleIndex": 99`, 1)
	if err := os.WriteFile(broken, []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
	if validate(t, tool, broken) == "" {
		t.Error("the validator takes a rule that there is none of: it validates nothing")
	}
}

// validate returns the lines of the validator that tell of something.
func validate(t *testing.T, tool string, files ...string) string {
	t.Helper()
	cmd := exec.Command(tool, append([]string{"validate", "--rule-kind", "Sarif;Ghas", "--level", "Error;Warning"}, files...)...)
	cmd.Env = append(os.Environ(), "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1")
	out, err := cmd.CombinedOutput()
	if !strings.Contains(string(out), "files scanned") {
		t.Fatalf("the validator did not run: %v\n%s", err, out)
	}
	var told []string
	for line := range strings.Lines(string(out)) {
		for _, kind := range []string{"error", "warning"} {
			if strings.Contains(line, ": "+kind+" ") {
				told = append(told, line)
			}
		}
	}
	return strings.Join(told, "")
}

// TestGitLab holds the demands of GitLab's schema, as written down in testdata; of the
// original too, where GITLAB_SCHEMA says where it is.
func TestGitLab(t *testing.T) {
	files := []string{"testdata/gitlab-secret-detection.json"}
	if original := os.Getenv("GITLAB_SCHEMA"); original != "" {
		files = append(files, original)
	}
	for _, file := range files {
		schema, err := jsonschema.NewCompiler().Compile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, records := range [][]report.Record{nil, records()} {
			if err := schema.Validate(decode(t, write(t, "gitlab", records))); err != nil {
				t.Errorf("%s: %v", file, err)
			}
		}
		for name, spoil := range spoilers() {
			doc := decode(t, write(t, "gitlab", records())).(map[string]any)
			spoil(doc)
			if schema.Validate(doc) == nil {
				t.Errorf("%s takes a report with %s", file, name)
			}
		}
	}
}

// spoilers break a report in ways that GitLab refuses it for.
func spoilers() map[string]func(map[string]any) {
	scan := func(doc map[string]any) map[string]any { return doc["scan"].(map[string]any) }
	first := func(doc map[string]any) map[string]any { return doc["vulnerabilities"].([]any)[0].(map[string]any) }
	return map[string]func(map[string]any){
		"no version":         func(doc map[string]any) { delete(doc, "version") },
		"a time with a zone": func(doc map[string]any) { scan(doc)["start_time"] = "2024-05-06T07:08:09Z" },
		"an unknown status":  func(doc map[string]any) { scan(doc)["status"] = "incomplete" },
		"no analyzer":        func(doc map[string]any) { delete(scan(doc), "analyzer") },
		"no location":        func(doc map[string]any) { delete(first(doc), "location") },
		"no commit":          func(doc map[string]any) { delete(first(doc)["location"].(map[string]any), "commit") },
		"an empty commit": func(doc map[string]any) {
			first(doc)["location"].(map[string]any)["commit"] = map[string]any{"sha": ""}
		},
		"no identifier":            func(doc map[string]any) { first(doc)["identifiers"] = []any{} },
		"an unknown severity":      func(doc map[string]any) { first(doc)["severity"] = "HIGH" },
		"a name of 256 characters": func(doc map[string]any) { first(doc)["name"] = strings.Repeat("x", 256) },
		"a line that is a string":  func(doc map[string]any) { first(doc)["location"].(map[string]any)["start_line"] = "1" },
	}
}

func decode(t *testing.T, data []byte) any {
	t.Helper()
	var doc any
	if err := json.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}
