package html

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/revokey-dev/revokey/detectors"
	"github.com/revokey-dev/revokey/report"
	"github.com/revokey-dev/revokey/revoke"
	"github.com/revokey-dev/revokey/revoke/localaws"
	"github.com/revokey-dev/revokey/scanner"
)

var noon = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

func after(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }

func call(a revoke.Action, minute int, outcome revoke.EntryOutcome, proven bool) report.Call {
	c := report.Call{Action: a, Asked: after(minute), Outcome: outcome}
	if proven {
		at := after(minute + 1)
		c.Proof, c.ProvenAt = revoke.BySTS, &at
	}
	return c
}

// TestNow: what the journal proves after the verdict is the status; a call that was
// not proven says nothing but that nothing is known any more.
func TestNow(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status    revoke.Status
		calls     []report.Call
		want      revoke.Status
		byJournal bool
	}{
		"nothing done":              {revoke.Live, nil, revoke.Live, false},
		"deactivated and proven":    {revoke.Live, []report.Call{call(revoke.Deactivate, 1, revoke.Done, true)}, revoke.Inactive, true},
		"deactivated, not proven":   {revoke.Live, []report.Call{call(revoke.Deactivate, 1, revoke.Done, false)}, revoke.Live, false},
		"refused":                   {revoke.Live, []report.Call{call(revoke.Deactivate, 1, revoke.NotDone, false)}, revoke.Live, false},
		"in doubt":                  {revoke.Live, []report.Call{call(revoke.Deactivate, 1, "", false)}, revoke.Live, false},
		"before the verdict":        {revoke.Live, []report.Call{call(revoke.Deactivate, -9, revoke.Done, true)}, revoke.Live, false},
		"taken back":                {revoke.Inactive, []report.Call{call(revoke.Activate, 1, revoke.Done, true)}, revoke.Live, true},
		"taken back, not proven":    {revoke.Inactive, []report.Call{call(revoke.Activate, 1, revoke.Done, false)}, revoke.Unknown, true},
		"off, taken back and again": {revoke.Live, []report.Call{call(revoke.Deactivate, 1, revoke.Done, true), call(revoke.Activate, 3, revoke.Done, true), call(revoke.Delete, 5, revoke.Done, true)}, revoke.Deleted, true},
		"contained":                 {revoke.Live, []report.Call{call(revoke.Contain, 1, revoke.Done, true)}, revoke.Live, false},
	} {
		got, byJournal := now(revoke.Verdict{Status: c.status, CheckedAt: noon}, c.calls)
		if got != c.want || byJournal != c.byJournal {
			t.Errorf("%s: got %v, %v", name, got, byJournal)
		}
	}
}

// TestTimeline: the events come in order, from whichever source, with what lies between.
func TestTimeline(t *testing.T) {
	t.Parallel()
	path, leaked, held := "x", after(-10_000), after(-5000)
	r := report.Record{FirstSeen: &leaked, LastSeen: &held, Occurrences: []report.Occurrence{{Path: &path}}, Verdict: revoke.Verdict{Status: revoke.Live, CheckedAt: noon}}
	r.Owner = &revoke.Owner{Created: after(-20_000), LastUsed: &revoke.LastUse{Time: after(-60), Service: "s3", Region: "x"}}
	in := report.Incident{Calls: []report.Call{call(revoke.Deactivate, 1, revoke.Done, true), call(revoke.Activate, 5, revoke.Done, true), call(revoke.Deactivate, 7, revoke.NotDone, false), call(revoke.Delete, 9, "", false)}}
	var got []string
	for _, e := range eventsOf(r, in, &revoke.Trace{Events: 2, First: after(-70), Last: after(-30)}) {
		got = append(got, strings.Join([]string{e.Label, e.Gap, string(e.After)}, "|"))
	}
	want := []string{
		"created||before", "leaked|6 d|exposed", "gone from HEAD|3 d|exposed", "first call|3 d|exposed", "last used|10 min|exposed", "last call|30 min|exposed",
		"verified|30 min|exposed", "deactivated|60 s|exposed", "refused by AWS|60 s|off", "activated again|3 min|exposed", "activated again: proven|60 s|exposed",
		"not deactivated|60 s|exposed", "delete: in doubt|2 min|exposed",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestDrawing: a long life is drawn by its beginning and its end, and says so.
func TestDrawing(t *testing.T) {
	t.Parallel()
	events := make([]event, 20)
	d := newTimeline(events)
	if len(d.Marks) != maxMarks || !d.Marks[3].Skips || d.Marks[2].N != 3 || d.Marks[3].N != 16 || d.Marks[maxMarks-1].Next != "100%" {
		t.Errorf("got %+v", d.Marks)
	}
	if len(d.Events) != 20 {
		t.Error("the list does not have all")
	}
	if newTimeline(events[:1]).Drawn || !newTimeline(events[:2]).Drawn {
		t.Error("one event is drawn, or two are not")
	}
}

// TestNext: the command is of what is the most urgent, and never takes an account for
// the user's own because a finding names it.
func TestNext(t *testing.T) {
	t.Parallel()
	record := func(s revoke.Status, account string, own bool) report.Record {
		f := scanner.Finding{Kind: detectors.AccessKey, KeyID: localaws.NewKeyID(nil, localaws.PrefixKey, account), Secret: detectors.NewSecret("x"), Account: account}
		r := report.NewRecord(f)
		r.Verdict.Status = s
		if own {
			r.Owner = &revoke.Owner{User: "u"}
		}
		return r
	}
	for _, c := range []struct {
		from    string
		records []report.Record
		want    string
	}{
		{"f.json", nil, "revokey hook install"},
		{"-", []report.Record{record(revoke.NotChecked, "111122223333", false)}, "revokey verify --from FINDINGS"},
		{"a b's.json", []report.Record{record(revoke.Live, "111122223333", true), record(revoke.Live, "444455556666", true)}, `revokey revoke --from 'a b'\''s.json' --account 111122223333 --account 444455556666`},
		{"--apply", []report.Record{record(revoke.Live, "777788889999", false)}, "revokey revoke --from FINDINGS --account ACCOUNT"},
		{"x\n.json", []report.Record{record(revoke.Live, "111122223333", true), record(revoke.Live, "777788889999", false)}, `revokey revoke --from $'x\n.json' --account 111122223333`},
	} {
		b := newBuilder(Page{Records: c.records, From: c.from, MadeAt: noon})
		if got := b.headline(b.credentials()).Next[0].Line; got != c.want {
			t.Errorf("%q: got %s, want %s", c.from, got, c.want)
		}
	}
}

// TestNamedBySecret: a file that is named by a secret is neither shown nor linked.
func TestNamedBySecret(t *testing.T) {
	t.Parallel()
	secret := strings.Repeat("Ab1+", 10)
	path := "keys/" + secret
	r := report.NewRecord(scanner.Finding{Kind: detectors.SecretKey, Secret: detectors.NewSecret(secret)})
	r.Occurrences = []report.Occurrence{at(path, 1)}
	links, err := NewLinks("", map[string]string{"": "https://github.com/our/shop"})
	if err != nil {
		t.Fatal(err)
	}
	b := newBuilder(Page{Records: []report.Record{r}, Links: links, From: path, MadeAt: noon})
	p, _ := b.places(r)
	if p[0].Link != "" || p[0].Text != "keys/[redacted]" || p[0].CommitLink == "" {
		t.Errorf("got %+v", p[0])
	}
	if next := b.headline(b.credentials()).Next[0].Line; strings.Contains(next, secret) {
		t.Errorf("the command is %s", strings.ReplaceAll(next, secret, "SECRET"))
	}
}

// TestInNoFinding: a key that is traced alone is shown, and the journal's other keys are
// counted.
func TestInNoFinding(t *testing.T) {
	t.Parallel()
	id := func() string { return localaws.NewKeyID(nil, localaws.PrefixKey, "111122223333") }
	found, traced, journaled := id(), id(), id()
	r := report.NewRecord(scanner.Finding{Kind: detectors.AccessKey, KeyID: found, Account: "111122223333"})
	b := newBuilder(Page{
		Records: []report.Record{r, r}, MadeAt: noon, Traces: []revoke.Trace{{KeyID: traced, Events: 3, Last: noon}, {KeyID: found}},
		Entries: []revoke.Entry{{ID: "r", Phase: revoke.PhaseBegin}, {ID: "1", KeyID: journaled}, {ID: "2", KeyID: found}, {ID: "3", KeyID: found}},
	})
	v, err := b.view()
	if err != nil {
		t.Fatal(err)
	}
	if n := len(v.Credentials); n != 3 || v.Credentials[2].ID != traced || v.Credentials[2].LastUsed != "2026-03-14" || v.Credentials[2].Title != "in none of the findings" {
		t.Errorf("%d credentials, the last %+v", n, v.Credentials[n-1])
	}
	if v.Elsewhere != 1 {
		t.Errorf("%d keys are elsewhere", v.Elsewhere)
	}
}

// TestVeil: a known secret is taken out wherever it stands, and nothing else.
func TestVeil(t *testing.T) {
	t.Parallel()
	secret := localaws.NewSecret(nil)
	r := report.NewRecord(scanner.Finding{Kind: detectors.AccessKey, KeyID: localaws.NewKeyID(nil, localaws.PrefixKey, "111122223333"), Secret: detectors.NewSecret(secret)})
	v := newVeil([]report.Record{r})
	for in, want := range map[string]string{
		secret:                         "[redacted]",
		"key=" + secret + "&x":         "key=[redacted]&x",
		"a/b/" + secret + "/" + secret: "a/b/[redacted]/[redacted]",
		"agent " + secret[:39]:         "agent " + secret[:39],
		"src/main/java/com/example/shop/deployment/Configuration.java": "src/main/java/com/example/shop/deployment/Configuration.java",
		"a\x00b\u202ec": `a\x00b\u202ec`,
	} {
		if got := v.clean(in); got != want {
			t.Errorf("%s has become %s", strings.ReplaceAll(in, secret, "SECRET"), strings.ReplaceAll(got, secret, "SECRET"))
		}
	}
	if long := v.clean(strings.Repeat("ü", 1000)); len(long) > longest+40 || !strings.HasSuffix(long, "… (1600 more bytes)") {
		t.Errorf("what is long ends with %q", long[len(long)-40:])
	}
}

// FuzzVeil: whatever a text is, it is shown without the secret.
func FuzzVeil(f *testing.F) {
	secret := localaws.NewSecret(nil)
	v := newVeil([]report.Record{report.NewRecord(scanner.Finding{Kind: detectors.SecretKey, Secret: detectors.NewSecret(secret)})})
	f.Add("a", "b")
	f.Add("AKIA/", "=\xff")
	f.Fuzz(func(t *testing.T, before, after string) {
		if strings.Contains(v.clean(before+secret+after), secret) {
			t.Errorf("%q and %q let it through", before, after)
		}
		clear(v.done)
	})
}
