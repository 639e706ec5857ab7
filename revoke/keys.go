package revoke

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// UserKey is an access key of one of our users.
type UserKey struct {
	KeyID    string    `json:"key_id"`
	Account  string    `json:"account"`
	User     string    `json:"user"`
	Status   string    `json:"status"` // IAM's own word
	Created  time.Time `json:"created"`
	LastUsed *LastUse  `json:"last_used"` // nil: never, or not known
	Note     string    `json:"note,omitempty"`
}

// Keys lists the access keys of the users of an account that is ours; of no users,
// those of all. The account "" is the operator's own. The keys come user by user,
// and of a user in IAM's order.
func (r *Revoker) Keys(ctx context.Context, account string, users ...string) ([]UserKey, error) {
	s, account, err := r.enter(ctx, account)
	if err != nil {
		return nil, err
	}
	if len(users) == 0 {
		if users, err = s.users(ctx); err != nil {
			return nil, err
		}
	}
	var keys []UserKey
	err = each(ctx, r.opts.Workers, len(users), func(i int) ([]UserKey, error) {
		return s.userKeys(ctx, account, users[i])
	}, func(i int, found []UserKey) {
		keys = append(keys, found...)
		r.opts.OnPlan(i+1, len(users))
	})
	return keys, err
}

// enter returns the session in the account, which must be ours.
func (r *Revoker) enter(ctx context.Context, account string) (*session, string, error) {
	id, err := r.op.Identity(ctx)
	if err != nil {
		return nil, "", err
	}
	account = cmp.Or(account, id.Account)
	if !r.owns(account) {
		return nil, account, fmt.Errorf("%s", foreign(account))
	}
	s, err := r.op.in(ctx, account)
	return s, account, err
}

func (s *session) users(ctx context.Context) ([]string, error) {
	var users []string
	pages := iam.NewListUsersPaginator(listUsers(s.iam.ListUsers), nil)
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("asking IAM for the users: %w", failed("iam:ListUsers", err))
		}
		for _, u := range page.Users {
			users = append(users, aws.ToString(u.UserName))
		}
	}
	return users, nil
}

func (s *session) userKeys(ctx context.Context, account, user string) ([]UserKey, error) {
	listed, err := s.keys(ctx, user)
	if err != nil {
		return nil, err
	}
	var keys []UserKey
	for _, k := range listed {
		key := UserKey{KeyID: aws.ToString(k.AccessKeyId), Account: account, User: user, Status: string(k.Status), Created: aws.ToTime(k.CreateDate)}
		used, err := s.iam.GetAccessKeyLastUsed(ctx, &iam.GetAccessKeyLastUsedInput{AccessKeyId: k.AccessKeyId})
		if err != nil {
			key.Note = "last use not known: " + failed("iam:GetAccessKeyLastUsed", err).Error()
		} else {
			key.LastUsed = lastUse(used.AccessKeyLastUsed)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// Activate activates keys of accounts that are ours, whoever deactivated them.
// Results and error are as those of [Revoker.Apply].
func (r *Revoker) Activate(ctx context.Context, targets ...Target) ([]Result, error) {
	var steps []Planned
	for _, t := range targets {
		steps = append(steps, Planned{KeyID: t.KeyID, Account: t.Account, Action: Activate})
	}
	return r.carryOut(ctx, steps, nil, nil, func(run string, i int) (*job, error) {
		return r.activate(ctx, run, targets[i])
	})
}

func (r *Revoker) activate(ctx context.Context, run string, t Target) (*job, error) {
	key := KeyState{KeyID: t.KeyID, Account: t.Account}
	if err := r.locate(ctx, &key); err != nil {
		return stopped(key, Activate, Failed, err.Error()), nil
	}
	if refusal := r.forbidden(ctx, key, Activate); refusal != "" {
		return stopped(key, Activate, Refused, refusal), nil
	}
	key = r.Inspect(ctx, key.KeyID, key.Account)
	switch {
	case key.Verdict.Status == Live:
		return stopped(key, Activate, Refused, "already active: nothing to do"), nil
	case key.Verdict.Status != Inactive:
		return stopped(key, Activate, Refused, key.Verdict.Reason), nil
	}
	s, err := r.op.in(ctx, key.Account)
	if err != nil {
		return stopped(key, Activate, Failed, err.Error()), nil
	}
	return r.make(ctx, run, s, s.setStatus(key, Activate))
}

// Concern is why a key, or a user, is worth a look. The words are a contract.
type Concern string

// The concerns.
const (
	ConcernOld       Concern = "old"        // active for longer than AuditOptions.MaxAge
	ConcernNeverUsed Concern = "never-used" // active, of an age of MaxUnused, and never used
	ConcernUnused    Concern = "unused"     // active, and not used for MaxUnused
	ConcernTwo       Concern = "two-active" // its user has two active keys
	ConcernRoot      Concern = "root-key"   // the root user has an active key
	ConcernNoMFA     Concern = "no-mfa"     // a password without a second factor
)

// AuditOptions are what counts as too long. The zero value is 90 days.
type AuditOptions struct {
	MaxAge    time.Duration
	MaxUnused time.Duration
}

// Audited is one concern. Root is named as AWS's report names it, <root_account>.
type Audited struct {
	Concern Concern   `json:"concern"`
	Account string    `json:"account"`
	User    string    `json:"user"`
	Key     int       `json:"key,omitempty"` // 1 or 2, as the report counts: it does not tell the ID
	Since   time.Time `json:"since,omitzero"`
	Text    string    `json:"text"`
}

// rootAccount is how the credential report names the root user.
const rootAccount = "<root_account>"

// Audit looks through the account's credential report, which AWS makes anew at
// most every four hours, for keys and users that are worth a look.
func (r *Revoker) Audit(ctx context.Context, account string, opts AuditOptions) ([]Audited, time.Time, error) {
	s, account, err := r.enter(ctx, account)
	if err != nil {
		return nil, time.Time{}, err
	}
	rows, made, err := s.credentialReport(ctx, r.sleep)
	if err != nil {
		return nil, made, err
	}
	opts.MaxAge, opts.MaxUnused = cmp.Or(opts.MaxAge, kept), cmp.Or(opts.MaxUnused, kept)
	found := []Audited{}
	for _, row := range rows {
		for _, a := range row.audit(r.now(), opts) {
			a.Account, a.User = account, row["user"]
			found = append(found, a)
		}
	}
	return found, made, nil
}

// reportRow is a user's row of the credential report, by column.
type reportRow map[string]string

func (r reportRow) time(column string) time.Time {
	t, _ := time.Parse(time.RFC3339, r[column]) // N/A, no_information and the like are no time
	return t
}

func (r reportRow) audit(now time.Time, opts AuditOptions) []Audited {
	var found []Audited
	add := func(c Concern, key int, since time.Time, format string, args ...any) {
		found = append(found, Audited{Concern: c, Key: key, Since: since, Text: fmt.Sprintf(format, args...)})
	}
	root, active := r["user"] == rootAccount, 0
	for key := 1; key <= 2; key++ {
		column := func(name string) string { return fmt.Sprintf("access_key_%d_%s", key, name) }
		if !strings.EqualFold(r[column("active")], "true") {
			continue
		}
		active++
		made, used := r.time(column("last_rotated")), r.time(column("last_used_date"))
		if root {
			add(ConcernRoot, key, made, "the root user has an active key: delete it")
		}
		if !made.IsZero() && now.Sub(made) > opts.MaxAge {
			add(ConcernOld, key, made, "key %d is active since %s", key, made.Format(time.DateOnly))
		}
		switch {
		case used.IsZero() && now.Sub(made) > opts.MaxUnused:
			add(ConcernNeverUsed, key, made, "key %d, of %s, was never used", key, made.Format(time.DateOnly))
		case !used.IsZero() && now.Sub(used) > opts.MaxUnused:
			add(ConcernUnused, key, used, "key %d was last used on %s", key, used.Format(time.DateOnly))
		}
	}
	if active == 2 {
		add(ConcernTwo, 0, time.Time{}, "both keys are active")
	}
	if (root || strings.EqualFold(r["password_enabled"], "true")) && strings.EqualFold(r["mfa_active"], "false") {
		add(ConcernNoMFA, 0, time.Time{}, "it signs in without a second factor")
	}
	return found
}
