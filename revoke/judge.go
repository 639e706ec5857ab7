package revoke

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Case is one key to judge.
type Case struct {
	KeyID   string
	Account string // as the key ID carries it; "" asks the operator's STS, if there is one
	// Pairs are the key ID with what may be its secret, the likeliest first. STS is
	// asked about one after the other until one is right, or the answer does not
	// depend on the secret. Without any only the owner's IAM can tell. Format does
	// not show them, and pointers are all that fmt has where it does not ask Format.
	Pairs []*aws.Credentials `json:"-"`
	Lost  bool               // there are no Pairs, for the secret cannot be read again
	Hints []string           // partitions to ask first; see [PartitionHints]
}

// Format writes the key ID and the account, whatever the verb.
func (c Case) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "{%s %s}", c.KeyID, c.Account) }

// Decision is what is known of a key, from whom, and what was asked for it.
type Decision struct {
	Verdict   Verdict
	Owner     *Owner     // nil: the owner's IAM was not asked, or told nothing
	Proven    int        // the index in Case.Pairs of the pair that STS accepted; -1: none
	Exchanges []Exchange // in order; empty where an earlier answer served again
}

// JudgeOptions say who is asked, and about whose keys.
type JudgeOptions struct {
	Verifier *Verifier // asks STS
	Reader   *Revoker  // reads the owner's IAM, in the accounts that are its; nil: it is not asked
	Accounts []string  // the accounts that are ours
	OwnOnly  bool      // ask about keys of Accounts only
	Canaries Canaries
}

// Judge joins what the owner's IAM and STS tell of a key. IAM is asked first, for
// a question to STS becomes the key's last use, and a canary is told by its user.
// What was answered once is not asked again: a Judge is for one run. It is safe
// for concurrent use; one key ID is judged once at a time.
type Judge struct {
	opts JudgeOptions

	mu    sync.Mutex
	files map[string]*file // by key ID
}

// NewJudge returns a Judge that has asked nothing yet.
func NewJudge(opts JudgeOptions) *Judge {
	return &Judge{opts: opts, files: make(map[string]*file)}
}

// file is what was learnt of one key ID. Holding turn is the right to use it.
type file struct {
	turn     chan struct{}
	account  string
	state    *KeyState // what the owner's IAM told
	verdicts []told    // what STS told that will not change
	refused  *Verdict  // STS accepts the ID of a long-term key nowhere, whatever the secret
}

// told is what STS said of one secret and token, by their hash.
type told struct {
	pair    [sha256.Size]byte
	verdict Verdict
}

// take returns the key ID's file when nobody else has it.
func (j *Judge) take(ctx context.Context, keyID string) (*file, error) {
	j.mu.Lock()
	f := j.files[keyID]
	if f == nil {
		f = &file{turn: make(chan struct{}, 1)}
		j.files[keyID] = f
	}
	j.mu.Unlock()
	select {
	case f.turn <- struct{}{}:
		return f, context.Cause(ctx)
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (f *file) giveBack() { <-f.turn }

// Decide returns the verdict on one key. A key whose turn had not come when ctx
// was done is NotChecked; the reason is ctx's cause.
func (j *Judge) Decide(ctx context.Context, c Case) Decision {
	d := Decision{Proven: -1}
	f, err := j.take(ctx, c.KeyID)
	if f != nil {
		defer f.giveBack()
	}
	if err != nil {
		d.Verdict = Verdict{Reason: "not asked: " + halt(err), Account: c.Account}
		return d
	}
	var t transcript
	j.decide(WithTrace(ctx, t.add), c, f, &d)
	d.Exchanges = t.end()
	if d.Verdict.Status == Unknown && len(d.Exchanges) == 0 && ctx.Err() != nil {
		d.Verdict = Verdict{Reason: "not asked: " + halt(context.Cause(ctx))}
	}
	if d.Verdict.Account == "" {
		d.Verdict.Account = f.account
	}
	if d.Verdict.CheckedAt.IsZero() && len(d.Exchanges) > 0 {
		d.Verdict.CheckedAt = time.Now().UTC()
	}
	return d
}

// transcript is what is heard of requests until its end. The SDK fetches the
// operator's session in a goroutine of its own, which may outlast who asked for it.
type transcript struct {
	mu        sync.Mutex
	exchanges []Exchange
	ended     bool
}

func (t *transcript) add(e Exchange) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.ended {
		t.exchanges = append(t.exchanges, e)
	}
}

func (t *transcript) end() []Exchange {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ended = true
	return t.exchanges
}

// halt says why no more is asked.
func halt(cause error) string {
	if errors.Is(cause, context.Canceled) {
		return "interrupted before its turn"
	}
	return cause.Error()
}

func (j *Judge) decide(ctx context.Context, c Case, f *file, d *Decision) {
	lookup := j.locate(ctx, c, f)
	if d.Verdict = j.spared(f.account, lookup); d.Verdict.Status == Canary || d.Verdict.Reason != "" {
		return
	}
	iam := j.readIAM(ctx, c, f)
	if iam.User != "" {
		d.Owner = &iam.Owner
	}
	if d.Verdict = j.trap(c, iam, f.account); d.Verdict.Reason != "" {
		return
	}
	if proof := iam.Verdict; proof.Proof == ByIAM && proof.Status != Live {
		d.Verdict = proof // STS could not add to it, and would count as a use
		return
	}
	d.Verdict = join(iam.Verdict, j.askPairs(ctx, c, f, d))
	if user, ok := userOf(d.Verdict.ARN); ok && j.owns(d.Verdict.Account) && j.opts.Canaries.isUser(user) {
		d.Verdict.Status = Canary
		d.Verdict.Reason = "its user is one of the canaries; that was not to be seen before STS was asked"
	}
}

func (j *Judge) owns(account string) bool { return slices.Contains(j.opts.Accounts, account) }

// locate finds the account out, and returns why that failed.
func (j *Judge) locate(ctx context.Context, c Case, f *file) (failure error) {
	if f.account == "" {
		f.account = c.Account
	}
	if f.account == "" && j.opts.Reader != nil {
		f.account, failure = j.opts.Reader.op.accountOf(ctx, c.KeyID)
	}
	return failure
}

// spared is the verdict on a key that is not asked about because of its account;
// zero for any other.
func (j *Judge) spared(account string, lookup error) Verdict {
	switch {
	case j.opts.Canaries.inAccount(account):
		return Verdict{Status: Canary, Reason: canaryReason}
	case !j.opts.OwnOnly || j.owns(account):
		return Verdict{}
	case lookup != nil:
		return Verdict{Reason: "only keys of own accounts are asked about, and its account is not known: " + lookup.Error()}
	case account == "":
		return Verdict{Reason: "only keys of own accounts are asked about, and the key ID does not tell its account"}
	}
	return Verdict{Reason: fmt.Sprintf("account %s is not on the list of own accounts, and only keys of those are asked about", account)}
}

// readIAM returns what the owner's IAM tells, if it is ours to ask.
func (j *Judge) readIAM(ctx context.Context, c Case, f *file) KeyState {
	if j.opts.Reader == nil || !j.opts.Reader.owns(f.account) {
		return KeyState{}
	}
	if f.state == nil {
		state := j.opts.Reader.Inspect(ctx, c.KeyID, f.account)
		if state.Verdict.Status == Unknown && ctx.Err() != nil {
			return state
		}
		f.state = &state
	}
	return *f.state
}

// trap is the verdict on a canary of the own accounts, and on a key that may be
// one: where the user has canaries there, a key of which IAM does not tell whose it
// is is left alone. A session's user is never told.
func (j *Judge) trap(c Case, iam KeyState, account string) Verdict {
	switch {
	case iam.Verdict.Status == Canary:
		return iam.Verdict
	case len(j.opts.Canaries.Users) == 0 || !j.owns(account) || isSession(c.KeyID):
		return Verdict{}
	case iam.User != "" || iam.userless:
		return Verdict{}
	case j.opts.Reader == nil:
		return Verdict{Reason: "it may be one of the canaries: without the operator's credentials nobody tells whose it is, and STS was not asked"}
	}
	return Verdict{Status: Unknown, Reason: "it may be one of the canaries, so that STS was not asked; the owner's IAM: " + iam.Verdict.Reason}
}

// askPairs asks STS about one pair after the other.
func (j *Judge) askPairs(ctx context.Context, c Case, f *file, d *Decision) Verdict {
	verdict := Verdict{Reason: "its secret is not known, without which STS cannot be asked"}
	if c.Lost {
		verdict.Reason = "its secret cannot be read again, without which STS cannot be asked"
	}
	for i, pair := range c.Pairs {
		verdict = j.ask(ctx, c, f, *pair)
		if verdict.Status == Live {
			d.Proven = i
		}
		if verdict.Status != ActiveWrongSecret {
			if i > 0 && verdict.Status == Unknown {
				verdict.Reason += "; the key ID is active, and the likelier secrets are not its"
			}
			break
		}
	}
	return verdict
}

// ask asks STS unless it has answered already.
func (j *Judge) ask(ctx context.Context, c Case, f *file, pair aws.Credentials) Verdict {
	id := sha256.Sum256([]byte(pair.SecretAccessKey + "\x00" + pair.SessionToken))
	if i := slices.IndexFunc(f.verdicts, func(t told) bool { return t.pair == id }); i >= 0 {
		return f.verdicts[i].verdict
	}
	if f.refused != nil {
		return *f.refused
	}
	verdict := j.opts.Verifier.Check(ctx, pair, f.account, c.Hints...)
	switch {
	case verdict.Status == Unknown, verdict.Status == NotChecked:
	case verdict.Status == NotAccepted && !isSession(c.KeyID):
		f.refused = &verdict
	default:
		f.verdicts = append(f.verdicts, told{id, verdict})
	}
	return verdict
}

// join is the verdict of both, where IAM has not proven the key unusable.
func join(iam, sts Verdict) Verdict {
	switch sts.Status {
	case NotAccepted, Unknown, NotChecked:
	default:
		return sts
	}
	switch {
	case iam.Proof == ByIAM && sts.Status == NotAccepted:
		iam.Reason += ", though STS does not accept it: a change reaches STS some seconds late"
		return iam
	case iam.Proof == ByIAM:
		iam.Reason += "; " + sts.Reason
		return iam
	case iam.Reason != "":
		sts.Reason += "; the owner's IAM: " + iam.Reason
	}
	return sts
}

// userOf returns the name of the user in an ARN, without the path.
func userOf(arn string) (name string, ok bool) {
	_, name, ok = strings.Cut(arn, ":user/")
	return name[strings.LastIndexByte(name, '/')+1:], ok
}
