package silence_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/revokey-dev/revokey/detectors"
	"github.com/revokey-dev/revokey/report"
	"github.com/revokey-dev/revokey/report/silence"
	"github.com/revokey-dev/revokey/revoke"
	"github.com/revokey-dev/revokey/revoke/localaws"
	"github.com/revokey-dev/revokey/scanner"
)

var today = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// at is a place: a path, whether it is HEAD's, and the comment there.
func at(path string, head bool, allow scanner.Allow) scanner.Occurrence {
	return scanner.Occurrence{Where: scanner.InBlob, Line: 1, Allow: allow, Place: scanner.Place{Path: path, AtHead: head}}
}

// pair returns a key with its secret at the places.
func pair(places ...scanner.Occurrence) report.Record {
	return report.NewRecord(scanner.Finding{
		Kind: detectors.AccessKey, KeyID: localaws.NewKeyID(nil, localaws.PrefixKey, "111122223333"),
		Secret: detectors.NewSecret(localaws.NewSecret(nil)), Occurrences: places,
	})
}

func parseIgnore(t *testing.T, text string) *silence.Ignore {
	t.Helper()
	ig, err := silence.ParseIgnore(".revokeyignore", text, today)
	if err != nil {
		t.Fatal(err)
	}
	return ig
}

func TestIgnore(t *testing.T) {
	t.Parallel()
	none := scanner.Allow{}
	r := pair(at("docs/a.md", true, none), at("docs/b c.md", false, none))
	message := pair(at("docs/a.md", true, none), scanner.Occurrence{Where: scanner.InCommitMessage})
	alone := report.NewRecord(scanner.Finding{Kind: detectors.AccessKey, KeyID: *r.KeyID, Occurrences: []scanner.Occurrence{at("docs/a.md", true, none)}})
	for _, test := range []struct {
		name, text string
		record     report.Record
		reason     string // "": not silenced
	}{
		{"a folder", "docs/ # examples", r, "examples"},
		{"all of its paths by two lines", "docs/a.md # one\n# comment\n\ndocs/b?c.md # two", r, "one"},
		{"one path of two", "docs/a.md # one", r, ""},
		{"a path with a space", "/docs/b c.md # x\n/docs/a.md # y", r, "y"},
		{"taken back", "docs/* # examples\n!docs/a.md", r, ""},
		{"the key ID", *r.KeyID + " # rotated", r, "rotated"},
		{"the key ID, of the ID alone", *r.KeyID + " # rotated", alone, "rotated"},
		{"the fingerprint", r.Fingerprint + "   #rotated", r, "rotated"},
		{"another one's fingerprint", alone.Fingerprint + " # rotated", r, ""},
		{"until tomorrow, behind a tab", "docs/\tuntil=2026-11-24\t# x", r, "x"},
		{"until yesterday, behind a tab", "docs/\tuntil=2026-11-22\t# x", r, ""},
		{"until tomorrow", "docs/ until=2026-11-24 # x", r, "x"},
		{"until today", "docs/ until=2026-11-23 # x", r, "x"},
		{"until yesterday", "docs/ until=2026-11-22 # x", r, ""},
		{"a place without a path", "* # all", message, ""},
		{"with CRLF and a BOM", "\ufeffdocs/ # x\r\n", r, "x"},
		{"nothing", "", r, ""},
	} {
		a := silence.Agreements{Ignore: parseIgnore(t, test.text)}
		by, reason, ok := a.Of(test.record)
		if reason != test.reason || ok != (test.reason != "") || ok && by != silence.IgnoreFile {
			t.Errorf("%s: got %q, %q, %v", test.name, by, reason, ok)
		}
	}
	if ended := parseIgnore(t, "\ndocs/ until=2026-11-22 # x").Ended; len(ended) != 1 || !strings.Contains(ended[0], ".revokeyignore line 2 has ended on 2026-11-22") {
		t.Errorf("got %q", ended)
	}
}

// TestBrokenIgnore names the line and does not show it: it may be of any file.
func TestBrokenIgnore(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"# x\nhunter2":             "line 2: no reason is given",
		"hunter2 #":                "line 1: no reason",
		"hunter2 until=tomorrow #": "line 1: what follows until= is not a day",
		"hunter2[ # x":             `line 1: a "[" is not closed`,
		" # x":                     "line 1: there is a reason",
	} {
		_, err := silence.ParseIgnore("ignore", text, today)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestManyPatterns bounds what a hostile ignore file can take of memory.
func TestManyPatterns(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"short": strings.Repeat("a # x\n", 100_000), "long": strings.Repeat("[!a]*", 400_000) + " # x"} {
		if _, err := silence.ParseIgnore("ignore", text, today); err == nil || !strings.Contains(err.Error(), "more patterns than") {
			t.Errorf("%s: %.200v", name, err)
		}
	}
	keys := strings.Repeat(strings.Repeat("0123456789abcdef", 2)+" # x\n", 100_000)
	if _, err := silence.ParseIgnore("ignore", strings.Repeat("some/folder/ # x\n", 5000)+keys, today); err != nil {
		t.Error(err)
	}
}

func TestInline(t *testing.T) {
	t.Parallel()
	ours, bare := scanner.Allow{By: scanner.AllowWord, Reason: "made up"}, scanner.Allow{By: scanner.AllowWord}
	theirs, none := scanner.Allow{By: "gitleaks:allow"}, scanner.Allow{}
	heed := silence.Agreements{Inline: true}
	for _, test := range []struct {
		name   string
		a      silence.Agreements
		record report.Record
		ok     bool
	}{
		{"at its only place", heed, pair(at("a", true, ours)), true},
		{"not at all", heed, pair(at("a", true, none)), false},
		{"without a reason", heed, pair(at("a", true, bare)), false},
		{"not heeded", silence.Agreements{}, pair(at("a", true, ours)), false},
		{"at one of two paths", heed, pair(at("a", true, ours), at("b", true, none)), false},
		{"an older version of the same file", heed, pair(at("a", false, none), at("a", true, ours)), true},
		{"twice in HEAD's version, once with it", heed, pair(at("a", true, ours), at("a", true, none)), false},
		{"in an older version alone", heed, pair(at("a", false, ours), at("a", true, none)), false},
		{"in an older version, and gone", heed, pair(at("a", false, ours)), true},
		{"another tool's", heed, pair(at("a", true, theirs)), false},
		{"another tool's, heeded", silence.Agreements{Inline: true, Foreign: true}, pair(at("a", true, theirs)), true},
		{"another tool's, repository distrusted", silence.Agreements{Foreign: true}, pair(at("a", true, theirs)), false},
		{"with a path that is ignored", silence.Agreements{Inline: true, Ignore: parseIgnore(t, "b # x")}, pair(at("a", true, ours), at("b", true, none)), true},
		{"of nowhere", heed, pair(), false},
	} {
		if _, _, ok := test.a.Of(test.record); ok != test.ok {
			t.Errorf("%s: %v", test.name, ok)
		}
	}
}

// TestLive never silences a live key, whatever is agreed.
func TestLive(t *testing.T) {
	t.Parallel()
	r := pair(at("a", true, scanner.Allow{By: scanner.AllowWord, Reason: "x"}))
	base := silence.NewBaseline()
	base.Add(r)
	a := silence.Agreements{Inline: true, Foreign: true, Baseline: base, Ignore: parseIgnore(t, "* # x\n"+*r.KeyID+" # x\n"+r.Fingerprint+" # x")}
	if _, _, ok := a.Of(r); !ok {
		t.Error("agreed, and not silenced")
	}
	r.Verdict.Status = revoke.Live
	if _, _, ok := a.Of(r); ok {
		t.Error("a live key is silenced")
	}
	a.Live = true
	if _, _, ok := a.Of(r); !ok {
		t.Error("a live key is not silenced although it may be")
	}
}

func write(t *testing.T, b *silence.Baseline) string {
	t.Helper()
	var w strings.Builder
	if _, err := b.WriteTo(&w); err != nil {
		t.Fatal(err)
	}
	return w.String()
}

func parseBaseline(t *testing.T, text string) *silence.Baseline {
	t.Helper()
	b, err := silence.ParseBaseline("baseline", text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestBaseline is written the same whatever came first, keeps the reasons that people write,
// takes what a merge leaves, and holds nothing that a scan would find.
func TestBaseline(t *testing.T) {
	t.Parallel()
	var records []report.Record
	for i := range 20 {
		records = append(records, pair(at(fmt.Sprintf("p%d\n# x\x1b", i), true, scanner.Allow{})))
	}
	lone := report.NewRecord(scanner.Finding{Kind: detectors.SecretKey, Secret: detectors.NewSecret(localaws.NewSecret(nil)),
		Occurrences: []scanner.Occurrence{at("x", true, scanner.Allow{}), at("y", true, scanner.Allow{})}})
	records = append(records, lone)
	one, two := silence.NewBaseline(), silence.NewBaseline()
	for _, r := range records {
		one.Add(r)
		if one.Add(r) {
			t.Error("added twice")
		}
	}
	for _, r := range slices.Backward(records) {
		two.Add(r)
	}
	text := write(t, one)
	if text != write(t, two) {
		t.Error("depends on the order")
	}
	if n := strings.Count(text, "\n"); n != 2+20+2 {
		t.Errorf("%d lines:\n%s", n, text)
	}
	for _, d := range detectors.All() {
		if m := d.Detect([]byte(text)); len(m) > 0 {
			t.Errorf("a scan finds %d credentials in the baseline", len(m))
		}
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	lines[2] += " # known since May"
	union := parseBaseline(t, strings.Join(append(lines, lines[5:]...), "\r\n"))
	if union.Len() != 22 || !strings.Contains(write(t, union), "# known since May\n") {
		t.Errorf("%d lines", union.Len())
	}
	bare := slices.Clone(lines)
	bare[2] = strings.TrimSuffix(bare[2], " # known since May")
	for _, sides := range [][]string{slices.Concat(lines, bare), slices.Concat(bare, lines)} {
		if merged := write(t, parseBaseline(t, strings.Join(sides, "\n"))); strings.Count(merged, "# known since May\n") != 1 {
			t.Error("a reason that one side of a merge gives is lost")
		}
	}
	a := silence.Agreements{Baseline: union}
	for _, r := range records {
		if by, _, ok := a.Of(r); !ok || by != silence.BaselineIn {
			t.Errorf("%s is not known", r.Fingerprint)
		}
	}
	if _, _, ok := a.Of(pair(at("p1", true, scanner.Allow{}))); ok {
		t.Error("a new key at a known path is known")
	}
	if gone := union.Prune(records[1:]); gone != 1 || union.Len() != 21 {
		t.Errorf("%d gone, %d left", gone, union.Len())
	}
	lone.Occurrences = append(lone.Occurrences, report.NewRecord(scanner.Finding{Occurrences: []scanner.Occurrence{at("z", true, scanner.Allow{})}}).Occurrences...)
	if _, _, ok := a.Of(lone); ok {
		t.Error("a secret without an ID is known at a new place")
	}
}

func TestBrokenBaseline(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"# x\n<<<<<<< HEAD\n": "line 2: a merge is not resolved",
		"hunter2":             "line 1: it does not begin with a fingerprint",
	} {
		_, err := silence.ParseBaseline("baseline", text)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestRemarks(t *testing.T) {
	t.Parallel()
	r := pair(at("a", true, scanner.Allow{By: scanner.AllowWord}), at("b", true, scanner.Allow{By: scanner.AllowWord}), at("c", true, scanner.Allow{By: "ggignore"}), at("c", false, scanner.Allow{By: "ggignore"}), at("a", false, scanner.Allow{By: scanner.AllowWord}))
	a := silence.Agreements{Inline: true, Ignore: parseIgnore(t, "a until=2020-01-01 # x")}
	got := strings.Join(a.Remarks([]report.Record{r}), "\n")
	for _, want := range []string{"has ended on 2020-01-01", "a line 1: a comment says revokey:allow without a reason", "; so in 1 file more", "1 file with comments for other tools, such as ggignore"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in:\n%s", want, got)
		}
	}
	if got := (&silence.Agreements{}).Remarks([]report.Record{r}); len(got) > 0 {
		t.Errorf("got %q", got)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("docs/ until=2026-11-22 # x\n!a # b")
	f.Add(strings.Repeat("0123456789abcdef", 2) + " aws-access-key AKIA…ABCD a # why")
	r := pair(at("docs/a", true, scanner.Allow{}))
	f.Fuzz(func(t *testing.T, text string) {
		if ig, err := silence.ParseIgnore("x", text, today); err == nil {
			(&silence.Agreements{Ignore: ig}).Of(r)
		}
		b, err := silence.ParseBaseline("x", text)
		if err != nil {
			return
		}
		var w strings.Builder
		b.WriteTo(&w)
		again, err := silence.ParseBaseline("x", w.String())
		if err != nil || again.Len() != b.Len() {
			t.Errorf("%q is read again as %v, %v", w.String(), again, err)
		}
	})
}
