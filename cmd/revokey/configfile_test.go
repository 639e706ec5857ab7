package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

// TestSettingsAreFlags holds the table to the commands: a setting without its flag would
// be without effect.
func TestSettingsAreFlags(t *testing.T) {
	t.Parallel()
	app := newApp(streams{})
	shown := configShowFlags(streams{})
	for _, s := range settings() {
		if !slices.ContainsFunc(shown, func(f cli.Flag) bool { return f.Names()[0] == s.flag }) {
			t.Errorf("`config show` does not show %s", s.key)
		}
		if s.key != strings.ReplaceAll(s.flag, "-", "_") {
			t.Errorf("setting %s is of flag --%s", s.key, s.flag)
		}
		found := false
		for _, c := range app.Commands {
			found = found || hasFlag(c, s.flag)
		}
		if !found {
			t.Errorf("no command has a flag --%s", s.flag)
		}
	}
}

// TestScopes holds what a repository, and an environment, must never set.
func TestScopes(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"accounts", "account", "profile", "role_name", "aws_endpoint", "endpoint", "apply", "yes", "config", "from", "verify", "allow_live", "output", "state", "fetch_missing", "journal"} {
		if s, ok := settingOf(key); ok && s.scope == byAnybody {
			t.Errorf("a repository sets %s", key)
		}
		f := configFile{name: repositoryConfig}
		if err := f.parse([]byte(key+": x\n"), false); err == nil {
			t.Errorf("a repository's file may hold %s", key)
		}
	}
	for _, key := range append(awsKeys(), "aws_endpoint", "apply", "yes", "config") {
		if _, ok := settingOf(key); ok {
			t.Errorf("the environment sets %s", key)
		}
	}
}

// FuzzConfig reads what a hostile repository may hold: nothing that its scope forbids comes
// out, and no error shows a value.
func FuzzConfig(f *testing.F) {
	f.Add("memory: 3\nbaseline: x\n", false)
	f.Add("accounts: [\"1\"]\nprofile: hunter2\n", true)
	f.Add("a: &a [*a]\n? {x: y}\n: z\n", false)
	f.Fuzz(func(t *testing.T, text string, mine bool) {
		c := configFile{name: "x"}
		if err := c.parse([]byte(text), mine); err != nil {
			return
		}
		for key := range c.values {
			if s, ok := settingOf(key); !ok || !mine && s.scope != byAnybody {
				t.Errorf("%q sets %q", text, key)
			}
		}
		if !mine && (len(c.aws.Accounts) > 0 || c.aws.Profile != "" || c.aws.RoleName != "" || slices.ContainsFunc(awsKeys(), func(k string) bool { return slices.Contains(c.order, k) })) {
			t.Errorf("%q touches AWS", text)
		}
	})
}
