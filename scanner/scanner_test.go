package scanner_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/revokey-dev/revokey/detectors"
	"github.com/revokey-dev/revokey/detectors/detectorstest"
	"github.com/revokey-dev/revokey/scanner"
	"github.com/revokey-dev/revokey/scanner/gittest"
	"github.com/revokey-dev/revokey/scanner/odb"
)

// leak is a key that a test plants.
type leak struct{ keyID, secret string }

// mint returns the n-th key of a test; it is the same at every run.
func mint(n uint64) leak {
	r := rand.New(rand.NewPCG(n, 7))
	return leak{detectorstest.Mint(r, "AKIA", "123456789012"), detectorstest.MintSecret(r)}
}

// String is the credentials file that leaks the key.
func (l leak) String() string {
	return fmt.Sprintf("[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n", l.keyID, l.secret)
}

func scan(t *testing.T, src scanner.Source, opts scanner.Options) ([]scanner.Finding, scanner.Summary) {
	t.Helper()
	var findings []scanner.Finding
	sum, err := scanner.New(detectors.All(), opts).Scan(t.Context(), src, func(f scanner.Finding) error {
		findings = append(findings, f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return findings, sum
}

func history(t *testing.T, dir string) *scanner.History {
	t.Helper()
	h, err := scanner.OpenHistory(t.Context(), dir, scanner.HistoryOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return h
}

// one returns the finding of the key, which must be there with its secret.
func one(t *testing.T, findings []scanner.Finding, l leak) scanner.Finding {
	t.Helper()
	for _, f := range findings {
		if f.KeyID == l.keyID {
			if f.Secret.Unwrap() != l.secret {
				t.Errorf("%s: not with its secret", l.keyID)
			}
			return f
		}
	}
	t.Errorf("%s: not found", l.keyID)
	return scanner.Finding{}
}

// TestEveryPlace plants a key in each place that a history has.
func TestEveryPlace(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	var places []string
	plant := func(place string) string {
		places = append(places, place)
		return mint(uint64(len(places))).String()
	}
	repo.WriteCommit("a.env", plant("HEAD"))
	repo.WriteCommit("gone.env", plant("removed file"))
	repo.Git("rm", "-q", "gone.env")
	repo.WriteCommit("old name", strings.Repeat("a line that stays\n", 50))
	repo.Git("mv", "old name", "new name")
	repo.WriteCommit("new name", strings.Repeat("a line that stays\n", 50)+plant("rename and change"))
	repo.Git("switch", "-qc", "side")
	repo.WriteCommit("side", "side\n")
	repo.Git("switch", "-q", "main")
	repo.WriteCommit("main", "main\n")
	repo.Git("merge", "-q", "--no-ff", "--no-commit", "side")
	repo.Write("merged", plant("only in the merge"))
	repo.Commit("merge\n\n" + plant("merge's message"))
	repo.Commit("message\n\n" + plant("empty commit's message"))
	repo.Git("tag", "-a", "v1", "-m", "a tag\n\n"+plant("tag's message"))
	repo.Git("notes", "add", "-m", plant("note"))
	repo.Write("a.env", plant("older stash"))
	repo.Git("stash", "-q")
	repo.Write("a.env", plant("stash"))
	repo.Git("stash", "-q")
	repo.WriteCommit("amended", plant("amended away"))
	repo.Write("amended", "clean\n")
	repo.Git("commit", "-qa", "--amend", "-m", "clean")
	repo.GitIn(plant("dangling blob"), "hash-object", "-w", "--stdin")
	repo.Write("staged", plant("index"))
	repo.Git("add", "staged")
	repo.Git("switch", "-qc", "deleted")
	repo.WriteCommit("deleted", plant("deleted branch"))
	repo.Git("switch", "-q", "main")
	repo.Git("branch", "-qD", "deleted")
	repo.Git("-c", "user.name="+mint(100).keyID, "commit", "-q", "--allow-empty", "--author="+mint(100).keyID+" <x@example.com>", "-m", "by a key")

	for _, packed := range []bool{false, true} {
		if packed {
			repo.Git("repack", "-aqd")
		}
		findings, sum := scan(t, history(t, repo.Dir), scanner.Options{})
		if !sum.Complete() {
			t.Errorf("skipped %v", sum.Skipped)
		}
		for i, place := range places {
			if f := one(t, findings, mint(uint64(i+1))); len(f.Occurrences) == 0 {
				t.Errorf("%s: nowhere", place)
			}
		}
		if n := len(places) + 1; len(findings) != n {
			t.Errorf("%d findings, want %d", len(findings), n)
		}
	}
}

// TestAttribution checks every fact about one key's life.
func TestAttribution(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	key := mint(1)
	repo.WriteCommit("README", "hello\n")
	leaked := repo.WriteCommit("conf/prod.env", "# one line more\n"+key.String())
	repo.WriteCommit("unrelated", "1\n")
	repo.Git("rm", "-q", "conf/prod.env")
	removed := repo.Commit("oops")

	findings, _ := scan(t, history(t, repo.Dir), scanner.Options{})
	f := one(t, findings, key)
	if len(f.Occurrences) != 1 {
		t.Fatalf("occurrences: %+v", f.Occurrences)
	}
	got := f.Occurrences[0]
	want := scanner.Occurrence{
		Where:  scanner.InBlob,
		Object: parse(t, repo.Git("rev-parse", leaked+":conf/prod.env")),
		Offset: len("# one line more\n[default]\naws_access_key_id = "),
		Line:   3,
		Column: len("aws_access_key_id = ") + 1,
		Place: scanner.Place{
			Path:      "conf/prod.env",
			Commit:    parse(t, leaked),
			Author:    "Ada <ada@example.com>",
			Time:      gittest.Epoch.Add(1 * 3600e9),
			LastSeen:  gittest.Epoch.Add(2 * 3600e9),
			Reachable: true,
			Refs:      []string{"refs/heads/main"},
		},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(odb.ID{})); diff != "" {
		t.Errorf("occurrence (-want +got):\n%s", diff)
	}
	if f.Account != "123456789012" || f.AtHead || !f.FirstSeen.Equal(want.Time) || !f.LastSeen.Equal(want.LastSeen) {
		t.Errorf("finding: %+v", f)
	}

	repo.Git("revert", "--no-edit", removed)
	findings, _ = scan(t, history(t, repo.Dir), scanner.Options{})
	if f := one(t, findings, key); !f.AtHead || f.Occurrences[0].Commit != parse(t, leaked) {
		t.Errorf("brought back: %+v", f)
	}
}

func TestUnreachable(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	repo.WriteCommit("README", "hello\n")
	away, staged, dangling := mint(1), mint(2), mint(3)
	commit := repo.WriteCommit("away", away.String())
	repo.Git("reset", "-q", "--hard", "HEAD~1")
	repo.Write("staged", staged.String())
	repo.Git("add", "staged")
	repo.GitIn(dangling.String(), "hash-object", "-w", "--stdin")
	findings, _ := scan(t, history(t, repo.Dir), scanner.Options{})
	for _, test := range []struct {
		key       leak
		path      string
		commit    string
		reachable bool
	}{
		{away, "away", commit, false},
		{staged, "staged", "", true},
		{dangling, "", "", false},
	} {
		o := one(t, findings, test.key).Occurrences[0]
		if o.Path != test.path || o.Commit.String() != test.commit && test.commit != "" || o.Reachable != test.reachable {
			t.Errorf("got %+v, want %+v", o, test)
		}
	}
}

// TestReflog tells by which reflog something is held that no ref reaches: here a stash
// under another one, which is in refs/stash's reflog alone.
func TestReflog(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	repo.WriteCommit("conf", "clean\n")
	for n := range uint64(2) {
		repo.Write("conf", mint(n).String())
		repo.Git("stash")
	}
	findings, _ := scan(t, history(t, repo.Dir), scanner.Options{})
	under := one(t, findings, mint(0)).Occurrences[0]
	if under.Reachable || len(under.Refs) > 0 || !slices.Equal(under.Reflogs, []string{"refs/stash"}) {
		t.Errorf("the first stash: %+v", under)
	}
	top := one(t, findings, mint(1)).Occurrences[0]
	if !top.Reachable || !slices.Equal(top.Refs, []string{"refs/stash"}) || len(top.Reflogs) > 0 {
		t.Errorf("the last stash: %+v", top)
	}
}

// TestKinds scans each kind of repository that git makes, and finds the key in
// it, says what it lacks, or refuses it by name.
func TestKinds(t *testing.T) {
	t.Parallel()
	for _, kind := range gittest.Kinds() {
		t.Run(kind.Name, func(t *testing.T) {
			t.Parallel()
			repo := kind.Make(t)
			h, err := scanner.OpenHistory(t.Context(), repo.Dir, scanner.HistoryOptions{})
			var refused *scanner.RefusedError
			if kind.Refused != "" {
				if !errors.As(err, &refused) || !strings.Contains(refused.Reason, kind.Refused) {
					t.Errorf("got %v, want a refusal that says %q", err, kind.Refused)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer h.Close()
			_, sum := scan(t, h, scanner.Options{})
			if said := fmt.Sprint(sum.Skipped); (kind.Partial == "") != sum.Complete() || !strings.Contains(said, kind.Partial) {
				t.Errorf("skipped %v, want something that says %q", said, kind.Partial)
			}
			if (sum.Blobs == 0) != (kind.Name == "empty") {
				t.Errorf("read %d blobs", sum.Blobs)
			}
		})
	}
}

// TestWorkers compares one worker with many: the same findings in the same order.
func TestWorkers(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	for n := range uint64(40) {
		repo.WriteCommit(fmt.Sprintf("f%d.env", n%7), mint(n).String())
	}
	repo.Git("gc", "-q")
	repo.WriteCommit("loose", mint(50).String())
	want, _ := scan(t, history(t, repo.Dir), scanner.Options{Workers: 1})
	for range 5 {
		got, _ := scan(t, history(t, repo.Dir), scanner.Options{Workers: 8})
		if diff := cmp.Diff(fmt.Sprintf("%+v", want), fmt.Sprintf("%+v", got)); diff != "" {
			t.Fatalf("one worker and eight differ:\n%s", diff)
		}
	}
}

func TestGrouping(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a, b := mint(1), mint(2)
	write(t, dir, "pair", a.String())
	write(t, dir, "again", a.String())
	write(t, dir, "id alone", a.keyID+"\n")
	write(t, dir, "secret alone", "aws_secret_access_key = "+a.secret+"\n")
	write(t, dir, "other id", b.keyID+"\n")
	files, err := scanner.OpenFiles(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	findings, _ := scan(t, files, scanner.Options{})
	if len(findings) != 2 {
		t.Fatalf("%d findings, want 2: %+v", len(findings), findings)
	}
	if f := one(t, findings, a); len(f.Occurrences) != 4 {
		t.Errorf("%d places, want 4: %+v", len(f.Occurrences), f.Occurrences)
	}
}

func TestFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	key := mint(1)
	write(t, dir, "deep/er/file.env", "\n\n"+key.String())
	write(t, dir, ".git/config", mint(2).String())
	write(t, dir, "large", strings.Repeat("x", 2000))
	if err := os.Symlink("deep/er/file.env", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	files, err := scanner.OpenFiles(dir, 1000)
	if err != nil {
		t.Fatal(err)
	}
	findings, sum := scan(t, files, scanner.Options{})
	if len(findings) != 1 || len(sum.Notes) != 1 {
		t.Errorf("findings %+v, notes %q", findings, sum.Notes)
	}
	o := one(t, findings, key).Occurrences[0]
	if o.Path != "deep/er/file.env" || o.Where != scanner.InFile || o.Line != 4 {
		t.Errorf("got %+v", o)
	}
	if len(sum.Skipped) != 1 || sum.Skipped[0].What != "large" {
		t.Errorf("skipped %v, want the large file", sum.Skipped)
	}
}

// TestUnreadableFile removes a file between listing and reading.
func TestUnreadableFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "gone", "1")
	files, err := scanner.OpenFiles(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "gone")); err != nil {
		t.Fatal(err)
	}
	if _, sum := scan(t, files, scanner.Options{}); sum.Complete() {
		t.Error("complete without the file")
	}
}

func TestStream(t *testing.T) {
	t.Parallel()
	key := mint(1)
	findings, _ := scan(t, scanner.NewStream(strings.NewReader(key.String()), 0), scanner.Options{})
	if f := one(t, findings, key); f.Repository != "" || f.Occurrences[0].Where != scanner.InStdin {
		t.Errorf("got %+v", f)
	}
	for _, r := range []*scanner.Stream{
		scanner.NewStream(strings.NewReader("too long"), 3),
		scanner.NewStream(iotest.ErrReader(errors.New("boom")), 0),
	} {
		if _, err := scanner.New(detectors.All(), scanner.Options{}).Scan(t.Context(), r, nil); err == nil {
			t.Error("no error")
		}
	}
}

func TestErrorsEndTheScan(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	for n := range uint64(20) {
		repo.WriteCommit(fmt.Sprint(n), mint(n).String())
	}
	s := scanner.New(detectors.All(), scanner.Options{})
	boom := errors.New("boom")
	if _, err := s.Scan(t.Context(), history(t, repo.Dir), func(scanner.Finding) error { return boom }); !errors.Is(err, boom) {
		t.Errorf("emit's error: got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Scan(ctx, history(t, repo.Dir), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v", err)
	}
}

// TestRecall reads every secret again from its first place.
func TestRecall(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	repo.WriteCommit("a", mint(1).String())
	repo.Commit("in a message\n\n" + mint(2).String())
	repo.Git("gc", "-q")
	files, err := scanner.OpenFiles(repo.Dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, src := range []scanner.Source{history(t, repo.Dir), files} {
		findings, _ := scan(t, src, scanner.Options{})
		recaller := scanner.NewRecaller(detectors.All())
		defer recaller.Close()
		for _, f := range findings {
			m, err := recaller.Recall(t.Context(), f.Repository, f.Occurrences[0], f.KeyID, f.Secret.SHA256())
			if err != nil || !m.Secret.Equal(f.Secret) {
				t.Errorf("%s: %v, %v", f.KeyID, m, err)
			}
			if _, err := recaller.Recall(t.Context(), f.Repository, f.Occurrences[0], f.KeyID, "another"); !errors.Is(err, scanner.ErrGone) {
				t.Errorf("another secret: %v", err)
			}
		}
	}
}

// A place that names a device, or a pipe where nobody writes, is left alone.
func TestRecallFromNoFile(t *testing.T) {
	t.Parallel()
	recaller := scanner.NewRecaller(detectors.All())
	defer recaller.Close()
	dev := filepath.Dir(os.DevNull)
	for _, path := range []string{".", filepath.Base(os.DevNull)} {
		place := scanner.Occurrence{Where: scanner.InFile, Place: scanner.Place{Path: path}}
		if _, err := recaller.Recall(t.Context(), dev, place, "an ID", "a hash"); !errors.Is(err, scanner.ErrGone) || !strings.Contains(err.Error(), "no regular file") {
			t.Errorf("%q: got %v", path, err)
		}
		if near := recaller.Near(dev, place, 10); near != nil {
			t.Errorf("%q: got %q", path, near)
		}
	}
}

// TestSecretInNames plants a secret where the output would quote it.
func TestSecretInNames(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	key := mint(1)
	repo.WriteCommit("dir/"+key.secret+".txt", key.String())
	repo.Git("tag", "-a", "v1", "-m", key.String())
	findings, _ := scan(t, history(t, repo.Dir), scanner.Options{})
	if said := fmt.Sprintf("%+v", findings); strings.Contains(said, key.secret) {
		t.Errorf("the secret is in %s", said)
	}
}

func TestNotRepository(t *testing.T) {
	t.Parallel()
	if _, err := scanner.OpenHistory(t.Context(), t.TempDir(), scanner.HistoryOptions{}); !errors.Is(err, scanner.ErrNotRepository) {
		t.Errorf("got %v", err)
	}
	if _, err := scanner.OpenHistory(t.Context(), filepath.Join(t.TempDir(), "absent"), scanner.HistoryOptions{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

// TestConfigSyntax reads configurations that git takes and go-git's decoder does not.
func TestConfigSyntax(t *testing.T) {
	t.Parallel()
	for config, reason := range map[string]string{
		"[a.b]\n\tc = 1\n": "", "[a]b = c\n": "",
		"[a]b = c\n[extensions]\n\tweird = 1\n": `the extension "weird"`, "[a]b = c\n[broken": "cannot be read",
	} {
		repo := gittest.New(t)
		repo.WriteCommit("a", mint(1).String())
		if err := os.WriteFile(filepath.Join(repo.Dir, ".git", "config"), []byte("[core]\n\trepositoryformatversion = 1\n"+config), 0o600); err != nil {
			t.Fatal(err)
		}
		h, err := scanner.OpenHistory(t.Context(), repo.Dir, scanner.HistoryOptions{})
		var refused *scanner.RefusedError
		switch {
		case err == nil:
			h.Close()
		case !errors.As(err, &refused) || reason == "":
			t.Errorf("%q: %v", config, err)
		}
		if (err == nil) != (reason == "") || refused != nil && !strings.Contains(refused.Reason, reason) {
			t.Errorf("%q: got %v, want a refusal that says %q", config, err, reason)
		}
	}
}

// TestSubdirectory opens a repository from a folder of its work tree.
func TestSubdirectory(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	repo.WriteCommit("deep/er/a", mint(1).String())
	h := history(t, filepath.Join(repo.Dir, "deep", "er"))
	if findings, _ := scan(t, h, scanner.Options{}); len(findings) != 1 {
		t.Errorf("%d findings, want 1", len(findings))
	}
}

// TestHugeSharing scans trees that share subtrees: ten of ten of ten … folders
// of one file, more paths than memory could hold.
func TestHugeSharing(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	id := repo.GitIn(mint(1).String(), "hash-object", "-w", "--stdin")
	line := "100644 blob " + id + "\t%d\n"
	for range 12 {
		var tree bytes.Buffer
		for n := range 10 {
			fmt.Fprintf(&tree, line, n)
		}
		line = "040000 tree " + repo.GitIn(tree.String(), "mktree") + "\t%d\n"
	}
	root := strings.Fields(line)[2]
	repo.Git("update-ref", "HEAD", repo.Git("commit-tree", "-m", "many", root))
	findings, sum := scan(t, history(t, repo.Dir), scanner.Options{})
	if len(findings) != 1 || sum.Complete() {
		t.Errorf("%d findings, complete %v; want one, and a word about the paths", len(findings), sum.Complete())
	}
}

func write(t *testing.T, dir, path, content string) {
	t.Helper()
	full := filepath.Join(dir, path)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func parse(t *testing.T, s string) odb.ID {
	t.Helper()
	id, err := odb.ParseID(s)
	if err != nil {
		t.Fatal(err)
	}
	return id
}
