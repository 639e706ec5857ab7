package revoke

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/revokey-dev/revokey/revoke/localaws"
)

// intoProfile is a destination of the test's own.
func intoProfile(t *testing.T) Destination {
	return Destination{Profile: "ci", File: filepath.Join(t.TempDir(), "aws", "credentials")}
}

func mustPlanRotation(t *testing.T, r *Revoker, aim RotationAim) Rotation {
	t.Helper()
	p, err := r.PlanRotation(t.Context(), aim)
	if err != nil || p.Refusal != "" {
		t.Fatalf("%s, %v", p.Refusal, err)
	}
	return p
}

// rotates plans, carries out, and demands that all of it is proven.
func rotates(t *testing.T, r *Revoker, aim RotationAim) []Result {
	t.Helper()
	results, err := r.Rotate(t.Context(), mustPlanRotation(t, r, aim))
	if err != nil {
		t.Fatal(err)
	}
	for _, res := range results {
		if res.Outcome != Verified {
			t.Fatalf("%+v", res)
		}
	}
	return results
}

// keysOf is the user's keys as "ID Status", by their status.
func (c *cloud) keysOf(t *testing.T, r *Revoker, user string) map[string]string {
	t.Helper()
	keys, err := r.Keys(t.Context(), own, user)
	if err != nil {
		t.Fatal(err)
	}
	of := map[string]string{}
	for _, k := range keys {
		of[k.KeyID] = k.Status
	}
	return of
}

func pairIn(t *testing.T, r *Revoker, d Destination) aws.Credentials {
	t.Helper()
	d, err := d.located(r.op, own)
	if err != nil {
		t.Fatal(err)
	}
	st, err := r.storeOf(t.Context(), d, nil)
	if err != nil {
		t.Fatal(err)
	}
	cred, err := st.holds(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return cred
}

// The secret is in no line of the journal, and in nothing that is printed.
func keptSecret(t *testing.T, r *Revoker, secret string, printed ...any) {
	t.Helper()
	text, err := os.ReadFile(r.opts.Journal.path)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range printed {
		text = fmt.Appendf(text, "%v %+v %#v", p, p, p)
		j, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, j...)
	}
	if secret == "" || strings.Contains(string(text), secret) {
		t.Error("the secret is told")
	}
}

// Rotation into each kind of place: the new key is there and works, the old one is
// off, and by STS's word where the old pair was to be read.
func TestRotate(t *testing.T) {
	for _, kind := range []string{"profile", "secret"} {
		t.Run(kind, func(t *testing.T) {
			c := newCloud(t)
			r := c.revoker(t)
			old := c.AddKey(own, "ci")
			to := intoProfile(t)
			if kind == "secret" {
				to = Destination{Secret: "ci/aws", Region: "eu-central-1"}
				c.SetSecret(own, "eu-central-1", "ci/aws", `{"host":"db<1>","AWS_ACCESS_KEY_ID":"`+old.ID+`","awsSecretAccessKey":"`+old.Secret+`","n":1.50}`)
			} else {
				os.MkdirAll(filepath.Dir(to.File), 0o700)
				os.WriteFile(to.File, fmt.Appendf(nil, "# all\n[ci]\naws_access_key_id=%s\naws_secret_access_key=%s\n", old.ID, old.Secret), 0o644)
			}
			c.SetLag(300 * time.Millisecond) // longer than a busy machine takes from IAM's answer to STS
			p := mustPlanRotation(t, r, RotationAim{KeyID: old.ID, Account: own, To: to})
			results, err := r.Rotate(t.Context(), p)
			if err != nil || len(results) != 3 {
				t.Fatalf("%+v, %v", results, err)
			}
			for i, want := range []struct {
				action Action
				proof  Proof
			}{{Store, ByReading}, {Create, BySTS}, {Deactivate, BySTS}} {
				if got := results[i]; got.Action != want.action || got.Outcome != Verified || got.Proof != want.proof || got.RequestID == "" && want.action == Deactivate {
					t.Errorf("%+v, want %+v", got, want)
				}
			}
			if asked := c.asked(results[1].KeyID); !slices.Contains(asked, "GetCallerIdentity InvalidClientTokenId") || results[1].Seconds <= 0 {
				t.Errorf("AWS's lag was not waited out: %q, %v s", asked, results[1].Seconds)
			}
			pair := pairIn(t, r, to)
			if keys := c.keysOf(t, r, "ci"); len(keys) != 2 || keys[old.ID] != "Inactive" || keys[pair.AccessKeyID] != "Active" {
				t.Errorf("%v", keys)
			}
			keptSecret(t, r, pair.SecretAccessKey, p, results, r.opts.Journal.Entries())
			keptSecret(t, r, old.Secret, p, results)
			if n := len(r.opts.Journal.Interrupted()) + len(r.opts.Journal.Unfinished()); n != 0 || len(r.opts.Journal.Undoable()) != 1 {
				t.Errorf("%d left, %+v", n, r.opts.Journal.Undoable())
			}
			if kind == "secret" {
				value, versions := c.Secret(own, "eu-central-1", "ci/aws")
				if versions != 2 || !strings.Contains(value, `"host":"db<1>"`) || !strings.Contains(value, `"n":1.50`) || strings.Contains(value, "secret_access_key") {
					t.Errorf("%d versions", versions)
				}
				return
			}
			if info, err := os.Stat(to.File); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%v, %v", info, err)
			}
			if _, err := os.Stat(leftover(to.File)); err == nil {
				t.Error("the file in the making is still there")
			}
		})
	}
}

// A first key, to each kind of place.
func TestCreate(t *testing.T) {
	c := newCloud(t)
	r := c.revoker(t)
	var shown aws.Credentials
	for user, to := range map[string]Destination{
		"a": intoProfile(t), "b": {Secret: "b"}, "c": {Secret: "named", KeyIDField: "id", SecretField: "pw"}, "d": {},
	} {
		c.AddUser(own, user)
		p := mustPlanRotation(t, r, RotationAim{User: user, To: to})
		p.Show = func(cred aws.Credentials) error { shown = cred; return nil }
		results, err := r.Rotate(t.Context(), p)
		if err != nil || len(results) != 2 || results[1].Outcome != Verified {
			t.Fatalf("%s: %+v, %v", user, results, err)
		}
		if pair := pairIn(t, r, to); pair.AccessKeyID == "" && user != "d" || c.keysOf(t, r, user)[results[0].KeyID] != "Active" {
			t.Errorf("%s: %v", user, pair.AccessKeyID)
		}
		if stored := results[0]; stored.Outcome != Verified || (stored.Proof == ByReading) != (user != "d") {
			t.Errorf("%s: %+v", user, stored)
		}
	}
	if value, _ := c.Secret(own, "us-east-1", "b"); !strings.HasPrefix(value, `{"access_key_id":"AKIA`) {
		t.Error("other fields than are documented")
	}
	if value, _ := c.Secret(own, "us-east-1", "named"); !strings.HasPrefix(value, `{"id":"AKIA`) {
		t.Error("other fields than were named")
	}
	keptSecret(t, r, shown.SecretAccessKey)
}

// What stands against a rotation is said before anything is changed, with the way out.
func TestRotationRefused(t *testing.T) {
	c := newCloud(t)
	r := c.revoker(t)
	r.opts.Canaries = Canaries{Users: []string{"canary-*"}}
	one, foreign, canary := c.AddKey(own, "one"), c.AddKey(foreignAccount, "x"), c.AddKey(own, "canary-1")
	both, _ := c.AddKey(own, "both"), c.AddKey(own, "both")
	half, off := c.AddKey(own, "half"), c.AddKey(own, "half")
	c.SetStatus(off.ID, localaws.Inactive)
	offBoth := []localaws.Key{c.AddKey(own, "off"), c.AddKey(own, "off")}
	for _, k := range offBoth {
		c.SetStatus(k.ID, localaws.Inactive)
	}
	c.SetSecret(own, "us-east-1", "taken", `{"access_key_id":"`+both.ID+`","secret_access_key":"x"}`)
	c.SetSecret(own, "us-east-1", "text", "not an object")
	c.SetSecret(own, "us-east-1", "unclear", `{"user":"a","password":"b"}`)
	devnull := Destination{Profile: "ci", File: "/dev/null"}
	dangling := intoProfile(t)
	os.MkdirAll(filepath.Dir(dangling.File), 0o700)
	os.Symlink("/nowhere/x", dangling.File)
	fresh := Destination{Secret: "fresh"}
	session := c.AddSession(own, "user/one", time.Hour)
	for name, tt := range map[string]struct {
		aim  RotationAim
		want string
	}{
		"foreign":       {RotationAim{KeyID: foreign.ID, Account: foreignAccount, To: fresh}, "not on the list"},
		"canary":        {RotationAim{KeyID: canary.ID, Account: own, To: fresh}, "canar"},
		"canary user":   {RotationAim{User: "canary-9", To: fresh}, "canar"},
		"session":       {RotationAim{KeyID: session.ID, Account: own, To: fresh}, "ends by itself"},
		"own":           {RotationAim{KeyID: c.admin.ID, Account: own, To: fresh}, "only into the profile that it came from"},
		"nobody":        {RotationAim{User: "nobody", To: fresh}, "NoSuchEntity"},
		"both active":   {RotationAim{KeyID: both.ID, Account: own, To: fresh, DeleteInactive: true}, "deactivate one that nobody misses"},
		"one inactive":  {RotationAim{KeyID: half.ID, Account: own, To: fresh}, "pass --delete-inactive to delete " + off.ID},
		"both inactive": {RotationAim{User: "off", To: fresh, DeleteInactive: true}, "delete one"},
		"taken":         {RotationAim{KeyID: one.ID, Account: own, To: Destination{Secret: "taken"}}, "holds another key, " + both.ID},
		"text":          {RotationAim{KeyID: one.ID, Account: own, To: Destination{Secret: "text"}}, "no JSON object"},
		"unclear":       {RotationAim{KeyID: one.ID, Account: own, To: Destination{Secret: "unclear"}}, `it has "password", "user"`},
		"a bad name":    {RotationAim{KeyID: one.ID, Account: own, To: Destination{Secret: "a b"}}, "a secret's name"},
		"foreign ARN":   {RotationAim{KeyID: one.ID, Account: own, To: Destination{Secret: "arn:aws:secretsmanager:us-east-1:" + foreignAccount + ":secret:x"}}, "not on the list"},
		"no such ARN":   {RotationAim{KeyID: one.ID, Account: own, To: Destination{Secret: "arn:aws:secretsmanager:us-east-1:" + own + ":secret:x"}}, "by an ARN none is made"},
		"no file":       {RotationAim{KeyID: one.ID, Account: own, To: devnull}, "/dev/null is no file"},
		"dangling":      {RotationAim{KeyID: one.ID, Account: own, To: dangling}, "a link to nothing"},
		"to be shown":   {RotationAim{KeyID: one.ID, Account: own}, "into a secret or a profile"},
	} {
		p, err := r.PlanRotation(t.Context(), tt.aim)
		if err != nil || !strings.Contains(p.Refusal, tt.want) || len(p.Calls) != 0 {
			t.Errorf("%s: %q, %v", name, p.Refusal, err)
		}
		if results, err := r.Rotate(t.Context(), p); err != nil || len(results) != 1 || results[0].Outcome != Refused {
			t.Errorf("%s: %+v, %v", name, results, err)
		}
	}
	for _, action := range []string{"CreateAccessKey", "UpdateAccessKey", "DeleteAccessKey", "CreateSecret", "PutSecretValue"} {
		if c.count(action) != 0 {
			t.Errorf("%s was called", action)
		}
	}
	if len(r.opts.Journal.Entries()) != 0 || len(c.asked(foreign.ID)) != 0 {
		t.Errorf("%v", r.opts.Journal.Entries())
	}
}

// Room is made by deleting the inactive key, and no other.
func TestRotateMakesRoom(t *testing.T) {
	c := newCloud(t)
	r := c.revoker(t)
	old, off := c.AddKey(own, "ci"), c.AddKey(own, "ci")
	c.SetStatus(off.ID, localaws.Inactive)
	p := mustPlanRotation(t, r, RotationAim{KeyID: old.ID, Account: own, To: Destination{Secret: "ci"}, DeleteInactive: true})
	c.SetStatus(off.ID, localaws.Active) // somebody needs it after all
	if results, err := r.Rotate(t.Context(), p); err != nil || results[0].Outcome != Refused || c.count("DeleteAccessKey") != 0 || len(r.opts.Journal.Interrupted()) != 0 {
		t.Fatalf("%+v, %v", results, err)
	}
	c.SetStatus(off.ID, localaws.Inactive)
	results := rotates(t, r, p.Aim)
	if keys := c.keysOf(t, r, "ci"); len(keys) != 2 || keys[old.ID] != "Inactive" || results[0].Action != Delete || results[0].KeyID != off.ID {
		t.Errorf("%v, %+v", keys, results)
	}
}

// The key that signs our own calls is rotated into the profile that it came from: the
// new one signs the old one's end.
func TestRotateOwnKey(t *testing.T) {
	c := newCloud(t)
	as(t, localaws.Key{})
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"} {
		os.Unsetenv(name)
	}
	file := os.Getenv("AWS_SHARED_CREDENTIALS_FILE")
	os.WriteFile(file, fmt.Appendf(nil, "[work]\naws_access_key_id = %s\naws_secret_access_key = %s\n[other]\nregion = x\n", c.admin.ID, c.admin.Secret), 0o600)
	os.WriteFile(os.Getenv("AWS_CONFIG_FILE"), []byte("[profile work]\nregion = eu-west-1\n"), 0o600)
	op, err := NewOperator(t.Context(), OperatorOptions{Endpoint: c.url, Profile: "work"})
	if err != nil {
		t.Fatal(err)
	}
	r := NewRevoker(op, hasty(c.url, 0), RevokerOptions{
		Accounts: []string{own}, Journal: openJournal(t, t.TempDir()+"/journal.jsonl"), PollEvery: 5 * time.Millisecond, PollFor: 2 * time.Second,
	})
	if p, _ := r.PlanRotation(t.Context(), RotationAim{KeyID: c.admin.ID, Account: own, To: Destination{Profile: "other"}}); p.Refusal == "" {
		t.Error("rotated into another profile than it came from")
	}
	c.SetLag(50 * time.Millisecond)
	p := mustPlanRotation(t, r, RotationAim{KeyID: c.admin.ID, Account: own, To: Destination{Profile: "work"}})
	results, err := r.Rotate(t.Context(), p)
	if err != nil || !p.Own || len(results) != 3 || results[2].Outcome != Verified || results[2].Proof != BySTS {
		t.Fatalf("%+v, %v", results, err)
	}
	made := results[0].KeyID
	for _, req := range c.Requests() {
		if req.Action == "UpdateAccessKey" && (req.KeyID != made || req.Target != c.admin.ID) {
			t.Errorf("%+v", req)
		}
	}
	if c.count("UpdateAccessKey") != 1 {
		t.Error("not once")
	}
}

// What goes wrong on the way: no key is lost, none is left over, the old one works.
func TestRotationTrouble(t *testing.T) {
	for name, tt := range map[string]struct {
		fault   localaws.Fault
		lag     time.Duration // longer than is waited for
		secret  bool
		left    int  // active keys of the user
		resumed bool // it is left to be resumed
	}{
		"creating is throttled":           {fault: localaws.Fault{Action: "CreateAccessKey", Kind: localaws.Throttle}, left: 1},
		"creating is refused":             {fault: localaws.Fault{Action: "CreateAccessKey", Kind: localaws.HTTPError, Status: 403, Body: "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>", ContentType: "text/xml"}, left: 1},
		"creating is not answered":        {fault: localaws.Fault{Action: "CreateAccessKey", Kind: localaws.HalfBody}, left: 2, resumed: true},
		"creating is answered 500":        {fault: localaws.Fault{Action: "CreateAccessKey", Kind: localaws.EmptyBody, Status: 500}, left: 2, resumed: true},
		"storing is refused":              {fault: localaws.Fault{Action: "PutSecretValue", Kind: localaws.HTTPError, Status: 400, Body: `{"__type":"AccessDeniedException","Message":"no"}`, ContentType: "application/x-amz-json-1.1"}, secret: true, left: 1},
		"storing is not answered once":    {fault: localaws.Fault{Action: "PutSecretValue", Kind: localaws.HalfBody}, secret: true, left: 1},
		"storing is not answered":         {fault: localaws.Fault{Action: "PutSecretValue", Kind: localaws.Drop, Times: 6}, secret: true, left: 2, resumed: true},
		"the new key works late":          {lag: 500 * time.Millisecond, secret: true, left: 2, resumed: true},
		"deactivating is throttled first": {fault: localaws.Fault{Action: "UpdateAccessKey", Kind: localaws.Throttle}, left: 1},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCloud(t)
			r := c.revoker(t)
			r.opts.PollFor = 50 * time.Millisecond
			cfg := r.op.config()
			cfg.Retryer = impatient
			r.op.config = func() aws.Config { return cfg }
			old := c.AddKey(own, "ci")
			to := intoProfile(t)
			if tt.secret {
				to = Destination{Secret: "ci"}
				c.SetSecret(own, "us-east-1", "ci", `{"access_key_id":"`+old.ID+`","secret_access_key":"`+old.Secret+`"}`)
			}
			p := mustPlanRotation(t, r, RotationAim{KeyID: old.ID, Account: own, To: to})
			if c.SetLag(tt.lag); tt.lag == 0 {
				c.Inject(tt.fault)
			}
			results, err := r.Rotate(t.Context(), p)
			if err != nil {
				t.Fatal(err)
			}
			active := 0
			for _, status := range c.keysOf(t, r, "ci") {
				if status == "Active" {
					active++
				}
			}
			if active != tt.left || (len(r.opts.Journal.Interrupted()) == 1) != tt.resumed {
				t.Fatalf("%d active keys, %d interrupted, %+v", active, len(r.opts.Journal.Interrupted()), results)
			}
			if n := c.count("CreateAccessKey"); n > 1 && !strings.Contains(name, "throttled") {
				t.Errorf("the key was created %d times", n)
			}
			if !tt.resumed {
				return
			}
			c.SetLag(0)
			r.opts.PollFor = 2 * time.Second
			r.now = func() time.Time { return time.Now().Add(time.Minute) }
			rotatesOn(t, r)
			pair := pairIn(t, r, to)
			if keys := c.keysOf(t, r, "ci"); len(keys) != 2 || keys[old.ID] != "Inactive" || keys[pair.AccessKeyID] != "Active" {
				t.Errorf("resumed: %v", keys)
			}
		})
	}
}

// rotatesOn does what `revokey revoke --resume --apply` does of rotations.
func rotatesOn(t *testing.T, r *Revoker) {
	t.Helper()
	if _, err := r.Settle(t.Context()); err != nil {
		t.Error(err)
	}
	for _, begin := range r.opts.Journal.Interrupted() {
		p, err := r.RotateOn(t.Context(), begin, nil)
		if err != nil || p.Refusal != "" {
			t.Errorf("%s, %v", p.Refusal, err)
			return
		}
		results, err := r.Rotate(t.Context(), p)
		if err != nil {
			t.Error(err)
		}
		for _, res := range results {
			if res.Outcome != Verified {
				t.Errorf("%+v", res)
			}
		}
	}
	if len(r.opts.Journal.Interrupted())+len(r.opts.Journal.Unfinished()) != 0 {
		t.Errorf("%+v, %+v are left", r.opts.Journal.Interrupted(), r.opts.Journal.Unfinished())
	}
}

// A key of which it is not certain that revokey made it is not touched.
func TestOrphanInDoubt(t *testing.T) {
	c := newCloud(t)
	r := c.revoker(t)
	r.now = func() time.Time { return time.Now().Add(time.Minute) }
	for name, between := range map[string]func(user string){
		"it was used": func(user string) { c.SetAge(c.AddKey(own, user).ID, time.Second, time.Second) },
		"it is old":   func(user string) { c.SetAge(c.AddKey(own, user).ID, time.Hour, 0) },
		"there are two": func(user string) {
			c.AddKey(own, user)
			c.AddKey(own, user)
		},
	} {
		user := strings.ReplaceAll(name, " ", "-")
		c.AddUser(own, user)
		r.opts.Journal = openJournal(t, t.TempDir()+"/journal.jsonl")
		e := Entry{ID: newEntryID(), Run: "1", Time: time.Now(), Account: own, User: user, Action: Create, Phase: PhaseIntent, Operator: "x", Endpoint: r.op.endpoint}
		if err := r.opts.Journal.Append(e); err != nil {
			t.Fatal(err)
		}
		between(user)
		settled, err := r.Settle(t.Context())
		if err != nil || len(settled) != 1 || settled[0].Outcome != InDoubt || len(r.opts.Journal.Unfinished()) != 1 {
			t.Errorf("%s: %+v, %v", name, settled, err)
		}
	}
	if c.count("DeleteAccessKey") != 0 {
		t.Error("a key was deleted")
	}
}

// What Secrets Manager says of what it was sent is not repeated.
func telltale() secretsAPI {
	return secretsAPI{
		PutSecretValue: func(_ context.Context, in *secretsmanager.PutSecretValueInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.PutSecretValueOutput, error) {
			return nil, errors.New("invalid: " + *in.SecretString)
		},
		GetSecretValue: func(context.Context, *secretsmanager.GetSecretValueInput, ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error) {
			return &secretsmanager.GetSecretValueOutput{SecretString: aws.String("{}")}, nil
		},
	}
}

func TestStoreErrorsKeepTheSecret(t *testing.T) {
	cred := aws.Credentials{AccessKeyID: "x", SecretAccessKey: localaws.NewSecret(nil)}
	_, _, err := (&secretStore{Destination{Secret: "ci"}, telltale()}).put(t.Context(), cred)
	if err == nil || strings.Contains(err.Error(), cred.SecretAccessKey) {
		t.Error("the error tells the secret")
	}
	_, _, err = shownStore{func(c aws.Credentials) error { return errors.New(c.SecretAccessKey) }}.put(t.Context(), cred)
	if err == nil || strings.Contains(err.Error(), cred.SecretAccessKey) {
		t.Error("the error tells the secret")
	}
}

// The file behind a link is replaced, and one process writes it at a time; what a
// crash left is removed.
func TestProfileStore(t *testing.T) {
	dir := t.TempDir()
	real, link := filepath.Join(dir, "real"), filepath.Join(dir, "link")
	os.WriteFile(real, []byte("[a]\nx = 1\n"), 0o640)
	os.Symlink(real, link)
	os.WriteFile(leftover(real), []byte("secret"), 0o600)
	s := &profileStore{Destination: Destination{Profile: "ci", File: link}}
	if err := s.sweep(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(leftover(real)); err == nil {
		t.Error("the leftover is still there")
	}
	if err := s.ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	second := &profileStore{Destination: s.Destination}
	if err := second.ready(t.Context()); err == nil || !strings.Contains(err.Error(), "another revokey") {
		t.Errorf("%v", err)
	}
	second.close()
	if _, _, err := s.put(t.Context(), aws.Credentials{AccessKeyID: "N", SecretAccessKey: "S"}); err != nil {
		t.Fatal(err)
	}
	if err := s.close(); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Error("the link is none any more")
	}
	text, err := os.ReadFile(real)
	if err != nil || string(text) != "[a]\nx = 1\n\n[ci]\naws_access_key_id = N\naws_secret_access_key = S\n" {
		t.Errorf("%q, %v", text, err)
	}
	if info, _ := os.Stat(real); info.Mode().Perm() != 0o600 {
		t.Errorf("%v", info.Mode())
	}
}
