package revoke

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/smithy-go/middleware"
)

// undeletable returns why the key must not be deleted, or "". Only what has been
// inactive for the time that the user asks for is: nobody can be missing it.
func (r *Revoker) undeletable(ctx context.Context, step Step, byIAM Verdict) string {
	switch {
	case strings.HasSuffix(step.Verdict.ARN, ":root"):
		return rootRefusal
	case byIAM.Status == Deleted:
		return "already deleted: nothing to do"
	case byIAM.Status == Live:
		return "IAM shows it Active: deactivate it first, and delete it when nobody has missed it"
	case byIAM.Status != Inactive:
		return byIAM.Reason
	case r.opts.Aim.InactiveFor <= 0:
		return ""
	}
	return r.tooFresh(ctx, step.KeyState)
}

// tooFresh returns why the key is not known to have been inactive for long enough,
// or "". IAM does not tell since when a key is inactive: our journal does.
func (r *Revoker) tooFresh(ctx context.Context, key KeyState) string {
	if r.opts.Journal == nil {
		return "since when it is inactive only the journal tells, and there is none"
	}
	e, known := r.opts.Journal.lastDone(key.KeyID, r.op.endpoint, Deactivate)
	if !known {
		return "since when it is inactive is not known, for the journal has no deactivation of it: --inactive-for 0 deletes it all the same"
	}
	since := e.Time
	if e.AWSTime.After(since) { // our clock ran behind
		since = e.AWSTime
	}
	if key.LastUsed != nil && key.LastUsed.Time.After(since.Add(usesTrickleIn)) {
		return fmt.Sprintf("it was used on %s, after revokey had deactivated it: someone reactivated it in between", key.LastUsed.Time.Format(time.RFC3339))
	}
	now, err := r.soonest(ctx)
	if err != nil {
		return err.Error()
	}
	return tooEarly(since, now, r.opts.Aim.InactiveFor)
}

func tooEarly(since, now time.Time, wait time.Duration) string {
	if due := since.Add(wait); now.Before(due) {
		return fmt.Sprintf("inactive since %s, which is less than %s: due on %s", since.Format(time.RFC3339), wait, due.Format(time.RFC3339))
	}
	return ""
}

// usesTrickleIn is how long IAM may take to show a use: last uses are some minutes
// late, and a key works for some seconds after it was deactivated.
const usesTrickleIn = time.Hour

// soonest is the earlier of AWS's time and ours: a clock of ours that runs ahead
// must not make a key old enough.
func (r *Revoker) soonest(ctx context.Context) (time.Time, error) {
	out, err := r.op.sts.GetCallerIdentity(ctx, nil)
	if err != nil {
		return time.Time{}, fmt.Errorf("asking STS for the time: %w", failed("sts:GetCallerIdentity", err))
	}
	theirs, ours := serverTime(out.ResultMetadata, nil), r.now()
	if theirs.Before(ours) {
		return theirs, nil
	}
	return ours, nil
}

// deletion returns the change that the step asks for, or why it must not be made:
// someone may have activated the key since the plan was made.
func (r *Revoker) deletion(ctx context.Context, s *session, step Step) (change, string) {
	if step.Service != "" {
		if v := s.serviceVerdict(ctx, step.KeyID); v.Status != Inactive {
			return change{}, "it is not inactive any more: " + v.Reason
		}
		return s.deletingService(step.KeyState, step.Service), ""
	}
	key := KeyState{KeyID: step.KeyID, Account: step.Account, Owner: Owner{User: step.User}}
	if err := s.readStatus(ctx, &key); err != nil {
		return change{}, err.Error()
	}
	if key.Verdict.Status != Inactive {
		return change{}, "it is not inactive any more: " + key.Verdict.Reason
	}
	return s.deleting(step.KeyState), ""
}

func (s *session) deleting(key KeyState) change {
	return change{
		key: key, action: Delete, permission: "iam:DeleteAccessKey",
		call: func(ctx context.Context) (middleware.Metadata, error) {
			out, err := s.iam.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: optional(key.User), AccessKeyId: &key.KeyID})
			if err != nil {
				return middleware.Metadata{}, err
			}
			return out.ResultMetadata, nil
		},
		seen: func(ctx context.Context) (bool, string) {
			keys, err := s.keys(ctx, key.User)
			if err != nil {
				return false, err.Error()
			}
			for _, k := range keys {
				if k.AccessKeyId != nil && *k.AccessKeyId == key.KeyID {
					return false, "IAM still lists it"
				}
			}
			return true, "IAM lists it no more"
		},
	}
}
