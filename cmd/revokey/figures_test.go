package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/revokey-dev/revokey/revoke/localaws"
)

var measure = flag.Bool("figures", false, "measure what docs/revoking.md says that revoking takes")

// figures is an AWS that answers after 50 ms, with an administrator.
type figures struct {
	*localaws.Server
	url string
}

func newFigures(t *testing.T) figures {
	t.Helper()
	f := figures{Server: localaws.New(localaws.Options{})}
	url, err := f.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	f.url = url
	f.AddAdmin(ourAccount, "admin")
	admin := f.AddKey(ourAccount, "admin")
	f.SetLatency(50 * time.Millisecond)
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": admin.ID, "AWS_SECRET_ACCESS_KEY": admin.Secret, "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "XDG_STATE_HOME": t.TempDir(), "XDG_CONFIG_HOME": t.TempDir(),
	} {
		t.Setenv(name, value)
	}
	return f
}

// revokey runs the program and returns how long that took.
func (f figures) revokey(t *testing.T, want int, args ...string) time.Duration {
	t.Helper()
	var out, errs bytes.Buffer
	began := time.Now()
	code := run(t.Context(), append([]string{"revokey"}, append(args, "--aws-endpoint", f.url)...), streams{in: strings.NewReader(""), out: &out, err: &errs})
	if code != want {
		t.Fatalf("exit code %d, want %d\n%s\n%s", code, want, out.String(), errs.String())
	}
	return time.Since(began)
}

// TestFigureOneKey is from the scan of a repository of 100,000 objects to AWS
// refusing the one live key in it.
func TestFigureOneKey(t *testing.T) {
	if !*measure {
		t.Skip("only with -figures")
	}
	f := newFigures(t)
	repo := filepath.Join(t.TempDir(), "repo")
	key := f.AddKey(ourAccount, "ci")
	bigRepository(t, repo, 100_000, key)
	for range 3 {
		f.SetStatus(key.ID, localaws.Active)
		took := f.revokey(t, exitFindings, "scan", repo, "--verify", "--revoke", "--apply", "--yes", "--account", ourAccount)
		t.Logf("one live key among 100,000 objects: %.2f s", took.Seconds())
	}
}

// TestFigureManyKeys is the deactivation of 500 keys in 50 accounts.
func TestFigureManyKeys(t *testing.T) {
	if !*measure {
		t.Skip("only with -figures")
	}
	for _, rate := range []string{"20", "100"} {
		f := newFigures(t)
		args := []string{"revoke", "--apply", "--yes", "--role-name", "R", "--rate", rate}
		for a := range 50 {
			account := fmt.Sprintf("2000000000%02d", a)
			f.AddRole(account, "R", ourAccount)
			args = append(args, "--account", account)
			for k := range 10 {
				args = append(args, f.AddKey(account, fmt.Sprintf("ci-%d", k)).ID)
			}
		}
		took := f.revokey(t, exitClean, args...)
		t.Logf("500 keys in 50 accounts, %s calls a second: %.1f s, %d calls", rate, took.Seconds(), len(f.Requests()))
	}
}

// bigRepository makes a repository of that many blobs, the key in the middle.
func bigRepository(t *testing.T, dir string, blobs int, key localaws.Key) {
	t.Helper()
	if out, err := exec.Command("git", "init", "-q", dir).CombinedOutput(); err != nil {
		t.Fatalf("%s, %v", out, err)
	}
	r, w := io.Pipe()
	cmd := exec.Command("git", "-C", dir, "fast-import", "--quiet")
	cmd.Stdin = r
	go func() {
		fmt.Fprint(w, "commit refs/heads/main\ncommitter A <a@example.com> 1700000000 +0000\ndata 1\nx\n")
		for i := range blobs {
			text := fmt.Sprintf("package p%d\n\nfunc f%d() int { return %d }\n%s", i, i, i*i, strings.Repeat("// and some more of it\n", 20))
			if i == blobs/2 {
				text += fmt.Sprintf("aws_access_key_id = %s\naws_secret_access_key = %s\n", key.ID, key.Secret)
			}
			fmt.Fprintf(w, "M 100644 inline d%d/f%d.go\ndata %d\n%s\n", i%300, i, len(text), text)
		}
		w.Close()
	}()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s, %v", out, err)
	}
}
