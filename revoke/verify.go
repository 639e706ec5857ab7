package revoke

import (
	"cmp"
	"context"
	"crypto/sha256"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"
	"golang.org/x/time/rate"
)

// VerifierOptions are what a caller may choose. The zero value asks AWS.
type VerifierOptions struct {
	// Endpoint is the URL that every question is sent to. "" is AWS's own STS, in
	// each partition.
	Endpoint string
	// Partitions narrows the partitions that are asked, of those that [Partitions]
	// names. nil is all, or of an Endpoint the one that it answers for.
	Partitions []string
	// Timeout bounds the answers to one [Verifier.Check], retries included. What is
	// spent waiting for a turn is not counted; pauses before retries are, at most
	// 15 s a partition, not either. 0 is 30 s.
	Timeout time.Duration
	// Limiter spaces the questions, and whatever else shares it. nil is no limit but
	// that of one question a second for one key ID in one partition.
	Limiter *rate.Limiter
	// Canaries are never contacted.
	Canaries Canaries
}

// Verifier asks STS who a leaked credential is. Each question is logged in the
// CloudTrail of the account that owns the key, and becomes its last use. It is
// safe for concurrent use; one key ID is asked about once at a time.
type Verifier struct {
	doors    []door
	canaries Canaries
	timeout  time.Duration
	every    time.Duration // between two questions about one key ID in one partition
	now      func() time.Time
	sleep    func(context.Context, time.Duration) error

	mu    sync.Mutex
	asked map[string]*history // by key ID
}

// door is the way into one partition.
type door struct {
	partition string      // "" for an endpoint that may be of any
	regions   []string    // to ask in; the next where STS is off in the one before
	options   sts.Options // all but the credentials
}

// NewVerifier returns a Verifier that takes nothing from the environment but
// HTTPS_PROXY and NO_PROXY. It connects to nothing yet.
func NewVerifier(opts VerifierOptions) *Verifier {
	opts.Timeout = cmp.Or(opts.Timeout, 30*time.Second)
	v := &Verifier{
		canaries: opts.Canaries, timeout: opts.Timeout, every: time.Second, now: time.Now, sleep: sleep,
		asked: map[string]*history{},
	}
	base := sts.Options{HTTPClient: bareClient(opts.Timeout / 3), Retryer: newRetryer(), Logger: logging.Nop{}}
	base.APIOptions = append(base.APIOptions, gate{opts.Limiter}.attach)
	if opts.Endpoint != "" {
		base.BaseEndpoint = &opts.Endpoint
	}
	if opts.Endpoint != "" && opts.Partitions == nil {
		v.doors = []door{{"", partitions[0].regions[:1], base}}
		return v
	}
	for _, p := range partitions {
		if opts.Partitions == nil || slices.Contains(opts.Partitions, p.name) {
			v.doors = append(v.doors, door{p.name, p.regions, base})
		}
	}
	return v
}

// Check asks STS who cred is. The account is the one that its key ID carries, or
// "" if that is not known. The partitions hinted at are asked first, then the
// others; see [PartitionHints]. A canary's key and a session key without its token
// are not sent anywhere; a token beside any other key is not its, and is left out.
// What could not be learnt is Unknown with its reason.
func (v *Verifier) Check(ctx context.Context, cred aws.Credentials, account string, hints ...string) Verdict {
	verdict := v.check(ctx, cred, account, hints)
	if verdict.Account == "" {
		verdict.Account = account
	}
	if v.canaries.inAccount(verdict.Account) && verdict.Status != Canary {
		verdict.Status = Canary
		verdict.Reason = "its account is known for canary keys; that was not to be seen before STS was asked"
	}
	verdict.CheckedAt = v.now().UTC()
	return verdict.without(cred)
}

// without returns the verdict without the pair's secret and token, which whoever answers
// knows, or was told, and may repeat: a proxy, or another endpoint.
func (v Verdict) without(cred aws.Credentials) Verdict {
	for _, field := range []*string{&v.Reason, &v.ARN, &v.Account, &v.UserID, &v.RequestID} {
		for _, secret := range []string{cred.SecretAccessKey, cred.SessionToken} {
			if secret != "" {
				*field = strings.ReplaceAll(*field, secret, "…")
			}
		}
	}
	return v
}

func (v *Verifier) check(ctx context.Context, cred aws.Credentials, account string, hints []string) Verdict {
	switch {
	case v.canaries.inAccount(account):
		return Verdict{Status: Canary, Reason: canaryReason}
	case isSession(cred.AccessKeyID) && cred.SessionToken == "":
		return Verdict{Status: NeedsToken, Reason: "a session key cannot be asked about without its session token"}
	case cred.AccessKeyID == "" || cred.SecretAccessKey == "":
		return Verdict{Reason: "STS needs both the key ID and the secret"}
	}
	if !isSession(cred.AccessKeyID) { // STS accepts a long-term key with a token nowhere
		cred.SessionToken = ""
	}
	return v.askInTurn(ctx, hinted(v.doors, hints), cred)
}

// hinted returns the doors with those first that are hinted at, in that order.
func hinted(doors []door, hints []string) []door {
	rank := func(d door) int {
		if i := slices.Index(hints, d.partition); i >= 0 {
			return i
		}
		return len(hints)
	}
	return slices.SortedStableFunc(slices.Values(doors), func(a, b door) int { return cmp.Compare(rank(a), rank(b)) })
}

// askAgain asks one partition about a pair that was asked about before.
func (v *Verifier) askAgain(ctx context.Context, cred aws.Credentials, partition string) Verdict {
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
	sent   map[string]*time.Time // the last request, by partition
	secret [sha256.Size]byte     // of the last question
	at     time.Time             // of the last question's answer
}

func (v *Verifier) history(keyID string) *history {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.asked[keyID] == nil {
		v.asked[keyID] = &history{turn: make(chan struct{}, 1), sent: map[string]*time.Time{}}
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

	left := v.timeout
	doubtful := v.now().Sub(before.at) < quirk && before.secret != secret
	verdict := v.askAll(ctx, h, &left, doors, cred)
	if verdict.Status != ActiveWrongSecret || !doubtful {
		return verdict
	}
	if err := v.sleep(ctx, before.at.Add(quirk).Sub(v.now())); err != nil {
		return classify(err)
	}
	return v.askAll(ctx, h, &left, doors, cred)
}

// askAll asks one partition after the other until one knows the key. Where one
// gives no verdict the key may be its, so that nothing is called not accepted;
// the others are asked all the same, but not behind "aws": nearly all keys are
// its, and what keeps it from answering mostly keeps the others too.
func (v *Verifier) askAll(ctx context.Context, h *history, left *time.Duration, doors []door, cred aws.Credentials) Verdict {
	var verdict Verdict
	var refused, silent []string
	for _, d := range doors {
		verdict = v.enter(ctx, h, left, d, cred)
		switch verdict.Status {
		case NotAccepted:
			refused = append(refused, d.partition)
			continue
		case Unknown:
			silent = append(silent, strings.TrimSpace("in "+d.partition)+" "+verdict.Reason)
		default:
			return verdict
		}
		if d.partition == partitions[0].name || *left <= 0 || ctx.Err() != nil {
			break
		}
	}
	return sumUp(verdict, refused, silent, cred)
}

// sumUp is the verdict where no partition knew the key: the last one's, with what
// the others said.
func sumUp(last Verdict, refused, silent []string, cred aws.Credentials) Verdict {
	switch {
	case len(silent) == 0 && len(refused) == 0:
		return Verdict{Status: Unknown, Reason: "no verdict: there is no partition to ask"}
	case len(silent) == 0:
		last.Reason += where(refused) + notAccepted(cred)
		return last
	case len(refused) == 0 && len(silent) == 1 && last.Status == Unknown:
		return last
	}
	if len(refused) > 0 {
		silent = append([]string{"not accepted in " + strings.Join(refused, ", ")}, silent...)
	}
	return Verdict{Status: Unknown, Reason: strings.Join(silent, "; "), RequestID: last.RequestID}
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

// enter asks in one partition, counting the time that is left to the check, and
// in its next region where STS is switched off in one.
func (v *Verifier) enter(ctx context.Context, h *history, left *time.Duration, d door, cred aws.Credentials) (verdict Verdict) {
	if h.sent[d.partition] == nil {
		h.sent[d.partition] = new(time.Time)
	}
	a := &asking{left: *left, every: v.every, last: h.sent[d.partition], sleep: v.sleep, now: v.now}
	defer func() { *left = a.left }()
	ctx = context.WithValue(ctx, askingKey{}, a)
	for _, region := range d.regions {
		var err error
		if verdict, err = d.ask(ctx, region, cred); errorCode(err) != regionDisabled {
			break
		}
	}
	return verdict
}

// ask makes a client for this one question: a client's signer keeps the key that
// it derived from a secret by key ID alone, so that a second secret for the ID
// would be signed for with the first, and a wrong one be called live.
func (d door) ask(ctx context.Context, region string, cred aws.Credentials) (Verdict, error) {
	d.options.Region = region
	d.options.Credentials = credentials.NewStaticCredentialsProvider(cred.AccessKeyID, cred.SecretAccessKey, cred.SessionToken)
	out, err := sts.New(d.options).GetCallerIdentity(ctx, nil)
	switch {
	case err != nil:
		return classify(err), err
	case aws.ToString(out.Arn) == "" || aws.ToString(out.Account) == "":
		return Verdict{Status: Unknown, Reason: "no verdict: the answer names no identity: is there a proxy, or another endpoint?"}, nil
	}
	id := requestIDOf(out.ResultMetadata)
	return Verdict{
		Status: Live, Reason: "STS accepts it as " + printable(*out.Arn), Proof: BySTS, RequestID: id,
		ARN: *out.Arn, Account: *out.Account, UserID: aws.ToString(out.UserId),
	}, nil
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
