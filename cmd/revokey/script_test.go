package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/revokey-dev/revokey/leaktest"
	"github.com/revokey-dev/revokey/revoke/localaws"
)

func TestMain(m *testing.M) {
	testscript.Main(leaktest.Over(m), map[string]func(){"revokey": main, "revokey-manual": manualMain, "nats-of-tests": natsOfTests})
}

// The accounts of the scripts: ours, another that trusts us by a role, and one
// that is none of our business.
const (
	ourAccount     = "111122223333"
	memberAccount  = "444455556666"
	foreignAccount = "777788889999"
	canaryAccount  = "052310077262"
)

// scripted is what one script has to itself.
type scripted struct {
	aws  *localaws.Server
	keys map[string]localaws.Key
}

// TestScripts runs testdata/script: the command as users meet it, against real
// repositories and an AWS of each script's own. docs of the commands that only
// the scripts have: testdata/script/README.md.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "../../testdata/script",
		Setup:               setUp,
		RequireExplicitExec: true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		Cmds:                scriptCommands(),
	})
}

// scriptCommands are those that only the scripts have.
func scriptCommands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"code":     cmdCode,
		"mkkey":    cmdMkkey,
		"fill":     cmdFill,
		"keystat":  cmdKeystat,
		"fault":    cmdFault,
		"awssaw":   cmdAWSSaw,
		"awscount": cmdAWSCount,
		"absent":   cmdAbsent,
		"damage":   cmdDamage,
		"trail":    cmdTrail,
		"alter":    cmdAlter,
		"adopt":    cmdAdopt,
		"secret":   cmdSecret,
	}
}

func setUp(env *testscript.Env) error {
	s := &scripted{aws: localaws.New(localaws.Options{}), keys: make(map[string]localaws.Key)}
	url, err := s.aws.Start()
	if err != nil {
		return err
	}
	env.Defer(func() { s.aws.Close() })
	s.aws.AddAdmin(ourAccount, "admin")
	s.aws.AddRole(memberAccount, "Responder", ourAccount)
	admin := s.aws.AddKey(ourAccount, "admin")
	s.keys["admin"] = admin
	env.Values["scripted"] = s
	credentials := filepath.Join(env.WorkDir, "operator")
	profile := fmt.Sprintf("[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n", admin.ID, admin.Secret)
	if err := os.WriteFile(credentials, []byte(profile), 0o600); err != nil {
		return err
	}
	for name, value := range map[string]string{
		"AWS": url, "OURS": ourAccount, "MEMBER": memberAccount, "admin": admin.ID,
		"HOME": env.WorkDir, "XDG_CONFIG_HOME": filepath.Join(env.WorkDir, "config"), "XDG_STATE_HOME": filepath.Join(env.WorkDir, "state"),
		"AWS_SHARED_CREDENTIALS_FILE": credentials, "AWS_CONFIG_FILE": os.DevNull, "AWS_EC2_METADATA_DISABLED": "true",
		"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": filepath.Join(env.WorkDir, ".gitconfig"), // not os.DevNull: who is root would replace it by a file
		"GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.com", "GIT_AUTHOR_DATE": "2024-05-06T07:08:09Z",
		"GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.com", "GIT_COMMITTER_DATE": "2024-05-06T07:08:09Z",
	} {
		env.Setenv(name, value)
	}
	return nil
}

func of(ts *testscript.TestScript) *scripted { return ts.Value("scripted").(*scripted) }

// cmdCode runs a program and checks its exit code: code N PROGRAM [ARG…].
func cmdCode(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if (got == want) == neg {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// cmdMkkey makes a key: mkkey NAME KIND. $NAME is its ID from then on, and fill
// knows its secret. KIND is who has it and how it stands.
func cmdMkkey(ts *testscript.TestScript, neg bool, args []string) {
	s, name, kind := of(ts), args[0], args[1]
	var k localaws.Key
	switch kind {
	case "ours":
		k = s.aws.AddKey(ourAccount, name)
	case "inactive":
		k = s.aws.AddKey(ourAccount, name)
		s.aws.SetStatus(k.ID, localaws.Inactive)
	case "deleted":
		k = s.aws.AddKey(ourAccount, name)
		s.aws.DeleteKey(k.ID)
	case "member":
		k = s.aws.AddKey(memberAccount, name)
	case "foreign":
		k = s.aws.AddKey(foreignAccount, name)
	case "ancient": // whose ID hides its account
		k = localaws.Key{ID: "AKIAJ" + localaws.NewKeyID(nil, localaws.PrefixKey, ourAccount)[5:19] + "A", Secret: localaws.NewSecret(nil), Account: ourAccount, User: name}
		s.aws.ImportKey(k, localaws.Active)
	case "root":
		k = s.aws.AddKey(ourAccount, "root")
	case "admin":
		s.aws.AddAdmin(ourAccount, name)
		k = s.aws.AddKey(ourAccount, name)
	case "memberroot":
		s.aws.SetOrganization(ourAccount, map[string]string{ourAccount: "main", memberAccount: "payments"})
		k = s.aws.AddKey(memberAccount, "root")
	case "bedrock":
		alias := "BedrockAPIKey-a1b2-at-" + ourAccount
		k = localaws.Key{ID: s.aws.AddServiceCredential(ourAccount, name, "bedrock.amazonaws.com", alias)}
		k.Secret = "ABSK" + base64.StdEncoding.EncodeToString([]byte(alias+":"+localaws.NewSecret(nil)+localaws.NewSecret(nil)))
	case "canary":
		k = s.aws.AddKey(canaryAccount, name)
	case "session":
		s.aws.AddRole(ourAccount, "ci")
		k = s.aws.AddSession(ourAccount, "assumed-role/ci/"+name, time.Hour)
	case "invented":
		k = localaws.Key{ID: localaws.NewKeyID(nil, "AKIA", ourAccount), Secret: localaws.NewSecret(nil)}
	case "example": // of AWS's documentation, in halves
		k = localaws.Key{ID: "AKIAIOSFODNN7" + "EXAMPLE", Secret: "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKEY"}
	default:
		ts.Fatalf("no kind of key %q", kind)
	}
	s.keys[name] = k
	ts.Setenv(name, k.ID)
}

var placeholder = regexp.MustCompile(`\{\{(\w+)\.(id|secret|token)\}\}`)

// cmdFill puts keys in the place of {{NAME.id}}, {{NAME.secret}} and
// {{NAME.token}}: fill FILE….
func cmdFill(ts *testscript.TestScript, neg bool, args []string) {
	for _, file := range args {
		filled := placeholder.ReplaceAllStringFunc(ts.ReadFile(file), func(p string) string {
			part := placeholder.FindStringSubmatch(p)
			k, ok := of(ts).keys[part[1]]
			if !ok {
				ts.Fatalf("%s: no key %q", file, part[1])
			}
			return map[string]string{"id": k.ID, "secret": k.Secret, "token": k.SessionToken}[part[2]]
		})
		ts.Check(os.WriteFile(ts.MkAbs(file), []byte(filled), 0o600))
	}
}

// cmdKeystat sets a key's status as somebody else would: keystat NAME active|inactive.
func cmdKeystat(ts *testscript.TestScript, neg bool, args []string) {
	status := localaws.Active
	if args[1] == "inactive" {
		status = localaws.Inactive
	}
	of(ts).aws.SetStatus(of(ts).keys[args[0]].ID, status)
}

// cmdFault makes AWS misbehave at every ACTION, or at any, or at the next TIMES:
// fault ACTION throttle|drop|proxy [TIMES].
func cmdFault(ts *testscript.TestScript, neg bool, args []string) {
	f := localaws.Fault{Times: -1}
	if len(args) > 2 {
		var err error
		f.Times, err = strconv.Atoi(args[2])
		ts.Check(err)
	}
	if args[0] != "any" {
		f.Action = args[0]
	}
	switch args[1] {
	case "throttle":
		f.Kind = localaws.Throttle
	case "drop":
		f.Kind = localaws.Drop
	case "denied": // as services answer that speak JSON
		f.Kind, f.Status, f.ContentType, f.Body = localaws.HTTPError, 400, "application/x-amz-json-1.1", `{"__type":"AccessDeniedException","Message":"no"}`
	case "proxy":
		f.Kind, f.Status, f.ContentType, f.Body = localaws.HTTPError, 403, "text/html", "<html>Access denied by policy</html>"
	}
	of(ts).aws.Inject(f)
}

// cmdAWSSaw checks whether AWS got a request of ACTION, from or about the key
// NAME if one is given: [!] awssaw ACTION [NAME]. The action "any" is all.
func cmdAWSSaw(ts *testscript.TestScript, neg bool, args []string) {
	saw := slices.ContainsFunc(of(ts).aws.Requests(), func(r localaws.Request) bool {
		if args[0] != "any" && r.Action != args[0] {
			return false
		}
		return len(args) == 1 || slices.Contains([]string{r.KeyID, r.Target}, of(ts).keys[args[1]].ID)
	})
	if saw == neg {
		ts.Fatalf("AWS saw %v", of(ts).aws.Requests())
	}
}

// cmdAWSCount checks how many requests of ACTION AWS got: awscount ACTION N.
func cmdAWSCount(ts *testscript.TestScript, neg bool, args []string) {
	n := 0
	for _, r := range of(ts).aws.Requests() {
		if r.Action == args[0] {
			n++
		}
	}
	if (strconv.Itoa(n) == args[1]) == neg {
		ts.Fatalf("AWS got %d of %s", n, args[0])
	}
}

// cmdAbsent checks that no file, nor what the last program printed, holds the
// secret of any key: absent FILE….
func cmdAbsent(ts *testscript.TestScript, neg bool, args []string) {
	for _, file := range append([]string{"stdout", "stderr"}, args...) {
		content := ts.ReadFile(file)
		for name, k := range of(ts).keys {
			for _, secret := range []string{k.Secret, k.SessionToken} {
				if secret != "" && strings.Contains(content, secret) {
					ts.Fatalf("%s holds the secret of %s", file, name)
				}
			}
		}
	}
}

// cmdAdopt gives a NAME to the newest key of the user, which the command has made, so
// that absent knows its secret: adopt NAME USER.
func cmdAdopt(ts *testscript.TestScript, neg bool, args []string) {
	keys := of(ts).aws.KeysOf(ourAccount, args[1])
	if len(keys) == 0 {
		ts.Fatalf("user %s has no key", args[1])
	}
	k := keys[len(keys)-1]
	of(ts).keys[args[0]] = k
	ts.Setenv(args[0], k.ID)
}

// cmdSecret checks that our secret in us-east-1 holds the key NAME; with a third
// argument, its value is set to what that file holds: secret SECRET NAME [FILE].
func cmdSecret(ts *testscript.TestScript, neg bool, args []string) {
	s := of(ts)
	if len(args) == 3 {
		s.aws.SetSecret(ourAccount, "us-east-1", args[0], ts.ReadFile(args[2]))
	}
	value, _ := s.aws.Secret(ourAccount, "us-east-1", args[0])
	k := s.keys[args[1]]
	if holds := strings.Contains(value, `"`+k.ID+`"`) && strings.Contains(value, `"`+k.Secret+`"`); holds == neg {
		ts.Fatalf("the secret %s holds %s: %v", args[0], args[1], holds)
	}
}

// cmdTrail puts an event of the key NAME, an hour old, into CloudTrail: trail NAME SERVICE CALL.
func cmdTrail(ts *testscript.TestScript, neg bool, args []string) {
	k := of(ts).keys[args[0]]
	of(ts).aws.Log(localaws.Event{
		Time: time.Now().Add(-time.Hour), Account: k.Account, Region: "us-east-1", KeyID: k.ID,
		Source: args[1] + ".amazonaws.com", Name: args[2],
	})
}

// cmdAlter replaces the first OLD in a file by NEW: alter FILE OLD NEW.
func cmdAlter(ts *testscript.TestScript, neg bool, args []string) {
	text := ts.ReadFile(args[0])
	if !strings.Contains(text, args[1]) {
		ts.Fatalf("%s holds no %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Replace(text, args[1], args[2], 1)), 0o600))
}

// cmdDamage cuts a file to its first half: damage PATTERN.
func cmdDamage(ts *testscript.TestScript, neg bool, args []string) {
	files, err := filepath.Glob(ts.MkAbs(args[0]))
	ts.Check(err)
	if len(files) == 0 {
		ts.Fatalf("no file %q", args[0])
	}
	for _, f := range files {
		info, err := os.Stat(f)
		ts.Check(err)
		ts.Check(os.Chmod(f, 0o644))
		ts.Check(os.Truncate(f, info.Size()/2))
	}
}
