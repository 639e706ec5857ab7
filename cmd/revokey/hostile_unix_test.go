//go:build unix

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/revokey-dev/revokey/revoke/localaws"
	"github.com/revokey-dev/revokey/scanner/gittest"
)

// hostile is a repository that tries to have commands run, and to have things read and
// written that are not its own.
type hostile struct {
	*gittest.Repo
	canary     *gittest.Canary
	home, base string
	key        localaws.Key
	url        string
}

func newHostile(t *testing.T, initArgs ...string) *hostile {
	t.Helper()
	s, url := serveAWS(t)
	h := &hostile{Repo: gittest.New(t, initArgs...), home: t.TempDir(), key: s.AddKey(ourAccount, "ci"), url: url}
	h.base = h.WriteCommit("clean", "clean\n")
	keys := fmt.Sprintf("aws_access_key_id = %s\naws_secret_access_key = %s\n", h.key.ID, h.key.Secret)
	h.Write("a\x1b[31m\nb", keys)
	h.Write(".gitattributes", "* filter=evil diff=evil merge=evil\n")
	for name, target := range map[string]string{"passwd": "/etc/passwd", "up": "../../..", "git": ".git/config", "zero": "/dev/zero", "loop": "loop"} {
		if err := os.Symlink(target, filepath.Join(h.Dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	h.Commit("leak")
	for _, ref := range []string{"refs/heads/--upload-pack=x", "refs/heads/-", "refs/tags/--all", "refs/remotes/origin/main", "refs/remotes/origin/--output=x"} {
		h.Git("update-ref", ref, h.base)
	}
	h.Write("staged", keys)
	h.Git("add", "staged")
	h.canary = gittest.NewCanary(t, h.Repo)
	if err := os.WriteFile(filepath.Join(h.Dir, ".git", "objects", "info", "alternates"), []byte("/\n/proc/self/fd\n../../../..\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return h
}

// TestRepositoryRunsNothing runs every command that reads a repository in one that tries to have
// others run: none does, nothing is written elsewhere, and the keys are found.
func TestRepositoryRunsNothing(t *testing.T) {
	t.Parallel()
	for label, args := range map[string][]string{"SHA-1": nil, "SHA-256": {"--object-format=sha256"}} {
		t.Run(label, func(t *testing.T) {
			t.Parallel()
			h := newHostile(t, args...)
			if h.Try("status"); !slices.ContainsFunc(h.canary.Ran(), func(name string) bool {
				return strings.Contains(name, "fsmonitor") || strings.Contains(name, "included")
			}) {
				t.Fatal("git itself runs nothing here: the test shows nothing")
			}
			head := h.Git("rev-parse", "HEAD")
			h.canary.Ran()
			found := filepath.Join(h.home, "found.jsonl")
			push := fmt.Sprintf("refs/heads/main %s refs/heads/main %s\n", head, h.base)
			event, err := json.Marshal(map[string]any{"before": h.base, "after": head, "ref": "refs/heads/--output=x", "repository": map[string]string{"default_branch": "--output=x"}})
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(h.home, "event"), event, 0o600); err != nil {
				t.Fatal(err)
			}
			message := filepath.Join(h.Dir, ".git", "COMMIT_EDITMSG")
			if err := os.WriteFile(message, []byte(h.key.ID+"\n"+h.key.Secret+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, tt := range []struct {
				args  []string
				stdin string
				exit  int
			}{
				{[]string{"scan", "--format", "jsonl", "--output", found}, "", exitFindings},
				{[]string{"scan", "--count-missing", "--check-names"}, "", exitFindings},
				{[]string{"scan", "--staged"}, "", exitFindings},
				{[]string{"scan", "--range", h.base + "..HEAD"}, "", exitFindings},
				{[]string{"scan", "--range", "HEAD~1..main"}, "", exitFindings},
				{[]string{"scan", "--ci"}, "", exitFindings},
				{[]string{"scan", "--files", "."}, "", exitFindings},
				{[]string{"hook", "run", "pre-commit"}, "", exitFindings},
				{[]string{"hook", "run", "pre-push", "origin", "ext::x"}, push, exitFindings},
				{[]string{"hook", "run", "pre-receive"}, fmt.Sprintf("%s %s refs/heads/main\n", h.base, head), exitClean}, // refs have it already
				{[]string{"hook", "run", "commit-msg", message}, "", exitFindings},
				{[]string{"verify", "--from", found, "--aws-endpoint", h.url}, "", exitLive},
				{[]string{"report", "--from", found, "--incident", h.key.ID}, "", -1},
				{[]string{"config", "show"}, "", exitClean},
			} {
				h.run(t, tt.args, tt.stdin, tt.exit)
			}
		})
	}
}

// run runs revokey in the repository, and strace where it is there.
func (h *hostile) run(t *testing.T, args []string, stdin string, want int) {
	t.Helper()
	trace := filepath.Join(h.home, "trace")
	command := append([]string{"revokey"}, args...)
	strace, err := exec.LookPath("strace")
	if err == nil {
		command = append([]string{strace, "-f", "-qq", "-e", "trace=execve", "-e", "signal=none", "-o", trace}, command...)
	}
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Dir, cmd.Stdin = h.Dir, strings.NewReader(stdin)
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + h.home, "GITHUB_ACTIONS=true", "GITHUB_EVENT_NAME=push", "GITHUB_EVENT_PATH=" + filepath.Join(h.home, "event"),
		"AWS_EC2_METADATA_DISABLED=true", "GIT_CONFIG_NOSYSTEM=1",
	}
	if args[0] == "hook" { // of which git sets it
		cmd.Env = append(cmd.Env, "GIT_DIR=.git")
	}
	before := listing(t, h.Dir)
	out, _ := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); want >= 0 && code != want {
		t.Errorf("%v: exit code %d, want %d: %s", args, code, want, out)
	}
	if strings.Contains(string(out), h.key.Secret) || strings.ContainsRune(string(out), '\x1b') {
		t.Errorf("%v tells too much: %q", args, out)
	}
	if ran := h.canary.Ran(); len(ran) > 0 {
		t.Errorf("%v ran %q", args, ran)
	}
	if after := listing(t, h.Dir); !slices.Equal(before, after) {
		t.Errorf("%v changed the repository: there was %q, and is %q", args, before, after)
	}
	if err == nil {
		checkTrace(t, args, trace)
	}
}

// executed is a line of strace: the path, and the arguments as far as they are shown.
var executed = regexp.MustCompile(`execve\("([^"]*)", (\[[^\]]*\]).* = 0`)

// checkTrace holds that nothing was executed but revokey and git, and git only to read.
func checkTrace(t *testing.T, args []string, trace string) {
	t.Helper()
	text, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	lines := executed.FindAllStringSubmatch(string(text), -1)
	if len(lines) == 0 {
		t.Fatalf("strace saw nothing: %s", text)
	}
	for i, line := range lines {
		if base := filepath.Base(line[1]); i > 0 && (base != "git" || !strings.Contains(line[2], `"core.fsmonitor=false"`)) {
			t.Errorf("%v executed %s", args, line[0])
		}
	}
}
