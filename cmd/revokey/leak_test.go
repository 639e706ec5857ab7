package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/revokey-dev/revokey/revoke/localaws"
	"github.com/revokey-dev/revokey/scanner/gittest"
)

// TestNoSecretOut runs every command, in every format and at every level of messages, over
// a repository that leaks a credential of each kind and has its paths, refs, people and
// messages named by one, against an AWS that repeats what it is told. No secret may stand
// in what is printed, nor in any file that is left: plain, encoded, or in part.
//
// Exceptions, by name: what `keys create --print` prints, which is what it is for and no
// step of this; the credentials file that `keys rotate --to-profile` writes; the address of a
// repository that a sweep is told to fetch, which it has to keep; and the arguments of git,
// where who called revokey named a ref by a secret, and so has shown it there already.
func TestNoSecretOut(t *testing.T) {
	t.Parallel()
	w := newLeakWorld(t)
	if found := w.planted.in([]byte(pairText(w.live))); len(found) == 0 {
		t.Fatal("the planted secrets are not seen where they stand")
	}
	levels := map[string][]string{
		"plain": nil, "json": {"--log-format", "json", "--verbose"},
	}
	if !testing.Short() {
		levels["verbose"], levels["quiet"] = []string{"--verbose", "--color", "always"}, []string{"--quiet"}
	}
	for name, flags := range levels {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := newLeakJourney(t, w, flags)
			for _, s := range leakSteps(name == "plain" || name == "json") {
				j.run(t, s)
			}
			j.check(t)
		})
	}
	t.Cleanup(func() {
		if w.git != "" && w.sweep(t, "what /proc has of git", w.git, filepath.Join(w.git, "git")) < 20 {
			t.Error("git was not called, or did not tell")
		}
	})
}

// Every command has a step above: a new one has to be added.
func TestNoSecretOutIsWhole(t *testing.T) {
	t.Parallel()
	var lines []string
	for _, s := range leakSteps(false) {
		lines = append(lines, s.line+" ")
	}
	for _, command := range leakCommands() {
		if !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, command+" ") }) {
			t.Errorf("`revokey %s` has no step in leakSteps", command)
		}
	}
}

// leakCommands returns the names of all commands, with the words that some take.
func leakCommands() []string {
	var names []string
	var walk func(before string, all []*cli.Command)
	walk = func(before string, all []*cli.Command) {
		for _, c := range all {
			name := before + c.Name
			if c.ArgsUsage != "" && len(c.Subcommands) > 0 { // it is one itself
				names = append(names, name)
			}
			switch {
			case c.Name == "keys":
				for verb := range strings.SplitSeq(keysVerbs, ", ") {
					names = append(names, name+" "+verb)
				}
			case name == "hook run":
				for hook := range hookAct {
					names = append(names, name+" "+hook)
				}
			case len(c.Subcommands) > 0:
				walk(name+" ", c.Subcommands)
			default:
				names = append(names, name)
			}
		}
	}
	walk("", newApp(streams{}).Commands)
	return names
}

// leakJourney is one way through all steps, with an AWS and folders of its own.
type leakJourney struct {
	w       *leakWorld
	aws     *localaws.Server
	level   []string
	dir     string // all that is left stands here
	profile string // the exception
	env     []string
	words   *strings.Replacer
	said    []saidByStep
}

type saidByStep struct {
	line string
	text []byte
}

func newLeakJourney(t *testing.T, w *leakWorld, level []string) *leakJourney {
	j := &leakJourney{w: w, aws: localaws.New(localaws.Options{}), level: level, dir: t.TempDir()}
	for _, k := range append(slices.Clone(w.keys), w.session) {
		j.aws.ImportKey(k, localaws.Active)
	}
	j.aws.Log(localaws.Event{Time: time.Now().Add(-time.Hour), Account: ourAccount, Region: "us-east-1", KeyID: w.live.ID, Source: "iam.amazonaws.com", Name: "CreateUser"})
	j.aws.AddAdmin(ourAccount, "admin")
	admin := j.aws.AddKey(ourAccount, "admin")
	for _, user := range []string{"new", "other"} {
		j.aws.AddUser(ourAccount, user)
	}
	rotated, profiled := j.aws.AddKey(ourAccount, "rotated"), j.aws.AddKey(ourAccount, "profiled")
	out, in := filepath.Join(j.dir, "out"), t.TempDir()
	j.profile = filepath.Join(in, "operator")
	for _, d := range []string{out, filepath.Join(j.dir, "tmp"), filepath.Join(j.dir, "home")} {
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	mustWrite(t, j.profile, "[default]\n"+pairText(admin))
	copies, err := filepath.Glob(filepath.Join(w.in, "*"))
	if err != nil {
		t.Fatal(err)
	}
	spare := gittest.New(t).Dir
	pairs := []string{
		"$REPO", w.repo, "$OUT/copy-", filepath.Join(in, "copy-"), "$OUT", out, "$IN", w.in, "$SPARE", spare, "$OURS", ourAccount,
		"$KEYID", w.live.ID, "$SECRET", w.live.Secret, "$WORD", w.keys[6].Secret, "$ROTATED", rotated.ID, "$PROFILED", profiled.ID,
		"$ZERO", strings.Repeat("0", 40), "$HEAD", gittest.At(t, w.repo).Git("rev-parse", "HEAD"),
		"$AWS", j.serve(t, j.aws), "$ECHOSECRETS", j.serve(t, j.echo("SecretString")), "$ECHO", j.serve(t, j.echo("")), "$CHATTY", j.serve(t, http.HandlerFunc(j.chat)),
	}
	j.words = strings.NewReplacer(pairs...)
	for _, c := range copies { // what a step may write to
		text, err := os.ReadFile(c)
		if err != nil {
			t.Fatal(err)
		}
		mustWrite(t, filepath.Join(in, "copy-"+filepath.Base(c)), string(text))
	}
	j.env = []string{
		"PATH=" + strings.TrimPrefix(w.git+string(filepath.ListSeparator), string(filepath.ListSeparator)) + os.Getenv("PATH"),
		"HOME=" + filepath.Join(j.dir, "home"), "TMPDIR=" + filepath.Join(j.dir, "tmp"), "LC_ALL=C",
		"XDG_STATE_HOME=" + filepath.Join(out, "state"), "XDG_CONFIG_HOME=" + filepath.Join(j.dir, "home"),
		"AWS_SHARED_CREDENTIALS_FILE=" + j.profile, "AWS_CONFIG_FILE=" + os.DevNull, "AWS_EC2_METADATA_DISABLED=true",
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull,
	}
	return j
}

func mustWrite(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (j *leakJourney) serve(t *testing.T, h http.Handler) string {
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// echo is an AWS that refuses whatever holds a word, and repeats it: all headers, the token
// among them, the body, and the secret that signed, which it knows.
func (j *leakJourney) echo(word string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if !bytes.Contains(body, []byte(word)) {
			r.Body = io.NopCloser(bytes.NewReader(body))
			j.aws.ServeHTTP(w, r)
			return
		}
		told := fmt.Sprintf("%v %s %s", r.Header, body, j.secretOf(r))
		w.Header().Set("X-Amzn-Requestid", r.Header.Get("X-Amz-Security-Token")+j.secretOf(r))
		if r.Header.Get("X-Amz-Target") != "" {
			w.Header().Set("Content-Type", "application/x-amz-json-1.1")
			w.WriteHeader(http.StatusBadRequest)
			_ = json.NewEncoder(w).Encode(map[string]string{"__type": "ValidationException", "Message": told})
			return
		}
		var text bytes.Buffer
		_ = xml.EscapeText(&text, []byte(told))
		w.Header().Set("Content-Type", "text/xml")
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(w, "<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>%s</RequestId></ErrorResponse>",
			"Odd"+j.secretOf(r), text.String(), w.Header().Get("X-Amzn-Requestid"))
	})
}

// chat is an AWS to which everybody is named by the token and the secret.
func (j *leakJourney) chat(w http.ResponseWriter, r *http.Request) {
	name := j.secretOf(r) + r.Header.Get("X-Amz-Security-Token")
	w.Header().Set("Content-Type", "text/xml")
	fmt.Fprintf(w, `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>arn:aws:iam::%s:user/%s</Arn><UserId>AIDA%s</UserId><Account>%s</Account></GetCallerIdentityResult><ResponseMetadata><RequestId>%s</RequestId></ResponseMetadata></GetCallerIdentityResponse>`,
		ourAccount, name, name, ourAccount, name)
}

// secretOf returns the secret that signed a request.
func (j *leakJourney) secretOf(r *http.Request) string {
	for _, k := range append(slices.Clone(j.w.keys), j.w.session) {
		if strings.Contains(r.Header.Get("Authorization"), k.ID) {
			return k.Secret
		}
	}
	return ""
}

// stdinOf is the standard input of a step.
func (j *leakJourney) stdinOf(t *testing.T, file string) string {
	zero := strings.Repeat("0", 40)
	switch file {
	case "":
		return ""
	case "push":
		return j.words.Replace("refs/heads/feature/$SECRET $HEAD refs/heads/feature/$SECRET " + zero + "\n")
	case "receive":
		return j.words.Replace(zero + " $HEAD refs/heads/feature/$SECRET\n")
	}
	text, err := os.ReadFile(filepath.Join(j.w.in, file))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func (j *leakJourney) command(t *testing.T, s leakStep) *exec.Cmd {
	words := strings.Fields(s.line)
	for i := range words {
		words[i] = j.words.Replace(words[i])
	}
	words = append(words, j.level...)
	cmd := exec.Command("revokey", words...)
	cmd.Dir, cmd.Env, cmd.Stdin = j.w.repo, slices.Clone(j.env), strings.NewReader(j.stdinOf(t, s.stdin))
	if strings.Contains(s.line+strings.Join(s.env, ""), "$SECRET") { // who called it has shown it
		cmd.Env = append(cmd.Env, "PATH="+os.Getenv("PATH"))
	}
	for _, v := range s.env {
		cmd.Env = append(cmd.Env, j.words.Replace(v))
	}
	return cmd
}

// run carries out a step, and keeps what it said.
func (j *leakJourney) run(t *testing.T, s leakStep) {
	t.Helper()
	cmd := j.command(t, s)
	text, _ := cmd.CombinedOutput()
	j.said = append(j.said, saidByStep{strings.Join(append([]string{s.line}, s.env...), " "), text})
	if code := cmd.ProcessState.ExitCode(); !slices.Contains(s.codes, code) || bytes.Contains(text, []byte("goroutine ")) {
		t.Errorf("`revokey %s` ended with exit code %d, not with one of %v:\n%s", s.line, code, s.codes, text)
	}
}

// check looks for every secret, those included that AWS has made meanwhile, in all that was
// said and left.
func (j *leakJourney) check(t *testing.T) {
	t.Helper()
	all := leakWorld{planted: maps.Clone(j.w.planted)}
	made := 0
	for _, user := range []string{"admin", "new", "other", "rotated", "profiled"} {
		for i, k := range j.aws.KeysOf(ourAccount, user) {
			all.planted.add(fmt.Sprint(user, i), k.Secret)
			made++
		}
	}
	if made < 6 {
		t.Errorf("AWS has %d keys: nothing was rotated", made)
	}
	for _, s := range j.said {
		if found := all.planted.in(s.text); found != nil {
			t.Errorf("`revokey %s` tells %v", s.line, found)
		}
	}
	if files := all.sweep(t, "at the end", j.dir); files < 8 {
		t.Errorf("%d files were left: the commands did not write what they should", files)
	}
	if left, err := os.ReadDir(filepath.Join(j.dir, "tmp")); len(left) > 0 || err != nil {
		t.Errorf("temporary files were left: %v, %v", left, err)
	}
}

// A process that is killed leaves no secret behind either, in what was begun to be written.
func TestNoSecretLeftByKilled(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("nobody is killed there")
	}
	w := newLeakWorld(t)
	w.git = ""
	j := newLeakJourney(t, w, nil)
	j.run(t, step(finds, "scan $REPO --format jsonl --output $OUT/findings.jsonl"))
	for _, s := range []leakStep{
		step(nil, "scan $REPO --state $OUT/state --format json --output $OUT/scanned.json"),
		step(nil, "scan $REPO --verify --format sarif --output $OUT/verified.sarif"+leakAWS),
		step(nil, "revoke --from $OUT/findings.jsonl --plan $OUT/plan.json"+leakAWS),
		step(nil, "revoke --from $OUT/findings.jsonl --apply --yes --journal $OUT/journal.jsonl"+leakAWS),
		step(nil, "keys create --user new --to-secret new --apply --yes --journal $OUT/rotated.journal"+leakAWS),
		step(nil, "report --from $OUT/findings.jsonl --html $OUT/page.html"),
		step(nil, "demo"),
		step(nil, "hook doctor --repo $SPARE"),
	} {
		for _, after := range []time.Duration{10, 25, 60, 120, 250} {
			cmd := j.command(t, s)
			var said bytes.Buffer
			cmd.Stdout, cmd.Stderr = &said, &said
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			time.AfterFunc(after*time.Millisecond, func() { _ = cmd.Process.Kill() })
			_ = cmd.Wait()
			if found := w.planted.in(said.Bytes()); found != nil {
				t.Errorf("`revokey %s`, killed, told %v", s.line, found)
			}
			w.sweep(t, "killed: "+s.line, j.dir)
		}
	}
}
