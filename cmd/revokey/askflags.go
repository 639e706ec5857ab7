package main

import (
	"fmt"
	"time"

	"github.com/urfave/cli/v2"
)

// verifyMode says about which of its findings a scan asks AWS. As a flag it may
// stand without a value.
type verifyMode string

// The modes.
const (
	verifyOff verifyMode = "off"
	verifyOn  verifyMode = "on"  // all but canaries
	verifyOwn verifyMode = "own" // those of own accounts
)

// Set takes the mode from the command line.
func (m *verifyMode) Set(word string) error {
	switch word {
	case "true":
		word = string(verifyOn)
	case "false":
		word = string(verifyOff)
	case "off", "on", "own":
	default:
		return fmt.Errorf("%q is not one of on, own, off", word)
	}
	*m = verifyMode(word)
	return nil
}

// String returns the mode's word.
func (m *verifyMode) String() string { return string(*m) }

// IsBoolFlag lets the flag stand alone, for "on".
func (m *verifyMode) IsBoolFlag() bool { return true }

// isVerifyMode reports whether the word is one of the modes.
func isVerifyMode(word string) bool { return word == "on" || word == "off" || word == "own" }

func newVerifyMode() *verifyMode {
	mode := verifyOff
	return &mode
}

// askFlags are those of every command that asks for verdicts.
func askFlags() []cli.Flag {
	return []cli.Flag{
		&cli.DurationFlag{Name: "verify-timeout", Value: time.Hour, Usage: "ask AWS for no longer than `DURATION`; what is left is not-checked, and the exit code 2", Category: "AWS"},
	}
}

// askOptionsOf reads them, for keys of own accounts only if ownOnly.
func askOptionsOf(c *cli.Context, ownOnly bool, o awsOptions) (askOptions, error) {
	ask := askOptions{ownOnly: ownOnly, within: c.Duration("verify-timeout")}
	switch {
	case ask.within <= 0:
		return ask, usagef("--verify-timeout takes a time above 0, such as 10m")
	case ownOnly && len(o.accounts) == 0 && !o.organization:
		return ask, usagef("no account is known as yours to ask about").withHint("list yours with --account ID")
	}
	return ask, nil
}
