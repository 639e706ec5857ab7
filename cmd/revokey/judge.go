package main

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/sourcegraph/conc/stream"

	"github.com/revokey-dev/revokey/detectors"
	"github.com/revokey-dev/revokey/report"
	"github.com/revokey-dev/revokey/revoke"
	"github.com/revokey-dev/revokey/scanner"
)

// suspect is a finding with its secret, if that is known.
type suspect struct {
	report.Record
	secret, token detectors.Secret
	candidates    []detectors.Secret // of Record.Candidates; zero where it cannot be read again
	near          []byte             // text that stands near it; nil: it is read again
	lost          bool               // what a scan found of it cannot be read again
	settled       bool               // its verdict is of an earlier run
}

// suspectOf returns what a scan found.
func suspectOf(f scanner.Finding) suspect {
	s := suspect{Record: report.NewRecord(f), secret: f.Secret, token: f.SessionToken}
	for _, c := range f.Candidates {
		s.candidates = append(s.candidates, c.Secret)
	}
	return s
}

// pair returns the credential as AWS's SDK has it; nil without its secret.
func (s suspect) pair() *aws.Credentials {
	if s.KeyID == nil || s.secret.IsZero() {
		return nil
	}
	return &aws.Credentials{
		AccessKeyID: *s.KeyID, SecretAccessKey: s.secret.Unwrap(), SessionToken: s.token.Unwrap(),
	}
}

// pairs returns the key ID with its secret, or with each that may be it, and for
// each which candidate it is.
func (s suspect) pairs() (pairs []*aws.Credentials, candidates []int) {
	if pair := s.pair(); pair != nil {
		return []*aws.Credentials{pair}, nil
	}
	for i, secret := range s.candidates {
		if !secret.IsZero() {
			pairs = append(pairs, &aws.Credentials{AccessKeyID: *s.KeyID, SecretAccessKey: secret.Unwrap()})
			candidates = append(candidates, i)
		}
	}
	return pairs, candidates
}

// spare sets the verdict of a canary of the user's own.
func (s *suspect) spare(c revoke.Canaries) {
	if v := c.Offline(report.Value(s.Account)); v.Status == revoke.Canary && s.Verdict.Status == revoke.NotChecked {
		s.Verdict = v
	}
}

// unaskable is why nobody can be asked about the suspect; "" where one can.
func (s suspect) unaskable() string {
	switch {
	case s.Kind == detectors.BearerID:
		return "the ID of a bearer token signs no request: STS cannot be asked about it"
	case s.Kind == detectors.SecretKey:
		return "a secret without its key ID cannot be asked about"
	case s.KeyID == nil:
		return "STS cannot be asked about this kind of credential"
	}
	return ""
}

// judge asks AWS about suspects.
type judge struct {
	*revoke.Judge
	ask      askOptions
	workers  int
	recaller *scanner.Recaller
}

func newJudge(ctx context.Context, o awsOptions, ask askOptions, std streams) (*judge, error) {
	opts := revoke.JudgeOptions{Verifier: o.verifier(), Accounts: o.accounts, OwnOnly: ask.ownOnly, Canaries: o.canaries}
	if len(o.accounts) > 0 || o.organization || o.profile != "" {
		reader, err := o.revoker(ctx, revoke.RevokerOptions{})
		switch {
		case errors.Is(err, revoke.ErrNoCredentials) && o.profile == "":
			std.say("the IAM of your accounts is not asked, which alone tells inactive keys from deleted ones: %s", report.Printable(err.Error()))
		case err != nil:
			return nil, err
		default:
			opts.Reader, opts.Accounts = reader, reader.Accounts()
		}
		if err == nil && len(opts.Accounts) == 0 {
			std.say("no account is known as yours: the IAM that would tell more is not asked; list yours with --account ID")
		}
	}
	return &judge{Judge: revoke.NewJudge(opts), ask: ask, workers: o.workers(), recaller: scanner.NewRecaller(detectors.All())}, nil
}

// errTimeIsUp is why the last of many are not asked about.
var errTimeIsUp = errors.New("the time for asking (--verify-timeout) was over before its turn")

// all sets the verdict of each suspect. Those whose turn had not come when ctx was
// done, or the time for asking was over, are not checked, and the error says why.
func (j *judge) all(ctx context.Context, suspects []suspect, std streams) error {
	defer j.recaller.Close()
	p := newProgress(std, "verifying", "credentials")
	defer p.done()
	p.step(0, len(suspects))
	limited, cancel := context.WithTimeoutCause(ctx, j.ask.within, errTimeIsUp)
	defer cancel()
	workers := stream.New().WithMaxGoroutines(j.workers)
	for n, i := range byPlace(suspects) {
		hints := j.hints(limited, &suspects[i])
		workers.Go(func() stream.Callback {
			j.one(limited, &suspects[i], hints)
			return func() {
				p.step(n+1, len(suspects))
			}
		})
	}
	workers.Wait()
	std.detail("verified", "credentials", len(suspects), "seconds", p.seconds())
	return j.cutShort(ctx, limited, suspects, std)
}

// byPlace returns the indexes of the suspects in the order of their first places, so that
// what stands near them is read in one go.
func byPlace(suspects []suspect) []int {
	order := make([]int, len(suspects))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		p, q := suspects[a].Record, suspects[b].Record
		if len(p.Occurrences) == 0 || len(q.Occurrences) == 0 {
			return cmp.Compare(len(p.Occurrences), len(q.Occurrences))
		}
		at, of := p.Occurrences[0], q.Occurrences[0]
		return cmp.Or(
			cmp.Compare(report.Value(p.Repository), report.Value(q.Repository)), cmp.Compare(report.Value(at.Object), report.Value(of.Object)),
			cmp.Compare(report.Value(at.Path), report.Value(of.Path)), cmp.Compare(at.Offset, of.Offset))
	})
	return order
}

// cutShort tells what was left, and is the error for it.
func (j *judge) cutShort(ctx, limited context.Context, suspects []suspect, std streams) error {
	if limited.Err() == nil {
		return nil
	}
	left := 0
	for _, s := range suspects {
		if s.unaskable() == "" && (s.Verdict.Status == revoke.NotChecked || s.Verdict.Status == revoke.Unknown) {
			left++
		}
	}
	if err := context.Cause(ctx); err != nil {
		std.say("interrupted: %d of %d credentials have no verdict; what is known is reported", left, len(suspects))
		return err
	}
	if left == 0 {
		return nil
	}
	std.say("the time for asking (%s) was over: %d of %d credentials have no verdict", j.ask.within, left, len(suspects))
	std.hint("`revokey verify --resume --from REPORT` asks for the rest, of a report in json or jsonl")
	return errIncomplete
}

// one sets the verdict of one suspect.
func (j *judge) one(ctx context.Context, s *suspect, hints []string) {
	status := s.Verdict.Status
	if s.settled || status == revoke.Example || status == revoke.Canary {
		return
	}
	if reason := s.unaskable(); reason != "" {
		s.Verdict = revoke.Verdict{Reason: reason}
		return
	}
	pairs, candidates := s.pairs()
	d := j.Decide(ctx, revoke.Case{KeyID: *s.KeyID, Account: report.Value(s.Account), Pairs: pairs, Lost: s.lost, Hints: hints})
	s.Verdict, s.Owner = d.Verdict, d.Owner
	if d.Proven >= 0 && candidates != nil {
		s.Candidates[candidates[d.Proven]].Proven = true
	}
	if j.ask.explain {
		s.Explanation = append([]revoke.Exchange{}, d.Exchanges...)
	}
}

const (
	// nearby is how many bytes before and after a key are searched for hints: a
	// profile, or a block of configuration.
	nearby = 2 << 10
	// hintedPlaces is how many places of a key are looked at.
	hintedPlaces = 3
)

// hints returns the partitions that stand near the suspect, or in what it claims.
func (j *judge) hints(ctx context.Context, s *suspect) []string {
	if ctx.Err() != nil || s.settled || s.unaskable() != "" || s.Verdict.Status != revoke.NotChecked {
		return nil
	}
	text := append([]byte{}, s.near...)
	if s.Claims != nil {
		text = append(text, report.Value(s.Claims.Region)...)
	}
	for _, o := range s.Occurrences[:min(len(s.Occurrences), hintedPlaces)] {
		repository, err := readableFrom(s.Record, o)
		if place, placeErr := o.Place(); err == nil && placeErr == nil && repository != "" {
			text = append(append(text, '\n'), j.recaller.Near(repository, place, nearby)...)
		}
	}
	return revoke.PartitionHints(text)
}

// summarise counts the suspects into the summary and returns their records.
func summarise(suspects []suspect, sum *report.Summary) []report.Record {
	records := make([]report.Record, 0, len(suspects))
	for _, s := range suspects {
		sum.Count(s.Record)
		records = append(records, s.Record)
	}
	return records
}

// askOptions say about which keys AWS is asked, for how long, and what is told.
type askOptions struct {
	ownOnly bool
	explain bool
	within  time.Duration
}
