package revoke

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// RotationAim is what a rotation is to bring about: a new key of a user, its secret
// stored, and the old key, if there is one, off.
type RotationAim struct {
	KeyID   string      `json:"key_id,omitempty"` // the key that is replaced; "" is that one is created only
	Account string      `json:"account,omitempty"`
	User    string      `json:"user,omitempty"` // whose key is created; that of KeyID, if it is set
	To      Destination `json:"to"`
	// DeleteInactive makes room for the new key, where the user has two, by deleting
	// the one that is inactive.
	DeleteInactive bool `json:"delete_inactive,omitempty"`
}

// RotationSchema names the schema of a [Rotation]. Fields may be added to it; what is
// there keeps its name and meaning.
const RotationSchema = "revokey.rotation/v1"

// Rotation is the plan of one: what [Revoker.Rotate] would do. It may be printed and
// marshaled whole.
type Rotation struct {
	Schema   string      `json:"schema"`
	Operator Identity    `json:"operator"`
	Endpoint string      `json:"endpoint,omitempty"` // "" is AWS's own
	MadeAt   time.Time   `json:"made_at"`
	Aim      RotationAim `json:"aim"` // with what the caller left open filled in
	Keys     []UserKey   `json:"keys"`
	Holds    string      `json:"holds,omitempty"`     // the key ID that stands at the destination
	Own      bool        `json:"own,omitempty"`       // the old key signs the operator's calls until the new one does
	By       string      `json:"by,omitempty"`        // the ARN of who makes the calls
	Calls    []string    `json:"calls,omitempty"`     // in their order
	Refusal  string      `json:"refusal,omitempty"`   // why nothing is done; if set, Rotate does nothing
	Resumes  string      `json:"resumes,omitempty"`   // the interrupted run that it goes on with
	Made     string      `json:"made,omitempty"`      // the new key, which that run has stored
	Orphan   string      `json:"orphan,omitempty"`    // a key of that run whose secret is lost: it is deleted
	Over     bool        `json:"over,omitempty"`      // with the refusal: that run cannot be gone on with
	MakeRoom string      `json:"make_room,omitempty"` // the inactive key that is deleted for the new one

	// Show gets the new pair, once, where it is stored nowhere.
	Show func(aws.Credentials) error `json:"-"`
	// replaced is the old pair, if the destination holds it: STS's refusal of it is
	// the proof. It is a function for the reason that [Step] has.
	replaced func() aws.Credentials
}

func (p Rotation) refused(format string, args ...any) Rotation {
	p.Refusal, p.Calls, p.By = fmt.Sprintf(format, args...), nil, ""
	return p
}

// PlanRotation looks at the user and at the destination without changing anything.
// Its error says why the operator cannot work at all; what stands against the rotation
// is the plan's Refusal.
func (r *Revoker) PlanRotation(ctx context.Context, aim RotationAim) (Rotation, error) {
	id, err := r.op.Identity(ctx)
	if err != nil {
		return Rotation{}, err
	}
	p := Rotation{Schema: RotationSchema, Operator: id, Endpoint: r.op.endpoint, MadeAt: r.now().UTC(), Aim: aim}
	return r.lookForRotation(ctx, p), ctx.Err()
}

// lookForRotation fills in what is to be seen, and decides.
func (r *Revoker) lookForRotation(ctx context.Context, p Rotation) Rotation {
	if p.Aim.Account == "" && p.Aim.KeyID == "" {
		p.Aim.Account = p.Operator.Account
	}
	key := KeyState{KeyID: p.Aim.KeyID, Account: p.Aim.Account, Owner: Owner{User: p.Aim.User}}
	if err := r.locate(ctx, &key); err != nil {
		return p.refused("%v", err)
	}
	p.Aim.Account = key.Account
	refusal, own := r.unrotatable(ctx, key)
	if refusal != "" {
		return p.refused("%s", refusal)
	}
	if key.KeyID != "" {
		if key = r.Inspect(ctx, key.KeyID, key.Account); key.Verdict.Status != Live && key.Verdict.Status != Inactive {
			p.Over = key.Verdict.Status == Deleted
			return p.refused("%s", key.Verdict.Reason)
		}
		p.Aim.User, p.Own = key.User, own
		if r.mintedUs(ctx, key) {
			return p.refused("our own session was made with a key of this user, perhaps this one: use other credentials to rotate it")
		}
	}
	if r.opts.Canaries.isUser(p.Aim.User) {
		return p.refused("%s", canaryUserReason)
	}
	return r.lookAtUser(ctx, p)
}

// unrotatable returns why the key, or the user's next one, must not be touched, or "",
// and whether the key signs our own calls.
func (r *Revoker) unrotatable(ctx context.Context, key KeyState) (refusal string, own bool) {
	switch {
	case r.opts.Canaries.inAccount(key.Account):
		return canaryReason, false
	case !r.owns(key.Account):
		return foreign(key.Account), false
	case isSession(key.KeyID):
		return "a session key cannot be rotated: it ends by itself", false
	case key.KeyID == "":
		return "", false
	}
	own, err := r.op.signs(ctx, key.KeyID)
	if err != nil {
		return err.Error(), false
	}
	return "", own
}

func (r *Revoker) lookAtUser(ctx context.Context, p Rotation) Rotation {
	s, err := r.op.in(ctx, p.Aim.Account)
	if err != nil {
		return p.refused("%v", err)
	}
	if p.Keys, err = s.userKeys(ctx, p.Aim.Account, p.Aim.User); err != nil {
		return p.refused("%v", err)
	}
	if p.Aim.To, err = p.Aim.To.located(r.op, p.Aim.Account); err != nil {
		return p.refused("%v", err)
	}
	if p.Aim.To.shown() && p.Aim.KeyID != "" {
		return p.refused("a key is rotated into a secret or a profile: so that it is proven before the old one is off")
	}
	st, err := r.storeOf(ctx, p.Aim.To, p.Show)
	if err != nil {
		return p.refused("%v", err)
	}
	there, err := st.holds(ctx)
	if err != nil {
		return p.refused("%v", err)
	}
	p.Holds, p.By = printable(there.AccessKeyID), s.as
	if there.AccessKeyID == p.Aim.KeyID && there.SecretAccessKey != "" {
		p.replaced = func() aws.Credentials { return there }
	}
	if p.Resumes != "" {
		if p = r.whatIsMade(p); p.Refusal != "" {
			return p
		}
	}
	return r.decideRotation(ctx, p)
}

// decideRotation fills in the calls, or why there are none.
func (r *Revoker) decideRotation(ctx context.Context, p Rotation) Rotation {
	if p.Holds != "" && p.Holds != p.Aim.KeyID && p.Holds != p.Made && !p.Aim.To.Overwrite {
		return p.refused("%s holds another key, %s: name another place, or pass --overwrite", p.Aim.To, p.Holds)
	}
	if p.Own {
		if why := r.notFrom(ctx, p); why != "" {
			return p.refused("%s", why)
		}
	}
	if p.Made == "" {
		var why string
		if p.MakeRoom, why = r.room(ctx, p); why != "" {
			return p.refused("%s", why)
		}
	}
	p.Calls = p.calls()
	return p
}

// notFrom returns why the key that signs our own calls must not be rotated to the
// destination, or "": only where we took it from do we find the new one.
func (r *Revoker) notFrom(ctx context.Context, p Rotation) string {
	const why = "it signs our own calls, and can be rotated only into the profile that it came from"
	to := p.Aim.To
	if to.Profile == "" || p.Holds != p.Aim.KeyID {
		return why
	}
	for _, signer := range append(slices.Clone(r.op.below), r.op.signer) {
		cred, err := signer(ctx)
		if err != nil || cred.AccessKeyID != p.Aim.KeyID {
			continue
		}
		file, found := strings.CutPrefix(cred.Source, "SharedConfigCredentials: ") // the SDK's words
		if !found || !sameFile(file, to.File) {
			return fmt.Sprintf("%s: it came from %s", why, printable(cred.Source))
		}
	}
	return ""
}

func sameFile(a, b string) bool {
	real := func(path string) string {
		if abs, err := filepath.Abs(path); err == nil {
			path = abs
		}
		if target, err := filepath.EvalSymlinks(path); err == nil {
			path = target
		}
		return path
	}
	return real(a) == real(b)
}

// keysPerUser is IAM's quota. Inactive keys count, and it cannot be raised.
const keysPerUser = 2

// room returns the key that is to be deleted for the new one, "" where there is room,
// and why there can be none.
func (r *Revoker) room(ctx context.Context, p Rotation) (keyID, why string) {
	keys := slices.DeleteFunc(slices.Clone(p.Keys), func(k UserKey) bool { return k.KeyID == p.Orphan })
	if len(keys) < keysPerUser {
		return "", ""
	}
	var told, off []string
	for _, k := range keys {
		told = append(told, fmt.Sprintf("%s (%s, %s)", k.KeyID, k.Status, usage(k, r.now())))
		if k.Status == string(types.StatusTypeInactive) && (k.KeyID != p.Aim.KeyID || len(off) == 0) {
			off = append(off, k.KeyID)
		}
	}
	full := fmt.Sprintf("user %q has two keys, the most that IAM allows: %s", p.Aim.User, strings.Join(told, ", "))
	off = slices.DeleteFunc(off, func(id string) bool { return len(off) > 1 && id == p.Aim.KeyID })
	switch {
	case len(off) == 0:
		return "", full + ": deactivate one that nobody misses (`revokey keys deactivate`), then pass --delete-inactive"
	case len(off) > 1:
		return "", full + ": delete one (`revokey keys delete`)"
	case !p.Aim.DeleteInactive:
		return "", fmt.Sprintf("%s: pass --delete-inactive to delete %s, for good, before the new one is made", full, off[0])
	}
	return off[0], r.forbidden(ctx, KeyState{KeyID: off[0], Account: p.Aim.Account, Owner: Owner{User: p.Aim.User}}, Delete)
}

// usage says when a key was last used, for people.
func usage(k UserKey, now time.Time) string {
	switch {
	case k.Note != "":
		return k.Note
	case k.LastUsed == nil:
		return "never used"
	}
	since := now.Sub(k.LastUsed.Time).Hours()
	if since < 48 {
		return fmt.Sprintf("last used %.0f hours ago", since)
	}
	return fmt.Sprintf("last used %.0f days ago", since/24)
}

// calls are the calls to be made, in their order.
func (p Rotation) calls() []string {
	var calls []string
	add := func(format string, args ...any) { calls = append(calls, fmt.Sprintf(format, args...)) }
	remove := func(keyID string) {
		if keyID != "" {
			add("iam:DeleteAccessKey UserName=%s AccessKeyId=%s", p.Aim.User, keyID)
		}
	}
	remove(p.Orphan)
	remove(p.MakeRoom)
	if p.Made == "" {
		add("iam:CreateAccessKey UserName=%s", p.Aim.User)
		switch {
		case p.Aim.To.Secret != "" && p.Holds == "":
			add("secretsmanager:CreateSecret Name=%s, or PutSecretValue if it is there without a key", p.Aim.To.Secret)
		case p.Aim.To.Secret != "":
			add("secretsmanager:PutSecretValue SecretId=%s", p.Aim.To.Secret)
		}
	}
	add("sts:GetCallerIdentity, signed by the new key")
	if old := p.old(); old.Status == string(types.StatusTypeActive) {
		add("iam:UpdateAccessKey UserName=%s AccessKeyId=%s Status=Inactive", p.Aim.User, p.Aim.KeyID)
	}
	return calls
}

// old is the key that is replaced, as IAM shows it.
func (p Rotation) old() UserKey {
	if i := slices.IndexFunc(p.Keys, func(k UserKey) bool { return k.KeyID == p.Aim.KeyID }); i >= 0 {
		return p.Keys[i]
	}
	return UserKey{}
}

var errNoVerifier = errors.New("nothing is rotated without STS to prove the new key by")
