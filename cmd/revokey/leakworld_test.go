package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/revokey-dev/revokey/detectors"
	"github.com/revokey-dev/revokey/revoke/localaws"
	"github.com/revokey-dev/revokey/scanner/gittest"
)

// leakWorld is what the commands are let loose on: a repository that leaked a credential of
// every kind, each in a form of its own, and every place that a report quotes named by one.
type leakWorld struct {
	in      string // what holds secrets, and is no output
	repo    string
	git     string // the folder of a git that tells on its arguments and environment
	planted needles
	secrets map[string]string // by name
	keys    []localaws.Key    // that AWS knows
	live    localaws.Key      // after which paths, refs and people are named
	session localaws.Key
}

// nameable returns a secret that a file, a ref and a person can be named by.
func nameable() string {
	for {
		if s := localaws.NewSecret(nil); !strings.ContainsAny(s, "/+") {
			return s
		}
	}
}

func newLeakWorld(t *testing.T) *leakWorld {
	w := &leakWorld{in: t.TempDir(), planted: make(needles), secrets: make(map[string]string)}
	for _, user := range []string{"live", "encoded", "gzipped", "zipped", "header", "staged", "config"} {
		k := localaws.Key{ID: localaws.NewKeyID(nil, localaws.PrefixKey, ourAccount), Secret: nameable(), Account: ourAccount, User: user}
		w.keys = append(w.keys, k)
		w.plant(user, k.Secret)
	}
	w.live = w.keys[0]
	w.session = localaws.New(localaws.Options{}).AddSession(ourAccount, "user/session", 0)
	w.plant("session", w.session.Secret)
	w.plant("token", w.session.SessionToken[20:]) // its head is that of all
	w.makeRepo(t)
	w.makeFiles(t)
	w.git = toldGit(t)
	return w
}

func (w *leakWorld) plant(name, secret string) string {
	w.secrets[name] = secret
	w.planted.add(name, secret)
	return secret
}

// secret makes a secret that AWS does not know, after which nothing is named.
func (w *leakWorld) secret(name string) string { return w.plant(name, localaws.NewSecret(nil)) }

func pairText(k localaws.Key) string {
	return fmt.Sprintf("aws_access_key_id = %s\naws_secret_access_key = %s\n", k.ID, k.Secret)
}

// kinds are texts that leak each kind of credential.
func (w *leakWorld) kinds(r *rand.Rand) map[detectors.Kind]string {
	chars := func(from string, n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = from[r.IntN(len(from))]
		}
		return string(b)
	}
	const lower = "abcdefghijklmnopqrstuvwxyz234567"
	random := func(n int) []byte { b := []byte(localaws.NewSecret(nil)); return slices.Repeat(b, n/len(b)+1)[:n] }
	plain := w.plant("bedrock", localaws.NewSecret(nil))
	alias := "BedrockAPIKey-a1b2-at-" + ourAccount + ":"
	pem := w.plant("private key", base64.StdEncoding.EncodeToString(random(600)))
	hexes := chars("0123456789abcdef", 32)
	mws := w.plant("MWS", strings.Join([]string{hexes[:8], hexes[8:12], hexes[12:16], hexes[16:20], hexes[20:]}, "-"))
	ses := w.plant("SES", base64.StdEncoding.EncodeToString(append([]byte{4}, random(32)...)))
	service := w.plant("CodeCommit", base64.StdEncoding.EncodeToString(random(32)))
	return map[detectors.Kind]string{
		detectors.AccessKey: pairText(w.live) + "[session]\n" + pairText(w.session) + "aws_session_token = " + w.session.SessionToken + "\n\n" +
			"smtp_username = " + localaws.NewKeyID(nil, "AKIA", ourAccount) + "\nsmtp_password = " + ses + "\n",
		detectors.BearerID:        `{"accessKeyId": "` + localaws.NewKeyID(nil, "ABIA", ourAccount) + `"}`,
		detectors.SecretKey:       "aws_secret_access_key = " + w.secret("alone") + "\n",
		detectors.APIKey:          "AWS_BEARER_TOKEN_BEDROCK=ABSK" + base64.StdEncoding.EncodeToString([]byte(alias+plain)) + "\n",
		detectors.ServicePassword: "User Name,Password\ndeploy-at-" + ourAccount + "," + service + "\n",
		detectors.PrivateKey: "key_pair_id = \"" + localaws.NewKeyID(nil, "APKA", ourAccount) + "\"\n-----BEGIN RSA PRIVATE KEY-----\n" +
			regexp.MustCompile(`.{1,64}`).ReplaceAllString(pem, "$0\n") + "-----END RSA PRIVATE KEY-----\n",
		detectors.AppSyncKey: "x-api-key: da2-" + w.plant("AppSync", chars(lower, 26)) + "\n",
		detectors.MWSToken:   "MWS_AUTH_TOKEN=amzn.mws." + mws + "\n",
	}
}

// makeRepo makes the repository: contents, then names.
func (w *leakWorld) makeRepo(t *testing.T) {
	r := gittest.New(t)
	w.repo = r.Dir
	for kind, text := range w.kinds(rand.New(rand.NewPCG(rand.Uint64(), 1))) {
		r.Write("kinds/"+string(kind), text)
	}
	encoded, gzipped, zipped, header := w.keys[1], w.keys[2], w.keys[3], w.keys[4]
	r.Write("encoded/base64.yaml", "data: "+base64.StdEncoding.EncodeToString([]byte(pairText(encoded)))+"\n")
	r.Write("encoded/hex.sql", "blob = X'"+hex.EncodeToString([]byte(pairText(encoded)))+"';")
	r.Write("encoded/wide.txt", wideText(pairText(encoded)))
	s := w.live.Secret
	r.Write("folder-"+s+"/name-"+s+".env", pairText(w.live))
	r.Write("allowed.env", strings.Replace(pairText(w.live), "\n", " # revokey:allow because "+s+"\n", 1))
	r.Write("archive-"+s+".tar.gz", tarOf(t, "member-"+s, pairText(gzipped)))
	r.Write("archive.zip", zipOf(t, "folder/"+s+"/member", pairText(zipped)))
	broken := tarOf(t, "member-"+s, pairText(zipped))
	r.Write("broken-"+s+".tar.gz", broken[:len(broken)/2])
	r.Write(".revokeyignore", "nothing/ # "+s+"\n")
	r.Git("config", "user.name", s)
	r.Commit("a message that repeats " + s + "\n\n" + pairText(w.live))
	r.Git("config", "remote.origin.url", "https://"+w.live.ID+":"+s+"@git.example.com/shop.git")
	r.Git("checkout", "-q", "-b", "feature/"+s)
	by := strings.ReplaceAll(pairText(header), "\n", " ") + s
	r.Git("commit", "-q", "--allow-empty", "-m", "by another", "--author", by+" <"+s+"@example.com>")
	r.Git("tag", "-a", "-m", "tagged "+s+"\n\n"+pairText(w.live), "tag-"+s)
	r.Git("branch", "-q", "first", "main")
	r.Write("stashed", "the stash\n")
	r.Write("stashed", pairText(w.keys[5]))
	r.Git("add", "stashed")
	r.Git("stash", "push", "-q", "-m", "stash of "+s)
	r.Write("staged-"+s, pairText(w.keys[5]))
	r.Git("add", "-A")
}

func tarOf(t *testing.T, name, content string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	a := tar.NewWriter(z)
	if err := a.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(content))}); err != nil {
		t.Fatal(err)
	}
	_, _ = a.Write([]byte(content)) // into memory
	a.Close()
	z.Close()
	return b.String()
}

func zipOf(t *testing.T, name, content string) string {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	m, err := z.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = m.Write([]byte(content)) // into memory
	z.Close()
	return b.String()
}

// makeFiles makes files that somebody passes by mistake: each is a list of secrets, to
// whatever reads it.
func (w *leakWorld) makeFiles(t *testing.T) {
	k := w.keys[6]
	for name, text := range map[string]string{
		"credentials":  "[default]\n" + pairText(k),
		"keys.csv":     "Access key ID,Secret access key\n" + k.ID + "," + k.Secret + "\n",
		"secret.json":  `{"key_id": "` + k.ID + `", "schema": "` + k.Secret + `", "kind": "` + k.Secret + `", "` + k.Secret + `": 1}`,
		"string.json":  `"` + k.Secret + `"`,
		"secret.jsonl": `{"schema": "revokey.finding/v1", "key_id": "` + k.Secret + `"}` + "\n",
		"entry.jsonl":  `{"id": "` + k.Secret + `", "phase": "` + k.Secret + `", "time": "` + k.Secret + `"}` + "\n",
		"word":         k.Secret + "\n",
		"words":        k.Secret + " " + k.Secret + " " + k.Secret + " " + k.Secret + "\n",
		"setting.yaml": k.Secret + ": 1\n",
		"value.yaml":   "max_size: " + k.Secret + "\nformat: " + k.Secret + "\n",
		"list.yaml":    "accounts: " + k.Secret + "\n",
		"no.yaml":      "a: [" + k.Secret + "\n*" + k.Secret + "\n",
		"number.yaml":  "workers: " + k.Secret + "\n",
		"broken.ini":   "[default\n" + pairText(k) + k.Secret + "\n[" + k.Secret + "]\n" + k.Secret + " = x\n",
		"urls":         "http://127.0.0.1:1/x/y\nhttps://" + k.Secret + "@127.0.0.1:1/x/y\n/" + k.Secret + "\n",
		"message":      "a message\n\n" + pairText(w.live),
		"pair":         pairText(w.live) + "[s]\n" + pairText(w.session) + "aws_session_token = " + w.session.SessionToken + "\n",
	} {
		if err := os.WriteFile(filepath.Join(w.in, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// toldGit returns a folder with a git that, before it becomes the real one, tells what
// /proc has of it and of who called it to files in the folder $TOLD. "" where there is no /proc.
func toldGit(t *testing.T) string {
	real, err := exec.LookPath("git")
	if err != nil || runtime.GOOS != "linux" {
		return ""
	}
	dir := t.TempDir()
	script := "#!/bin/sh\ncat /proc/$$/cmdline /proc/$$/environ /proc/$PPID/cmdline /proc/$PPID/environ >\"$TOLD/$$\" 2>/dev/null\nexec " + real + " \"$@\"\n"
	if err := os.WriteFile(filepath.Join(dir, "git"), []byte(strings.ReplaceAll(script, "$TOLD", dir)), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// sweep looks for the secrets in every file below a folder, and in its name.
func (w *leakWorld) sweep(t *testing.T, when, dir string, except ...string) (files int) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || slices.Contains(except, path) {
			return err
		}
		if found := w.planted.in([]byte(path)); found != nil {
			t.Errorf("%s: the name %s holds %v", when, path, found)
		}
		if !d.Type().IsRegular() {
			return nil
		}
		files++
		text, err := os.ReadFile(path)
		if found := w.planted.in(text); found != nil {
			t.Errorf("%s: %s holds %v", when, path, found)
		}
		return err
	})
	if err != nil {
		t.Errorf("%s: %v", when, err)
	}
	return files
}
