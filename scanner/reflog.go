package scanner

import (
	"bufio"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/revokey-dev/revokey/scanner/odb"
	"github.com/revokey-dev/revokey/scanner/regular"
)

// maxReflog is how many bytes of a line of a reflog are read: its two names are first.
const maxReflog = 1 << 20

// readReflogs returns, for each reflog of the repository and its work trees, the
// objects that it names. What cannot be read is left out: reflogs only tell more of
// what no ref reaches. Those of a reftable are not read.
// See https://git-scm.com/docs/gitrepository-layout (logs).
func (r repo) readReflogs() []ref {
	logs := readLogs(r.common, "")
	trees, _ := os.ReadDir(filepath.Join(r.common, "worktrees")) // mostly there are none
	for _, t := range trees {
		logs = append(logs, readLogs(filepath.Join(r.common, "worktrees", t.Name()), "worktrees/"+t.Name()+"/")...)
	}
	return logs
}

// readLogs reads the reflogs of one git directory, whose names start with the prefix.
func readLogs(dir, prefix string) (logs []ref) {
	root := filepath.Join(dir, "logs")
	_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil //nolint:nilerr // a reflog but tells what holds an object, which is read anyway
		}
		name, _ := filepath.Rel(root, path)
		if ids := readReflog(path); len(ids) > 0 {
			logs = append(logs, ref{prefix + filepath.ToSlash(name), ids})
		}
		return nil
	})
	return logs
}

// readReflog returns the objects named in a reflog: each line starts with the old and
// the new one.
func readReflog(path string) (ids []odb.ID) {
	f, err := regular.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	seen := make(map[odb.ID]bool)
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, maxReflog)
	for lines.Scan() {
		old, rest, _ := strings.Cut(lines.Text(), " ")
		now, _, _ := strings.Cut(rest, " ")
		for _, word := range []string{old, now} {
			if id, err := odb.ParseID(word); err == nil && !id.IsZero() && !seen[id] {
				seen[id] = true
				ids = append(ids, id)
			}
		}
	}
	return ids
}
