package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/revokey-dev/revokey/report"
	"github.com/revokey-dev/revokey/revoke"
)

// An interruption ends the run within a second, with what is known written, and
// --resume asks for the rest alone.
func TestInterruptAndResume(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("a process cannot be interrupted there by another")
	}
	const keys = 40
	s, url := serveAWS(t)
	dir := t.TempDir()
	found, told := filepath.Join(dir, "found.jsonl"), filepath.Join(dir, "told.jsonl")
	var text strings.Builder
	for range keys {
		k := s.AddKey(foreignAccount, "ci")
		fmt.Fprintf(&text, "[p]\naws_access_key_id = %s\naws_secret_access_key = %s\n", k.ID, k.Secret)
	}
	if err := os.WriteFile(filepath.Join(dir, "keys"), []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	command := func(meanwhile func(*os.Process), args ...string) (int, string) {
		exit, _, said := program(t, meanwhile, "", append(args, "--config", os.DevNull, "--format", "jsonl")...)
		return exit, said
	}
	command(nil, "scan", "--files", filepath.Join(dir, "keys"), "--output", found)

	at := make(chan time.Time, 1)
	interrupt := func(p *os.Process) {
		time.Sleep(1500 * time.Millisecond)
		at <- time.Now()
		_ = p.Signal(os.Interrupt) // it may have ended, which its exit code tells
	}
	exit, said := command(interrupt, "verify", "--from", found, "--output", told, "--aws-endpoint", url, "--rate", "10")
	if took := time.Since(<-at); exit != exitInterrupted || took > time.Second {
		t.Errorf("exit code %d, %v after the interruption: %s", exit, took, said)
	}
	known := statuses(t, told)[revoke.Live]
	asked := len(s.Requests())
	if known < 2 || known > 25 || known > asked || !strings.Contains(said, fmt.Sprintf("interrupted: %d of %d credentials have no verdict", keys-known, keys)) {
		t.Errorf("%d known of %d asked: %s", known, asked, said)
	}
	exit, said = command(nil, "verify", "--from", told, "--resume", "--output", told, "--aws-endpoint", url, "--rate", "1000")
	if got := statuses(t, told)[revoke.Live]; exit != exitLive || got != keys || len(s.Requests())-asked != keys-known {
		t.Errorf("exit code %d, %d live, %d asked, want %d: %s", exit, got, len(s.Requests())-asked, keys-known, said)
	}
}

// statuses counts the statuses of a report.
func statuses(t *testing.T, file string) map[revoke.Status]int {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	records, err := report.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	n := make(map[revoke.Status]int)
	for _, r := range records {
		n[r.Verdict.Status]++
	}
	return n
}
