package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
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
	command := func(ctx context.Context, args ...string) (int, string) {
		var errs bytes.Buffer
		args = append([]string{"revokey"}, append(args, "--config", os.DevNull, "--format", "jsonl")...)
		return run(ctx, args, streams{in: strings.NewReader(""), out: &errs, err: &errs}), errs.String()
	}
	command(t.Context(), "scan", "--files", filepath.Join(dir, "keys"), "--output", found)

	ctx, interrupt := context.WithCancel(t.Context())
	var at time.Time
	time.AfterFunc(1500*time.Millisecond, func() { at = time.Now(); interrupt() })
	exit, said := command(ctx, "verify", "--from", found, "--output", told, "--aws-endpoint", url, "--rate", "10")
	if took := time.Since(at); exit != exitInterrupted || took > time.Second {
		t.Errorf("exit code %d, %v after the interruption: %s", exit, took, said)
	}
	known := statuses(t, told)[revoke.Live]
	asked := len(s.Requests())
	if known < 5 || known > 25 || known > asked || !strings.Contains(said, fmt.Sprintf("interrupted: %d of %d credentials have no verdict", keys-known, keys)) {
		t.Errorf("%d known of %d asked: %s", known, asked, said)
	}
	exit, said = command(t.Context(), "verify", "--from", told, "--resume", "--output", told, "--aws-endpoint", url, "--rate", "1000")
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
