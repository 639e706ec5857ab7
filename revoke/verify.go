package revoke

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"
)

// VerifierOptions are what a caller may choose. The zero value asks AWS.
type VerifierOptions struct {
	// Endpoint is the URL that every question is sent to. "" is AWS's own STS, in
	// each partition that the internet reaches.
	Endpoint string
	// Timeout bounds one [Verifier.Check], retries and waits included. 0 is 30 s.
	Timeout time.Duration
}

// Verifier asks STS who a leaked credential is. Each question is logged in the
// CloudTrail of the account that owns the key, and becomes its last use. It is
// safe for concurrent use; one key ID is asked about once at a time.
type Verifier struct {
	doors   []door
	timeout time.Duration
	now     func() time.Time
	sleep   func(context.Context, time.Duration) error

	mu    sync.Mutex
	asked map[string]*history // by key ID
}

// door is the way into one partition.
type door struct {
	partition string      // "" for an endpoint that may be of any
	options   sts.Options // all but the credentials
}

// partitions are those that the internet reaches, the likeliest to hold a key
// first and the likeliest to be out of reach last; the region is one that every
// account of the partition has.
var partitions = []struct{ name, region string }{
	{"aws", "us-east-1"},
	{"aws-us-gov", "us-gov-west-1"},
	{"aws-eusc", "eusc-de-east-1"},
	{"aws-cn", "cn-north-1"},
}

// NewVerifier returns a Verifier that takes nothing from the environment but
// HTTPS_PROXY and NO_PROXY. It connects to nothing yet.
func NewVerifier(opts VerifierOptions) *Verifier {
	if opts.Timeout == 0 {
		opts.Timeout = 30 * time.Second
	}
	v := &Verifier{timeout: opts.Timeout, now: time.Now, sleep: sleep, asked: map[string]*history{}}
	base := sts.Options{HTTPClient: bareClient(opts.Timeout / 3), Retryer: newRetryer(), Logger: logging.Nop{}}
	if opts.Endpoint != "" {
		base.BaseEndpoint, base.Region = &opts.Endpoint, partitions[0].region
		v.doors = []door{{"", base}}
		return v
	}
	for _, p := range partitions {
		base.Region = p.region
		v.doors = append(v.doors, door{p.name, base})
	}
	return v
}

// Check asks STS who cred is. The account is the one that its key ID carries, or
// "" if that is not known. A canary's key and a session key without its token are
// not sent anywhere; a token beside any other key is not its, and is left out. What
// could not be learnt is Unknown with its reason.
func (v *Verifier) Check(ctx context.Context, cred aws.Credentials, account string) Verdict {
	verdict := v.check(ctx, cred, account)
	if verdict.Account == "" {
		verdict.Account = account
	}
	if IsCanaryAccount(verdict.Account) && verdict.Status != Canary {
		verdict.Status = Canary
		verdict.Reason = "its account is known for canary keys; that was not to be seen before STS was asked"
	}
	verdict.CheckedAt = v.now().UTC()
	return verdict
}

func (v *Verifier) check(ctx context.Context, cred aws.Credentials, account string) Verdict {
	switch {
	case IsCanaryAccount(account):
		return Verdict{Status: Canary, Reason: canaryReason}
	case isSession(cred.AccessKeyID) && cred.SessionToken == "":
		return Verdict{Status: NeedsToken, Reason: "a session key cannot be asked about without its session token"}
	case cred.AccessKeyID == "" || cred.SecretAccessKey == "":
		return Verdict{Reason: "STS needs both the key ID and the secret"}
	}
	if !isSession(cred.AccessKeyID) { // STS accepts a long-term key with a token nowhere
		cred.SessionToken = ""
	}
	ctx, cancel := context.WithTimeout(ctx, v.timeout)
	defer cancel()
	return v.askInTurn(ctx, v.doors, cred)
}

// askAgain asks one partition about a pair that was asked about before.
func (v *Verifier) askAgain(ctx context.Context, cred aws.Credentials, partition string) Verdict {
	ctx, cancel := context.WithTimeout(ctx, v.timeout)
	defer cancel()
	return v.askInTurn(ctx, v.into(partition), cred)
}

// into returns the doors into the partition.
func (v *Verifier) into(partition string) []door {
	return slices.DeleteFunc(slices.Clone(v.doors), func(d door) bool {
		return d.partition != "" && d.partition != partition
	})
}

// quirk is how long AWS refuses a second secret for one key ID, even the right
// one, with SignatureDoesNotMatch. Asked again later, it answers truthfully.
// Source: the experiment described in trufflehog, pkg/detectors/aws/access_keys.
const quirk = 5 * time.Second

// history is what was asked about one key ID. Holding turn is the right to ask.
type history struct {
	turn   chan struct{}
	secret [sha256.Size]byte // of the last question
	at     time.Time         // of the last question's answer
}

func (v *Verifier) history(keyID string) *history {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.asked[keyID] == nil {
		v.asked[keyID] = &history{turn: make(chan struct{}, 1)}
	}
	return v.asked[keyID]
}

// askInTurn asks when nobody else asks about the same key ID, and once more
// where the quirk may have spoken instead of AWS.
func (v *Verifier) askInTurn(ctx context.Context, doors []door, cred aws.Credentials) Verdict {
	h := v.history(cred.AccessKeyID)
	select {
	case h.turn <- struct{}{}:
		defer func() { <-h.turn }()
	case <-ctx.Done():
		return classify(ctx.Err())
	}
	before, secret := *h, sha256.Sum256([]byte(cred.SecretAccessKey))
	defer func() { h.secret, h.at = secret, v.now() }()

	doubtful := v.now().Sub(before.at) < quirk && before.secret != secret
	verdict := ask(ctx, doors, cred)
	if verdict.Status != ActiveWrongSecret || !doubtful {
		return verdict
	}
	if err := v.sleep(ctx, before.at.Add(quirk).Sub(v.now())); err != nil {
		return classify(err)
	}
	return ask(ctx, doors, cred)
}

// ask asks one partition after the other. What ends the search is any answer but
// "not accepted", also a partition that cannot be asked: then the key may be its.
func ask(ctx context.Context, doors []door, cred aws.Credentials) Verdict {
	var verdict Verdict
	var refused []string
	for _, d := range doors {
		verdict = d.ask(ctx, cred)
		if verdict.Status != NotAccepted {
			if verdict.Status == Unknown && len(refused) > 0 {
				verdict.Reason = fmt.Sprintf("not accepted in %s; in %s %s", strings.Join(refused, ", "), d.partition, verdict.Reason)
			}
			return verdict
		}
		refused = append(refused, d.partition)
	}
	verdict.Reason += where(refused) + notAccepted(cred)
	return verdict
}

// where names the partitions that were asked. An endpoint's is not known.
func where(partitions []string) string {
	if len(partitions) == 1 && partitions[0] == "" {
		return " at the endpoint, which answers for one partition only"
	}
	return " in " + strings.Join(partitions, ", ")
}

// notAccepted says what InvalidClientTokenId can mean for cred.
func notAccepted(cred aws.Credentials) string {
	if cred.SessionToken != "" {
		return ": the session's token is not this key's, or the key never existed"
	}
	return ": inactive, deleted or never existed"
}

// ask makes a client for this one question: a client's signer keeps the key that
// it derived from a secret by key ID alone, so that a second secret for the ID
// would be signed for with the first, and a wrong one be called live.
func (d door) ask(ctx context.Context, cred aws.Credentials) Verdict {
	d.options.Credentials = credentials.NewStaticCredentialsProvider(cred.AccessKeyID, cred.SecretAccessKey, cred.SessionToken)
	out, err := sts.New(d.options).GetCallerIdentity(ctx, nil)
	switch {
	case err != nil:
		return classify(err)
	case aws.ToString(out.Arn) == "" || aws.ToString(out.Account) == "":
		return Verdict{Status: Unknown, Reason: "no verdict: the answer names no identity: is there a proxy, or another endpoint?"}
	}
	id, _ := awsmiddleware.GetRequestIDMetadata(out.ResultMetadata)
	return Verdict{
		Status: Live, Reason: "STS accepts it as " + printable(*out.Arn), Proof: BySTS, RequestID: id,
		ARN: *out.Arn, Account: *out.Account, UserID: aws.ToString(out.UserId),
	}
}

// isSession reports whether the key ID is a session's. Source: the IAM user
// guide, "IAM identifiers".
func isSession(keyID string) bool { return strings.HasPrefix(keyID, "ASIA") }

// sleep waits for d or until ctx is done, and says which by ctx's error.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
