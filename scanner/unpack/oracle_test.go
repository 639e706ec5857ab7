package unpack_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/revokey-dev/revokey/scanner/unpack"
)

// The tools of the system make archives of the same files; what comes out of each has
// to be the same.

// oracles are how to archive the folder "in", to standard output.
var oracles = map[string]struct{ tool, command string }{
	"zip":        {"zip", "cd in && zip -qr - ."},
	"zip stream": {"zip", "cd in && zip -qr - . | cat"},
	"zip bzip2":  {"zip", "cd in && zip -qr -Z bzip2 ../o.zip . && cat ../o.zip"},
	"tar gnu":    {"tar", "tar -C in --format=gnu -cf - ."},
	"tar pax":    {"tar", "tar -C in --format=pax -cf - ."},
	"tar ustar":  {"tar", "tar -C in --format=ustar -cf - ."},
	"tar v7":     {"tar", "tar -C in --format=v7 -cf - ."},
	"tar sparse": {"tar", "tar -C in --sparse -cf - ."},
	"tar gz":     {"gzip", "tar -C in -cf - . | gzip"},
	"tar bz2":    {"bzip2", "tar -C in -cf - . | bzip2"},
	"tar xz":     {"xz", "tar -C in -cf - . | xz"},
	"tar xz 9":   {"xz", "tar -C in -cf - . | xz -9e --check=sha256"},
	"tar xz T":   {"xz", "tar -C in -cf - . | xz -T2 --block-size=10000 --check=crc32"},
	"tar xz no":  {"xz", "tar -C in -cf - . | xz --check=none"},
	"tar zst":    {"zstd", "tar -C in -cf - . | zstd -q"},
	"tar zst 19": {"zstd", "tar -C in -cf - . | zstd -q --ultra -22 --long=27"},
	"python zip": {"python3", "cd in && python3 -c 'import shutil; shutil.make_archive(\"../o\", \"zip\")' && cat ../o.zip"},
	"python tar": {"python3", "cd in && python3 -c 'import shutil; shutil.make_archive(\"../o\", \"xztar\")' && cat ../o.tar.xz"},
}

func TestOracles(t *testing.T) {
	t.Parallel()
	for name, o := range oracles {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath(o.tool); err != nil {
				t.Skipf("SKIPPED, not tested: there is no %s here: %v", o.tool, err)
			}
			dir := t.TempDir()
			want := makeFiles(t, filepath.Join(dir, "in"))
			cmd := exec.Command("sh", "-c", o.command)
			cmd.Dir = dir
			data, err := cmd.Output()
			must(t, err)
			got := make(map[string]string)
			skipped, err := unpack.Walk(t.Context(), data, unpack.Limits{}, func(m unpack.Member) error {
				got[strings.TrimPrefix(m.Path, "./")] = string(m.Data)
				return nil
			})
			must(t, err)
			if diff := cmp.Diff(want, got); diff != "" || len(skipped) > 0 {
				t.Errorf("skipped %v; (-files +members)\n%s", skipped, diff)
			}
		})
	}
}

// makeFiles makes a folder and returns what is in its files.
func makeFiles(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{
		"small.txt":            "small\n",
		"deep/er/numbers.txt":  strings.Join(lines(5000), "\n"),
		"deep/" + longName(90): "of a long name",
		"ümläut \x01.txt":      "of a strange name",
		"zeros.bin":            string(zeros(1 << 20)),
	}
	for name, content := range files {
		path := filepath.Join(dir, name)
		must(t, os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(content), 0o644))
	}
	return files
}

func longName(n int) string { return strings.Repeat("n", n) }
