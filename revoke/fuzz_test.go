package revoke

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/revokey-dev/revokey/revoke/localaws"
)

// FuzzJournal opens whatever it is as a journal: what is taken for one goes on as one, and
// is read again as it was, with what was added.
func FuzzJournal(f *testing.F) {
	path := filepath.Join(f.TempDir(), "seed")
	j, err := OpenJournal(path)
	if err != nil {
		f.Fatal(err)
	}
	for _, e := range []Entry{
		{ID: "1", Phase: PhaseBegin, Steps: []Planned{{KeyID: "k", Action: Deactivate}}, Aim: &Aim{}},
		{ID: "2", Run: "1", Phase: PhaseIntent, KeyID: "k", Action: Deactivate}, {ID: "2", Run: "1", Phase: PhaseResult, KeyID: "k", Action: Deactivate, Outcome: Done},
		{ID: "1", Phase: PhaseEnd},
	} {
		if err := j.Append(e); err != nil {
			f.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		f.Fatal(err)
	}
	seed, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add(seed[:len(seed)-7])
	f.Add([]byte(`{"id":"1","phase":"begin"}` + "\n\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "journal")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		before, check, err := ReadJournal(path)
		if err != nil {
			t.Fatal(err)
		}
		j, err := OpenJournal(path)
		if (err != nil) != (check.Broken != "") {
			t.Fatalf("opened: %v, checked: %q", err, check.Broken)
		}
		if err != nil {
			if now, _ := os.ReadFile(path); !bytes.Equal(now, data) {
				t.Fatalf("what was refused was changed to %q", now)
			}
			return
		}
		if err := j.Append(Entry{ID: "x", Phase: PhaseEnd}); err != nil {
			t.Fatal(err)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		after, check, err := ReadJournal(path)
		if err != nil || check.Broken != "" || check.Torn != 0 || len(after) != len(before)+1 {
			t.Fatalf("%d entries became %d, %+v, %v", len(before), len(after), check, err)
		}
		if len(before) > 0 && !reflect.DeepEqual(before, after[:len(before)]) {
			t.Errorf("%+v became %+v", before, after)
		}
	})
}

// FuzzPlan reads whatever it is as a plan. What is one is no other than itself, and a
// plan that says something else is told apart.
func FuzzPlan(f *testing.F) {
	f.Add(`{"schema":"`+PlanSchema+`","steps":[{"key_id":"k","account":"`+own+`","user":"ci","call":"c","action":"deactivate"}]}`, "k")
	f.Add(`{"schema":"`+PlanSchema+`","steps":[{"key_id":"k","refusal":"no","last_used":{"time":"2024-01-02T03:04:05Z"}}],"operator":{"arn":"a"},"endpoint":"e"}`, "l")
	f.Add(`{"schema":"other"}`, "")
	f.Fuzz(func(t *testing.T, text, keyID string) {
		p, err := ReadPlan(strings.NewReader(text))
		if err != nil {
			return
		}
		for _, target := range p.Targets() {
			if target.Leaked != nil {
				t.Error("a plan brings a secret")
			}
		}
		same, err := ReadPlan(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		other := same
		other.Steps = append(same.Steps[:len(same.Steps):len(same.Steps)], Step{KeyState: KeyState{KeyID: "another of " + text + keyID}})
		if d := other.Since(p); len(d.Blocking) == 0 {
			t.Error("one step more is no difference")
		}
		other.Steps = nil
		if d := other.Since(p); len(p.Steps) > 0 && len(d.Blocking) == 0 {
			t.Error("no steps are no difference")
		}
	})
}

// FuzzAnswer has STS and IAM answer whatever it is: no verdict says more than the answer,
// and none holds what was asked with.
func FuzzAnswer(f *testing.F) {
	const live = `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>arn:aws:iam::111122223333:user/ci</Arn><UserId>A</UserId><Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`
	f.Add(200, "text/xml", live)
	f.Add(200, "text/html", html)
	f.Add(200, "text/xml", strings.Repeat("<a>", 10_000))
	f.Add(200, "text/xml", `<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;">]><a>&c;</a>`)
	for _, code := range []string{"InvalidClientTokenId", "SignatureDoesNotMatch", "ExpiredToken", "AccessDenied", "Throttling", "RegionDisabledException", "NoSuchEntity", ""} {
		f.Add(403, "text/xml", stsError(code, wrongSecret))
	}
	f.Add(400, "application/json", `{"__type":"AccessDeniedException"}`)
	f.Add(200, "text/xml", `<GetAccessKeyLastUsedResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><GetAccessKeyLastUsedResult><UserName>ci</UserName><AccessKeyLastUsed><LastUsedDate>2024-01-02T03:04:05Z</LastUsedDate></AccessKeyLastUsed></GetAccessKeyLastUsedResult></GetAccessKeyLastUsedResponse>`)
	f.Add(200, "text/xml", `<ListAccessKeysResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ListAccessKeysResult><IsTruncated>true</IsTruncated><Marker>m</Marker><AccessKeyMetadata><member><Status>Active</Status></member></AccessKeyMetadata></ListAccessKeysResult></ListAccessKeysResponse>`)
	answers := newAnswers(f)
	id, secret := localaws.NewKeyID(nil, localaws.PrefixKey, own), localaws.NewSecret(nil)
	f.Fuzz(func(t *testing.T, status int, contentType, body string) {
		if status < 200 || status > 599 || status == 204 || status == 304 || len(body) > maxAnswer {
			return
		}
		answers.now.Store(&oneAnswer{status, contentType, body})
		v := answers.verifier().Check(t.Context(), aws.Credentials{AccessKeyID: id, SecretAccessKey: secret}, own)
		needs := map[Status]string{Live: "", NotAccepted: "InvalidClientTokenId", ActiveWrongSecret: wrongSecret, Expired: "ExpiredToken", Unknown: ""}
		word, ok := needs[v.Status]
		if !ok || !strings.Contains(strings.ReplaceAll(body, "\x00", ""), word) && !strings.ContainsAny(body, "&<") {
			t.Errorf("HTTP %d %q is %v", status, body, v)
		}
		if v.Status == Live && (status > 299 && !strings.Contains(body, "Access")) {
			t.Errorf("HTTP %d %q is %v", status, body, v)
		}
		state := answers.inspect(t, id)
		if state.Verdict.Status == Canary || state.Verdict.Status == NotAccepted {
			t.Errorf("HTTP %d %q is %+v", status, body, state)
		}
		if all := fmt.Sprintf("%+v %+v", v, state); strings.Contains(all, secret) || strings.ContainsAny(v.Reason, "\x00\x1b\n") {
			t.Errorf("it tells too much: %q", all)
		}
	})
}

type oneAnswer struct {
	status            int
	contentType, body string
}

// answers is a server that gives one answer to everything.
type answers struct {
	now atomic.Pointer[oneAnswer]
	url string
}

func newAnswers(f *testing.F) *answers {
	a := &answers{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		now := a.now.Load()
		w.Header()["Content-Type"] = []string{strings.Map(func(r rune) rune {
			if r < ' ' || r > '~' {
				return '?'
			}
			return r
		}, now.contentType)}
		w.WriteHeader(now.status)
		_, _ = w.Write([]byte(now.body))
	}))
	f.Cleanup(server.Close)
	a.url = server.URL
	return a
}

func onceRetryer() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts = 1 })
}

func (a *answers) verifier() *Verifier {
	v := hasty(a.url, 5*time.Second)
	for i := range v.doors {
		v.doors[i].options.Retryer = onceRetryer()
	}
	return v
}

// inspect asks IAM, as an operator of whom STS has told who it is.
func (a *answers) inspect(t *testing.T, id string) KeyState {
	signer := credentials.NewStaticCredentialsProvider("operator", "operator's", "")
	op := &Operator{endpoint: a.url, signer: signer.Retrieve, identity: &Identity{Account: own, ARN: "arn:aws:iam::" + own + ":user/admin"}, sessions: map[string]*workplace{}}
	op.newIAM = func(as aws.CredentialsProvider) iamAPI {
		return iamCalls(iam.New(iam.Options{Region: "us-east-1", BaseEndpoint: &a.url, Credentials: signer, Retryer: onceRetryer(), HTTPClient: bareClient(time.Second)}))
	}
	return NewRevoker(op, nil, RevokerOptions{Accounts: []string{own}}).Inspect(t.Context(), id, own)
}
