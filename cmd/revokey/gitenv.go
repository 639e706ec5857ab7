package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/revokey-dev/revokey/scanner"
)

// takeGitEnvironment takes the places of objects from the variables by which git tells
// its children: a hook on a server finds what is pushed only there.
// See https://git-scm.com/docs/git#_the_git_repository.
func takeGitEnvironment(o *scanner.HistoryOptions) {
	o.Objects = os.Getenv("GIT_OBJECT_DIRECTORY")
	o.Alternates = alternatesIn(os.Getenv("GIT_ALTERNATE_OBJECT_DIRECTORIES"))
}

// alternatesIn splits a list of paths; one that starts with a double quote is C-quoted.
func alternatesIn(list string) []string {
	var paths []string
	for list != "" {
		var path string
		if quoted, err := strconv.QuotedPrefix(list); err == nil && list[0] == '"' {
			path, _ = strconv.Unquote(quoted)
			list = strings.TrimPrefix(list[len(quoted):], string(filepath.ListSeparator))
		} else {
			path, list, _ = strings.Cut(list, string(filepath.ListSeparator))
		}
		if path != "" {
			paths = append(paths, path)
		}
	}
	return paths
}
