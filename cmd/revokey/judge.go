package main

import (
	"context"
	"fmt"

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

// judge asks AWS about suspects.
type judge struct {
	verifier *revoke.Verifier
	revoker  *revoke.Revoker // nil: no accounts are ours, whose IAM could be asked
}

// questionsAtATime bounds the questions under way: STS answers within some
// 100 ms, and throttles an account at hundreds a second.
const questionsAtATime = 4

func newJudge(ctx context.Context, o awsOptions) (*judge, error) {
	j := &judge{verifier: o.verifier()}
	if len(o.accounts) == 0 {
		return j, nil
	}
	var err error
	j.revoker, err = o.revoker(ctx, revoke.RevokerOptions{})
	return j, err
}

// all sets the verdict of each suspect. When ctx is done, those that were not
// asked about are unknown, and its error is returned.
func (j *judge) all(ctx context.Context, suspects []suspect, std streams) error {
	p := newProgress(std)
	defer p.done()
	workers := stream.New().WithMaxGoroutines(questionsAtATime)
	for i := range suspects {
		workers.Go(func() stream.Callback {
			verdict := j.askSTS(ctx, &suspects[i])
			return func() {
				suspects[i].Verdict = verdict
				j.askIAM(ctx, &suspects[i])
				p.step(i+1, len(suspects), fmt.Sprintf("of %d credentials verified", len(suspects)))
			}
		})
	}
	workers.Wait()
	return context.Cause(ctx)
}

// askSTS returns what STS says of the pair, or why it cannot be asked.
func (j *judge) askSTS(ctx context.Context, s *suspect) revoke.Verdict {
	status := s.Verdict.Status
	switch pair := s.pair(); {
	case status == revoke.Example || status == revoke.Canary:
		return s.Verdict
	case s.Kind == detectors.BearerID:
		return revoke.Verdict{Reason: "the ID of a bearer token signs no request: STS cannot be asked about it"}
	case s.Kind == detectors.SecretKey:
		return revoke.Verdict{Reason: "a secret without its key ID cannot be asked about"}
	case s.KeyID == nil:
		return revoke.Verdict{Reason: "STS cannot be asked about this kind of credential"}
	case pair == nil && len(s.candidates) > 0:
		return j.askCandidates(ctx, s)
	case pair == nil:
		return revoke.Verdict{Reason: "its secret is not known, without which STS cannot be asked"}
	default:
		return j.verifier.Check(ctx, *pair, report.Value(s.Account))
	}
}

// askCandidates asks about the ID with one secret after the other, the nearest first, until
// one is right, or the answer does not depend on the secret.
func (j *judge) askCandidates(ctx context.Context, s *suspect) revoke.Verdict {
	verdict := revoke.Verdict{Reason: "what may be its secret cannot be read again, without which STS cannot be asked"}
	for i, secret := range s.candidates {
		if secret.IsZero() {
			continue
		}
		pair := aws.Credentials{AccessKeyID: *s.KeyID, SecretAccessKey: secret.Unwrap()}
		verdict = j.verifier.Check(ctx, pair, report.Value(s.Account))
		if verdict.Status == revoke.Live {
			s.Candidates[i].Proven = true
		}
		if verdict.Status != revoke.ActiveWrongSecret {
			break
		}
	}
	return verdict
}

// askIAM asks the owner's IAM where STS alone could not tell, and the owner is us.
func (j *judge) askIAM(ctx context.Context, s *suspect) {
	if j.revoker == nil || s.KeyID == nil || s.Kind == detectors.BearerID {
		return
	}
	switch s.Verdict.Status {
	case revoke.NotAccepted, revoke.NotChecked, revoke.Unknown:
		told := j.revoker.Inspect(ctx, *s.KeyID, report.Value(s.Account)).Verdict
		if told.Proof == revoke.ByIAM {
			told.Reason += "; " + s.Verdict.Reason
			s.Verdict = told
		} else if told.Reason != "" {
			s.Verdict.Reason += "; the owner's IAM: " + told.Reason
		}
	}
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
