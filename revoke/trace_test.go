package revoke

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/revokey-dev/revokey/revoke/localaws"
)

// The grave calls come first, in every region, with those of the sessions that the
// key made; the quota of two requests a second in a region is kept.
func TestTraceOfKey(t *testing.T) {
	c := newCloud(t)
	c.SetRegions("us-east-1", "eu-west-1", "eu-central-1", "af-south-1")
	k := c.AddKey(own, "ci")
	session := localaws.NewKeyID(nil, localaws.PrefixSession, own)
	day := time.Now().Add(-24 * time.Hour).Truncate(time.Second)
	event := func(after time.Duration, region, key, source, name string) localaws.Event {
		return localaws.Event{Time: day.Add(after), Account: own, Region: region, KeyID: key, Source: source + ".amazonaws.com", Name: name}
	}
	c.Log(
		event(0, "us-east-1", k.ID, "sts", "GetCallerIdentity"),
		event(time.Minute, "us-east-1", k.ID, "iam", "CreateUser"),
		event(2*time.Minute, "af-south-1", k.ID, "ec2", "RunInstances"),
		localaws.Event{Time: day.Add(3 * time.Minute), Account: own, Region: "us-east-1", KeyID: k.ID, Source: "sts.amazonaws.com", Name: "GetFederationToken",
			JSON: fmt.Sprintf(`{"sourceIPAddress":"198.51.100.1\u001b[31m","userAgent":"x","responseElements":{"credentials":{"accessKeyId":%q}}}`, session)},
		localaws.Event{Time: day.Add(4 * time.Minute), Account: own, Region: "eu-west-1", KeyID: k.ID, Source: "s3.amazonaws.com", Name: "ListBuckets",
			JSON: `{"errorCode":"AccessDenied","sourceIPAddress":"198.51.100.1","userAgent":"x","requestParameters":"a text where an object is expected"}`},
		event(5*time.Minute, "eu-central-1", session, "cloudtrail", "StopLogging"),
		event(-100*24*time.Hour, "us-east-1", k.ID, "iam", "TooOld"),
		event(0, "us-east-1", localaws.NewKeyID(nil, "AKIA", own), "iam", "OfAnother"),
	)
	for i := range 120 {
		c.Log(event(time.Duration(i)*time.Second, "eu-west-1", k.ID, "ec2", "DescribeInstances"))
	}
	r := c.revoker(t)
	got, err := r.Trace(t.Context(), k.ID, own, TraceOptions{})
	if err != nil || len(got.Missing) != 0 {
		t.Fatalf("%v, missing %q", err, got.Missing)
	}
	var calls []string
	for _, call := range got.Calls {
		calls = append(calls, fmt.Sprintf("%s %s %d %d %s", call.Gravity, call.Name, call.Count, call.Refused, strings.Join(call.Regions, " ")))
	}
	if diff := cmp.Diff([]string{
		"persistence CreateUser 1 0 us-east-1", "persistence GetFederationToken 1 0 ", "cost RunInstances 1 0 af-south-1",
		"hiding StopLogging 1 0 eu-central-1", " DescribeInstances 120 0 eu-west-1", " ListBuckets 1 1 ", " GetCallerIdentity 1 0 us-east-1",
	}, calls); diff != "" {
		t.Error(diff)
	}
	if got.Events != 125 || !got.First.Equal(day) || !got.Last.Equal(day.Add(4*time.Minute)) || got.Errors["AccessDenied"] != 1 || len(got.Regions) != 4 {
		t.Errorf("%d events from %v to %v, errors %v, regions %v", got.Events, got.First, got.Last, got.Errors, got.Regions)
	}
	if len(got.Sessions) != 1 || got.Sessions[0].KeyID != session || got.Sessions[0].By != "GetFederationToken" || got.Sessions[0].Events != 1 {
		t.Errorf("sessions %+v", got.Sessions)
	}
	keepsPace(t, c, func() { _, err = r.Trace(t.Context(), k.ID, own, TraceOptions{}) })
}

// keepsPace fails if ask always asks faster than CloudTrail answers: on a busy machine a
// request may be late, and the next then too early.
func keepsPace(t *testing.T, c *cloud, ask func()) {
	t.Helper()
	for range 4 {
		time.Sleep(time.Second) // a run does not know of the one before it
		before := len(c.Requests())
		ask()
		if !slices.ContainsFunc(c.Requests()[before:], func(r localaws.Request) bool { return r.Code == "ThrottlingException" }) {
			return
		}
	}
	t.Error("asked faster than CloudTrail answers")
}

func TestTraceRefusesAndSaysWhatIsMissing(t *testing.T) {
	c := newCloud(t)
	r := c.revoker(t)
	foreign := c.AddKey(foreignAccount, "x")
	if _, err := r.Trace(t.Context(), foreign.ID, foreignAccount, TraceOptions{}); err == nil || !strings.Contains(err.Error(), "not on the list") || len(c.Requests()) != 0 {
		t.Errorf("%v, asked %v", err, c.Requests())
	}
	k := c.AddKey(own, "ci")
	c.Deny(own, "admin", "account:ListRegions")
	got, err := r.Trace(t.Context(), k.ID, own, TraceOptions{})
	if err != nil || len(got.Regions) != len(defaultRegions) || len(got.Missing) != 1 || !strings.Contains(got.Missing[0], "not allowed account:ListRegions") {
		t.Errorf("%v, %+v", err, got)
	}
	c.Deny(own, "admin", "cloudtrail:LookupEvents")
	got, err = r.Trace(t.Context(), k.ID, own, TraceOptions{Regions: []string{"us-east-1"}})
	if err != nil || len(got.Missing) != 1 || !strings.Contains(got.Missing[0], "us-east-1: the operator is not allowed cloudtrail:LookupEvents") {
		t.Errorf("%v, %+v", err, got)
	}
	c2 := newCloud(t)
	k = c2.AddKey(own, "ci")
	for range 120 {
		c2.Log(localaws.Event{Time: time.Now(), Account: own, Region: "us-east-1", KeyID: k.ID, Name: "X"})
	}
	got, err = c2.revoker(t).Trace(t.Context(), k.ID, own, TraceOptions{Events: 60})
	if err != nil || len(got.Missing) != 1 || !strings.Contains(got.Missing[0], "only the newest 60 events") {
		t.Errorf("%v, %+v", err, got)
	}
}

func TestGravity(t *testing.T) {
	for call, want := range map[string]Gravity{
		"lambda.amazonaws.com CreateFunction20150331": Persistence, "lambda.amazonaws.com AddPermission20150331v2": Persistence,
		"iam.amazonaws.com CreateAccessKey": Persistence, "bedrock.amazonaws.com InvokeModel": Cost, "iam.amazonaws.com ListUsers": Ordinary,
		"cloudtrail.amazonaws.com DeleteTrail": Hiding, "": Ordinary,
	} {
		source, name, _ := strings.Cut(call, " ")
		if got := gravity(source, name); got != want {
			t.Errorf("%s: %q", call, got)
		}
	}
}
