package revoke

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestStatusWords(t *testing.T) {
	const words = "not-checked live active-wrong-secret not-accepted inactive deleted expired needs-token canary example unknown"
	for i, word := range strings.Fields(words) {
		var s Status
		if err := s.UnmarshalText([]byte(word)); err != nil || s != Status(i) || s.String() != word {
			t.Errorf("%q: got %v (%v)", word, s, err)
		}
		if text, err := s.MarshalText(); err != nil || string(text) != word {
			t.Errorf("%q: marshaled %q, %v", word, text, err)
		}
	}
	if len(strings.Fields(words)) != len(statusWords) {
		t.Error("a status without a word in the contract")
	}
}

func TestStatusRefusesOthers(t *testing.T) {
	s := Live
	if err := s.UnmarshalText([]byte("dead")); err == nil || s != Live {
		t.Errorf("got %v, %v", s, err)
	}
	for _, s := range []Status{-1, Unknown + 1} {
		if text, err := s.MarshalText(); err == nil {
			t.Errorf("marshaled %q", text)
		}
	}
}

func TestVerdictJSON(t *testing.T) {
	for want, v := range map[string]Verdict{
		`{"status":"not-checked"}`: {},
		`{"status":"live","arn":"a","proof":"sts","checked_at":"2026-01-02T00:00:00Z"}`: {Status: Live, ARN: "a", Proof: BySTS, CheckedAt: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)},
	} {
		if got, err := json.Marshal(v); err != nil || string(got) != want {
			t.Errorf("got %s (%v), want %s", got, err, want)
		}
	}
}

func TestIsCanaryAccount(t *testing.T) {
	for _, account := range canaryAccounts {
		if len(account) != 12 || !IsCanaryAccount(account) {
			t.Errorf("%q", account)
		}
	}
	if IsCanaryAccount("") || IsCanaryAccount(own) {
		t.Error("not every account is a canary's")
	}
}
