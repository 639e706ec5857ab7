package revoke

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func entry(id, key string, action Action, phase Phase, outcome EntryOutcome) Entry {
	return Entry{
		ID: id, Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), KeyID: key, Account: own, User: "ci",
		Action: action, Phase: phase, Outcome: outcome, Operator: "arn:aws:iam::" + own + ":user/admin",
	}
}

func openJournal(t *testing.T, path string) *Journal {
	t.Helper()
	j, err := OpenJournal(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return j
}

func TestJournalRoundTrip(t *testing.T) {
	path := t.TempDir() + "/a/b/journal.jsonl"
	j := openJournal(t, path)
	want := []Entry{
		entry("1", "K1", Deactivate, PhaseIntent, ""),
		entry("1", "K1", Deactivate, PhaseResult, Done),
	}
	want[1].RequestID, want[1].Role, want[1].Endpoint = "r", "arn:role", "http://127.0.0.1"
	for _, e := range want {
		if err := j.Append(e); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(want, unlinked(j.Entries())); diff != "" {
		t.Error(diff)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, unlinked(openJournal(t, path).Entries())); diff != "" {
		t.Error(diff)
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

// unlinked returns the entries without their hashes.
func unlinked(entries []Entry) []Entry {
	for i := range entries {
		entries[i].Prev = ""
	}
	return entries
}

func TestJournalUndoable(t *testing.T) {
	j := openJournal(t, t.TempDir()+"/journal.jsonl")
	for _, e := range []Entry{
		entry("1", "undone", Deactivate, PhaseIntent, ""), entry("1", "undone", Deactivate, PhaseResult, Done),
		entry("2", "left", Deactivate, PhaseIntent, ""), entry("2", "left", Deactivate, PhaseResult, Done),
		entry("3", "refused", Deactivate, PhaseIntent, ""), entry("3", "refused", Deactivate, PhaseResult, NotDone),
		entry("4", "undone", Activate, PhaseIntent, ""), entry("4", "undone", Activate, PhaseResult, Done),
		entry("5", "unheard", Deactivate, PhaseIntent, ""), entry("5", "unheard", Deactivate, PhaseResult, InDoubt),
		entry("6", "settled", Deactivate, PhaseIntent, ""),
		entry("7", "settled", Deactivate, PhaseIntent, ""), entry("7", "settled", Deactivate, PhaseResult, Done),
		entry("8", "crashed", Deactivate, PhaseIntent, ""),
	} {
		if err := j.Append(e); err != nil {
			t.Fatal(err)
		}
	}
	keys := func(entries []Entry) (ids []string) {
		for _, e := range entries {
			ids = append(ids, e.KeyID)
		}
		return ids
	}
	if diff := cmp.Diff([]string{"left", "settled"}, keys(j.Undoable())); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"unheard", "crashed"}, keys(j.Unfinished())); diff != "" {
		t.Error(diff)
	}
}

// A crash may leave any beginning of the last line. What is appended next must
// not be glued to it.
func TestJournalTornTail(t *testing.T) {
	path := t.TempDir() + "/journal.jsonl"
	j := openJournal(t, path)
	for _, id := range []string{"1", "2"} {
		if err := j.Append(entry(id, "K", Deactivate, PhaseIntent, "")); err != nil {
			t.Fatal(err)
		}
	}
	j.Close()
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	first := strings.IndexByte(string(whole), '\n') + 1
	for cut := first; cut < len(whole); cut++ {
		if err := os.WriteFile(path, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		j := openJournal(t, path)
		if j.Torn() != int64(cut-first) || len(j.Entries()) != 1 {
			t.Fatalf("cut at %d: torn %d, %d entries", cut, j.Torn(), len(j.Entries()))
		}
		if err := j.Append(entry("3", "K", Deactivate, PhaseIntent, "")); err != nil {
			t.Fatal(err)
		}
		j.Close()
		j = openJournal(t, path)
		if j.Torn() != 0 || len(j.Entries()) != 2 {
			t.Fatalf("cut at %d, after append: torn %d, %d entries", cut, j.Torn(), len(j.Entries()))
		}
		j.Close()
	}
}

func TestJournalBrokenMiddle(t *testing.T) {
	const good = `{"id":"1","key_id":"K","action":"deactivate","phase":"intent"}` + "\n"
	for name, broken := range map[string]string{"no JSON": "x\n", "no entry": "{}\n", "empty": "\n", "last, but whole": "{\n"} {
		path := t.TempDir() + "/journal.jsonl"
		after := good
		if name == "last, but whole" {
			after = ""
		}
		if err := os.WriteFile(path, []byte(good+good+broken+after), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenJournal(path); err == nil || !strings.Contains(err.Error(), "line 3") {
			t.Errorf("%s: got %v", name, err)
		}
		if _, err := OpenJournal(path); err == nil || strings.Contains(err.Error(), "in use") {
			t.Errorf("%s: the lock was kept: %v", name, err)
		}
	}
}

const lockedPath = "REVOKEY_TEST_JOURNAL"

func TestJournalSecondProcess(t *testing.T) {
	if path := os.Getenv(lockedPath); path != "" { // we are the second process
		_, err := OpenJournal(path)
		os.Stdout.WriteString(err.Error())
		return
	}
	path := t.TempDir() + "/journal.jsonl"
	openJournal(t, path)
	if _, err := OpenJournal(path); err == nil {
		t.Error("opened twice in one process")
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestJournalSecondProcess$")
	cmd.Env = append(os.Environ(), lockedPath+"="+path)
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "in use by another revokey") {
		t.Errorf("got %s (%v)", out, err)
	}
}

func TestJournalConcurrentAppends(t *testing.T) {
	path := t.TempDir() + "/journal.jsonl"
	j := openJournal(t, path)
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			if err := j.Append(entry(newEntryID(), "K", Deactivate, PhaseIntent, "")); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	j.Close()
	if n := len(openJournal(t, path).Entries()); n != 20 {
		t.Errorf("%d entries", n)
	}
}

func TestJournalUnwritable(t *testing.T) {
	file := t.TempDir() + "/file"
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenJournal(file + "/journal.jsonl"); err == nil {
		t.Error("opened below a file")
	}
	j := openJournal(t, t.TempDir()+"/journal.jsonl")
	j.Close()
	if err := j.Append(entry("1", "K", Deactivate, PhaseIntent, "")); err == nil || len(j.Entries()) != 0 {
		t.Errorf("appended to a closed journal: %v", err)
	}
}

func TestDefaultJournalPath(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("USERPROFILE", home)
	for state, want := range map[string]string{
		"":                              filepath.Join(home, ".local", "state"),
		"relative":                      filepath.Join(home, ".local", "state"),
		filepath.Join(home, "my state"): filepath.Join(home, "my state"),
	} {
		t.Setenv("XDG_STATE_HOME", state)
		if got, err := DefaultJournalPath(); err != nil || got != filepath.Join(want, "revokey", "journal.jsonl") {
			t.Errorf("%q: got %q, %v", state, got, err)
		}
	}
}

// A file that is no journal is left as it is, though it has no whole line.
func TestJournalSparesOtherFiles(t *testing.T) {
	for _, text := range []string{"my notes, without an end of line", `{"token":"x"}`, `{"i`, "\x00\x00\x00", ""} {
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		j, err := OpenJournal(path)
		if torn := strings.HasPrefix(`{"id":"`, text) || strings.Trim(text, "\x00") == ""; torn != (err == nil) {
			t.Errorf("%q: %v", text, err)
		}
		if err == nil {
			j.Close()
			continue
		}
		if left, _ := os.ReadFile(path); string(left) != text {
			t.Errorf("%q became %q", text, left)
		}
	}
}

// One journal is one by whatever name, for the lock too.
func TestJournalBehindALink(t *testing.T) {
	dir := t.TempDir()
	openJournal(t, dir+"/journal.jsonl")
	if err := os.Symlink("journal.jsonl", dir+"/link"); err != nil {
		t.Skip(err)
	}
	if j, err := OpenJournal(dir + "/link"); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("%+v, %v", j, err)
	}
}

// What could not be read again is not written.
func TestJournalRefusesNoEntry(t *testing.T) {
	j := openJournal(t, t.TempDir()+"/journal.jsonl")
	if err := j.Append(Entry{ID: "1", Phase: PhaseResult, Action: Delete}); err == nil || len(j.Entries()) != 0 {
		t.Errorf("%v, %v", err, j.Entries())
	}
}

// What was done at another endpoint settles nothing here.
func TestJournalUnfinishedElsewhere(t *testing.T) {
	j := openJournal(t, t.TempDir()+"/journal.jsonl")
	intent, other := entry("1", "A", Deactivate, PhaseIntent, ""), entry("2", "A", Deactivate, PhaseResult, Done)
	other.Endpoint = "http://127.0.0.1:1"
	for _, e := range []Entry{intent, other} {
		if err := j.Append(e); err != nil {
			t.Fatal(err)
		}
	}
	if left := j.Unfinished(); len(left) != 1 {
		t.Errorf("%+v", left)
	}
}
