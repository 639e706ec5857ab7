package revoke

import (
	"fmt"
	"slices"
	"time"
)

// Status is what is known of a credential. The zero Status is [NotChecked], so
// that a forgotten case never reads as "dead".
type Status int

// The statuses. Their words are a contract that scripts depend on.
const (
	NotChecked        Status = iota // nobody asked
	Live                            // STS accepted the pair, or IAM shows the key Active
	ActiveWrongSecret               // the key ID is active, but this is not its secret
	NotAccepted                     // STS accepts the key ID nowhere: inactive, deleted or never existed
	Inactive                        // IAM shows the key Inactive: one call away from live
	Deleted                         // the owner's IAM holds no such key
	Expired                         // a session whose time is over
	NeedsToken                      // a session key without its token: cannot be asked
	Canary                          // of a canary's account: not contacted
	Example                         // documented by AWS; said by the caller, never by this package
	Unknown                         // asked without a conclusive answer; the reason says why
)

var statusWords = []string{
	NotChecked: "not-checked", Live: "live", ActiveWrongSecret: "active-wrong-secret",
	NotAccepted: "not-accepted", Inactive: "inactive", Deleted: "deleted", Expired: "expired",
	NeedsToken: "needs-token", Canary: "canary", Example: "example", Unknown: "unknown",
}

// String returns the status word, as reports and scripts know it.
func (s Status) String() string {
	if s < 0 || int(s) >= len(statusWords) {
		return fmt.Sprintf("Status(%d)", int(s))
	}
	return statusWords[s]
}

// MarshalText returns the status word, and an error for a value that has none.
func (s Status) MarshalText() ([]byte, error) {
	if s < 0 || int(s) >= len(statusWords) {
		return nil, fmt.Errorf("marshaling %v: not a status", s)
	}
	return []byte(s.String()), nil
}

// UnmarshalText sets s from its word. An unknown word is an error, and leaves s
// as it was.
func (s *Status) UnmarshalText(text []byte) error {
	i := slices.Index(statusWords, string(text))
	if i < 0 {
		return fmt.Errorf("reading status: %q is not one of %v", text, statusWords)
	}
	*s = Status(i)
	return nil
}

// Proof is on whose word a [Verdict] or a [Result] rests.
type Proof string

// The proofs. A conclusion that rests on neither has the empty Proof.
const (
	BySTS Proof = "sts" // STS answered to the leaked pair itself
	ByIAM Proof = "iam" // the owner account's IAM shows it
	// ByReading is that a new key was read back from where it was stored.
	ByReading Proof = "read-back"
)

// Verdict is what is known of one credential, and why. It holds no secret.
type Verdict struct {
	Status    Status    `json:"status"`
	Reason    string    `json:"reason,omitempty"` // one sentence for people; may change
	ARN       string    `json:"arn,omitempty"`    // whose key it is, as STS told
	Account   string    `json:"account,omitempty"`
	UserID    string    `json:"user_id,omitempty"`
	Proof     Proof     `json:"proof,omitempty"`
	RequestID string    `json:"request_id,omitempty"` // AWS's, of the answer that decided
	CheckedAt time.Time `json:"checked_at,omitzero"`  // by our clock
}
