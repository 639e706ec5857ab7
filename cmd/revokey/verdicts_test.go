package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/revokey-dev/revokey/report"
	"github.com/revokey-dev/revokey/revoke"
	"github.com/revokey-dev/revokey/revoke/localaws"
)

// verdictCase is a credential, an AWS, and what the command has to say of it.
type verdictCase struct {
	name     string
	setup    func(*localaws.Server) []localaws.Key // what stands on standard input
	args     []string
	want     revoke.Status
	reason   string // a part of it
	exit     int
	requests int
}

func one(k localaws.Key) []localaws.Key { return []localaws.Key{k} }

// spoilt is a live key at an AWS that answers so.
func spoilt(f localaws.Fault) func(*localaws.Server) []localaws.Key {
	return func(s *localaws.Server) []localaws.Key {
		s.Inject(f)
		return one(s.AddKey(ourAccount, "ci"))
	}
}

func answered(status int, typ, body string) func(*localaws.Server) []localaws.Key {
	return spoilt(localaws.Fault{Kind: localaws.HTTPError, Times: -1, Status: status, ContentType: typ, Body: body})
}

func set(status localaws.Status) func(*localaws.Server) []localaws.Key {
	return func(s *localaws.Server) []localaws.Key {
		k := s.AddKey(ourAccount, "ci")
		s.SetStatus(k.ID, status)
		return one(k)
	}
}

func session(arn string, ttl time.Duration, change func(*localaws.Key)) func(*localaws.Server) []localaws.Key {
	return func(s *localaws.Server) []localaws.Key {
		k := s.AddSession(ourAccount, arn, ttl)
		change(&k)
		return one(k)
	}
}

func user(account, name string) func(*localaws.Server) []localaws.Key {
	return func(s *localaws.Server) []localaws.Key { return one(s.AddKey(account, name)) }
}

func skewed(d time.Duration) func(*localaws.Server) []localaws.Key {
	return func(s *localaws.Server) []localaws.Key { s.SetSkew(d); return one(s.AddKey(ourAccount, "ci")) }
}

func in(partition string) func(*localaws.Server) []localaws.Key {
	return func(s *localaws.Server) []localaws.Key {
		s.SetPartition(partition)
		return one(s.AddKey(ourAccount, "ci"))
	}
}

func withWrongSecret(s *localaws.Server) []localaws.Key {
	k := s.AddKey(ourAccount, "ci")
	k.Secret = localaws.NewSecret(nil)
	return one(k)
}

func neverExisted(*localaws.Server) []localaws.Key {
	return one(localaws.Key{ID: localaws.NewKeyID(nil, localaws.PrefixKey, ourAccount), Secret: localaws.NewSecret(nil)})
}

func oldGeneration(s *localaws.Server) []localaws.Key {
	k := localaws.Key{ID: "AKIAJ" + localaws.NewKeyID(nil, localaws.PrefixKey, ourAccount)[5:19] + "A", Secret: localaws.NewSecret(nil), Account: ourAccount, User: "ci"}
	s.ImportKey(k, localaws.Active)
	return one(k)
}

const blocked = "<html><body>Access to this site is blocked</body></html>"

func same(*localaws.Key) {}

// verdictCases are what can come of asking STS. The last secret of an ID decides.
var verdictCases = []verdictCase{
	{"live", user(ourAccount, "ci"), nil, revoke.Live, ":user/ci", 3, 1},
	{"never existed", neverExisted, nil, revoke.NotAccepted, "inactive, deleted or never existed", 1, 1},
	{"inactive", set(localaws.Inactive), nil, revoke.NotAccepted, "inactive, deleted or never existed", 1, 1},
	{"deleted", set(""), nil, revoke.NotAccepted, "inactive, deleted or never existed", 1, 1},
	{"wrong secret", withWrongSecret, nil, revoke.ActiveWrongSecret, "not its secret", 1, 1},
	{"old generation", oldGeneration, nil, revoke.Live, ":user/ci", 3, 1},
	{"root", user(ourAccount, "root"), nil, revoke.Live, ":root", 3, 1},
	{"assumed role", session("assumed-role/ci/i-0", time.Hour, same), nil, revoke.Live, ":assumed-role/ci/i-0", 3, 1},
	{"federated user", session("federated-user/bob", time.Hour, same), nil, revoke.Live, ":federated-user/bob", 3, 1},
	{"canary", user(canaryAccount, "trap"), nil, revoke.Canary, "canary", 1, 0},
	{"session without its token", session("assumed-role/ci/i", time.Hour, func(k *localaws.Key) { k.SessionToken = "" }), nil,
		revoke.NeedsToken, "token", 1, 0},
	{"session with another token", session("assumed-role/ci/i", time.Hour, func(k *localaws.Key) { k.SessionToken = localaws.NewSessionToken(nil) }), nil,
		revoke.NotAccepted, "token is not this key's", 1, 1},
	{"session that is over", session("assumed-role/ci/i", -time.Hour, same), nil, revoke.Expired, "over", 1, 1},

	{"clock 20 minutes behind", skewed(20 * time.Minute), nil, revoke.Live, ":user/ci", 3, 2},
	{"clock 20 minutes ahead", skewed(-20 * time.Minute), nil, revoke.Live, ":user/ci", 3, 2},

	{"throttled 3 times", spoilt(localaws.Fault{Kind: localaws.Throttle, Times: 3}), nil, revoke.Live, ":user/ci", 3, 4},
	{"throttled 10 times", spoilt(localaws.Fault{Kind: localaws.Throttle, Times: 10}), nil, revoke.Unknown, "Throttling", 1, 6},
	{"500", answered(500, "", ""), nil, revoke.Unknown, "HTTP 500", 1, 6},
	{"502 in HTML", answered(502, "text/html", blocked), nil, revoke.Unknown, "HTTP 502 Bad Gateway): is there a proxy", 1, 6},
	{"403 of a proxy", answered(403, "text/html", blocked), nil, revoke.Unknown, "HTTP 403 Forbidden): is there a proxy", 1, 1},
	{"error in the shape of S3", answered(403, "application/xml", "<Error><Code>InvalidAccessKeyId</Code></Error>"), nil, revoke.Unknown, "HTTP 403", 1, 1},
	{"403 and nothing", answered(403, "text/xml", ""), nil, revoke.Unknown, "HTTP 403", 1, 1},
	{"200 and nothing", spoilt(localaws.Fault{Kind: localaws.EmptyBody, Times: -1}), nil, revoke.Unknown, "names no identity", 1, 1},
	{"half a body", spoilt(localaws.Fault{Kind: localaws.HalfBody, Times: -1}), nil, revoke.Unknown, "cannot be read", 1, 1},
	{"hang", spoilt(localaws.Fault{Kind: localaws.Hang, Times: -1}), []string{"--verify-timeout", "1s"}, revoke.Unknown, "no answer in time", 2, 1},
	{"reset", spoilt(localaws.Fault{Kind: localaws.Drop, Times: -1}), nil, revoke.Unknown, "connection was cut", 1, 6},
	{"name that is none", user(ourAccount, "ci"), []string{"--aws-endpoint", "https://sts.invalid"}, revoke.Unknown, "looking up sts.invalid", 1, 0},

	{"GovCloud", in("aws-us-gov"), []string{"--partition", "aws", "--partition", "aws-us-gov"}, revoke.Live, "arn:aws-us-gov:", 3, 2},
	{"China", in("aws-cn"), []string{"--partition", "aws", "--partition", "aws-cn"}, revoke.Live, "arn:aws-cn:", 3, 2},
	{"Sovereign", in("aws-eusc"), []string{"--partition", "aws", "--partition", "aws-eusc"}, revoke.Live, "arn:aws-eusc:", 3, 2},
	{"GovCloud, narrowed to it", in("aws-us-gov"), []string{"--partition", "aws-us-gov"}, revoke.Live, "arn:aws-us-gov:", 3, 1},
	{"GovCloud, narrowed away", in("aws-us-gov"), []string{"--partition", "aws"}, revoke.NotAccepted, "in aws: inactive", 1, 1},
}

// TestVerdicts holds for every case what the command says, its exit code, and how
// many requests it made; and that nobody is called dead. The cases wait between
// retries as they do at AWS, all at the same time.
func TestVerdicts(t *testing.T) {
	t.Parallel()
	var group sync.WaitGroup
	for _, tt := range verdictCases {
		s, url := serveAWS(t)
		keys := tt.setup(s)
		group.Go(func() {
			records, exit := verifyKeys(t, keys, append([]string{"--aws-endpoint", url}, tt.args...)...)
			if len(records) != 1 || records[0].Verdict.Status != tt.want || !strings.Contains(records[0].Verdict.Reason, tt.reason) {
				t.Errorf("%s: got %+v, want %s (…%s…)", tt.name, records, tt.want, tt.reason)
			}
			if n := requests(s, tt.requests); exit != tt.exit || n != tt.requests {
				t.Errorf("%s: exit code %d after %d requests, want %d after %d", tt.name, exit, n, tt.exit, tt.requests)
			}
		})
	}
	group.Wait()
}

// The right secret, tried within five seconds of a wrong one, is refused by AWS at
// first.
func TestSecondSecret(t *testing.T) {
	t.Parallel()
	s, url := serveAWS(t)
	s.SetQuirk(true)
	right := s.AddKey(ourAccount, "ci")
	wrong := right
	wrong.Secret = localaws.NewSecret(nil)
	records, exit := verifyKeys(t, []localaws.Key{wrong, right}, "--aws-endpoint", url)
	var got []string
	for _, r := range records {
		got = append(got, r.Verdict.Status.String())
	}
	slices.Sort(got)
	if want := []string{"active-wrong-secret", "live"}; !slices.Equal(got, want) || exit != exitLive || len(s.Requests()) != 3 {
		t.Errorf("got %q, exit code %d, %d requests", got, exit, len(s.Requests()))
	}
}

// An untrusted certificate is said to be one.
func TestUntrustedCertificate(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	records, exit := verifyKeys(t, neverExisted(nil), "--aws-endpoint", server.URL)
	if len(records) != 1 {
		t.Fatalf("got %+v", records)
	}
	if v := records[0].Verdict; v.Status != revoke.Unknown || !strings.Contains(v.Reason, "certificate is not trusted") || exit != exitFindings {
		t.Errorf("got %+v, exit code %d", v, exit)
	}
}

// requests returns how many requests the server got. It writes one that hangs down
// when it notices that the client has left: that may be after the end.
func requests(s *localaws.Server, want int) int {
	for range 100 {
		if len(s.Requests()) >= want {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	return len(s.Requests())
}

func serveAWS(t *testing.T) (*localaws.Server, string) {
	t.Helper()
	s := localaws.New(localaws.Options{})
	url, err := s.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, url
}

// verifyKeys runs `revokey verify` with the keys on its standard input.
func verifyKeys(t *testing.T, keys []localaws.Key, args ...string) ([]report.Record, int) {
	t.Helper()
	var in strings.Builder
	for _, k := range keys {
		fmt.Fprintf(&in, "[%s]\naws_access_key_id = %s\naws_secret_access_key = %s\n", k.User, k.ID, k.Secret)
		if k.SessionToken != "" {
			fmt.Fprintf(&in, "aws_session_token = %s\n", k.SessionToken)
		}
	}
	exit, out, errs := program(t, nil, in.String(), append([]string{"verify", "--format", "json", "--config", os.DevNull}, args...)...)
	for _, k := range keys {
		if all := out + errs; strings.Contains(all, k.Secret) || strings.Contains(strings.ToLower(all), "dead") {
			t.Errorf("told the secret, or of death: %s", all)
		}
	}
	var doc struct{ Findings []report.Record }
	if err := json.Unmarshal([]byte(out), &doc); err != nil {
		t.Errorf("%v: %s%s", err, out, errs)
	}
	return doc.Findings, exit
}

// program runs revokey in a process of its own, for urfave/cli has globals, and
// sends it what meanwhile does.
func program(t *testing.T, meanwhile func(*os.Process), stdin string, args ...string) (exit int, stdout, stderr string) {
	t.Helper()
	var out, errs strings.Builder
	cmd := exec.Command("revokey", args...) // which testscript.Main has put on the path
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errs
	if err := cmd.Start(); err != nil {
		t.Errorf("starting revokey: %v", err)
		return -1, "", ""
	}
	if meanwhile != nil {
		go meanwhile(cmd.Process)
	}
	_ = cmd.Wait() // the exit code says more
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}
