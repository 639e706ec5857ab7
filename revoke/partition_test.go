package revoke

import (
	"slices"
	"strings"
	"testing"

	"github.com/revokey-dev/revokey/revoke/localaws"
)

func TestPartitionHints(t *testing.T) {
	for text, want := range map[string][]string{
		"":                          nil,
		"region = eu-west-1":        nil,
		"region = us-gov-east-1":    {"aws-us-gov"},
		"AWS_REGION=CN-NORTHWEST-1": {"aws-cn"},
		"s3.cn-north-1.amazonaws.com.cn, arn:aws:iam::1:user/x":       {"aws-cn", "aws"},
		"https://iam.eusc-de-east-1.amazonaws.eu":                     {"aws-eusc"},
		"arn:aws-us-gov:s3:::b and arn:aws-us-gov:s3:::c, cn-north-1": {"aws-us-gov", "aws-cn"},
	} {
		if got := PartitionHints([]byte(text)); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// parted is a verifier whose doors lead into clouds of ours.
func parted(clouds map[string]*cloud, names ...string) *Verifier {
	v := hasty("", 0)
	v.doors = slices.DeleteFunc(v.doors, func(d door) bool { return !slices.Contains(names, d.partition) })
	for i, d := range v.doors {
		v.doors[i].options.BaseEndpoint = &clouds[d.partition].url
	}
	return v
}

func newPartitions(t *testing.T) map[string]*cloud {
	t.Helper()
	clouds := make(map[string]*cloud)
	for _, name := range Partitions() {
		clouds[name] = newCloud(t)
		clouds[name].SetPartition(name)
	}
	return clouds
}

// What a text hints at is asked first; the others follow.
func TestCheckHints(t *testing.T) {
	for _, home := range Partitions() {
		clouds := newPartitions(t)
		k := clouds[home].AddKey(own, "ci")
		v := parted(clouds, Partitions()...)
		if got := v.Check(t.Context(), pair(k), own, home); got.Status != Live || !strings.HasPrefix(got.ARN, "arn:"+home+":") {
			t.Errorf("%s: got %+v", home, got)
		}
		for name, c := range clouds {
			if n := len(c.Requests()); n != 0 && name != home {
				t.Errorf("%s: asked %s %d times", home, name, n)
			}
		}
		wrong := "aws-cn"
		if home == wrong {
			wrong = "aws-eusc"
		}
		if got := v.Check(t.Context(), pair(k), own, wrong); got.Status != Live {
			t.Errorf("%s, hinted to be in %s: got %+v", home, wrong, got)
		}
	}
}

// A partition that the user leaves out is not asked, and the reason does not name
// it.
func TestCheckNarrowed(t *testing.T) {
	clouds := newPartitions(t)
	k := clouds["aws-cn"].AddKey(own, "ci")
	got := parted(clouds, "aws", "aws-us-gov").Check(t.Context(), pair(k), own, "aws-cn")
	if got.Status != NotAccepted || !strings.Contains(got.Reason, "in aws, aws-us-gov: inactive") {
		t.Errorf("got %+v", got)
	}
	if n := len(clouds["aws-cn"].Requests()); n != 0 {
		t.Errorf("asked aws-cn %d times", n)
	}
}

// A hinted partition that is out of reach keeps no live key from being found, and
// lets none be called not accepted.
func TestCheckBehindSilence(t *testing.T) {
	clouds := newPartitions(t)
	k := clouds["aws"].AddKey(own, "ci")
	clouds["aws-cn"].Close()
	v := parted(clouds, Partitions()...)
	if got := v.Check(t.Context(), pair(k), own, "aws-cn"); got.Status != Live {
		t.Errorf("got %+v", got)
	}
	got := v.Check(t.Context(), pair(minted("AKIA", own)), own, "aws-cn")
	if want := "not accepted in aws, aws-us-gov, aws-eusc; in aws-cn no verdict: no answer: connection refused"; got.Status != Unknown || got.Reason != want {
		t.Errorf("got %+v, want %q", got, want)
	}
}

// Where STS is off in a region, another of the partition is asked.
func TestCheckRegionDisabled(t *testing.T) {
	c := newCloud(t)
	c.Inject(localaws.Fault{Kind: localaws.HTTPError, Status: 403, ContentType: "text/xml", Body: stsError(regionDisabled, "off")})
	v := parted(map[string]*cloud{"aws": c}, "aws")
	var exchanges []Exchange
	ctx := WithTrace(t.Context(), func(e Exchange) { exchanges = append(exchanges, e) })
	if got := v.Check(ctx, pair(c.AddKey(own, "ci")), own); got.Status != Live {
		t.Errorf("got %+v", got)
	}
	if len(exchanges) != 2 || exchanges[0].Code != regionDisabled || exchanges[1].HTTPStatus != 200 {
		t.Errorf("got %+v", exchanges)
	}
}
