package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/revokey-dev/revokey/report"
	"github.com/revokey-dev/revokey/revoke"
	"github.com/revokey-dev/revokey/scanner"
	"github.com/revokey-dev/revokey/sweep"
	"github.com/revokey-dev/revokey/sweep/forge"
)

func repositoryNamed(name string) sweep.Result {
	return sweep.Result{Outcome: sweep.Scanned, Repository: forge.Repository{Name: name}}
}

// TestLiveStaysLive has a key ID that works with a candidate of one repository, and not with that of another
// that was asked about later, or stands there with a wrong secret: in whichever order, it is live.
func TestLiveStaysLive(t *testing.T) {
	t.Parallel()
	key, wrong := "KEY", "wrong"
	now := time.Now()
	live := report.Record{KeyID: &key, Verdict: revoke.Verdict{Status: revoke.Live, CheckedAt: now}}
	for i := range scanner.MaxCandidates {
		live.Candidates = append(live.Candidates, report.Candidate{SecretSHA256: string(rune('a' + i))})
	}
	live.Candidates[2].Proven = true
	other := report.Record{KeyID: &key, Verdict: revoke.Verdict{Status: revoke.ActiveWrongSecret, CheckedAt: now.Add(time.Second)}}
	for i := range scanner.MaxCandidates {
		other.Candidates = append(other.Candidates, report.Candidate{SecretSHA256: string(rune('A' + i))})
	}
	pair := report.Record{KeyID: &key, SecretSHA256: &wrong, Verdict: revoke.Verdict{Status: revoke.ActiveWrongSecret, CheckedAt: now}}
	for _, order := range [][]report.Record{{live, other}, {other, live}, {live, pair}, {pair, live}, {pair, other, live}} {
		g := gathering{index: make(map[string]int)}
		for i, r := range order {
			r.Candidates = append([]report.Candidate{}, r.Candidates...)
			g.join(r, repositoryNamed(string(rune('p'+i))))
		}
		g.halves()
		works, proven := 0, 0
		for _, r := range g.records {
			if r.Verdict.Status == revoke.Live {
				works++
			}
			for _, c := range r.Candidates {
				if c.Proven {
					proven++
				}
			}
		}
		if works != 1 || proven != 1 {
			t.Errorf("of %d: %d live, %d proven", len(order), works, proven)
		}
	}
}

// TestFoldersBelow has names that are lines of a list of their own, and what cannot be looked into.
func TestFoldersBelow(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for _, name := range []string{"plain", "two\nevil.example:lines", " spaces "} {
		if err := os.MkdirAll(filepath.Join(root, name, ".git"), 0o700); err != nil {
			t.Skip(err) // not every system has such names
		}
	}
	closed := filepath.Join(root, "closed")
	if err := os.Mkdir(closed, 0); err != nil {
		t.Fatal(err)
	}
	var names, refused []string
	for r, err := range repositoriesBelow(root) {
		var no *forge.Refused
		switch {
		case errors.As(err, &no):
			refused = append(refused, no.Name)
		case err != nil:
			t.Error(err)
		case r.Host != "" || !strings.HasPrefix(r.URL, "file:///"):
			t.Errorf("a folder is %+v", r)
		default:
			names = append(names, filepath.Base(r.Name))
		}
	}
	if want := []string{" spaces ", "plain", "two\nevil.example:lines"}; !slices.Equal(names, want) {
		t.Errorf("found %q", names)
	}
	if os.Getuid() != 0 && !slices.Equal(refused, []string{closed}) {
		t.Errorf("refused %q", refused)
	}
}

// TestTokenInURL has a token where a user's name belongs: it would be kept with the sweep.
func TestTokenInURL(t *testing.T) {
	t.Parallel()
	for _, word := range []string{"https://token@example.com/a/b", "https://user:token@example.com/a/b"} {
		if got, err := parseSources([]string{word}); err == nil {
			t.Errorf("takes %q for %q", word, got)
		}
	}
	if _, err := parseSources([]string{"ssh://git@example.com/a/b"}); err != nil {
		t.Error(err)
	}
}

// TestWhichRunGoesOn has sweeps of several organisations in one place.
func TestWhichRunGoesOn(t *testing.T) {
	t.Parallel()
	ended := time.Now()
	runs := []sweep.Run{
		{ID: "4", Sources: []string{"github:b"}},
		{ID: "3", Sources: []string{"github:a"}, Ended: ended},
		{ID: "2", Sources: []string{"github:c"}},
		{ID: "1", Sources: []string{"github:a"}},
	}
	for _, c := range []struct {
		runs    []sweep.Run
		sources []string
		want    string // "": none
	}{
		{runs, []string{"github:a"}, ""}, // what was left before a later one is over
		{runs, []string{"github:b"}, "4"},
		{runs, []string{"github:c"}, "2"},
		{runs, nil, "4"},
		{runs[1:], nil, ""},
	} {
		s := sweeping{std: streams{err: t.Output()}}
		err := s.resume(c.runs, c.sources)
		if s.run.ID != c.want || err == nil != (c.want != "") {
			t.Errorf("of %v: goes on with %q, %v", c.sources, s.run.ID, err)
		}
	}
}
