package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"github.com/revokey-dev/revokey/detectors"
	"github.com/revokey-dev/revokey/report"
	"github.com/revokey-dev/revokey/revoke"
	"github.com/revokey-dev/revokey/scanner"
	"github.com/revokey-dev/revokey/sweep"
	"github.com/revokey-dev/revokey/sweep/forge"
)

// sweepScanner scans the clones of a sweep.
type sweepScanner struct {
	memory   int64
	judge    *judge // nil: nobody is asked
	endpoint string // where AWS calls go; "": to AWS
}

var _ sweep.Scanner = sweepScanner{}

func scanOptionsOfRun(r sweep.Run) (o sweepScanOptions, err error) {
	if err = json.Unmarshal([]byte(r.Options), &o); err != nil {
		err = fmt.Errorf("reading the options of the run: %w", err)
	}
	return o, err
}

// Rules tells by which rules the run scans.
func (s sweepScanner) Rules(r sweep.Run) (string, error) {
	o, err := scanOptionsOfRun(r)
	return o.history(0).RulesVersion(), err
}

// refused is a repository that is there and cannot be scanned.
type refused struct{ error }

func (refused) Permanent() bool { return true }

// Scan scans a clone. What breaks in it breaks this attempt, and no more.
func (s sweepScanner) Scan(ctx context.Context, r sweep.Run, repo forge.Repository, c sweep.Clone) (found sweep.Found, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("revokey: internal error while scanning: %v", p)
		}
	}()
	o, err := scanOptionsOfRun(r)
	if err != nil {
		return found, err
	}
	opts := o.history(s.memory)
	opts.State = c.State
	history, err := openClone(ctx, c.Dir, opts)
	var no *scanner.RefusedError
	if errors.As(err, &no) || errors.Is(err, scanner.ErrNotRepository) {
		return found, refused{err}
	}
	if err != nil {
		return found, err
	}
	suspects, sum, err := search(ctx, history, o.scanner(), streams{err: io.Discard})
	if err != nil {
		return found, errors.Join(err, history.Close())
	}
	found = sweep.Found{Account: accountOf(sum, c.Dir), Close: history.Close}
	if s.judge != nil {
		found.Account.Endpoint = s.endpoint
	}
	found.Documents = func(ctx context.Context, v sweep.Verdicts) ([][]byte, error) {
		return s.documents(ctx, v, repo, suspects)
	}
	if c.State != "" && sum.Complete() {
		found.Remember = history.SaveState
	}
	return found, nil
}

// openClone opens it; a state that is not its own is dropped.
func openClone(ctx context.Context, dir string, opts scanner.HistoryOptions) (*scanner.History, error) {
	history, err := scanner.OpenHistory(ctx, dir, opts)
	var state *scanner.StateError
	if errors.As(err, &state) {
		if err := os.Remove(opts.State); err != nil {
			return nil, err
		}
		return scanner.OpenHistory(ctx, dir, opts)
	}
	return history, err
}

// accountOf is what a sweep keeps of a scan's summary. Where the clone was is nobody's business.
func accountOf(sum scanner.Summary, dir string) sweep.Account {
	a := sweep.Account{Blobs: sum.Blobs, Bytes: sum.Bytes, SkippedCount: sum.SkippedCount}
	here := strings.NewReplacer(dir+string(os.PathSeparator), "", dir, "the clone")
	for _, s := range sum.Skipped {
		reason := here.Replace(s.Reason)
		if clone, advice, ok := strings.Cut(reason, " clone: "); ok && strings.Contains(advice, "--allow-partial") { // which a sweep has not
			reason = clone + " clone: sweep a full one, made with `git clone --mirror`, or the repository's URL"
		}
		a.Skipped = append(a.Skipped, sweep.Skipped{What: here.Replace(s.What), Reason: reason})
	}
	for _, n := range sum.Notes {
		a.Notes = append(a.Notes, here.Replace(n))
	}
	return a
}

// documents asks about the suspects and returns a record for each.
func (s sweepScanner) documents(ctx context.Context, v sweep.Verdicts, repo forge.Repository, suspects []suspect) ([][]byte, error) {
	if s.judge != nil {
		if err := s.ask(ctx, v, suspects); err != nil {
			return nil, err
		}
	}
	var documents [][]byte
	for _, s := range suspects {
		s.Record.Repository = &repo.Name
		data, err := json.Marshal(s.Record)
		if err != nil {
			return nil, err
		}
		documents = append(documents, data)
	}
	return documents, nil
}

// ask has each suspect asked about by whoever of all workers comes first.
func (s sweepScanner) ask(ctx context.Context, v sweep.Verdicts, suspects []suspect) error {
	j := *s.judge
	j.recaller = scanner.NewRecaller(detectors.All())
	defer j.recaller.Close()
	limited, cancel := context.WithTimeoutCause(ctx, j.ask.within, errTimeIsUp)
	defer cancel()
	for i := range suspects {
		u := &suspects[i]
		if !askable(u.Record) {
			if reason := u.unaskable(); reason != "" && u.Verdict.Status == revoke.NotChecked {
				u.Verdict.Reason = reason
			}
			continue
		}
		answer, err := v.Once(ctx, *u.KeyID, credentialName(u.Record), func(context.Context) (json.RawMessage, error) {
			j.one(limited, u, j.hints(limited, u))
			if err := context.Cause(ctx); err != nil {
				return nil, err
			}
			if status := u.Verdict.Status; limited.Err() != nil && (status == revoke.NotChecked || status == revoke.Unknown) {
				return nil, errTimeIsUp // which is no answer for others
			}
			return json.Marshal(answerOf(u.Record))
		})
		if errors.Is(err, errTimeIsUp) {
			u.Verdict.Reason = errTimeIsUp.Error()
			continue
		}
		if err != nil {
			return fmt.Errorf("asking AWS: %w", err)
		}
		if err := takeAnswer(&u.Record, answer); err != nil {
			return err
		}
	}
	return nil
}

// askable reports whether STS, or the owner's IAM, can be asked about a credential.
func askable(r report.Record) bool {
	return suspect{Record: r}.unaskable() == "" && r.Verdict.Status != revoke.Example && r.Verdict.Status != revoke.Canary
}

// verdictAnswer is what one worker learnt for all.
type verdictAnswer struct {
	Verdict revoke.Verdict `json:"verdict"`
	Owner   *revoke.Owner  `json:"owner,omitempty"`
	Proven  string         `json:"proven,omitempty"` // the SHA-256 of the candidate that was the secret
}

func answerOf(r report.Record) verdictAnswer {
	a := verdictAnswer{Verdict: r.Verdict, Owner: r.Owner}
	for _, c := range r.Candidates {
		if c.Proven {
			a.Proven = c.SecretSHA256
		}
	}
	return a
}

func takeAnswer(r *report.Record, data []byte) error {
	var a verdictAnswer
	if err := json.Unmarshal(data, &a); err != nil {
		return fmt.Errorf("reading a verdict: %w", err)
	}
	r.Verdict, r.Owner = a.Verdict, a.Owner
	for i := range r.Candidates {
		r.Candidates[i].Proven = r.Candidates[i].SecretSHA256 == a.Proven
	}
	return nil
}

// credentialName is what a credential is called where workers agree on who asks: a hash of hashes.
func credentialName(r report.Record) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s %s %s", report.Value(r.KeyID), report.Value(r.SecretSHA256), report.Value(r.SessionTokenSHA256))
	for _, c := range r.Candidates {
		fmt.Fprintf(h, " %s", c.SecretSHA256)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// Settled reports whether a verdict of this run is known of all findings that somebody can be asked
// about, or nobody is.
func (s sweepScanner) Settled(ctx context.Context, v sweep.Verdicts, findings func(yield func([]byte) bool)) (settled bool, err error) {
	if s.judge == nil {
		return true, nil
	}
	settled = true
	findings(func(line []byte) bool {
		var r report.Record
		if err = json.Unmarshal(line, &r); err == nil && r.KeyID != nil {
			r.Reset()
			if askable(r) {
				_, settled, err = v.Answer(ctx, *r.KeyID, credentialName(r))
			}
		}
		return err == nil && settled
	})
	return settled, err
}

// defaultWorkers is how many repositories are worked on at a time: while one of them has a
// processor, others wait for a server or a disk.
func defaultWorkers() int { return min(4*runtime.GOMAXPROCS(0), 32) }
