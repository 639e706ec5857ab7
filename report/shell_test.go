package report_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/revokey-dev/revokey/report"
)

// TestShellWord has shells as its oracle.
func TestShellWord(t *testing.T) {
	t.Parallel()
	plain := []string{"", "plain", "a b", "it's", "$(touch x)", "`x`", "a\\b", "\"", "*", "~", "é日本", "a=b", "=ls", "!!", "&;|<>", "#x", "-", "{a,b}", "[a]", "%x"}
	acting := []string{"\n", "\x1b[2J", "it's\r\\n\x1b", "\u202e", "\xff\xfe1", "\x9b1A", "::error::", " ##[x]", "\U000e0041", "日\tb"}
	for shell, words := range map[string][]string{"sh": plain, "bash": slices.Concat(plain, acting)} {
		var quoted []string
		for _, w := range words {
			q := report.ShellWord(w)
			if report.Plain(q) != q {
				t.Errorf("%q comes as %q, which acts on a terminal", w, q)
			}
			quoted = append(quoted, q)
		}
		cmd := exec.Command(shell, "-c", `printf '%s\0' `+strings.Join(quoted, " "))
		cmd.Env = []string{"LC_ALL=C.UTF-8"} // as \u is of the locale's characters
		out, err := cmd.Output()
		if err != nil {
			t.Logf("no %s to ask: %v", shell, err)
			continue
		}
		if got := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00"); !slices.Equal(got, words) {
			t.Errorf("%s: got %q, want %q", shell, got, words)
		}
	}
}
