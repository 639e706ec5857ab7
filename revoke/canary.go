package revoke

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// canaryAccounts are the accounts whose keys are known to be traps: any use of
// one raises an alarm. Sources: trufflehog, pkg/detectors/aws/access_keys/canary.go
// (Thinkst's accounts, then look-alikes), and kingfisher,
// crates/kingfisher-scanner/src/validation/aws.rs (the last line). Canaries that
// live in the user's own account cannot be told by it.
var canaryAccounts = []string{
	"052310077262", "171436882533", "534261010715", "595918472158", "717712589309",
	"819147034852", "992382622183", "730335385048", "266735846894", "893192397702",
	"044858866125", "251535659677", "344043088457", "351906852752", "390477818340",
	"426127672474", "427150556519", "439872796651", "445142720921", "465867158099",
	"637958123769", "693412236332", "732624840810", "735421457923", "959235150393",
	"982842642351",
	"528757803018", "538784191382", "729780141977",
}

const (
	canaryReason     = "the account is known for canary keys: not contacted, for any use raises an alarm"
	canaryUserReason = "the user is one of the canaries: not contacted, for any use raises an alarm"
)

// IsCanaryAccount reports whether the account, in 12 digits, is publicly known
// to hold canary keys.
func IsCanaryAccount(account string) bool { return slices.Contains(canaryAccounts, account) }

// Canaries are the traps that the user knows of, beside those that are publicly
// known.
type Canaries struct {
	Accounts []string // in 12 digits
	// Users are patterns, as of [path.Match], of the users in the own accounts whose
	// keys are traps. Only the account's IAM tells whose a key is.
	Users []string
}

// inAccount reports whether the account is a canaries'.
func (c Canaries) inAccount(account string) bool {
	return IsCanaryAccount(account) || slices.Contains(c.Accounts, account)
}

// Offline is the verdict that the account alone tells, without a question: Canary, or
// the zero Verdict.
func (c Canaries) Offline(account string) Verdict {
	if !c.inAccount(account) {
		return Verdict{}
	}
	return Verdict{Status: Canary, Reason: canaryReason, Account: account}
}

// isUser reports whether the user's keys are traps. A pattern that is none
// matches nothing; [Canaries.Check] finds those.
func (c Canaries) isUser(name string) bool {
	return slices.ContainsFunc(c.Users, func(pattern string) bool {
		ok, _ := path.Match(pattern, name)
		return ok && name != ""
	})
}

// Check returns an error that names the first pattern or account that is none.
func (c Canaries) Check() error {
	for _, a := range c.Accounts {
		if len(a) != 12 || strings.Trim(a, "0123456789") != "" {
			return fmt.Errorf("canary account %q is not a number of 12 digits", a)
		}
	}
	for _, p := range c.Users {
		if _, err := path.Match(p, ""); err != nil || p == "" {
			return fmt.Errorf("canary user %q is not a pattern such as canary-*", p)
		}
	}
	return nil
}
