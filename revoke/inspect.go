package revoke

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// KeyState is what the owner account's IAM shows of a key. It holds no secret.
type KeyState struct {
	KeyID   string `json:"key_id"`
	Account string `json:"account,omitempty"`
	// Verdict is the status now. Where IAM is the proof, Live means that IAM shows
	// the key Active: whoever knows its secret can use it.
	Verdict Verdict `json:"verdict"`
	Owner

	userless bool // IAM says that no user has it
}

// Owner is whose a key is, and how it stands there.
type Owner struct {
	AccountName string    `json:"account_name,omitempty"` // in the organization; "" where the operator cannot see it
	User        string    `json:"user,omitempty"`
	Created     time.Time `json:"created,omitzero"`
	LastUsed    *LastUse  `json:"last_used,omitempty"` // nil: never, or not known
	Siblings    []Sibling `json:"siblings,omitempty"`  // the user's other keys, as IAM lists them
	// Quarantine names the policies by which AWS marks a user whose key it saw
	// leak. Empty means none, unless a note says that they could not be read.
	Quarantine []string `json:"quarantine,omitempty"`
	Notes      []string `json:"notes,omitempty"` // what could not be read, and why
}

// LastUse is a key's last use before we asked, as IAM keeps it: since April 2015,
// and some minutes late.
type LastUse struct {
	Time    time.Time `json:"time"`
	Service string    `json:"service"`
	Region  string    `json:"region"`
}

// Sibling is another key of the same user, with IAM's own status word.
type Sibling struct {
	KeyID   string    `json:"key_id"`
	Status  string    `json:"status"`
	Created time.Time `json:"created,omitzero"`
}

// Inspect asks IAM about a key whose secret need not be known. The account is the
// one that its ID carries; for "" STS is asked. Accounts that are not ours, and
// canaries', are asked nothing: the verdict then says so. What could not be learnt
// is Unknown with its reason. Inspect is safe for concurrent use.
func (r *Revoker) Inspect(ctx context.Context, keyID, account string) KeyState {
	state := KeyState{KeyID: keyID, Account: account}
	switch err := r.locate(ctx, &state); {
	case err != nil:
		state.Verdict = Verdict{Status: Unknown, Reason: err.Error()}
	case r.opts.Canaries.inAccount(state.Account):
		state.Verdict = Verdict{Status: Canary, Reason: canaryReason}
	case !r.owns(state.Account):
		state.Verdict = Verdict{Reason: foreign(state.Account)}
	case isSession(keyID):
		state.Verdict = Verdict{Reason: "IAM keeps no status of session keys"}
	default:
		r.inspect(ctx, &state)
	}
	state.Verdict.Account, state.Verdict.CheckedAt = state.Account, r.now().UTC()
	return state
}

// locate fills in the account.
func (r *Revoker) locate(ctx context.Context, state *KeyState) (err error) {
	if state.Account == "" {
		state.Account, err = r.op.accountOf(ctx, state.KeyID)
	}
	return err
}

func (r *Revoker) inspect(ctx context.Context, state *KeyState) {
	s, err := r.op.in(ctx, state.Account)
	if err == nil {
		err = s.read(ctx, state)
	}
	switch {
	case r.opts.Canaries.isUser(state.User): // who it is may be all that could be read
		state.Verdict = Verdict{Status: Canary, Reason: canaryUserReason}
	case err != nil:
		state.Verdict = Verdict{Status: Unknown, Reason: err.Error()}
		return
	}
	state.AccountName = r.op.accountName(ctx, state.Account)
}

// read asks IAM for all that state has room for.
func (s *session) read(ctx context.Context, state *KeyState) error {
	used, err := s.iam.GetAccessKeyLastUsed(ctx, &iam.GetAccessKeyLastUsedInput{AccessKeyId: &state.KeyID})
	if errorCode(err) == "NoSuchEntity" {
		state.userless, state.Verdict = true, s.absent(ctx)
		return nil
	}
	if err != nil {
		return fmt.Errorf("asking IAM who has %s: %w", state.KeyID, failed("iam:GetAccessKeyLastUsed", err))
	}
	if state.User = aws.ToString(used.UserName); state.User == "" {
		state.userless = true
		state.Verdict = Verdict{Status: Unknown, Reason: "IAM names no user for it: " + perhapsRoot}
		return nil
	}
	state.LastUsed = lastUse(used.AccessKeyLastUsed)
	if err := s.readStatus(ctx, state); err != nil {
		return err
	}
	s.readQuarantine(ctx, state)
	return nil
}

func lastUse(u *types.AccessKeyLastUsed) *LastUse {
	if u == nil || u.LastUsedDate == nil {
		return nil
	}
	return &LastUse{*u.LastUsedDate, aws.ToString(u.ServiceName), aws.ToString(u.Region)}
}

const perhapsRoot = "it may be a root key, which IAM shows to nobody but root"

// absent is the verdict on a key that IAM does not know. That is how IAM answers
// for a root key too (so does versitygw, which was compared with AWS), and that
// may be live: only an account without root keys proves a deletion.
func (s *session) absent(ctx context.Context) Verdict {
	out, err := s.iam.GetAccountSummary(ctx, nil)
	if err != nil {
		return Verdict{Status: Unknown, Reason: fmt.Sprintf("no user has it: deleted, or a root key; telling which: %v", failed("iam:GetAccountSummary", err))}
	}
	if n, told := out.SummaryMap[string(types.SummaryKeyTypeAccountAccessKeysPresent)]; n != 0 || !told {
		return Verdict{Status: Unknown, Reason: "no user has it, and the account has root keys: " + perhapsRoot}
	}
	return Verdict{Status: Deleted, Proof: ByIAM, Reason: "no user has it, and the account has no root key: deleted, or never existed"}
}

// keys returns the user's keys.
func (s *session) keys(ctx context.Context, user string) ([]types.AccessKeyMetadata, error) {
	var keys []types.AccessKeyMetadata
	pages := iam.NewListAccessKeysPaginator(listAccessKeys(s.iam.ListAccessKeys), &iam.ListAccessKeysInput{UserName: optional(user)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("asking IAM for the keys of user %q: %w", user, failed("iam:ListAccessKeys", err))
		}
		keys = append(keys, page.AccessKeyMetadata...)
	}
	return keys, nil
}

// readStatus sorts the user's keys into the one asked about and its siblings.
func (s *session) readStatus(ctx context.Context, state *KeyState) error {
	keys, err := s.keys(ctx, state.User)
	if err != nil {
		return err
	}
	state.Verdict = Verdict{Status: Unknown, Reason: fmt.Sprintf("IAM says that it is user %q's, but lists it no more", state.User)}
	for _, k := range keys {
		if aws.ToString(k.AccessKeyId) == state.KeyID {
			state.Created, state.Verdict = aws.ToTime(k.CreateDate), shown(k.Status)
			continue
		}
		state.Siblings = append(state.Siblings, Sibling{aws.ToString(k.AccessKeyId), string(k.Status), aws.ToTime(k.CreateDate)})
	}
	return nil
}

// shown is the verdict on a key that IAM shows with the status.
func shown(status types.StatusType) Verdict {
	v := Verdict{Proof: ByIAM, Reason: "IAM shows it " + printable(string(status))}
	switch status {
	case types.StatusTypeActive:
		v.Status = Live
	case types.StatusTypeInactive:
		v.Status = Inactive
	default:
		v.Status, v.Proof = Unknown, ""
	}
	return v
}

// quarantinePolicy begins the names of AWS's quarantine policies, V1 to V4 so far.
const quarantinePolicy = "AWSCompromisedKeyQuarantine"

// readQuarantine reads the names of the user's attached policies: 20 at most, but IAM may
// answer with fewer on a page than there are.
func (s *session) readQuarantine(ctx context.Context, state *KeyState) {
	pages := iam.NewListAttachedUserPoliciesPaginator(listAttachedUserPolicies(s.iam.ListAttachedUserPolicies), &iam.ListAttachedUserPoliciesInput{UserName: &state.User})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			state.Notes = append(state.Notes, fmt.Sprintf("quarantine not known: %v", failed("iam:ListAttachedUserPolicies", err)))
			return
		}
		for _, p := range page.AttachedPolicies {
			if name := aws.ToString(p.PolicyName); strings.HasPrefix(name, quarantinePolicy) {
				state.Quarantine = append(state.Quarantine, name)
			}
		}
	}
}
