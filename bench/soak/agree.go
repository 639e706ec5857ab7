package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// entry is what a line of the journal is read for here, on its own: not by revokey's reader.
type entry struct {
	ID, Phase, Action, Outcome, User, Run string
	KeyID                                 string `json:"key_id"`
	Policy                                *struct{ Name string }
}

// agree looks whether all agree.
func (s *soak) agree(ctx context.Context) {
	if ctx.Err() != nil {
		return
	}
	told := s.told()
	status := s.statuses(ctx)
	s.agreeOnKeys(told, status)
	s.agreeOnPolicies(told)
	s.agreeOnState(ctx)
	s.agreeOnVerdicts(ctx, status)
	s.noSecretLeft()
}

// told returns the calls that the journal says AWS took, in the order of their intents; what
// is in doubt yet is wrong.
func (s *soak) told() []entry {
	text, err := os.ReadFile(s.file("journal.jsonl"))
	if err != nil {
		s.complain("%v", err)
		return nil
	}
	results := make(map[string]entry)
	var order []string
	for line := range bytes.Lines(text) {
		var e entry
		if err := json.Unmarshal(line, &e); err != nil {
			s.complain("the journal has a line that is none: %v", err)
			continue
		}
		switch e.Phase {
		case "intent":
			order = append(order, e.ID)
			results[e.ID] = entry{ID: e.ID, Outcome: "unfinished", Action: e.Action, KeyID: e.KeyID, User: e.User}
		case "result":
			results[e.ID] = e
		}
	}
	var told []entry
	for _, id := range order {
		switch e := results[id]; e.Outcome {
		case "done":
			told = append(told, e)
		case "not-done":
		default:
			s.complain("the journal leaves open whether %s of %s %s was done: %s", e.Action, e.KeyID, e.User, e.Outcome)
		}
	}
	return told
}

// statuses are those of all keys, as IAM has them.
func (s *soak) statuses(ctx context.Context) map[string]string {
	_, out := s.revokey(ctx, 0, s.toAWS("keys", "list", "--all", "--json")...)
	var keys []struct {
		KeyID  string `json:"key_id"`
		Status string
	}
	if err := json.Unmarshal(out[max(0, bytes.Index(out, []byte("[\n"))):], &keys); err != nil { // behind messages
		s.complain("keys list: %v: %s", err, out)
	}
	status := make(map[string]string)
	for _, k := range keys {
		status[k.KeyID] = k.Status
	}
	return status
}

func (s *soak) agreeOnKeys(told []entry, status map[string]string) {
	want := make(map[string]string)
	for _, k := range s.leaked {
		want[k.ID] = "Active"
	}
	for _, e := range told {
		switch e.Action {
		case "create":
			if want[e.KeyID] != "" {
				s.complain("the journal has %s made twice", e.KeyID)
			}
			want[e.KeyID] = "Active"
		case "deactivate":
			want[e.KeyID] = "Inactive"
		case "activate":
			want[e.KeyID] = "Active"
		case "delete":
			delete(want, e.KeyID)
		}
	}
	there := s.keysThere()
	for id := range there {
		if want[id] == "" {
			s.complain("%s of %s is there, and the journal does not tell of it", id, there[id].User)
		}
	}
	for id, w := range want {
		if _, ok := there[id]; !ok {
			s.complain("%s should be there, by the journal", id)
		} else if status[id] != w {
			s.complain("%s is %s, and %s by the journal", id, status[id], w)
		}
	}
}

func (s *soak) agreeOnPolicies(told []entry) {
	want := make(map[[2]string]bool)
	for _, e := range told {
		if e.Policy != nil {
			want[[2]string{e.User, e.Policy.Name}] = e.Action == "contain"
		}
	}
	for _, user := range s.users {
		for name := range s.aws.Policies(account, user) {
			if at := [2]string{user, name}; !want[at] {
				s.complain("%v is contained, and not by the journal", at)
			}
		}
	}
	for at, w := range want {
		if _, ok := s.aws.Policies(account, at[0])[at[1]]; w && !ok {
			s.complain("%v is contained by the journal, and not at AWS", at)
		}
	}
}

// finding is what a line of a report is read for.
type finding struct {
	KeyID   string `json:"key_id"`
	Verdict struct{ Status string }
}

func (s *soak) findings(ctx context.Context, args ...string) []finding {
	file := s.file("last.jsonl")
	_, out := s.revokey(ctx, 0, append(args, "--format", "jsonl", "--output", file)...)
	text, err := os.ReadFile(file)
	if err != nil {
		s.complain("%v: %s", err, out)
	}
	var all []finding
	for line := range bytes.Lines(text) {
		var f finding
		if err := json.Unmarshal(line, &f); err != nil {
			s.complain("%v", err)
		}
		all = append(all, f)
	}
	return all
}

func (s *soak) agreeOnState(ctx context.Context) {
	ids := func(args ...string) []string {
		var ids []string
		for _, f := range s.findings(ctx, append([]string{"scan", s.file("repo"), "--config", os.DevNull}, args...)...) {
			ids = append(ids, f.KeyID)
		}
		slices.Sort(ids)
		return ids
	}
	var want []string
	for _, k := range s.leaked {
		want = append(want, k.ID)
	}
	slices.Sort(want)
	with, without := ids("--state", s.file("state")), ids()
	if !slices.Equal(with, want) || !slices.Equal(without, want) {
		s.complain("%d keys were leaked, %d are found, %d with the state", len(want), len(without), len(with))
	}
}

func (s *soak) agreeOnVerdicts(ctx context.Context, status map[string]string) {
	words := map[string]string{"Active": "live", "Inactive": "inactive", "": "deleted"}
	found := s.findings(ctx, s.toAWS("scan", s.file("repo"), "--verify")...)
	for _, f := range found {
		if want := words[status[f.KeyID]]; f.Verdict.Status != want {
			s.complain("%s is %q, and the verdict is %s", f.KeyID, status[f.KeyID], f.Verdict.Status)
		}
	}
	if len(found) != len(s.leaked) {
		s.complain("there are %d verdicts of %d keys", len(found), len(s.leaked))
	}
}

// noSecretLeft looks into every file but the repository, the program and the credentials.
func (s *soak) noSecretLeft() {
	s.note()
	err := filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == s.file("repo") {
			if d != nil && d.IsDir() && err == nil {
				return fs.SkipDir
			}
			return err
		}
		name := d.Name()
		if d.IsDir() || path == s.file("revokey") {
			return nil
		}
		text, err := os.ReadFile(path)
		if strings.Contains(name, "credentials") { // rotate writes it, and what it is to become
			info, err := d.Info()
			if err != nil || info.Mode().Perm() != 0o600 {
				s.complain("%s can be read by others: %v, %v", name, info.Mode(), err)
			}
			return err
		}
		if id := s.holds(text); id != "" {
			s.complain("%s holds the secret of %s", path, id)
		}
		return err
	})
	if err != nil {
		s.complain("%v", err)
	}
}
