package revoke

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"
)

func written(t *testing.T, n int) (path string, lines [][]byte) {
	t.Helper()
	path = t.TempDir() + "/journal.jsonl"
	j := openJournal(t, path)
	for range n {
		if err := j.Append(entry(newEntryID(), "K", Deactivate, PhaseIntent, "")); err != nil {
			t.Fatal(err)
		}
	}
	j.Close()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, bytes.SplitAfter(data, []byte("\n"))[:n]
}

// A line that is changed, taken out, put in or moved breaks the chain, and the
// journal is neither found whole nor opened.
func TestChain(t *testing.T) {
	for name, change := range map[string]func([][]byte) [][]byte{
		"changed":    func(l [][]byte) [][]byte { l[1] = bytes.Replace(l[1], []byte(`"ci"`), []byte(`"cd"`), 1); return l },
		"taken out":  func(l [][]byte) [][]byte { return append(l[:2:2], l[3:]...) },
		"first gone": func(l [][]byte) [][]byte { return l[1:] },
		"moved":      func(l [][]byte) [][]byte { l[1], l[2] = l[2], l[1]; return l },
		"put in":     func(l [][]byte) [][]byte { return append(l[:2:2], append([][]byte{l[1]}, l[2:]...)...) },
		"unlinked in": func(l [][]byte) [][]byte {
			return append(l, []byte(`{"id":"1","key_id":"K","action":"deactivate","phase":"intent"}`+"\n"))
		},
	} {
		path, lines := written(t, 4)
		if check, err := CheckJournal(path); err != nil || check.Broken != "" || check.Entries != 4 || check.Unlinked != 0 || len(check.Head) != 64 {
			t.Fatalf("%s: whole, but %+v, %v", name, check, err)
		}
		if err := os.WriteFile(path, bytes.Join(change(lines), nil), 0o600); err != nil {
			t.Fatal(err)
		}
		if check, err := CheckJournal(path); err != nil || !strings.Contains(check.Broken, "altered") {
			t.Errorf("%s: %+v, %v", name, check, err)
		}
		if _, err := OpenJournal(path); err == nil || !strings.Contains(err.Error(), "altered") {
			t.Errorf("%s: opened: %v", name, err)
		}
	}
}

// A journal that was begun without hashes goes on with them.
func TestChainGoesOnFromOlderLines(t *testing.T) {
	path := t.TempDir() + "/journal.jsonl"
	old := `{"id":"1","key_id":"K","action":"deactivate","phase":"intent"}` + "\n"
	if err := os.WriteFile(path, []byte(old+old), 0o600); err != nil {
		t.Fatal(err)
	}
	j := openJournal(t, path)
	if err := j.Append(entry("2", "K", Deactivate, PhaseIntent, "")); err != nil {
		t.Fatal(err)
	}
	j.Close()
	if check, err := CheckJournal(path); err != nil || check.Broken != "" || check.Entries != 3 || check.Unlinked != 2 {
		t.Errorf("%+v, %v", check, err)
	}
}

// A clock that is set back neither breaks the chain nor changes the order.
func TestJournalClockSetBack(t *testing.T) {
	c := newCloud(t)
	r := c.revoker(t)
	k := c.AddKey(own, "ci")
	revokes(t, r, target(k))
	r.now = func() time.Time { return time.Now().Add(-48 * time.Hour) }
	if undone, err := r.Undo(t.Context()); err != nil || undone[0].Outcome != Verified {
		t.Fatalf("%+v, %v", undone, err)
	}
	if left := r.opts.Journal.Undoable(); len(left) != 0 {
		t.Errorf("%+v", left)
	}
	if check, err := CheckJournal(r.opts.Journal.path); err != nil || check.Broken != "" {
		t.Errorf("%+v, %v", check, err)
	}
}
