package main

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/revokey-dev/revokey/revoke/localaws"
)

// killChance is how often a run is killed.
const killChance = 0.4

// toAWS are the flags of all that ask AWS.
func (s *soak) toAWS(args ...string) []string {
	return append(args, "--aws-endpoint", s.aws.http.URL, "--account", account, "--rate", "1000", "--config", "/dev/null")
}

func (s *soak) changing(args ...string) []string {
	return s.toAWS(append(args, "--journal", s.file("journal.jsonl"), "--yes")...)
}

// any does something, in some weather.
func (s *soak) any(ctx context.Context) {
	s.aws.setStorm([]float64{0, 0, 0.03, 0.1, 0.3}[s.random.IntN(5)])
	acts := []func(context.Context){
		s.scan, s.scan, s.verify, s.revoke, s.revoke, s.revoke, s.undo, s.undo, s.rotate, s.rotate, s.rotate, s.create,
		s.single, s.single, s.resume, s.resume, s.found,
	}
	if len(s.leaked) < 120 && s.random.IntN(6) == 0 {
		s.leak()
	}
	acts[s.random.IntN(len(acts))](ctx)
	s.intact(ctx)
}

// some returns a few of the keys that were leaked, or of those that are there.
func (s *soak) some(most int) []string {
	var ids []string
	for range 1 + s.random.IntN(most) {
		k := s.leaked[s.random.IntN(len(s.leaked))]
		if keys := s.aws.KeysOf(account, k.User); len(keys) > 0 && s.random.IntN(2) == 0 {
			k = keys[s.random.IntN(len(keys))]
		}
		if !slices.Contains(ids, k.ID) {
			ids = append(ids, k.ID)
		}
	}
	return ids
}

func (s *soak) scan(ctx context.Context) {
	s.revokey(ctx, killChance, "scan", s.file("repo"), "--state", s.file("state"), "--format", "jsonl", "--output", s.file("findings.jsonl"), "--config", "/dev/null")
}

func (s *soak) verify(ctx context.Context) {
	s.revokey(ctx, killChance, s.toAWS("scan", s.file("repo"), "--verify", "--verify-timeout", "20s", "--format", "json", "--output", s.file("verified.json"))...)
}

func (s *soak) revoke(ctx context.Context) {
	args := append(append([]string{"revoke"}, s.some(4)...), "--apply")
	switch s.random.IntN(6) {
	case 0:
		args = append(args, "--contain")
	case 1:
		args = append(args, "--deny-all")
	case 2:
		args = append(args, "--delete", "--inactive-for", "0")
	}
	s.revokey(ctx, killChance, s.changing(args...)...)
}

// found revokes what the last scan has found, by a plan that was saved.
func (s *soak) found(ctx context.Context) {
	s.revokey(ctx, 0, s.toAWS("revoke", "--from", s.file("findings.jsonl"), "--plan", s.file("plan.json"))...)
	s.revokey(ctx, killChance, s.changing("revoke", "--plan", s.file("plan.json"), "--apply", "--json")...)
}

func (s *soak) undo(ctx context.Context) {
	what := []string{"last", s.some(1)[0]}[s.random.IntN(2)]
	s.revokey(ctx, killChance, s.changing("undo", what, "--apply")...)
}

func (s *soak) rotate(ctx context.Context) {
	args := []string{"keys", "rotate", s.some(1)[0], "--apply", "--overwrite"}
	s.revokey(ctx, killChance, s.changing(append(args, s.place()...)...)...)
}

func (s *soak) create(ctx context.Context) {
	user := s.users[s.random.IntN(len(s.users))]
	args := []string{"keys", "create", "--user", user, "--apply", "--overwrite"}
	s.revokey(ctx, killChance, s.changing(append(args, s.place()...)...)...)
}

// place is where a new key goes.
func (s *soak) place() []string {
	var more []string
	if s.random.IntN(2) == 0 {
		more = []string{"--delete-inactive"}
	}
	to := fmt.Sprintf("p%d", s.random.IntN(20))
	return append(more, []string{"--to-secret", "--to-profile"}[s.random.IntN(2)], to)
}

// single does something to one key of ours.
func (s *soak) single(ctx context.Context) {
	verb := []string{"deactivate", "activate", "activate", "delete"}[s.random.IntN(4)]
	s.revokey(ctx, killChance, s.changing("keys", verb, s.some(1)[0], "--apply")...)
}

func (s *soak) resume(ctx context.Context) {
	args := []string{"revoke", "--resume", "--apply"}
	if s.random.IntN(2) == 0 {
		args = []string{"keys", "rotate", "--resume", "--apply"}
	}
	s.revokey(ctx, killChance, s.changing(args...)...)
}

// intact looks whether the journal holds, whatever was done to who wrote it.
func (s *soak) intact(ctx context.Context) {
	if s.runs%5 != 0 {
		return
	}
	code, out := s.revokey(ctx, 0, "journal", "check", "--journal", s.file("journal.jsonl"))
	if missing := bytes.Contains(out, []byte("no such file")); code != 0 && !missing && ctx.Err() == nil {
		s.complain("the journal does not hold: %s", out)
	}
}

// settle goes on with what was interrupted, at an AWS that is well again.
func (s *soak) settle(ctx context.Context) {
	s.aws.setStorm(0)
	for range 4 { // a call of a killed process is waited for
		_, out := s.revokey(ctx, 0, s.changing("revoke", "--resume", "--apply")...)
		code, again := s.revokey(ctx, 0, s.changing("revoke", "--resume", "--apply")...)
		if code == 0 && strings.Contains(string(again), "no run was interrupted") {
			return
		}
		fmt.Fprintf(s.stderr, "soak: going on: %s%s", out, again)
		select {
		case <-time.After(12 * time.Second):
		case <-ctx.Done():
			return
		}
	}
	s.complain("what was interrupted cannot be gone on with")
}

// keysThere returns the IDs of all keys, of all users.
func (s *soak) keysThere() map[string]localaws.Key {
	there := make(map[string]localaws.Key)
	for _, user := range s.users {
		for _, k := range s.aws.KeysOf(account, user) {
			there[k.ID] = k
		}
	}
	return there
}
