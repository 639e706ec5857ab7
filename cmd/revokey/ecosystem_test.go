package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/revokey-dev/revokey/revoke/localaws"
)

// action is what the tests need of action.yml.
type action struct {
	Runs struct {
		Steps []struct {
			ID, Run string
			Env     map[string]string
		}
	}
}

// TestAction runs the steps of action.yml as a runner would, with a release made here.
func TestAction(t *testing.T) {
	if testing.Short() {
		t.Skip("builds revokey")
	}
	t.Parallel()
	for _, tool := range []string{"bash", "curl", "tar"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("SKIPPED: action.yml is not tested: %s is not installed", tool)
		}
	}
	var a action
	text, err := os.ReadFile("../../action.yml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, &a); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	release := makeRelease(t, dir)
	env := []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "RUNNER_OS=Linux", "RUNNER_ARCH=X64", "RUNNER_TEMP=" + dir,
		"GITHUB_PATH=" + filepath.Join(dir, "path"), "GITHUB_OUTPUT=" + filepath.Join(dir, "output"),
		"VERSION=v1.2.3", "RELEASES=file://" + release, "FORMAT=text", "OUTPUT=", "RANGE=main~1..main", "SCAN_PATH=" + filepath.Join(dir, "repo"),
	}
	step := func(n int, more ...string) (string, error) {
		cmd := exec.Command("bash", "-c", a.Runs.Steps[n].Run)
		cmd.Dir, cmd.Env = dir, append(append([]string{}, env...), more...)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if out, err := step(0); err != nil {
		t.Fatalf("installing: %v\n%s", err, out)
	}
	if out, err := step(0, "VERSION=main"); err == nil {
		t.Errorf("installed a release that is none: %s", out)
	}
	onPath := "PATH=" + filepath.Join(dir, "revokey") + string(filepath.ListSeparator) + os.Getenv("PATH")
	repo := newTestRepo(t, filepath.Join(dir, "repo"))
	repo.commit("a", "AWS_REGION=eu-central-1\n")
	repo.commit("b", "AWS_REGION=eu-west-1\n")
	if out, err := step(1, onPath); err != nil {
		t.Errorf("scanning what is clean: %v\n%s", err, out)
	}
	key := repo.commitKey("c")
	if out, err := step(1, onPath); err == nil || !strings.Contains(out, key) {
		t.Errorf("scanning a key: %v\n%s", err, out)
	}
	if outputs, _ := os.ReadFile(filepath.Join(dir, "output")); string(outputs) != "exit-code=0\nexit-code=1\n" {
		t.Errorf("outputs %q", outputs)
	}
	if err := os.WriteFile(filepath.Join(release, "v1.2.3", "checksums.txt"), []byte(strings.Repeat("0", 64)+"  revokey_1.2.3_linux_amd64.tar.gz\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := step(0); err == nil {
		t.Errorf("installed what has another checksum: %s", out)
	}
}

// makeRelease builds revokey and packs it as a release is.
func makeRelease(t *testing.T, dir string) string {
	t.Helper()
	program := filepath.Join(dir, "built")
	build := exec.Command("go", "build", "-o", program, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building: %v\n%s", err, out)
	}
	content, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	var archive bytes.Buffer
	z := gzip.NewWriter(&archive)
	w := tar.NewWriter(z)
	if err := w.WriteHeader(&tar.Header{Name: "revokey", Mode: 0o755, Size: int64(len(content))}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	release := filepath.Join(dir, "releases", "v1.2.3")
	if err := os.MkdirAll(release, 0o755); err != nil {
		t.Fatal(err)
	}
	const name = "revokey_1.2.3_linux_amd64.tar.gz"
	for file, data := range map[string][]byte{
		name: archive.Bytes(), "checksums.txt": fmt.Appendf(nil, "%x  %s\n", sha256.Sum256(archive.Bytes()), name),
	} {
		if err := os.WriteFile(filepath.Join(release, file), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Dir(release)
}

// TestPreCommitFramework has the real pre-commit framework build revokey from this tree
// by .pre-commit-hooks.yaml, and git run it.
func TestPreCommitFramework(t *testing.T) {
	if testing.Short() {
		t.Skip("builds revokey")
	}
	if _, err := exec.LookPath("pre-commit"); err != nil {
		t.Skip("SKIPPED: .pre-commit-hooks.yaml is NOT TESTED: the pre-commit framework is not installed (apt-get install pre-commit)")
	}
	t.Parallel()
	dir := t.TempDir()
	source := newTestRepo(t, filepath.Join(dir, "source"))
	copyTree(t, source.dir)
	source.git("add", "-A")
	source.git("commit", "-qm", "the tree")
	repo := newTestRepo(t, filepath.Join(dir, "repo"))
	config := fmt.Sprintf("repos:\n- repo: %s\n  rev: %s\n  hooks: [{id: revokey}, {id: revokey-push}, {id: revokey-message}]\n", source.dir, source.git("rev-parse", "HEAD"))
	repo.write(".pre-commit-config.yaml", config)
	modules, err := exec.Command("go", "env", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	repo.env = append(repo.env, "PRE_COMMIT_HOME="+filepath.Join(dir, "home"), "GOMODCACHE="+strings.TrimSpace(string(modules)))
	install := exec.Command("pre-commit", "install", "--install-hooks", "-t", "pre-commit", "-t", "pre-push", "-t", "commit-msg")
	install.Dir, install.Env = repo.dir, repo.env
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("pre-commit install: %v\n%s", err, out)
	}
	repo.write("a", "AWS_REGION=eu-central-1\n")
	repo.git("add", "-A")
	if out, err := repo.try("commit", "-qm", "clean"); err != nil {
		t.Fatalf("a commit without a key: %v\n%s", err, out)
	}
	key, content := newKey()
	repo.write("b", content)
	repo.git("add", "b")
	if out, err := repo.try("commit", "-qm", "leak"); err == nil || !strings.Contains(out, key) {
		t.Errorf("a commit with a key: %v\n%s", err, out)
	}
	repo.git("rm", "-qf", "--cached", "b")
	if out, err := repo.try("commit", "-q", "--allow-empty", "-m", content); err == nil || !strings.Contains(out, key) {
		t.Errorf("a message with a key: %v\n%s", err, out)
	}
	repo.git("init", "-q", "--bare", "../remote")
	repo.git("remote", "add", "origin", "../remote")
	if out, err := repo.try("push", "-q", "origin", "HEAD"); err != nil {
		t.Errorf("a push without a key: %v\n%s", err, out)
	}
	repo.git("add", "b")
	repo.git("commit", "-qnm", "leak")
	if out, err := repo.try("push", "-q", "origin", "HEAD"); err == nil || !strings.Contains(out, key) {
		t.Errorf("a push with a key: %v\n%s", err, out)
	}
}

// copyTree copies the tree that is tested, without what git ignores. Stages get the names
// that the framework had before version 3.2.0, if it is older.
func copyTree(t *testing.T, to string) {
	t.Helper()
	cmd := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	for path := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		data, err := os.ReadFile(filepath.Join("../..", path))
		if os.IsNotExist(err) {
			continue // removed, and not committed yet
		}
		if err == nil && path == ".pre-commit-hooks.yaml" {
			data = oldStages(t, data)
		}
		target := filepath.Join(to, path)
		if err == nil {
			err = os.MkdirAll(filepath.Dir(target), 0o755)
		}
		if err == nil {
			err = os.WriteFile(target, data, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func oldStages(t *testing.T, hooks []byte) []byte {
	t.Helper()
	version, err := exec.Command("pre-commit", "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	if old := strings.HasPrefix(string(version), "pre-commit 3.0.") || strings.HasPrefix(string(version), "pre-commit 2."); !old {
		return hooks
	}
	t.Logf("stages are renamed for %s", version)
	return []byte(strings.NewReplacer(
		"[pre-commit, pre-merge-commit]", "[commit, merge-commit]", "[pre-push]", "[push]", "minimum_pre_commit_version: 3.2.0", "minimum_pre_commit_version: '0'",
	).Replace(string(hooks)))
}

// testRepo is a repository for a test.
type testRepo struct {
	t   *testing.T
	dir string
	env []string
}

func newTestRepo(t *testing.T, dir string) *testRepo {
	t.Helper()
	r := &testRepo{t: t, dir: dir}
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "GIT_") {
			r.env = append(r.env, v)
		}
	}
	r.env = append(r.env, "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.com")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	r.git("init", "-q", "-b", "main")
	return r
}

func (r *testRepo) try(args ...string) (string, error) {
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Env = r.dir, r.env
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (r *testRepo) git(args ...string) string {
	r.t.Helper()
	out, err := r.try(args...)
	if err != nil {
		r.t.Fatalf("git %q: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(out)
}

func (r *testRepo) write(path, content string) {
	r.t.Helper()
	if err := os.WriteFile(filepath.Join(r.dir, path), []byte(content), 0o644); err != nil {
		r.t.Fatal(err)
	}
}

func (r *testRepo) commit(path, content string) {
	r.t.Helper()
	r.write(path, content)
	r.git("add", path)
	r.git("commit", "-qm", path)
}

// commitKey commits a new key, and returns its ID.
func (r *testRepo) commitKey(path string) string {
	r.t.Helper()
	id, content := newKey()
	r.commit(path, content)
	return id
}

// newKey returns the ID of a new key, and a file that leaks it.
func newKey() (id, content string) {
	id = localaws.NewKeyID(nil, "AKIA", "111122223333")
	return id, fmt.Sprintf("AWS_ACCESS_KEY_ID=%s\nAWS_SECRET_ACCESS_KEY=%s\n", id, localaws.NewSecret(nil))
}
