package revoke

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/account"
	accounttypes "github.com/aws/aws-sdk-go-v2/service/account/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"golang.org/x/time/rate"
)

// trails are CloudTrail's event histories of one account, region by region.
type trails struct {
	o       *Operator
	creds   aws.CredentialsProvider
	clients map[string]*trail
}

// trail is the event history in one region.
type trail struct {
	region  string
	client  lookupEvents
	limiter *rate.Limiter // CloudTrail answers two requests a second, of an account in a region
}

// lookupsPerSecond is CloudTrail's quota, a little below which retries are rare.
const lookupsPerSecond = 1.9

func (o *Operator) trails(s *session, regions []string) *trails {
	t := &trails{o, s.creds, map[string]*trail{}}
	for _, region := range regions {
		t.clients[region] = &trail{
			region: region, limiter: rate.NewLimiter(lookupsPerSecond, 1),
			client: cloudtrail.NewFromConfig(o.config(), func(co *cloudtrail.Options) {
				co.Region, co.Credentials, co.BaseEndpoint, co.HTTPClient = region, s.creds, o.baseEndpoint(), staying(co.HTTPClient)
				co.APIOptions = append(slices.Clone(co.APIOptions), o.gate.attach)
			}).LookupEvents,
		}
	}
	return t
}

// defaultRegions are those that every account has in "aws", whether it may be asked
// for its regions or not. Source: AWS's account management guide.
var defaultRegions = []string{
	"us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "sa-east-1",
	"eu-central-1", "eu-west-1", "eu-west-2", "eu-west-3", "eu-north-1",
	"ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2",
}

// enabledRegions returns the regions in which the account can be used, and a note
// where only those that all have are known.
func (o *Operator) enabledRegions(ctx context.Context, s *session, partition string) (regions []string, note string) {
	client := account.NewFromConfig(o.config(), func(ao *account.Options) {
		ao.Credentials, ao.BaseEndpoint, ao.HTTPClient = s.creds, o.baseEndpoint(), staying(ao.HTTPClient)
		ao.APIOptions = append(slices.Clone(ao.APIOptions), o.gate.attach)
	})
	pages := account.NewListRegionsPaginator(listRegions(client.ListRegions), &account.ListRegionsInput{
		RegionOptStatusContains: []accounttypes.RegionOptStatus{accounttypes.RegionOptStatusEnabled, accounttypes.RegionOptStatusEnabledByDefault},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fallbackRegions(partition), fmt.Sprintf("which regions are enabled is not known, only those that are by default were asked: %v", failed("account:ListRegions", err))
		}
		for _, r := range page.Regions {
			regions = append(regions, aws.ToString(r.RegionName))
		}
	}
	slices.Sort(regions)
	return regions, ""
}

func fallbackRegions(name string) []string {
	for _, p := range partitions[1:] {
		if p.name == name {
			return p.regions
		}
	}
	return defaultRegions
}

// lookUp hands the region's events with the attribute to each, newest first. It
// stops after most events, and reports whether there are more.
func (t *trail) lookUp(ctx context.Context, key types.LookupAttributeKey, value string, since, until time.Time, most int, each func(types.Event)) (more bool, err error) {
	pages := cloudtrail.NewLookupEventsPaginator(t.client, &cloudtrail.LookupEventsInput{
		LookupAttributes: []types.LookupAttribute{{AttributeKey: key, AttributeValue: &value}},
		StartTime:        &since, EndTime: &until, MaxResults: aws.Int32(50),
	})
	n := 0
	for pages.HasMorePages() {
		if n >= most {
			return true, nil
		}
		if err := t.limiter.Wait(ctx); err != nil {
			return false, err
		}
		page, err := pages.NextPage(ctx)
		if err != nil {
			return false, failed("cloudtrail:LookupEvents", err)
		}
		for _, e := range page.Events {
			each(e)
			n++
		}
	}
	return false, nil
}
