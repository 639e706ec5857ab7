package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/revokey-dev/revokey/revoke/localaws"
)

// account is ours; all keys are of it.
const account = "111122223333"

// soak is one long run.
type soak struct {
	dir    string
	aws    *sky
	random *rand.Rand
	stderr io.Writer

	users   []string
	leaked  []localaws.Key    // in the order in which they came into the repository
	secrets map[string]string // of all keys that ever were, as far as they were seen, by ID
	seeded  map[string]bool   // keys that revokey did not make

	runs, killed, wrong int
	codes               map[int]int
	did                 map[string]int
	longest             time.Duration
}

func newSoak(dir string, r *rand.Rand, stderr io.Writer) (*soak, error) {
	s := &soak{
		dir: dir, aws: newSky(r.Uint64()), random: r, stderr: stderr, secrets: make(map[string]string),
		seeded: make(map[string]bool), codes: make(map[int]int), did: make(map[string]int),
	}
	s.aws.AddAdmin(account, "admin")
	admin := s.aws.AddKey(account, "admin")
	for _, d := range []string{"tmp", "home"} {
		if err := os.Mkdir(s.file(d), 0o700); err != nil {
			return nil, err
		}
	}
	profile := fmt.Sprintf("[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n", admin.ID, admin.Secret)
	if err := os.WriteFile(s.file("credentials"), []byte(profile), 0o600); err != nil {
		return nil, err
	}
	if out, err := s.git("init", "-q", s.file("repo")); err != nil {
		return nil, fmt.Errorf("git: %w: %s", err, out)
	}
	for range 3 {
		s.leak()
	}
	return s, nil
}

func (s *soak) close() { s.aws.http.Close() }

func (s *soak) file(name string) string { return filepath.Join(s.dir, name) }

// env is what processes see of the world.
func (s *soak) env() []string {
	return []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + s.file("home"), "TMPDIR=" + s.file("tmp"), "XDG_STATE_HOME=" + s.file("home"),
		"AWS_SHARED_CREDENTIALS_FILE=" + s.file("credentials"), "AWS_CONFIG_FILE=" + os.DevNull, "AWS_EC2_METADATA_DISABLED=true",
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com",
		"GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.com",
	}
}

func (s *soak) git(args ...string) ([]byte, error) {
	cmd := exec.Command("git", args...)
	cmd.Env = s.env()
	return cmd.CombinedOutput()
}

// leak gives a new user a key, and commits it.
func (s *soak) leak() {
	user := fmt.Sprintf("u%d", len(s.users))
	k := s.aws.AddKey(account, user)
	s.users, s.leaked = append(s.users, user), append(s.leaked, k)
	s.seeded[k.ID] = true
	text := fmt.Sprintf("aws_access_key_id = %s\naws_secret_access_key = %s\n", k.ID, k.Secret)
	err := os.WriteFile(filepath.Join(s.file("repo"), user+".env"), []byte(text), 0o600)
	for _, args := range [][]string{{"add", "."}, {"commit", "-q", "-m", "deploy " + user}} {
		out, gitErr := s.git(append([]string{"-C", s.file("repo")}, args...)...)
		if err == nil && gitErr != nil {
			err = fmt.Errorf("%w: %s", gitErr, out)
		}
	}
	if err != nil {
		s.complain("leaking a key: %v", err)
	}
	if s.random.IntN(4) == 0 {
		_, _ = s.git("-C", s.file("repo"), "gc", "-q") // packs are what the state knows; without it there is a loose object more
	}
}

// complain tells of something that is wrong.
func (s *soak) complain(format string, args ...any) {
	s.wrong++
	fmt.Fprintf(s.stderr, "soak: WRONG: "+format+"\n", args...)
}

// revokey runs the command; with a chance of it, the process is killed on its way.
func (s *soak) revokey(ctx context.Context, chance float64, args ...string) (code int, out []byte) {
	s.note()
	cmd := exec.CommandContext(ctx, s.file("revokey"), args...)
	cmd.Env = s.env()
	var text bytes.Buffer
	cmd.Stdout, cmd.Stderr = &text, &text
	began := time.Now()
	if err := cmd.Start(); err != nil {
		s.complain("starting revokey: %v", err)
		return -1, nil
	}
	doomed := s.random.Float64() < chance
	if doomed {
		after := time.Duration(s.random.ExpFloat64() * float64(200*time.Millisecond))
		defer time.AfterFunc(after, func() { _ = cmd.Process.Kill() }).Stop()
	}
	_ = cmd.Wait() // the exit code says more
	s.note()
	code = cmd.ProcessState.ExitCode()
	s.runs++
	s.did[args[0]]++
	s.longest = max(s.longest, time.Since(began))
	if doomed && code == -1 {
		s.killed++
	} else {
		s.codes[code]++
	}
	line := strings.Join(args, " ")
	if code < -1 || code > 3 || code == -1 && !doomed && ctx.Err() == nil || bytes.Contains(text.Bytes(), []byte("goroutine ")) {
		s.complain("`revokey %s` ended with exit code %d: %s", line, code, text.Bytes())
	}
	if id := s.holds(text.Bytes()); id != "" {
		s.complain("`revokey %s` tells the secret of %s", line, id)
	}
	return code, text.Bytes()
}

// note notes the secrets of the keys that are there.
func (s *soak) note() {
	for _, user := range append(slices.Clone(s.users), "admin") {
		for _, k := range s.aws.KeysOf(account, user) {
			s.secrets[k.ID] = k.Secret
		}
	}
}

// holds returns the ID of a key whose secret stands in a text, plain or encoded, or "".
func (s *soak) holds(text []byte) string {
	for id, secret := range s.secrets {
		for _, form := range []string{secret, base64.StdEncoding.EncodeToString([]byte(secret)), hex.EncodeToString([]byte(secret))} {
			if bytes.Contains(text, []byte(strings.TrimRight(form, "="))) {
				return id
			}
		}
	}
	return ""
}

// String says what was done.
func (s *soak) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d runs, %d killed, %d leaked keys, %d keys made, %d requests, the longest run %.0f s, %d wrong; exit codes", s.runs, s.killed, len(s.leaked), len(s.secrets)-len(s.leaked)-1, len(s.aws.Requests()), s.longest.Seconds(), s.wrong)
	for _, code := range slices.Sorted(maps.Keys(s.codes)) {
		fmt.Fprintf(&b, " %d×%d", code, s.codes[code])
	}
	b.WriteString("; runs of")
	for _, what := range slices.Sorted(maps.Keys(s.did)) {
		fmt.Fprintf(&b, " %s×%d", what, s.did[what])
	}
	b.WriteString("; faults")
	s.aws.mu.Lock()
	defer s.aws.mu.Unlock()
	for _, what := range slices.Sorted(maps.Keys(s.aws.struck)) {
		fmt.Fprintf(&b, " %s×%d", what, s.aws.struck[what])
	}
	return b.String()
}
