package scanner

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"

	gitconfig "github.com/go-git/go-git/v5/plumbing/format/config"
)

// decodeConfig reads one configuration file's text, and follows no include. What is in a syntax
// that go-git's decoder does not know, such as a key behind its section on one line, git decodes.
func decodeConfig(data []byte) (*gitconfig.Config, error) {
	cfg := gitconfig.New()
	err := gitconfig.NewDecoder(bytes.NewReader(data)).Decode(cfg)
	if err == nil {
		return cfg, nil
	}
	if cfg, byGit := configByGit(data); byGit == nil {
		return cfg, nil
	}
	return nil, err
}

// configByGit has git decode the text from standard input, in no repository: of one it would
// read the configuration, with what that includes.
func configByGit(data []byte) (*gitconfig.Config, error) {
	cmd := exec.Command("git", "config", "--file", "-", "--no-includes", "--null", "--list")
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_DIR=" + os.DevNull}
	cmd.Stdin = bytes.NewReader(data)
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("git config: %w", err)
	}
	cfg := gitconfig.New()
	for item := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		name, value, _ := strings.Cut(item, "\n")
		section, rest, _ := strings.Cut(name, ".")
		dot := max(strings.LastIndex(rest, "."), 0) // a subsection may have dots
		cfg.AddOption(section, rest[:dot], strings.TrimPrefix(rest[dot:], "."), value)
	}
	return cfg, nil
}
