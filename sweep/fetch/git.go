package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/revokey-dev/revokey/sweep"
	"github.com/revokey-dev/revokey/sweep/forge"
)

// transfer runs a git that writes to dir, within the limits.
func (f *Fetcher) transfer(ctx context.Context, r forge.Repository, s sweep.Sight, dir string, args ...string) error {
	authorization, err := f.authorization(ctx, r)
	if err != nil {
		return err
	}
	if free := freeBytes(filepath.Dir(dir)); f.o.MinFree > 0 && free < uint64(f.o.MinFree) {
		return fmt.Errorf("the disk has %d MiB left, less than %d (--min-free)", free>>20, f.o.MinFree>>20)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watched := make(chan struct{})
	go func() { defer close(watched); f.watch(ctx, cancel, dir) }()
	_, err = f.run(ctx, s.URL, authorization, args...)
	if err == nil {
		if size := diskUsage(dir); f.o.MaxSize > 0 && size > f.o.MaxSize { // which came faster than it was looked at
			err = f.tooLarge(size)
		}
	}
	cancel(nil)
	<-watched
	return err
}

// watchEvery is how often the size of what comes is looked at.
const watchEvery = time.Second

// watch ends the fetch where it takes too much of the disk.
func (f *Fetcher) watch(ctx context.Context, cancel context.CancelCauseFunc, dir string) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if size := diskUsage(dir); f.o.MaxSize > 0 && size > f.o.MaxSize {
			cancel(permanentf("it has more than %d MiB (--max-repository-size)", f.o.MaxSize>>20))
		}
		if free := freeBytes(filepath.Dir(dir)); f.o.MinFree > 0 && free < uint64(f.o.MinFree) {
			cancel(fmt.Errorf("the disk has less than %d MiB left (--min-free)", f.o.MinFree>>20))
		}
	}
}

// diskUsage returns the bytes of all files in dir.
func diskUsage(dir string) (sum int64) {
	_ = filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return nil // it comes and goes as git works
		}
		if info, err := e.Info(); err == nil {
			sum += info.Size()
		}
		return nil
	})
	return sum
}

func (f *Fetcher) authorization(ctx context.Context, r forge.Repository) (string, error) {
	if f.o.Authorization == nil {
		return "", nil
	}
	value, err := f.o.Authorization(ctx, r)
	if err != nil {
		return "", fmt.Errorf("getting leave to fetch it: %w", err)
	}
	if strings.ContainsAny(value, "\r\n\x00") {
		return "", permanentf("the token for it holds a line break")
	}
	return value, nil
}

// run runs git and returns its output. Where it fails the error has what it said, and ctx's cause
// where that ended it.
func (f *Fetcher) run(ctx context.Context, target, authorization string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, f.git, args...)
	cmd.Env = append(cleanEnvironment(), f.configuration(target, authorization)...)
	cmd.Dir = f.temp.dir
	own(cmd)
	cmd.Cancel = func() error { return killGroup(cmd) }
	cmd.WaitDelay = 5 * time.Second
	var out, said bytes.Buffer
	cmd.Stdout = &limitedWriter{&out, maxAdvertised}
	cmd.Stderr = &limitedWriter{&said, 64 << 10}
	err := cmd.Run()
	if err == nil {
		return out.Bytes(), nil
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return nil, classify(said.String(), err, authorization)
}

// limitedWriter takes all and keeps the first of it.
type limitedWriter struct {
	to   *bytes.Buffer
	left int
}

func (w *limitedWriter) Write(p []byte) (int, error) {
	n := min(len(p), w.left)
	w.to.Write(p[:n])
	w.left -= n
	return len(p), nil
}

// classify makes an error of what git said. The token is not in it, whatever git said.
func classify(said string, err error, authorization string) error {
	line := ""
	for l := range strings.SplitSeq(said, "\n") {
		l = strings.TrimSpace(l)
		if line == "" || strings.HasPrefix(l, "fatal:") || strings.HasPrefix(l, "error:") && !strings.HasPrefix(line, "fatal:") {
			line = l
		}
	}
	for _, secret := range append(strings.Fields(authorization), authorization) {
		if len(secret) > 6 {
			line = strings.ReplaceAll(line, secret, "[redacted]")
		}
	}
	if len(line) > 300 {
		line = strings.ToValidUTF8(line[:300], "") + "…"
	}
	if line == "" {
		line = err.Error()
	}
	failed := fmt.Errorf("git: %s", line)
	for _, hopeless := range []string{"not found", "does not appear to be a git repository", "Authentication failed", "could not read Username", "Permission denied", "transport '"} {
		if strings.Contains(said, hopeless) {
			return errPermanent{failed}
		}
	}
	return failed
}

// cleanEnvironment is what git sees of ours: the ways to programs, proxies, certificates and the
// user's SSH, and nothing that makes it read other configuration or tell what it sends.
func cleanEnvironment() []string {
	env := []string{
		"LC_ALL=C", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_CONFIG_SYSTEM=" + os.DevNull, "GIT_ATTR_NOSYSTEM=1",
		"GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=", "SSH_ASKPASS=", "GIT_NO_LAZY_FETCH=1", "GIT_LFS_SKIP_SMUDGE=1",
		"GIT_SSH_COMMAND=ssh -oBatchMode=yes -oConnectTimeout=30 -oPermitLocalCommand=no -oClearAllForwardings=yes -oRequestTTY=no",
	}
	for _, name := range []string{
		"PATH", "HOME", "USERPROFILE", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "SSH_AUTH_SOCK",
		"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy",
		"GIT_SSL_CAINFO", "GIT_SSL_CAPATH", "SSL_CERT_DIR",
	} {
		if value := os.Getenv(name); value != "" {
			env = append(env, name+"="+value)
		}
	}
	if ca := os.Getenv("SSL_CERT_FILE"); ca != "" && os.Getenv("GIT_SSL_CAINFO") == "" {
		env = append(env, "GIT_SSL_CAINFO="+ca)
	}
	return env
}

// configuration is all that git is told, as variables: others on the machine do not see those.
// See GIT_CONFIG_COUNT in https://git-scm.com/docs/git-config#ENVIRONMENT.
func (f *Fetcher) configuration(target, authorization string) []string {
	stall := fmt.Sprint(max(1, int(f.o.Stall.Seconds())))
	pairs := [][2]string{
		{"core.hooksPath", os.DevNull}, {"core.fsmonitor", "false"}, {"core.askPass", ""}, {"credential.helper", ""},
		{"protocol.allow", "never"}, {"protocol.https.allow", "always"}, {"protocol.ssh.allow", "always"},
		{"http.followRedirects", "false"}, {"http.lowSpeedLimit", "100"}, {"http.lowSpeedTime", stall},
		{"transfer.credentialsInUrl", "die"}, {"transfer.bundleURI", "false"}, {"transfer.fsckObjects", "false"},
		{"fetch.unpackLimit", "1"}, {"fetch.recurseSubmodules", "false"}, {"fetch.writeCommitGraph", "false"}, {"submodule.recurse", "false"},
		{"gc.auto", "0"}, {"maintenance.auto", "false"}, {"core.bigFileThreshold", "64m"}, {"pack.threads", "2"},
	}
	u, err := url.Parse(target)
	if err == nil && u.Scheme == "http" && (f.o.Insecure || loopback(u.Hostname())) {
		pairs = append(pairs, [2]string{"protocol.http.allow", "always"})
	}
	if err == nil && authorization != "" && u.Scheme != "ssh" {
		pairs = append(pairs, [2]string{"http." + u.Scheme + "://" + u.Host + "/.extraHeader", "Authorization: " + authorization})
	}
	env := []string{fmt.Sprintf("GIT_CONFIG_COUNT=%d", len(pairs))}
	for i, p := range pairs {
		env = append(env, fmt.Sprintf("GIT_CONFIG_KEY_%d=%s", i, p[0]), fmt.Sprintf("GIT_CONFIG_VALUE_%d=%s", i, p[1]))
	}
	return env
}

// lookBySSH asks git for the refs.
func (f *Fetcher) lookBySSH(ctx context.Context, r forge.Repository) (sweep.Sight, error) {
	out, err := f.run(ctx, r.URL, "", "ls-remote", "--quiet", "--", r.URL)
	if err != nil {
		return sweep.Sight{}, err
	}
	if len(out) == maxAdvertised {
		return sweep.Sight{}, errPermanent{errors.New("it has more refs than can be taken in")}
	}
	t := newTips()
	for line := range bytes.Lines(out) {
		t.add(bytes.ReplaceAll(bytes.TrimSuffix(line, []byte("\n")), []byte("\t"), []byte(" ")))
	}
	return sweep.Sight{Tips: t.sum(), URL: r.URL}, nil
}
